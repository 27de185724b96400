package org.gibsey.spine;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Decides what an outage is worth in the log: a line when it begins, one a minute while it lasts, one when it is over. Without
 * it an outage of hours is either thousands of lines or one that nobody finds. Thread-safe.
 */
public final class Outage {

    private static final Duration REMIND = Duration.ofMinutes(1);

    private final Clock clock;
    private @Nullable Instant since;
    private Instant lastLogged = Instant.MIN;

    public Outage(Clock clock) {
        this.clock = clock;
    }

    /** Whether it has begun and not ended. */
    public synchronized boolean lasts() {
        return since != null;
    }

    /**
     * Notes that it has begun or still lasts.
     *
     * @return whether this is to be logged: it begins, or the last line is a minute old
     */
    public synchronized boolean isToBeLogged() {
        Instant now = clock.instant();
        if (since == null) {
            since = now;
        } else if (!lastLogged.plus(REMIND).isBefore(now)) {
            return false;
        }
        lastLogged = now;
        return true;
    }

    /**
     * Notes that it is over.
     *
     * @return how long it lasted; empty when there was none
     */
    public synchronized Optional<Duration> end() {
        Optional<Duration> lasted = Optional.ofNullable(since).map(begin -> Duration.between(begin, clock.instant()));
        since = null;
        return lasted;
    }
}
