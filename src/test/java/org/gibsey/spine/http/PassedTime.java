package org.gibsey.spine.http;

import io.github.bucket4j.TimeMeter;
import java.time.Duration;

/** A time that passes when the test says so. */
final class PassedTime implements TimeMeter {

    private long nanos = -1;

    void pass(Duration time) {
        nanos += time.toNanos();
    }

    @Override
    public long currentTimeNanos() {
        return nanos;
    }

    @Override
    public boolean isWallClockBased() {
        return false;
    }
}
