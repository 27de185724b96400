package org.gibsey.spine;

import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.time.ZoneOffset;

/**
 * Goes on at its pace when the machine's clock is set: what lasts, and what comes after what, is measured with it. With the
 * machine's clock, an hour forth would make every look at the broker stale, and an hour back would put off for an hour what
 * is due. It begins at the time of the machine's clock, so that people can read it. Thread-safe.
 */
public final class SteadyClock extends Clock {

    private final Instant began;
    private final long beganNanos = System.nanoTime();

    /** @param machine read once */
    public SteadyClock(InstantSource machine) {
        this.began = machine.instant();
    }

    @Override
    public Instant instant() {
        return began.plusNanos(System.nanoTime() - beganNanos);
    }

    @Override
    public ZoneId getZone() {
        return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
        throw new UnsupportedOperationException("it knows instants only");
    }
}
