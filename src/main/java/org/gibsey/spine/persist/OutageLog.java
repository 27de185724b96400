package org.gibsey.spine.persist;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Says once that a route waits and why, reminds every minute, and says when it goes on: an outage of hours is a handful of
 * lines. Thread-safe.
 */
@Component
public class OutageLog {

    private static final Logger LOG = LoggerFactory.getLogger(OutageLog.class);
    private static final Duration REMIND = Duration.ofMinutes(1);

    /** Since when, when it was last logged, and why. */
    private record Outage(Instant since, Instant said, String reason) {}

    private final Map<String, Outage> open = new ConcurrentHashMap<>();
    private final Clock clock;

    OutageLog(Clock clock) {
        this.clock = clock;
    }

    /** A batch waits to be tried again. */
    void waiting(String routeId, GiftBatch batch, Fault fault) {
        say(routeId, "waits with " + batch, fault.toString());
    }

    /** A batch was given up and will be read again from the committed offset. */
    void failed(String routeId, @Nullable Throwable cause) {
        say(
                routeId,
                "failed and reads its batch again",
                cause == null ? "unknown" : Fault.of(cause).toString());
    }

    /** A batch got through. */
    void over(String routeId) {
        if (open.isEmpty()) {
            return;
        }
        Outage outage = open.remove(routeId);
        if (outage != null) {
            LOG.info(
                    "Route {} goes on after {} s",
                    routeId,
                    Duration.between(outage.since, clock.instant()).toSeconds());
        }
    }

    /** Why the route waits, for health; null when it does not. */
    public @Nullable String reason(String routeId) {
        Outage outage = open.get(routeId);
        return outage == null ? null : outage.reason;
    }

    private void say(String routeId, String what, String reason) {
        Instant now = clock.instant();
        open.compute(routeId, (id, outage) -> {
            boolean due = outage == null || outage.said.plus(REMIND).isBefore(now) || !outage.reason.equals(reason);
            if (due) {
                LOG.warn("Route {} {}: {}", routeId, what, reason);
            }
            return new Outage(outage == null ? now : outage.since, due || outage == null ? now : outage.said, reason);
        });
    }
}
