package org.gibsey.spine.liveroutes;

import java.time.Clock;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.camel.CamelContext;
import org.apache.camel.ServiceStatus;
import org.gibsey.spine.SpineSettings;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.health.Health;
import org.springframework.boot.actuate.health.HealthIndicator;
import org.springframework.stereotype.Component;

/**
 * The routes that must run for this process to be ready, and the health component {@code routes}: down when one does not
 * run. Camel's own checks look only at routes that exist and do not notice a missing one. An edit that did not go live is
 * only a detail of the health: what ran before goes on. Thread-safe.
 */
@Component("routesHealthIndicator")
class RequiredRoutes implements HealthIndicator {

    private static final Set<String> RUNNING = Set.of("Started", "Exchanging");

    private final CamelContext camel;
    private final LiveRoutes routes;
    private final List<String> named;
    private final Clock clock;
    private final Map<String, Instant> stopped = new ConcurrentHashMap<>();

    RequiredRoutes(CamelContext camel, LiveRoutes routes, SpineSettings settings, Clock steadyClock) {
        this.camel = camel;
        this.routes = routes;
        this.named = settings.routes().required();
        this.clock = steadyClock;
    }

    @Override
    public Health health() {
        noteStopped();
        Set<String> missing = missing();
        Health.Builder health = missing.isEmpty()
                ? Health.up()
                : Health.down().withDetail("reason", "these routes do not run: " + String.join(", ", missing));
        Map<String, String> edits = new TreeMap<>();
        routes.notTaken().forEach((name, edit) -> edits.put(name, edit.outcome() + ": " + edit.reasons()));
        if (!edits.isEmpty()) {
            health.withDetail("editsNotTaken", edits);
        }
        String folder = routes.folderProblem();
        if (folder != null) {
            health.withDetail("folder", folder);
        }
        return health.build();
    }

    /** Ids of those that do not run. */
    Set<String> missing() {
        Set<String> missing = new TreeSet<>(named.isEmpty() ? ofFiles() : named);
        missing.removeIf(id -> RUNNING.contains(state(id)));
        return missing;
    }

    private void noteStopped() {
        for (String id : ofFiles()) {
            if (RUNNING.contains(state(id))) {
                stopped.remove(id);
            } else {
                stopped.putIfAbsent(id, clock.instant());
            }
        }
    }

    /** Since when health, which is looked at every two seconds, has seen a route not to run; null while it runs. */
    @Nullable
    Instant stoppedSince(String id) {
        return stopped.get(id);
    }

    /** What a route does, in one word: a state of Camel's, or {@code Exchanging} or {@code Missing}. */
    String state(String id) {
        ServiceStatus status = camel.getRouteController().getRouteStatus(id);
        return routes.exchanging().contains(id) ? "Exchanging" : status == null ? "Missing" : status.name();
    }

    private Collection<String> ofFiles() {
        Set<String> ids = new TreeSet<>();
        routes.files().forEach((name, file) -> {
            if (file.running() == null) {
                ids.add(RouteFile.routeId(name));
            } else {
                ids.addAll(file.running().routeIds());
            }
        });
        return ids;
    }
}
