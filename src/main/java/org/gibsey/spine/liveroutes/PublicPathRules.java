package org.gibsey.spine.liveroutes;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.camel.component.platform.http.PlatformHttpEndpoint;
import org.springframework.web.bind.annotation.RequestMethod;

/** A public path answers somebody. What may pass it in either direction is Java (package http) and no option of a route. */
final class PublicPathRules {

    private PublicPathRules() {}

    static List<Problem> check(RehearsedRoute route) {
        if (!(route.input() instanceof PlatformHttpEndpoint http)) {
            return List.of();
        }
        List<Problem> problems = new ArrayList<>();
        for (String method : RouteDependencies.methods(http)) {
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
