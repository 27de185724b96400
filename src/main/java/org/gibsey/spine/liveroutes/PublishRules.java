package org.gibsey.spine.liveroutes;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.camel.component.kafka.KafkaConfiguration;
import org.apache.camel.component.kafka.KafkaEndpoint;
import org.apache.camel.model.ProcessDefinition;
import org.apache.camel.model.ProcessorDefinition;
import org.apache.camel.model.StopDefinition;
import org.apache.camel.model.ToDefinition;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.gibsey.spine.http.AcceptGift;
import org.gibsey.spine.liveroutes.RehearsedRoute.Target;

/** A save is answered 202 only when every in-sync replica has the gift, whichever way it takes through the route. */
final class PublishRules {

    private static final Set<String> ALL_REPLICAS = Set.of("all", "-1");

    /** Client properties that repeat an option checked here; Camel would let the property win. */
    private static final List<String> CHECKED_ELSEWHERE =
            List.of(ProducerConfig.ACKS_CONFIG, ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG);

    private PublishRules() {}

    static List<RouteProblem> check(RehearsedRoute route, String giftTopic) {
        List<RouteProblem> problems = new ArrayList<>();
        for (Target target : route.targets()) {
            if (target.endpoint() instanceof KafkaEndpoint kafka) {
                KafkaConfiguration producer = kafka.getConfiguration();
                if (!ALL_REPLICAS.contains(producer.getRequestRequiredAcks())) {
                    problems.add(route.problem(
                            target.step(),
                            "requestRequiredAcks",
                            "requestRequiredAcks must be all: with less, a broker that fails takes gifts with it"));
                }
                if (!producer.isEnableIdempotence()) {
                    problems.add(route.problem(
                            target.step(),
                            "enableIdempotence",
                            "enableIdempotence must be true: without it a resend changes the order of a page"));
                }
                for (String name : CHECKED_ELSEWHERE) {
                    if (producer.getAdditionalProperties().containsKey(name)) {
                        problems.add(route.problem(
                                target.step(),
                                "additionalProperties." + name,
                                "additionalProperties." + name
                                        + " must be absent: it would replace an option that is checked"));
                    }
                }
            }
        }
        for (ProcessDefinition step : AcceptGift.stepsOf(route.definition())) {
            problems.addAll(checkAccepting(route, step, giftTopic));
        }
        return problems;
    }

    private static List<RouteProblem> checkAccepting(RehearsedRoute route, ProcessDefinition accept, String giftTopic) {
        List<RouteProblem> problems = new ArrayList<>();
        List<ProcessorDefinition<?>> line = route.mainLine();
        int accepted = line.indexOf(accept);
        boolean sends = accepted >= 0
                && line.subList(accepted, line.size()).stream().anyMatch(step -> sendsTo(giftTopic, step, route));
        if (!sends) {
            problems.add(route.problem(
                    accept,
                    "the gift accepted here must be sent to kafka:" + giftTopic
                            + " by a 'to' step that every request passes;"
                            + " else the answer is 202 and nobody has the gift"));
        }
        for (StopDefinition stop : route.steps(StopDefinition.class)) {
            problems.add(route.problem(
                    stop, "stop is not allowed where gifts are accepted: it answers before they are safe"));
        }
        return problems;
    }

    private static boolean sendsTo(String topic, ProcessorDefinition<?> step, RehearsedRoute route) {
        return step instanceof ToDefinition
                && route.targets().stream()
                        .anyMatch(target -> target.step() == step
                                && target.endpoint() instanceof KafkaEndpoint kafka
                                && topic.equals(kafka.getConfiguration().getTopic()));
    }
}
