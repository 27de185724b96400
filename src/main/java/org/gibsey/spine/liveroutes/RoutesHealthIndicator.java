package org.gibsey.spine.liveroutes;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.springframework.boot.actuate.health.Health;
import org.springframework.boot.actuate.health.HealthIndicator;
import org.springframework.stereotype.Component;

/** Down when a required route does not run. An edit that was not taken is a detail: what ran goes on running. */
@Component
final class RoutesHealthIndicator implements HealthIndicator {

    private final RequiredRoutes required;
    private final LiveRoutes routes;

    RoutesHealthIndicator(RequiredRoutes required, LiveRoutes routes) {
        this.required = required;
        this.routes = routes;
    }

    @Override
    public Health health() {
        Set<String> missing = required.missing();
        Health.Builder health = missing.isEmpty()
                ? Health.up()
                : Health.down().withDetail("reason", "these routes do not run: " + String.join(", ", missing));
        Map<String, String> edits = new TreeMap<>();
        routes.files().forEach((name, file) -> {
            if (file.edit() != null) {
                edits.put(
                        name,
                        file.edit().outcome() + ": "
                                + EditReport.text(file.edit().problems()));
            }
        });
        if (!edits.isEmpty()) {
            health.withDetail("editsNotTaken", edits);
        }
        String folder = routes.folderProblem();
        if (folder != null) {
            health.withDetail("folder", folder);
        }
        return health.build();
    }
}
