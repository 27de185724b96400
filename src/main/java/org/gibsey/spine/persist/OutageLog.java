package org.gibsey.spine.persist;

import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.gibsey.spine.Outage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Logs once that a route waits and why, reminds every minute, and logs when it goes on: the many attempts of a long outage are
 * one line a minute. Thread-safe.
 */
@Component
public class OutageLog {

    private static final Logger LOG = LoggerFactory.getLogger(OutageLog.class);

    /**
     * SQLSTATEs or how they begin: no connection, read-only, rolled back, resources, locks, a server that stops or starts (57P, without
     * 57014, a statement that took too long); and no such table, column or function, as before the first migration.
     */
    private static final List<String> SAID_BY_HEALTH =
            List.of("08", "25006", "40", "53", "55", "57P", "42P01", "42703", "42883");

    /** Of a route. */
    private record Wait(Outage outage, String reason) {}

    private final Map<String, Wait> open = new ConcurrentHashMap<>();
    private final Clock clock;

    OutageLog(Clock steadyClock) {
        this.clock = steadyClock;
    }

    /** A batch waits for its next attempt. */
    void waiting(String routeId, GiftBatch batch, Fault fault) {
        log(
                routeId,
                "waits with " + batch,
                fault.tooSlow() ? "a single gift takes longer than a statement may: " + fault : fault.toString());
    }

    /** A statement exceeded its time limit and is tried with fewer gifts. */
    void slow(String routeId, int gifts, int next, Fault fault) {
        log(
                routeId,
                "goes on with " + next + " gifts a statement",
                gifts + " gifts take longer than a statement may: " + fault);
    }

    /** A batch failed and will be read again from the committed offset. */
    void failed(String routeId, @Nullable Throwable cause) {
        log(
                routeId,
                "failed and reads its batch again",
                cause == null ? "unknown" : Fault.of(cause).toString());
    }

    /** A timer's turn failed. That the database is away, or its schema not there yet, is said by health. */
    void missed(String routeId, Throwable cause) {
        Fault fault = Fault.of(cause);
        String state = fault.sqlState();
        if (state == null || SAID_BY_HEALTH.stream().anyMatch(state::startsWith)) {
            LOG.debug("Route {} has missed a turn", routeId, cause);
        } else {
            log(routeId, "has missed its turn", fault.toString());
        }
    }

    /** A batch was stored, or a timer's turn done. */
    void over(String routeId) {
        if (open.isEmpty()) {
            return;
        }
        Wait wait = open.remove(routeId);
        if (wait != null) {
            wait.outage.end().ifPresent(lasted -> LOG.info("Route {} goes on after {} s", routeId, lasted.toSeconds()));
        }
    }

    /** Why the route waits, for health; null when it does not. */
    public @Nullable String reason(String routeId) {
        Wait wait = open.get(routeId);
        return wait == null ? null : wait.reason;
    }

    private void log(String routeId, String what, String reason) {
        open.compute(routeId, (id, wait) -> {
            Outage outage = wait == null ? new Outage(clock) : wait.outage;
            boolean isToBeLogged = outage.isToBeLogged();
            // a new reason is logged at once
            if (isToBeLogged || (wait != null && !wait.reason.equals(reason))) {
                LOG.warn("Route {} {}: {}", routeId, what, reason);
            }
            return new Wait(outage, reason);
        });
    }
}
