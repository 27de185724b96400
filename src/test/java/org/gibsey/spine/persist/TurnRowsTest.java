package org.gibsey.spine.persist;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class TurnRowsTest {

    private static final Duration TOO_LONG = Duration.ofSeconds(30);

    private final TurnRows rows = new TurnRows();

    @Test
    void halvesDownToOneRow() {
        assertThat(rows.next("purge")).isEqualTo(1000);
        rows.tooSlow("purge", TOO_LONG);
        assertThat(rows.next("purge")).isEqualTo(500);
        for (int turn = 0; turn < 20; turn++) {
            rows.tooSlow("purge", TOO_LONG);
        }

        assertThat(rows.next("purge")).isEqualTo(1);
        assertThat(rows.next("erase")).as("another route").isEqualTo(1000);
    }

    @Test
    void goesBackToAllRowsWhileTurnsAreQuick() {
        rows.tooSlow("purge", TOO_LONG);
        rows.tooSlow("purge", TOO_LONG);

        rows.done("purge", TOO_LONG.dividedBy(2));
        assertThat(rows.next("purge")).isEqualTo(250);
        rows.done("purge", Duration.ofSeconds(1));
        assertThat(rows.next("purge")).isEqualTo(500);
        for (int turn = 0; turn < 20; turn++) {
            rows.done("purge", Duration.ofSeconds(1));
        }
        assertThat(rows.next("purge")).isEqualTo(1000);
    }
}
