package org.gibsey.spine.liveroutes;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.camel.Route;
import org.apache.camel.StartupSummaryLevel;
import org.apache.camel.component.platform.http.PlatformHttpComponent;
import org.apache.camel.component.platform.http.PlatformHttpEndpoint;
import org.apache.camel.component.platform.http.springboot.SpringBootPlatformHttpEngine;
import org.apache.camel.component.properties.PropertiesComponent;
import org.apache.camel.component.properties.PropertiesParser;
import org.apache.camel.impl.engine.RouteService;
import org.apache.camel.model.RouteDefinition;
import org.apache.camel.spring.SpringCamelContext;
import org.apache.camel.support.PluginHelper;
import org.gibsey.spine.SpineSettings;
import org.springframework.context.ApplicationContext;
import org.springframework.stereotype.Component;

/**
 * Builds the routes of a file as they would be built to run, in a Camel context that is thrown away and never started: same
 * beans, same settings, same component options, but no connection, no consumer, no public path. Whatever would fail while
 * the routes are built fails here, where nothing is running. Thread-safe.
 */
@Component
final class Rehearsal {

    private final ApplicationContext application;
    private final PropertiesParser placeholders;
    private final AllowedParts allowed;

    Rehearsal(ApplicationContext application, PropertiesParser placeholders, SpineSettings settings) {
        this.application = application;
        this.placeholders = placeholders;
        this.allowed = new AllowedParts(settings.routes().allow());
    }

    /** Never fails: what is wrong with the file is in the result. */
    RehearsedFile rehearse(RouteFile file) {
        List<RouteProblem> problems = new ArrayList<>();
        List<RehearsedRoute> routes = new ArrayList<>();
        List<AnswerTime> times = new ArrayList<>();
        try (SpringCamelContext stage = stage()) {
            routes.addAll(rehearse(file, stage, problems));
            if (problems.isEmpty()) {
                routes.forEach(route -> times.add(AnswerTime.of(route)));
            }
        } catch (IOException e) {
            throw new IllegalStateException("the rehearsal of " + file.name() + " did not come to its end", e);
        }
        Map<String, Integer> claims = new LinkedHashMap<>();
        Map<String, Integer> calls = new LinkedHashMap<>();
        Set<String> paths = new TreeSet<>();
        List<SqlRules.Statement> statements = new ArrayList<>();
        Map<String, Integer> topics = new LinkedHashMap<>();
        for (RehearsedRoute route : routes) {
            route.forEachClaim((name, line) -> {
                if (claims.putIfAbsent(name, line) != null) {
                    problems.add(file.problem(line, name + " appears twice in this file"));
                }
            });
            calls.putAll(route.calls());
            statements.addAll(SqlRules.statements(route));
            topics.putAll(PublishRules.topics(route));
            if (route.input() instanceof PlatformHttpEndpoint http) {
                paths.add(RehearsedRoute.withoutNames(RehearsedRoute.pattern(http)));
            }
        }
        List<String> ids = routes.stream().map(RehearsedRoute::id).toList();
        return new RehearsedFile(
                file, ids, paths, claims, calls, statements, topics, List.copyOf(times), List.copyOf(problems));
    }

    private List<RehearsedRoute> rehearse(RouteFile file, SpringCamelContext stage, List<RouteProblem> problems) {
        List<RouteDefinition> definitions;
        try {
            problems.addAll(AllowedParts.checkShape(file));
            if (!problems.isEmpty()) {
                return List.of();
            }
            PluginHelper.getRoutesLoader(stage).loadRoutes(file.resource());
            definitions = List.copyOf(stage.getRouteDefinitions());
            problems.addAll(allowed.check(file));
            if (!problems.isEmpty()) {
                return List.of();
            }
        } catch (Exception e) {
            problems.add(RouteProblem.of(file, 1, e));
            return List.of();
        }
        if (definitions.stream().noneMatch(route -> file.routeId().equals(route.getRouteId()))) {
            int line = definitions.isEmpty() ? 1 : RehearsedRoute.lineOf(definitions.get(0));
            problems.add(file.problem(line, "the file has no route with its name: id: " + file.routeId()));
        }
        List<RehearsedRoute> routes = new ArrayList<>();
        for (RouteDefinition definition : definitions) {
            EndpointResolver resolver = new EndpointResolver(file, stage, allowed);
            resolver.resolve(definition).ifPresent(routes::add);
            problems.addAll(resolver.problems());
        }
        if (problems.isEmpty()) {
            routes.forEach(route -> problems.addAll(SafetyRules.check(route)));
            routes.forEach(route -> build(route, stage, problems));
        }
        return routes;
    }

    private static void build(RehearsedRoute route, SpringCamelContext stage, List<RouteProblem> problems) {
        try {
            Route built = stage.getModelReifierFactory().createRoute(stage, route.definition());
            new RouteService(built).setUp();
        } catch (Exception e) {
            problems.add(RouteProblem.of(route.file(), route.line(), e));
        }
    }

    private SpringCamelContext stage() {
        SpringCamelContext stage = new SpringCamelContext(application);
        stage.disableJMX();
        stage.getCamelContextExtension().setName("rehearsal");
        stage.setStartupSummaryLevel(StartupSummaryLevel.Off);
        stage.setAutoStartup(false);
        stage.setSourceLocationEnabled(true);
        stage.build();
        PropertiesComponent properties = new PropertiesComponent();
        properties.setCamelContext(stage);
        properties.setPropertiesParser(placeholders);
        stage.setPropertiesComponent(properties);
        // not the engine of the application, which would map the paths and count the saves of these routes
        stage.getComponent("platform-http", PlatformHttpComponent.class)
                .setEngine(new SpringBootPlatformHttpEngine(0, Runnable::run));
        return stage;
    }
}
