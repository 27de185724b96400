package org.gibsey.spine.liveroutes;

import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.apache.camel.CamelContext;
import org.apache.camel.Route;
import org.apache.camel.ServiceStatus;
import org.apache.camel.health.HealthCheck;
import org.apache.camel.health.HealthCheckAware;
import org.jspecify.annotations.Nullable;

/**
 * Whether a route that was just started does what it was started for. Camel calls a route started whose consumer cannot be
 * created, whose path was not mapped or which reaches no broker.
 */
final class StartCheck {

    /** It takes some tenths of a second; more with encryption on a busy machine. */
    private static final Duration CONNECTED_WITHIN = Duration.ofSeconds(10);

    private static final Duration PAUSE = Duration.ofMillis(20);

    private final CamelContext camel;
    private final RequestMappings mappings;

    StartCheck(CamelContext camel, RequestMappings mappings) {
        this.camel = camel;
        this.mappings = mappings;
    }

    /** Ids of the routes of these files whose consumers are well at the moment. */
    Set<String> reached(Collection<RehearsedFile> files) {
        Set<String> well = new HashSet<>();
        for (RehearsedFile file : files) {
            for (String id : file.routeIds()) {
                Route route = camel.getRoute(id);
                if (route != null && look(route) == null) {
                    well.add(id);
                }
            }
        }
        return well;
    }

    /**
     * Waits until the routes of a file are well.
     *
     * @param reached ids of the routes that were well before: only they must reach what they consume from, for else the
     *     fault may be the world's and not the edit's
     * @throws IllegalStateException saying what is wrong with a route
     */
    void check(RehearsedFile file, Set<String> reached) {
        if (!camel.isStarted()) {
            return;
        }
        for (String id : file.routeIds()) {
            Route route = camel.getRoute(id);
            ServiceStatus status = camel.getRouteController().getRouteStatus(id);
            if (route == null || status == null || !status.isStarted()) {
                throw new IllegalStateException("route " + id + " did not start");
            }
            if (!mappings.leadTo(route)) {
                throw new IllegalStateException("route " + id + " started, but its path was not mapped");
            }
            awaitConsumer(route, reached.contains(id));
        }
    }

    private static void awaitConsumer(Route route, boolean mustReach) {
        long end = System.nanoTime() + CONNECTED_WITHIN.toNanos();
        HealthCheck.@Nullable Result illness = look(route);
        while (illness != null && illness.getError().isEmpty() && System.nanoTime() < end) {
            LockSupport.parkNanos(PAUSE.toNanos());
            illness = look(route);
        }
        if (illness != null && (mustReach || illness.getError().isPresent())) {
            throw new IllegalStateException(
                    "the consumer of route " + route.getRouteId() + " is not well: "
                            + illness.getMessage().orElse("it is not connected"),
                    illness.getError().orElse(null));
        }
    }

    /** What is wrong with a route's consumer; null when it is well or does not say. */
    private static HealthCheck.@Nullable Result look(Route route) {
        if (route.getConsumer() instanceof HealthCheckAware aware && aware.getHealthCheck() != null) {
            HealthCheck.Result result = aware.getHealthCheck().call();
            return result.getState() == HealthCheck.State.DOWN ? result : null;
        }
        return null;
    }
}
