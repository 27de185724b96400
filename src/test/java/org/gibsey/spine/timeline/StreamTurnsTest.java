package org.gibsey.spine.timeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import org.gibsey.spine.ClientShares;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class StreamTurnsTest {

    private static final int TIMELINES = 1_000;

    private final StreamTurns turns = new StreamTurns(2, "turns");
    private final Semaphore mayEnd = new Semaphore(0);
    private final List<String> begun = new CopyOnWriteArrayList<>();

    @AfterEach
    void stop() {
        turns.stop();
        mayEnd.release(TIMELINES);
    }

    @Test
    void aClientWaitsForOneTurnOfEachOther() {
        add("first");
        add("first");
        add("first");
        awaitBegun("first");
        add("second");
        add("second");
        awaitBegun("first", "second");
        add("third");

        mayEnd.release();

        awaitBegun("first", "second", "third");
        mayEnd.release(TIMELINES);
        await().until(() -> turns.remembered() == 0);
        assertThat(begun).hasSize(6);
    }

    @Test
    void theTimelinesOfOneClientComeInTheirOrder() {
        List<Integer> order = new CopyOnWriteArrayList<>();
        for (int i = 0; i < TIMELINES; i++) {
            int number = i;
            turns.add(timeline("one"), () -> order.add(number));
        }

        await().until(() -> turns.remembered() == 0);
        assertThat(order).hasSize(TIMELINES).isSorted();
    }

    @Test
    void nothingIsLeftOfTimelinesThatComeAndGo() {
        add("one");
        awaitBegun("one");
        for (int i = 0; i < TIMELINES; i++) {
            turns.left(add("one"));
        }

        assertThat(turns.remembered()).isEqualTo(1);
        mayEnd.release();
        await().until(() -> turns.remembered() == 0);
        assertThat(begun).hasSize(1);
    }

    @Test
    void aFailureTakesNobodysTurn() {
        turns.add(timeline("one"), () -> {
            throw new IllegalStateException("as a test");
        });
        add("one");

        await().dontCatchUncaughtExceptions().until(() -> !begun.isEmpty());
    }

    @Test
    void nothingIsTakenAfterTheStop() {
        add("one");
        awaitBegun("one");
        add("one");

        turns.stop();

        assertThatThrownBy(() -> add("one")).isInstanceOf(RejectedExecutionException.class);
        assertThat(turns.remembered()).isZero();
        assertThat(begun).hasSize(1);
    }

    private void awaitBegun(String... sharers) {
        await().until(() -> begun.equals(List.of(sharers)));
    }

    /** @return a timeline whose turn ends when it may */
    private StreamClient add(String sharer) {
        StreamClient timeline = timeline(sharer);
        turns.add(timeline, () -> {
            begun.add(sharer);
            mayEnd.acquireUninterruptibly();
        });
        return timeline;
    }

    private static StreamClient timeline(String sharer) {
        return new StreamClient(new HeldAnswer(), StreamedGift.Filter.ALL, null, 1, new ClientShares(1), sharer);
    }
}
