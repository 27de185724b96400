package org.gibsey.spine.liveroutes;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ObjIntConsumer;
import java.util.function.Predicate;
import org.apache.camel.Endpoint;
import org.apache.camel.LineNumberAware;
import org.apache.camel.component.direct.DirectEndpoint;
import org.apache.camel.component.kafka.KafkaConfiguration;
import org.apache.camel.component.kafka.KafkaEndpoint;
import org.apache.camel.component.platform.http.PlatformHttpEndpoint;
import org.apache.camel.model.PipelineDefinition;
import org.apache.camel.model.ProcessorDefinition;
import org.apache.camel.model.ProcessorDefinitionHelper;
import org.apache.camel.model.RouteDefinition;
import org.apache.camel.model.StepDefinition;
import org.apache.camel.model.ToDefinition;
import org.springframework.web.bind.annotation.RequestMethod;

/**
 * A route of a file as Camel understands it, with every endpoint resolved: what the rules look at, and how it depends on other
 * files.
 *
 * @param targets the steps that reach an endpoint, in the order of the file
 */
record RehearsedRoute(RouteFile file, RouteDefinition definition, Endpoint input, List<Target> targets) {

    /** A step and the endpoint it reaches. */
    record Target(ProcessorDefinition<?> step, Endpoint endpoint) {}

    String id() {
        return definition.getRouteId();
    }

    /** Every step of a kind, however deep. */
    <T> Collection<T> steps(Class<T> kind) {
        return ProcessorDefinitionHelper.filterTypeInOutputs(definition.getOutputs(), kind);
    }

    /** The steps every message passes, one after the other, unless one fails or ends the route. */
    List<ProcessorDefinition<?>> mainLine() {
        return mainLine(definition.getOutputs());
    }

    /** The steps of a block, such as a split, that every message in it passes. */
    static List<ProcessorDefinition<?>> mainLine(List<ProcessorDefinition<?>> steps) {
        List<ProcessorDefinition<?>> line = new ArrayList<>();
        for (ProcessorDefinition<?> step : steps) {
            if (isDisabled(step)) {
                continue;
            }
            if (step instanceof PipelineDefinition || step instanceof StepDefinition) {
                line.addAll(mainLine(step.getOutputs()));
            } else {
                line.add(step);
            }
        }
        return line;
    }

    /**
     * Hands over each name that only one route of all files may have, in words, with the line that claims it: ids, the entry
     * {@code direct:name}, method and path, consumer group and topic. A name that the route has twice comes twice.
     */
    void forEachClaim(ObjIntConsumer<String> claim) {
        // routes and steps share one namespace in Camel
        claim.accept("id " + id(), line());
        for (ProcessorDefinition<?> step : steps(ProcessorDefinition.class)) {
            if (step.hasCustomIdAssigned()) {
                claim.accept("id " + step.getId(), lineOf(step));
            }
        }
        int line = lineOf(definition.getInput());
        if (input instanceof DirectEndpoint direct) {
            claim.accept(entry(direct), line);
        } else if (input instanceof PlatformHttpEndpoint http) {
            methods(http).forEach(method -> claim.accept(method + " " + withoutNames(http.getPath()), line));
        } else if (input instanceof KafkaEndpoint kafka) {
            KafkaConfiguration consumer = kafka.getConfiguration();
            claim.accept("group " + consumer.getGroupId() + " on topic " + consumer.getTopic(), line);
        }
    }

    /** The entries {@code direct:name} it calls, each with the first line that does. */
    Map<String, Integer> calls() {
        Map<String, Integer> calls = new LinkedHashMap<>();
        for (Target target : targets) {
            if (target.endpoint() instanceof DirectEndpoint direct) {
                calls.putIfAbsent(entry(direct), lineOf(target.step()));
            }
        }
        return calls;
    }

    /** Whether a step sends to a fixed endpoint, and such a one. */
    boolean leadsTo(ProcessorDefinition<?> step, Predicate<Endpoint> which) {
        return step instanceof ToDefinition
                && targets.stream().anyMatch(target -> target.step() == step && which.test(target.endpoint()));
    }

    /** Whether it is one of those that the topic of the gifts goes through. */
    boolean readsGifts() {
        return input instanceof KafkaEndpoint kafka
                && setting("spine.topic.name").equals(kafka.getConfiguration().getTopic());
    }

    /** What this process has set. */
    String setting(String name) {
        return input.getCamelContext().resolvePropertyPlaceholders("{{" + name + "}}");
    }

    /** The public paths it answers. */
    static String pattern(PlatformHttpEndpoint http) {
        return http.getPath() + (http.isMatchOnUriPrefix() ? "/{*rest}" : "");
    }

    /** Two path patterns that differ in the names of their variables only are one, to Spring as well. */
    static String withoutNames(String pattern) {
        return pattern.replaceAll("\\{\\w+}", "*").replaceAll("\\{\\*\\w+}", "**");
    }

    /** The methods a public path answers: all when the route does not restrict them. */
    static List<String> methods(PlatformHttpEndpoint http) {
        String restricted = http.getHttpMethodRestrict();
        return restricted == null
                ? Arrays.stream(RequestMethod.values()).map(Enum::name).toList()
                : List.of(restricted.split(",", -1));
    }

    /** A problem at a step. */
    RouteProblem problem(Object step, String reason) {
        return file.problem(lineOf(step), reason);
    }

    /** At an option of the step, when the file has it, else at the step. */
    RouteProblem problem(Object step, String option, String reason) {
        return file.problem(file.lineOf(option, lineOf(step)), reason);
    }

    int line() {
        return lineOf(definition);
    }

    static int lineOf(Object node) {
        return node instanceof LineNumberAware aware ? Math.max(1, aware.getLineNumber()) : 1;
    }

    static String entry(DirectEndpoint direct) {
        return direct.getEndpointKey().replace("://", ":");
    }

    private static boolean isDisabled(ProcessorDefinition<?> step) {
        return step.getDisabled() != null && !"false".equals(step.getDisabled());
    }
}
