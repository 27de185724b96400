package org.gibsey.spine.persist;

/**
 * How many gifts one statement of a consumer takes. All that a poll brings, until a statement exceeds its time limit: then half as
 * many at a time, and half of that, down to one. Without it a slow trigger or a slow disk would let the same statement fail
 * for ever. It grows again when statements take much less than the time after which one was stopped; the limit itself is not
 * known here. Belongs to the polling thread.
 */
final class StatementSize {

    /** Twice as many gifts take about twice as long; room for twice that again. */
    private static final int ROOM = 4;

    private int most = Integer.MAX_VALUE;
    private long tooLongNanos;

    /** At least 1. */
    int most() {
        return most;
    }

    /**
     * A statement was stopped.
     *
     * @param gifts it was to store, at least two
     * @param nanos after which it was stopped
     */
    void tooSlow(int gifts, long nanos) {
        most = gifts / 2;
        tooLongNanos = nanos;
    }

    /** A statement has stored that many gifts within that time. */
    void stored(int gifts, long nanos) {
        if (gifts == most && nanos < tooLongNanos / ROOM) {
            most = most > Integer.MAX_VALUE / 2 ? Integer.MAX_VALUE : 2 * most;
        }
    }
}
