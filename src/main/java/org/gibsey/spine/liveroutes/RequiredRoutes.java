package org.gibsey.spine.liveroutes;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.camel.CamelContext;
import org.apache.camel.ServiceStatus;
import org.gibsey.spine.SpineSettings;
import org.springframework.stereotype.Component;

/**
 * The routes that must run for this process to be ready. Camel's own checks look at the routes there are, so that one that
 * is missing is not missed. Thread-safe.
 */
@Component
class RequiredRoutes {

    private final CamelContext camel;
    private final LiveRoutes routes;
    private final List<String> named;

    RequiredRoutes(CamelContext camel, LiveRoutes routes, SpineSettings settings) {
        this.camel = camel;
        this.routes = routes;
        this.named = settings.routes().required();
    }

    /** Ids of those that do not run. */
    public Set<String> missing() {
        Set<String> missing = new TreeSet<>(required());
        missing.removeIf(this::runs);
        return missing;
    }

    /** What a route does, in one word: a state of Camel's, or {@code Exchanging} or {@code Missing}. */
    String state(String id) {
        if (routes.exchanging().contains(id)) {
            return "Exchanging";
        }
        ServiceStatus status = camel.getRouteController().getRouteStatus(id);
        return status == null ? "Missing" : status.name();
    }

    private boolean runs(String id) {
        return Set.of("Started", "Exchanging").contains(state(id));
    }

    private Collection<String> required() {
        return named.isEmpty() ? ofFiles(routes.files()) : named;
    }

    private static Set<String> ofFiles(Map<String, LiveFile> files) {
        Set<String> ids = new TreeSet<>();
        files.forEach((name, file) -> {
            if (file.running() == null) {
                ids.add(RouteFile.routeId(name));
            } else {
                ids.addAll(file.running().routeIds());
            }
        });
        return ids;
    }
}
