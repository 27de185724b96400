package org.gibsey.spine.liveroutes;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.camel.component.direct.DirectEndpoint;
import org.apache.camel.component.kafka.KafkaConfiguration;
import org.apache.camel.component.kafka.KafkaEndpoint;
import org.apache.camel.component.platform.http.PlatformHttpEndpoint;
import org.apache.camel.model.ProcessorDefinition;
import org.gibsey.spine.liveroutes.RehearsedRoute.Target;
import org.springframework.web.bind.annotation.RequestMethod;

/** How route files depend on each other: by names only one of them may have, and by entries one calls in another. */
final class RouteDependencies {

    private RouteDependencies() {}

    record Claim(String name, int line) {}

    static List<Claim> claims(RehearsedRoute route) {
        List<Claim> claims = new ArrayList<>();
        // routes and steps share one namespace in Camel
        claims.add(new Claim("id " + route.id(), route.line()));
        for (ProcessorDefinition<?> step : route.steps(ProcessorDefinition.class)) {
            if (step.hasCustomIdAssigned()) {
                claims.add(new Claim("id " + step.getId(), RehearsedRoute.lineOf(step)));
            }
        }
        int line = RehearsedRoute.lineOf(route.definition().getInput());
        if (route.input() instanceof DirectEndpoint direct) {
            claims.add(new Claim(entry(direct), line));
        }
        if (route.input() instanceof PlatformHttpEndpoint http) {
            for (String method : methods(http)) {
                claims.add(new Claim(method + " " + http.getPath(), line));
            }
        }
        if (route.input() instanceof KafkaEndpoint kafka) {
            KafkaConfiguration consumer = kafka.getConfiguration();
            claims.add(new Claim("group " + consumer.getGroupId() + " on topic " + consumer.getTopic(), line));
        }
        return claims;
    }

    static Map<String, Integer> calls(RehearsedRoute route) {
        Map<String, Integer> calls = new LinkedHashMap<>();
        for (Target target : route.targets()) {
            if (target.endpoint() instanceof DirectEndpoint direct) {
                calls.putIfAbsent(entry(direct), RehearsedRoute.lineOf(target.step()));
            }
        }
        return calls;
    }

    private static String entry(DirectEndpoint direct) {
        return direct.getEndpointKey().replace("://", ":");
    }

    /** The methods a public path answers: all when the route does not restrict them. */
    static List<String> methods(PlatformHttpEndpoint http) {
        String restricted = http.getHttpMethodRestrict();
        return restricted == null
                ? java.util.Arrays.stream(RequestMethod.values())
                        .map(Enum::name)
                        .toList()
                : List.of(restricted.toUpperCase(java.util.Locale.ROOT).split(",", -1));
    }

    /** Names that two of the files claim. */
    static List<Collision> collisions(Collection<RehearsedFile> files) {
        Map<String, RehearsedFile> owners = new LinkedHashMap<>();
        List<Collision> collisions = new ArrayList<>();
        for (RehearsedFile file : files) {
            file.claims().keySet().forEach(claim -> {
                RehearsedFile other = owners.putIfAbsent(claim, file);
                if (other != null) {
                    collisions.add(new Collision(claim, other, file));
                }
            });
        }
        return collisions;
    }

    record Collision(String name, RehearsedFile one, RehearsedFile other) {}

    /** Calls of the files that no file answers. */
    static List<Dangling> dangling(Collection<RehearsedFile> files) {
        List<Dangling> dangling = new ArrayList<>();
        for (RehearsedFile file : files) {
            file.calls().forEach((entry, line) -> {
                if (files.stream().noneMatch(other -> other.claims().containsKey(entry))) {
                    dangling.add(new Dangling(entry, file, line));
                }
            });
        }
        return dangling;
    }

    record Dangling(String entry, RehearsedFile caller, int line) {}
}
