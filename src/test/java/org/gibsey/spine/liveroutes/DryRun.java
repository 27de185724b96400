package org.gibsey.spine.liveroutes;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.gibsey.spine.SpineApplication;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;

/** The rehearsal of the real application, without broker and database; made once for all tests of a JVM. */
final class DryRun {

    private static final Rehearsal REHEARSAL = rehearsal();

    private DryRun() {}

    static RehearsedFile rehearse(String name, String text) {
        return REHEARSAL.rehearse(RouteFile.of(name, text.getBytes(StandardCharsets.UTF_8)));
    }

    /** What the guard says of a shipped route once this is replaced by that, as {@code text of the line | reason}. */
    static List<String> edit(String routeId, String that, String by) {
        String text = RouteFolderFixture.shipped(routeId);
        if (!text.contains(that)) {
            throw new IllegalArgumentException("not in " + routeId + ": " + that);
        }
        return problems(routeId, text.replace(that, by));
    }

    static List<String> problems(String routeId, String text) {
        List<String> lines = text.lines().toList();
        return rehearse(routeId + ".camel.yaml", text).problems().stream()
                .map(problem ->
                        (lines.isEmpty() ? "" : lines.get(problem.line() - 1).strip()) + " | " + problem.reason())
                .toList();
    }

    private static Rehearsal rehearsal() {
        ConfigurableApplicationContext application =
                RouteCheck.start(SpineApplication.class, "file:routes/*.camel.yaml");
        SpringApplication.getShutdownHandlers().add(application::close);
        return application.getBean(Rehearsal.class);
    }
}
