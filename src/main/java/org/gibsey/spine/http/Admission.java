package org.gibsey.spine.http;

import java.util.concurrent.Semaphore;

/**
 * How many calls may be in work at once, and how much they may bring along. While the broker hangs each call holds its place
 * for seconds: without a bound they would pile up until threads or memory run out, and calls that need no broker would go
 * down with them. Thread-safe.
 */
final class Admission {

    private static final int UNIT_BYTES = 1024;

    private final Semaphore calls;
    private final Semaphore units;

    /**
     * @param calls at once
     * @param bytes of bodies at once
     */
    Admission(int calls, int bytes) {
        this.calls = new Semaphore(calls);
        this.units = new Semaphore(units(bytes));
    }

    /**
     * Takes a place without waiting. Who got one gives it back with {@link #leave}.
     *
     * @param bytes the most this call's body may have
     * @return false when all are taken
     */
    boolean enter(int bytes) {
        if (!calls.tryAcquire()) {
            return false;
        }
        if (!units.tryAcquire(units(bytes))) {
            calls.release();
            return false;
        }
        return true;
    }

    /** @param bytes as entered with */
    void leave(int bytes) {
        units.release(units(bytes));
        calls.release();
    }

    private static int units(int bytes) {
        return (bytes + UNIT_BYTES - 1) / UNIT_BYTES;
    }
}
