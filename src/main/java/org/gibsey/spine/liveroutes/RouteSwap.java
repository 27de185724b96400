package org.gibsey.spine.liveroutes;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.apache.camel.Route;
import org.apache.camel.Service;
import org.apache.camel.ServiceStatus;
import org.apache.camel.model.Model;
import org.apache.camel.model.RouteDefinition;
import org.apache.camel.spi.RoutePolicy;
import org.apache.camel.spi.ShutdownPrepared;
import org.apache.camel.support.PluginHelper;
import org.apache.camel.support.service.ServiceHelper;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.common.config.ConfigException;
import org.gibsey.spine.liveroutes.Plan.Change;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Exchanges the routes of files in the running service, and puts the old ones back when the new ones do not start. Requests
 * to their paths wait meanwhile; a Kafka consumer finishes its batch, commits and leaves before the next one joins. Only one
 * thread may use it at a time.
 */
@Component
class RouteSwap {

    private static final Logger LOG = LoggerFactory.getLogger(RouteSwap.class);

    /** A save takes at most 3 s. */
    private static final Duration REQUESTS_END_WITHIN = Duration.ofSeconds(5);
    /** A statement of a batch takes at most 30 s. */
    private static final Duration ROUTE_ENDS_WITHIN = Duration.ofSeconds(40);

    private static final Duration LOOK_AGAIN = Duration.ofMillis(5);

    private final CamelContext camel;
    private final RequestGate gate;
    private final RequestMappings mappings;
    private final StartCheck startCheck;

    RouteSwap(CamelContext camel, RequestGate gate, RequestMappings mappings) {
        this.camel = camel;
        this.gate = gate;
        this.mappings = mappings;
        this.startCheck = new StartCheck(camel, mappings);
    }

    /** Requests or a batch did not end in time; nothing was changed, and it can be tried again. */
    static final class Busy extends Exception {

        Busy(String message) {
            super(message);
        }
    }

    /** A new route did not start, or its start check failed; the old ones were put back. */
    static final class RolledBack extends Exception {

        private final transient RehearsedFile culprit;
        private final Exception failure;

        RolledBack(RehearsedFile culprit, Exception cause) {
            super(cause);
            this.culprit = culprit;
            this.failure = cause;
        }

        /** Whether no broker's name has an address, as before their Service is there. No edit can cause that: it names none. */
        boolean knowsNoBroker() {
            for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
                if (cause instanceof ConfigException
                        && String.valueOf(cause.getMessage()).contains(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG)) {
                    return true;
                }
            }
            return false;
        }

        RouteProblem problem() {
            int line = culprit.claims().values().stream().min(Integer::compare).orElse(1);
            return RouteProblem.of(culprit.file(), line, failure);
        }
    }

    /** Takes all of a change live, or nothing of it. */
    void apply(Change change) throws Busy, RolledBack, InterruptedException {
        Set<String> paths = new TreeSet<>();
        Stream.concat(change.from().stream(), change.to().stream()).forEach(file -> paths.addAll(file.paths()));
        RequestGate.Hold hold = gate.hold(paths, REQUESTS_END_WITHIN)
                .orElseThrow(() -> new Busy(
                        "requests on " + paths + " did not end within " + REQUESTS_END_WITHIN.toSeconds() + " s"));
        try (hold) {
            exchange(change);
        } finally {
            forgetPolicies();
        }
    }

    private void exchange(Change change) throws Busy, RolledBack {
        Set<String> healthy = startCheck.healthy(change.from());
        stopAll(change.from());
        change.from().forEach(this::remove);
        for (RehearsedFile file : change.to()) {
            try {
                start(file);
                startCheck.check(file, healthy);
            } catch (Exception e) {
                change.to().forEach(this::remove);
                change.from().forEach(this::putBack);
                throw new RolledBack(file, e);
            }
        }
    }

    private void start(RehearsedFile file) throws Exception {
        PluginHelper.getRoutesLoader(camel).loadRoutes(file.file().resource());
    }

    private void putBack(RehearsedFile file) {
        try {
            start(file);
        } catch (Exception e) {
            // readiness is down from here on, and LiveRoutes tries again
            LOG.error("Routes {} of {} do not start again", file.routeIds(), file.name(), e);
            remove(file);
        }
    }

    private void stopAll(List<RehearsedFile> files) throws Busy {
        List<String> stopped = new ArrayList<>();
        for (RehearsedFile file : files) {
            for (String id : file.routeIds()) {
                if (!stop(id)) {
                    stopped.forEach(this::startAgain);
                    throw new Busy(
                            "route " + id + " did not end its work within " + ROUTE_ENDS_WITHIN.toSeconds() + " s");
                }
                stopped.add(id);
            }
        }
    }

    /** Stops a route. False when its requests or its batch did not end in time; the route goes on then. */
    private boolean stop(String routeId) {
        Route route = camel.getRoute(routeId);
        try {
            if (route != null && !endsWork(route)) {
                ServiceHelper.resumeService(route.getConsumer());
                return false;
            }
            camel.getRouteController().stopRoute(routeId);
        } catch (Exception e) {
            // the new route may start all the same; if not, the change is rolled back
            LOG.warn("Route {} did not stop well", routeId, e);
        }
        return true;
    }

    private void startAgain(String routeId) {
        try {
            camel.getRouteController().startRoute(routeId);
        } catch (Exception e) {
            LOG.error("Route {} does not start again", routeId, e);
        }
    }

    /** Removes what there is of a file's routes, however far they got. */
    private void remove(RehearsedFile file) {
        Model model = camel.getCamelContextExtension().getContextPlugin(Model.class);
        for (String id : file.routeIds()) {
            try {
                Route route = camel.getRoute(id);
                if (route != null) {
                    mappings.forget(route);
                }
                ServiceStatus status = camel.getRouteController().getRouteStatus(id);
                if (status != null && !status.isStopped()) {
                    camel.getRouteController().stopRoute(id);
                }
                camel.removeRoute(id);
                RouteDefinition definition = model.getRouteDefinition(id);
                if (definition != null) {
                    model.removeRouteDefinition(definition);
                }
            } catch (Exception e) {
                LOG.warn("Route {} was not removed cleanly", id, e);
            }
        }
    }

    /** Camel makes policies for each route, and keeps those of a route that was removed or did not start. */
    private void forgetPolicies() {
        Set<RoutePolicy> inUse = camel.getRoutes().stream()
                .flatMap(route -> route.getRoutePolicyList().stream())
                .collect(Collectors.toSet());
        for (RoutePolicy policy : camel.hasServices(RoutePolicy.class)) {
            if (!inUse.contains(policy)) {
                try {
                    camel.removeService(policy);
                } catch (Exception e) {
                    LOG.warn("{} of a former route is kept", policy, e);
                }
            }
        }
    }

    /**
     * Takes in nothing more and lets what is in work end. Camel's stop does the same but looks once a second, too long for
     * the requests that wait meanwhile. A batch that waits for a database to come back gives up waiting: the next consumer
     * reads it again.
     */
    private boolean endsWork(Route route) {
        ServiceHelper.suspendService(route.getConsumer());
        for (Service service : ServiceHelper.getChildServices((Service) route.getProcessor(), true)) {
            if (service instanceof ShutdownPrepared prepared) {
                prepared.prepareShutdown(false, false);
            }
        }
        long end = System.nanoTime() + ROUTE_ENDS_WITHIN.toNanos();
        while (camel.getInflightRepository().size(route.getRouteId()) > 0) {
            if (System.nanoTime() > end) {
                return false;
            }
            LockSupport.parkNanos(LOOK_AGAIN.toNanos());
        }
        return true;
    }
}
