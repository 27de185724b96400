package org.gibsey.spine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ConnectionMemoryTest {

    @Test
    void leavesTheRestOfASmallHeapToTheOthers() {
        assertThat(ConnectionMemory.room(256L << 20, 0.5)).isEqualTo(1024);
    }

    @Test
    void givesWhatWasAskedForWhereThereIsRoom() {
        assertThat(ConnectionMemory.atMost("connections", 3, 0.5)).isEqualTo(3);
    }

    @Test
    void givesNoMoreThanThereIsRoomFor() {
        assertThat(ConnectionMemory.atMost("connections", Integer.MAX_VALUE, 0.5))
                .isEqualTo(ConnectionMemory.room(Runtime.getRuntime().maxMemory(), 0.5));
    }
}
