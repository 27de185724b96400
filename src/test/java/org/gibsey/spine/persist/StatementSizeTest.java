package org.gibsey.spine.persist;

import static org.assertj.core.api.Assertions.assertThat;

import org.gibsey.spine.persist.GiftBatch.StatementSize;
import org.junit.jupiter.api.Test;

class StatementSizeTest {

    private final StatementSize size = new StatementSize();

    @Test
    void takesAllThereIsUntilAStatementIsStopped() {
        size.stored(2000, 29_000);

        assertThat(size.most()).isEqualTo(Integer.MAX_VALUE);
    }

    @Test
    void halvesDownToOne() {
        size.tooSlow(2000, 30_000);
        assertThat(size.most()).isEqualTo(1000);
        size.tooSlow(1000, 30_000);
        assertThat(size.most()).isEqualTo(500);
        size.tooSlow(3, 30_000);
        assertThat(size.most()).isEqualTo(1);
    }

    @Test
    void keepsTheSizeThatIsJustInTime() {
        size.tooSlow(1000, 30_000);

        size.stored(500, 7_500);

        assertThat(size.most()).isEqualTo(500);
    }

    @Test
    void growsWhenThereIsRoomAgain() {
        size.tooSlow(1000, 30_000);

        size.stored(500, 7_499);

        assertThat(size.most()).isEqualTo(1000);
    }

    @Test
    void learnsNothingFromASmallerStatement() {
        size.tooSlow(1000, 30_000);

        size.stored(499, 1);

        assertThat(size.most()).isEqualTo(500);
    }

    @Test
    void growsUntilThereIsNoLimit() {
        size.tooSlow(2, 30_000);

        for (int i = 0; i < 40; i++) {
            size.stored(size.most(), 1);
        }

        assertThat(size.most()).isEqualTo(Integer.MAX_VALUE);
    }
}
