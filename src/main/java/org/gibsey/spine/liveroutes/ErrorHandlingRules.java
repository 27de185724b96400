package org.gibsey.spine.liveroutes;

import java.util.ArrayList;
import java.util.List;
import org.apache.camel.model.OnCompletionDefinition;
import org.apache.camel.model.OnExceptionDefinition;
import org.apache.camel.model.RouteDefinition;
import org.apache.camel.model.TryDefinition;

/**
 * Errors are the service's own business: retries, dead letters and problem answers are Java ({@code PersistErrors},
 * {@code PublicErrors}) and cover every route that does not opt out. These are the ways to opt out.
 */
final class ErrorHandlingRules {

    private ErrorHandlingRules() {}

    static List<Problem> check(RehearsedRoute route) {
        RouteDefinition definition = route.definition();
        List<Problem> problems = new ArrayList<>();
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

    private static Problem refuse(RehearsedRoute route, String option, String reason) {
        return route.problem(route.definition(), option, option + " is not allowed: " + reason);
    }
}
