package org.gibsey.spine.liveroutes;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.camel.component.platform.http.PlatformHttpEndpoint;
import org.apache.camel.component.timer.TimerEndpoint;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.RequestMethod;
import org.springframework.web.util.pattern.PathPatternParser;
import org.springframework.web.util.pattern.PatternParseException;

/**
 * What no edit may take away, whatever else it does: the guarantees of the service, as far as a route file could break them.
 * {@link AllowedParts} says what a file may consist of, so that errors stay the service's own business ({@code PersistErrors},
 * {@code PublicErrors}) and what readers write is never logged; the rules here look at what those parts do together.
 */
final class SafetyRules {

    private static final long SHORTEST_PERIOD_MS = 100;

    private SafetyRules() {}

    static List<RouteProblem> check(RehearsedRoute route) {
        return Stream.of(
                        SqlRules.check(route),
                        publicPath(route),
                        timer(route),
                        PublishRules.check(route),
                        ConsumerRules.check(route))
                .flatMap(List::stream)
                .toList();
    }

    /**
     * A public path is one that requests can have, and has methods that exist. Which headers and bodies may pass is Java (package
     * http), no option of a route.
     */
    private static List<RouteProblem> publicPath(RehearsedRoute route) {
        if (!(route.input() instanceof PlatformHttpEndpoint http)) {
            return List.of();
        }
        List<RouteProblem> problems = new ArrayList<>();
        String path = RehearsedRoute.pattern(http);
        String wrong = wrong(path);
        if (wrong != null) {
            problems.add(route.problem(
                    route.definition().getInput(), "uri:", "'" + path + "' is no path of requests: " + wrong));
        }
        for (String method : RehearsedRoute.methods(http)) {
            if (RequestMethod.resolve(method) == null) {
                problems.add(route.problem(
                        route.definition().getInput(),
                        "httpMethodRestrict",
                        "'" + method + "' is no HTTP method, so the path would answer nobody"));
            }
        }
        return problems;
    }

    /** Why no request has such a path, or Spring would not take it; null when one may. */
    private static @Nullable String wrong(String path) {
        if (!path.startsWith("/") || path.contains("//")) {
            return "it has to begin with a slash, and have none beside another";
        }
        try {
            PathPatternParser.defaultInstance.parse(path);
            return null;
        } catch (PatternParseException e) {
            return e.getMessage();
        }
    }

    /** A timer comes again, and leaves the database some time between. */
    private static List<RouteProblem> timer(RehearsedRoute route) {
        if (!(route.input() instanceof TimerEndpoint timer)) {
            return List.of();
        }
        Requirements must = new Requirements(route, route.definition().getInput());
        must.hold(
                timer.getPeriod() >= SHORTEST_PERIOD_MS,
                "period",
                SHORTEST_PERIOD_MS + " ms at least",
                "what a timer does is work for the database");
        must.hold(timer.getDelay() >= 0, "delay", "0 at least", "with less Camel leaves out the period");
        return must.broken();
    }

    /** Collects a problem for each option of a step that is not what it must be. */
    static final class Requirements {

        private final RehearsedRoute route;
        private final Object step;
        private final List<RouteProblem> broken = new ArrayList<>();

        Requirements(RehearsedRoute route, Object step) {
            this.route = route;
            this.step = step;
        }

        void hold(boolean holds, String option, String value, String reason) {
            hold(holds, option + ":", option + " must be " + value + ": " + reason);
        }

        void hold(boolean holds, String where, String reason) {
            if (!holds) {
                broken.add(route.problem(step, where, reason));
            }
        }

        /** Properties of the Kafka client whose option is checked: Camel would let the property win. */
        void leave(List<String> properties, Map<String, Object> given) {
            for (String name : properties) {
                hold(
                        !given.containsKey(name),
                        "additionalProperties." + name,
                        "absent",
                        "it would replace an option that is checked");
            }
        }

        List<RouteProblem> broken() {
            return broken;
        }
    }
}
