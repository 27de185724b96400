package org.gibsey.spine.liveroutes;

import java.time.Duration;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.apache.camel.CamelContext;
import org.apache.camel.Route;
import org.apache.camel.ServiceStatus;
import org.apache.camel.health.HealthCheck;
import org.apache.camel.health.HealthCheckAware;
import org.jspecify.annotations.Nullable;

/**
 * Whether a route that was just started works. Camel calls a route started even when its consumer could not be made or its path
 * was not mapped. Whether the consumer reaches the broker is not asked: Camel's health check of it does not know with the Kafka client
 * of today, and an edit cannot change where it connects to.
 */
final class StartCheck {

    /** A consumer is made in some tenths of a second; more with TLS on a busy machine. */
    private static final Duration MADE_WITHIN = Duration.ofSeconds(10);

    private static final Duration PAUSE = Duration.ofMillis(20);

    private final CamelContext camel;
    private final RequestMappings mappings;

    StartCheck(CamelContext camel, RequestMappings mappings) {
        this.camel = camel;
        this.mappings = mappings;
    }

    /** Ids of the routes of these files whose consumers are healthy at the moment. */
    Set<String> healthy(Collection<RehearsedFile> files) {
        return files.stream()
                .flatMap(file -> file.routeIds().stream())
                .filter(id -> camel.getRoute(id) != null && fault(camel.getRoute(id)) == null)
                .collect(Collectors.toSet());
    }

    /**
     * Waits until the routes of a file are healthy.
     *
     * @param healthyBefore ids of the routes that were healthy before the edit. For the others the fault may not
     *     be the edit's
     * @throws IllegalStateException saying what is wrong with a route
     */
    void check(RehearsedFile file, Set<String> healthyBefore) {
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
            awaitConsumer(route, healthyBefore.contains(id));
        }
    }

    private static void awaitConsumer(Route route, boolean mustBeWell) {
        long end = System.nanoTime() + MADE_WITHIN.toNanos();
        HealthCheck.@Nullable Result fault = fault(route);
        while (fault != null && fault.getError().isEmpty() && System.nanoTime() < end) {
            LockSupport.parkNanos(PAUSE.toNanos());
            fault = fault(route);
        }
        if (fault != null && (mustBeWell || fault.getError().isPresent())) {
            throw new IllegalStateException(
                    "the consumer of route " + route.getRouteId() + " is not well: "
                            + fault.getMessage().orElse("it was not made in time"),
                    fault.getError().orElse(null));
        }
    }

    /** What is wrong with a route's consumer, without an error while it is being made; null when it is healthy or does not say. */
    private static HealthCheck.@Nullable Result fault(Route route) {
        if (route.getConsumer() instanceof HealthCheckAware aware && aware.getHealthCheck() != null) {
            HealthCheck.Result result = aware.getHealthCheck().call();
            return result.getState() == HealthCheck.State.DOWN ? result : null;
        }
        return null;
    }
}
