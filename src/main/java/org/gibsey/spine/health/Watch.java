package org.gibsey.spine.health;

import java.net.UnknownHostException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Supplier;
import org.apache.kafka.common.errors.TimeoutException;
import org.gibsey.spine.Outage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.actuate.health.Health;
import org.springframework.boot.actuate.health.HealthIndicator;
import org.springframework.boot.actuate.health.Status;
import org.springframework.core.NestedExceptionUtils;

/**
 * Keeps an eye on something this process needs but can wait for: says in one line when it goes away, reminds every minute,
 * says when it is back, and answers health from the last look, so that probes cost nothing. Thread-safe.
 */
public final class Watch implements HealthIndicator {

    /** How long after a look the next one starts. */
    static final Duration PAUSE = Duration.ofSeconds(2);

    static final String NOT_LOOKED = "not looked yet";

    private static final Logger LOG = LoggerFactory.getLogger(Watch.class);
    /** A look that does not come back is an answer, too. */
    private static final Duration STALE = Duration.ofSeconds(9);

    /** Looks once. Fails with a reason in words when the thing is not usable. */
    interface Look {
        void look() throws Exception;
    }

    /** What the last look found: why it is away, or null; since when that is so; when the look ended. */
    private record Finding(@Nullable String reason, Instant since, Instant looked) {}

    private final String what;
    private final Look look;
    private final Supplier<Status> whenAway;
    private final Clock clock;
    private final Instant created;
    private volatile @Nullable Finding last;
    private final Outage outage;

    /**
     * @param what     name and address, for log and health, without credentials
     * @param look     must come back within seconds
     * @param whenAway status while it is away
     */
    Watch(String what, Look look, Supplier<Status> whenAway, Clock clock) {
        this.what = what;
        this.look = look;
        this.whenAway = whenAway;
        this.clock = clock;
        this.created = clock.instant();
        this.outage = new Outage(clock);
    }

    /** Why it is away; null when it was there at the last look. */
    public @Nullable String reason() {
        Finding finding = last;
        Instant looked = finding == null ? created : finding.looked;
        Duration silent = Duration.between(looked, clock.instant());
        if (silent.compareTo(STALE) > 0) {
            return "gives no answer for " + silent.toSeconds() + " s";
        }
        return finding == null ? NOT_LOOKED : finding.reason;
    }

    @Override
    public Health health() {
        String reason = reason();
        Finding finding = last;
        Health.Builder health =
                reason == null ? Health.up() : Health.status(whenAway.get()).withDetail("reason", reason);
        if (finding != null) {
            health.withDetail("since", finding.since.toString());
        }
        return health.withDetail("what", what).build();
    }

    /** Looks once; called by one thread. */
    void look() {
        String reason;
        try {
            look.look();
            reason = null;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        } catch (Exception e) {
            reason = words(e);
        }
        Instant now = clock.instant();
        Finding before = last;
        if (before != null && (before.reason == null) == (reason == null)) {
            last = new Finding(reason, before.since, now);
        } else {
            last = new Finding(reason, now, now);
            if (reason == null) {
                LOG.info("{} is there", what);
            }
        }
        if (reason == null) {
            outage.end();
        } else if (outage.isToBeLogged()) {
            LOG.warn("Waiting for {}: {}", what, reason);
        }
    }

    /** The innermost message: outer ones tell which of our calls failed, not why. */
    private static String words(Throwable fault) {
        Throwable cause = NestedExceptionUtils.getMostSpecificCause(fault);
        String message = cause.getMessage();
        if (cause instanceof TimeoutException) {
            return "no broker answers (" + message + ")";
        }
        if (cause instanceof UnknownHostException) {
            return "unknown host " + message;
        }
        return message == null || message.isBlank()
                ? cause.getClass().getSimpleName()
                : message.lines().findFirst().orElse("");
    }
}
