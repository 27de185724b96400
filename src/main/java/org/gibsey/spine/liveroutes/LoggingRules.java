package org.gibsey.spine.liveroutes;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.camel.model.LogDefinition;
import org.gibsey.spine.liveroutes.RehearsedRoute.Target;

/** What readers write is never logged. */
final class LoggingRules {

    /** Functions of Camel's simple language that bring a message, or parts of it that nobody has listed. */
    private static final Pattern CONTENT = Pattern.compile(
            "\\$\\{[^}]*\\b(body|bodyAs|mandatoryBodyAs|bodyOneLine|prettyBody|originalBody|messageAs|headers|exchange)\\b");

    private LoggingRules() {}

    static List<Problem> check(RehearsedRoute route) {
        List<Problem> problems = new ArrayList<>();
        for (LogDefinition step : route.steps(LogDefinition.class)) {
            if (CONTENT.matcher(step.getMessage()).find()) {
                problems.add(
                        route.problem(step, "message", "message bodies are never logged: log a header or a property"));
            }
        }
        for (Target target : route.targets()) {
            if (target.endpoint().getEndpointUri().startsWith("log:")) {
                problems.add(route.problem(
                        target.step(),
                        "the log component logs message bodies: use a log step, which says what it logs"));
            }
        }
        if ("true".equals(route.definition().getTrace())) {
            problems.add(route.problem(route.definition(), "trace", "trace logs message bodies"));
        }
        return problems;
    }
}
