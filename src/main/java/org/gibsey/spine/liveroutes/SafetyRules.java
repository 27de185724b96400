package org.gibsey.spine.liveroutes;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.camel.component.platform.http.PlatformHttpEndpoint;
import org.apache.camel.model.LogDefinition;
import org.apache.camel.model.OnCompletionDefinition;
import org.apache.camel.model.OnExceptionDefinition;
import org.apache.camel.model.RouteDefinition;
import org.apache.camel.model.TryDefinition;
import org.gibsey.spine.liveroutes.RehearsedRoute.Target;
import org.springframework.web.bind.annotation.RequestMethod;

/**
 * What no edit may take away, whatever else it does: the guarantees of the service, as far as a route file could break them.
 * The short rules are here; {@link SqlRules}, {@link PublishRules} and {@link ConsumerRules} are the others.
 */
final class SafetyRules {

    /** Functions of Camel's simple language that bring a message, or parts of it that nobody has listed. */
    private static final Pattern CONTENT = Pattern.compile(
            "\\$\\{[^}]*\\b(body|bodyAs|mandatoryBodyAs|bodyOneLine|prettyBody|originalBody|messageAs|headers|exchange)\\b");

    private SafetyRules() {}

    static List<RouteProblem> check(RehearsedRoute route, String giftTopic) {
        return Stream.of(
                        errorHandling(route),
                        SqlRules.check(route),
                        logging(route),
                        publicPath(route),
                        PublishRules.check(route, giftTopic),
                        ConsumerRules.check(route))
                .flatMap(List::stream)
                .toList();
    }

    /**
     * Errors are the service's own business: retries, dead letters and problem answers are Java ({@code PersistErrors},
     * {@code PublicErrors}) and cover every route that does not opt out. These are the ways to opt out.
     */
    private static List<RouteProblem> errorHandling(RehearsedRoute route) {
        RouteDefinition definition = route.definition();
        List<RouteProblem> problems = new ArrayList<>();
        if (definition.getRouteConfigurationId() != null) {
            problems.add(refuse(route, "routeConfigurationId", "it replaces the error handling of the service"));
        }
        if (definition.getErrorHandlerRef() != null || definition.isErrorHandlerFactorySet()) {
            problems.add(refuse(route, "errorHandler", "it replaces the error handling of the service"));
        }
        if (definition.getRoutePolicyRef() != null) {
            problems.add(refuse(route, "routePolicy", "policies are Java and cover every route"));
        }
        if (definition.getAutoStartup() != null) {
            problems.add(refuse(
                    route,
                    "autoStartup",
                    "the routes of a file run for as long as the file is there; remove the file"));
        }
        for (TryDefinition step : route.steps(TryDefinition.class)) {
            problems.add(route.problem(
                    step, "doTry hides errors from the error handling of the service, and with it lost gifts"));
        }
        for (OnExceptionDefinition step : route.steps(OnExceptionDefinition.class)) {
            problems.add(route.problem(step, "onException replaces the error handling of the service"));
        }
        for (OnCompletionDefinition step : route.steps(OnCompletionDefinition.class)) {
            problems.add(route.problem(step, "onCompletion has no error handling; add a step to the route instead"));
        }
        return problems;
    }

    private static RouteProblem refuse(RehearsedRoute route, String option, String reason) {
        return route.problem(route.definition(), option, option + " is not allowed: " + reason);
    }

    /** What readers write is never logged. */
    private static List<RouteProblem> logging(RehearsedRoute route) {
        List<RouteProblem> problems = new ArrayList<>();
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

    /** A public path has methods that exist. Which headers and bodies may pass is Java (package http), no option of a route. */
    private static List<RouteProblem> publicPath(RehearsedRoute route) {
        if (!(route.input() instanceof PlatformHttpEndpoint http)) {
            return List.of();
        }
        List<RouteProblem> problems = new ArrayList<>();
        for (String method : RehearsedRoute.methods(http)) {
            if (Arrays.stream(RequestMethod.values()).map(Enum::name).noneMatch(method::equals)) {
                problems.add(route.problem(
                        route.definition().getInput(),
                        "httpMethodRestrict",
                        "'" + method + "' is no HTTP method, so the path would answer nobody"));
            }
        }
        return problems;
    }
}
