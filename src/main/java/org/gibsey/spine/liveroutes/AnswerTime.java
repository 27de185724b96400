package org.gibsey.spine.liveroutes;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.camel.Endpoint;
import org.apache.camel.component.direct.DirectEndpoint;
import org.apache.camel.component.kafka.KafkaConfiguration;
import org.apache.camel.component.kafka.KafkaEndpoint;
import org.apache.camel.component.timer.TimerEndpoint;
import org.apache.camel.model.ChoiceDefinition;
import org.apache.camel.model.DelayDefinition;
import org.apache.camel.model.ProcessorDefinition;
import org.apache.camel.model.SplitDefinition;
import org.apache.camel.model.language.ConstantExpression;
import org.gibsey.spine.liveroutes.RehearsedRoute.Target;

/**
 * What a route may make its caller wait for: the time limits of its steps to Kafka, and its delays, on the longest way through it
 * and the routes that it calls, whatever files they are in. Without a bound on the sum, a topic that a second step sends to could
 * keep every save waiting for minutes when a broker is gone. What a database may take is not counted: no file says it, and it is
 * the same for every statement.
 *
 * @param input   what calls it: the entry {@code direct:name}, or the URI
 * @param answers whether it has a caller of its own: neither another route, nor a topic or timer, which nobody waits for
 */
record AnswerTime(RouteFile file, String routeId, String input, boolean answers, List<Step> steps) {

    /** A caller is answered within this time, also when no broker is there. */
    private static final long MOST_MS = 3000;

    /** Nobody knows how often a step is passed; more than any sum of limits, and far from an overflow. */
    private static final long ENDLESS_MS = Long.MAX_VALUE >> 16;

    static AnswerTime of(RehearsedRoute route) {
        Endpoint input = route.input();
        return new AnswerTime(
                route.file(),
                route.id(),
                input instanceof DirectEndpoint direct ? RehearsedRoute.entry(direct) : input.getEndpointUri(),
                !(input instanceof DirectEndpoint || input instanceof KafkaEndpoint || input instanceof TimerEndpoint),
                steps(route, route.definition().getOutputs()));
    }

    private static List<Step> steps(RehearsedRoute route, List<ProcessorDefinition<?>> outputs) {
        List<Step> steps = new ArrayList<>();
        for (ProcessorDefinition<?> output : outputs) {
            if ("true".equals(output.getDisabled())) {
                continue;
            }
            if (output instanceof ChoiceDefinition choice) {
                steps.add(new OneOf(
                        Stream.concat(choice.getWhenClauses().stream(), Stream.ofNullable(choice.getOtherwise()))
                                .map(branch -> steps(route, branch.getOutputs()))
                                .toList()));
            } else if (output instanceof SplitDefinition) {
                steps.add(new Repeated(steps(route, output.getOutputs())));
            } else {
                step(route, output).ifPresent(steps::add);
                steps.addAll(steps(route, output.getOutputs()));
            }
        }
        return List.copyOf(steps);
    }

    private static Optional<Step> step(RehearsedRoute route, ProcessorDefinition<?> output) {
        int line = RehearsedRoute.lineOf(output);
        if (output instanceof DelayDefinition delay) {
            return Optional.of(new Wait(line, milliseconds(route, delay)));
        }
        return route.targets().stream()
                .filter(target -> target.step() == output)
                .map(Target::endpoint)
                .findFirst()
                .map(endpoint -> {
                    if (endpoint instanceof KafkaEndpoint kafka) {
                        KafkaConfiguration producer = kafka.getConfiguration();
                        return new Wait(line, producer.getMaxBlockMs() + (long) producer.getDeliveryTimeoutMs());
                    }
                    return endpoint instanceof DirectEndpoint direct
                            ? new Call(line, RehearsedRoute.entry(direct))
                            : null;
                });
    }

    /** As Camel reads it; without end when it is no number, or is told by a message. */
    private static long milliseconds(RehearsedRoute route, DelayDefinition delay) {
        if (!(delay.getExpression() instanceof ConstantExpression constant)) {
            return ENDLESS_MS;
        }
        var camel = route.input().getCamelContext();
        String text = camel.resolvePropertyPlaceholders(constant.getExpression());
        Long ms = camel.getTypeConverter().tryConvertTo(Long.class, text.strip());
        return ms == null ? ENDLESS_MS : Math.min(Math.max(ms, 0), ENDLESS_MS);
    }

    /**
     * The first route whose caller might wait too long, as a problem of the last step on its way that may be to blame: one of
     * its own file, or else of a file that it calls.
     *
     * @param routes of all files
     * @param mayBlame by the file's name
     */
    static Optional<RouteProblem> tooLong(List<AnswerTime> routes, Predicate<String> mayBlame) {
        Ways ways = new Ways(routes);
        return routes.stream()
                .filter(AnswerTime::answers)
                .flatMap(route -> route.problem(ways.through(route), mayBlame).stream())
                .findFirst();
    }

    private Optional<RouteProblem> problem(List<Stop> way, Predicate<String> mayBlame) {
        long sum = 0;
        Stop blamed = null;
        for (Stop stop : way) {
            sum += stop.ms;
            boolean isOther = blamed != null && blamed.file.equals(file) && !stop.file.equals(file);
            if (mayBlame.test(stop.file.name()) && !isOther) {
                blamed = stop;
            }
            if (sum >= MOST_MS) {
                break;
            }
        }
        return sum < MOST_MS || blamed == null
                ? Optional.empty()
                : Optional.of(blamed.file.problem(
                        blamed.line,
                        "with this step a caller of route " + routeId + " may wait "
                                + (sum < ENDLESS_MS
                                        ? sum + " ms"
                                        : "without end, for nobody knows how often it is passed")
                                + ": maxBlockMs and deliveryTimeoutMs of all steps to kafka that precede the answer, and"
                                + " delays, must together stay below " + MOST_MS + " ms"));
    }

    /** A place on a way, and how long one may wait there. */
    private record Stop(RouteFile file, int line, long ms) {

        Stop again() {
            return ms == 0 ? this : new Stop(file, line, ENDLESS_MS);
        }
    }

    private static long sum(List<Stop> way) {
        return way.stream().mapToLong(Stop::ms).sum();
    }

    /** The longest way through each route, found once. For one thread. */
    private static final class Ways {

        private final Map<String, AnswerTime> entries = new HashMap<>();
        /** By entry. */
        private final Map<String, List<Stop>> found = new HashMap<>();

        private final Set<String> open = new HashSet<>();

        Ways(List<AnswerTime> routes) {
            routes.forEach(route -> entries.put(route.input, route));
        }

        List<Stop> through(AnswerTime route) {
            return through(route.file, route.steps);
        }

        /** Ends where it is too long. */
        List<Stop> through(RouteFile file, List<Step> steps) {
            List<Stop> way = new ArrayList<>();
            for (Step step : steps) {
                way.addAll(step.longest(file, this));
                if (sum(way) >= MOST_MS) {
                    break;
                }
            }
            return way;
        }

        List<Stop> from(RouteFile caller, Call call) {
            AnswerTime called = entries.get(call.entry);
            if (called == null) {
                return List.of();
            }
            List<Stop> way = found.get(call.entry);
            if (way == null) {
                if (!open.add(call.entry)) {
                    // the route comes back to itself
                    return List.of(new Stop(caller, call.line, ENDLESS_MS));
                }
                way = through(called);
                found.put(call.entry, way);
            }
            if (way.isEmpty()) {
                return way;
            }
            List<Stop> whole = new ArrayList<>(List.of(new Stop(caller, call.line, 0)));
            whole.addAll(way);
            return whole;
        }
    }

    /** What a message may wait for; keeps nothing of Camel's, so that what an edit replaced goes away. */
    sealed interface Step {

        /** Where a message waits that takes the longest way through this step. */
        List<Stop> longest(RouteFile file, Ways ways);
    }

    /** A step to Kafka, or a delay. */
    record Wait(int line, long ms) implements Step {

        @Override
        public List<Stop> longest(RouteFile file, Ways ways) {
            return List.of(new Stop(file, line, ms));
        }
    }

    /** Another route. */
    record Call(int line, String entry) implements Step {

        @Override
        public List<Stop> longest(RouteFile file, Ways ways) {
            return ways.from(file, this);
        }
    }

    /** One of several branches. */
    record OneOf(List<List<Step>> branches) implements Step {

        @Override
        public List<Stop> longest(RouteFile file, Ways ways) {
            List<Stop> longest = List.of();
            for (List<Step> branch : branches) {
                List<Stop> way = ways.through(file, branch);
                longest = sum(way) > sum(longest) ? way : longest;
            }
            return longest;
        }
    }

    /** As often as a message has parts. */
    record Repeated(List<Step> steps) implements Step {

        @Override
        public List<Stop> longest(RouteFile file, Ways ways) {
            return ways.through(file, steps).stream().map(Stop::again).toList();
        }
    }
}
