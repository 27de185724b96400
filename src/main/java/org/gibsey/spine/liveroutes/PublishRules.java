package org.gibsey.spine.liveroutes;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.camel.component.kafka.KafkaConfiguration;
import org.apache.camel.component.kafka.KafkaEndpoint;
import org.apache.camel.model.ProcessDefinition;
import org.apache.camel.model.ProcessorDefinition;
import org.apache.camel.model.StopDefinition;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.gibsey.spine.broker.KafkaConnection;
import org.gibsey.spine.broker.TopicState;
import org.gibsey.spine.http.AcceptChange;
import org.gibsey.spine.http.AcceptGift;
import org.gibsey.spine.liveroutes.RehearsedFile.Answers;
import org.gibsey.spine.liveroutes.RehearsedRoute.Target;
import org.gibsey.spine.liveroutes.SafetyRules.Requirements;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A save or change is answered 202 only when every in-sync replica has it, whichever way it takes through the route.
 */
final class PublishRules {

    private static final Set<String> ALL_REPLICAS = Set.of("all", "-1");

    private static final List<String> CHECKED_ELSEWHERE = List.of(
            ProducerConfig.ACKS_CONFIG,
            ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG,
            ProducerConfig.MAX_BLOCK_MS_CONFIG,
            ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG);

    private static final Logger LOG = LoggerFactory.getLogger(PublishRules.class);

    private PublishRules() {}

    static List<RouteProblem> check(RehearsedRoute route) {
        List<RouteProblem> problems = new ArrayList<>();
        for (Target target : route.targets()) {
            if (target.endpoint() instanceof KafkaEndpoint kafka) {
                KafkaConfiguration producer = kafka.getConfiguration();
                Requirements must = new Requirements(route, target.step());
                must.hold(
                        ALL_REPLICAS.contains(producer.getRequestRequiredAcks()),
                        "requestRequiredAcks",
                        "all",
                        "with less, a broker that fails takes gifts with it");
                must.hold(
                        producer.isEnableIdempotence(),
                        "enableIdempotence",
                        "true",
                        "without it a resend changes the order of a page");
                must.leave(CHECKED_ELSEWHERE, producer.getAdditionalProperties());
                problems.addAll(must.broken());
            }
        }
        for (ProcessDefinition step : AcceptGift.stepsOf(route.definition())) {
            problems.addAll(checkAccepting(route, step, "gift", route.setting("spine.topic.name")));
        }
        for (ProcessDefinition step : AcceptChange.stepsOf(route.definition())) {
            problems.addAll(checkAccepting(route, step, "change", route.setting("spine.changes.topic")));
        }
        return problems;
    }

    /** Topics that the route sends to, with the line of the first step that does. */
    static Map<String, Integer> topics(RehearsedRoute route) {
        Map<String, Integer> topics = new LinkedHashMap<>();
        for (Target target : route.targets()) {
            if (target.endpoint() instanceof KafkaEndpoint kafka) {
                topics.putIfAbsent(kafka.getConfiguration().getTopic(), RehearsedRoute.lineOf(target.step()));
            }
        }
        return topics;
    }

    /**
     * Asks the broker about topics: a step to one that is not there fails each message, and one that may not be written too.
     *
     * @param topics each with the line of the file that sends to it
     */
    static void ask(RouteFile file, Map<String, Integer> topics, KafkaConnection kafka, Answers answers) {
        topics.forEach((topic, line) -> {
            try {
                refusal(topic, kafka)
                        .ifPresent(reason -> answers.refuse(file.problem(line, "the broker says: " + reason)));
            } catch (ExecutionException | KafkaException e) {
                LOG.debug("The broker could not be asked about topic {}", topic, e);
                answers.missOne();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                answers.missOne();
            }
        });
    }

    private static Optional<String> refusal(String topic, KafkaConnection kafka)
            throws ExecutionException, InterruptedException {
        try {
            TopicState state = TopicState.of(kafka.admin(), List.of(topic)).get(topic);
            return state == null ? Optional.of("there is no topic " + topic) : state.notAllowed();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof TopicAuthorizationException || e.getCause() instanceof InvalidTopicException) {
                return Optional.of(RouteProblem.message(e.getCause()));
            }
            throw e;
        }
    }

    private static List<RouteProblem> checkAccepting(
            RehearsedRoute route, ProcessDefinition accept, String what, String topic) {
        List<RouteProblem> problems = new ArrayList<>();
        List<ProcessorDefinition<?>> line = route.mainLine();
        int accepted = line.indexOf(accept);
        boolean sends = accepted >= 0
                && line.subList(accepted, line.size()).stream().anyMatch(step -> sendsTo(topic, step, route));
        if (!sends) {
            problems.add(route.problem(
                    accept,
                    "the " + what + " accepted here must be sent to kafka:" + topic
                            + " by a 'to' step that every request passes;"
                            + " else the answer is 202 and nobody has the " + what));
        }
        for (StopDefinition stop : route.steps(StopDefinition.class)) {
            problems.add(route.problem(
                    stop, "stop is not allowed where " + what + "s are accepted: it answers before they are safe"));
        }
        return problems;
    }

    private static boolean sendsTo(String topic, ProcessorDefinition<?> step, RehearsedRoute route) {
        return route.leadsTo(
                step,
                endpoint -> endpoint instanceof KafkaEndpoint kafka
                        && topic.equals(kafka.getConfiguration().getTopic()));
    }
}
