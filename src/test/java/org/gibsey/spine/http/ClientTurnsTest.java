package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class ClientTurnsTest {

    private final ClientTurns turns = new ClientTurns(2);

    @Test
    void aClientHasSoManyAtATimeAndOthersDoNotWaitForIt() {
        Semaphore first = turns.await("greedy", now());
        assertThat(first).isNotNull();
        assertThat(turns.await("greedy", now())).isNotNull();

        assertThat(turns.await("greedy", now())).isNull();
        assertThat(turns.await("other", now())).isNotNull();

        first.release();
        assertThat(turns.await("greedy", now())).isNotNull();
    }

    @Test
    void whoWaitsGetsTheTurnThatBecomesFree() throws Exception {
        Semaphore first = turns.await("one", now());
        turns.await("one", now());
        AtomicReference<Semaphore> got = new AtomicReference<>();
        Thread waits = new Thread(() -> got.set(turns.await("one", now() + TimeUnit.MINUTES.toNanos(5))));
        waits.start();

        first.release();

        waits.join();
        assertThat(got.get()).isSameAs(first);
    }

    @Test
    void nothingIsLeftOfClientsThatAreDone() {
        for (int i = 0; i < 10_000; i++) {
            Semaphore turn = turns.await("client " + i, now());
            assertThat(turn).isNotNull();
            turn.release();
        }

        await().until(() -> {
            System.gc();
            return turns.clients() == 0;
        });
    }

    private static long now() {
        return System.nanoTime();
    }
}
