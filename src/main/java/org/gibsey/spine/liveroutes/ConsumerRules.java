package org.gibsey.spine.liveroutes;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.regex.Pattern;
import org.apache.camel.component.jdbc.JdbcEndpoint;
import org.apache.camel.component.kafka.KafkaConfiguration;
import org.apache.camel.component.kafka.KafkaEndpoint;
import org.apache.camel.component.kafka.PollOnError;
import org.apache.camel.model.FromDefinition;
import org.apache.camel.model.ProcessorDefinition;
import org.apache.camel.model.SplitDefinition;
import org.apache.camel.model.StopDefinition;
import org.apache.camel.model.language.SimpleExpression;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.gibsey.spine.liveroutes.SafetyRules.Requirements;

/**
 * The one way of reading from Kafka that loses nothing: batches whose offsets are committed after the rows, read again when
 * they fail. Every other combination of these options was seen to lose records, Camel's defaults too.
 */
final class ConsumerRules {

    private static final String BYTES = ByteArrayDeserializer.class.getName();

    private static final List<String> CHECKED_ELSEWHERE = List.of(
            ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
            ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
            ConsumerConfig.GROUP_ID_CONFIG,
            ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG,
            ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG);

    private static final Pattern TOPIC = Pattern.compile("[a-zA-Z0-9._-]+");
    private static final int MOST_CONSUMERS = 2;
    /** What a broker takes unless it is told otherwise, {@code group.min.session.timeout.ms} and {@code group.max.…}. */
    private static final int SHORTEST_SESSION_MS = 6_000;

    private static final int LONGEST_SESSION_MS = 1_800_000;
    /** Statements take time; one that takes longer than this is read again by whoever gets its partition. */
    private static final int SHORTEST_POLL_INTERVAL_MS = 6_000;

    private ConsumerRules() {}

    static List<RouteProblem> check(RehearsedRoute route) {
        if (!(route.input() instanceof KafkaEndpoint kafka)) {
            return List.of();
        }
        List<RouteProblem> problems = new ArrayList<>();
        problems.addAll(checkOptions(route, kafka));
        problems.addAll(checkSteps(route));
        if (problems.isEmpty()) {
            problems.addAll(checkClient(route, kafka));
        }
        return problems;
    }

    /** Looks at what the consumer would use, whether the file says it or application.yaml (camel.component.kafka). */
    private static List<RouteProblem> checkOptions(RehearsedRoute route, KafkaEndpoint kafka) {
        KafkaConfiguration is = kafka.getConfiguration();
        Requirements must = new Requirements(route, route.definition().getInput());
        must.hold(
                TOPIC.matcher(is.getTopic()).matches(),
                "uri",
                "of one topic",
                "what is known of a topic is known by its name");
        must.hold(is.isBatching(), "batching", "true", "offsets are committed by batch, after the rows");
        must.hold(!is.isAutoCommitEnable(), "autoCommitEnable", "false", "it commits what is not stored yet");
        must.hold(is.isAllowManualCommit(), "allowManualCommit", "true", "the service commits after the rows");
        must.hold(is.isBreakOnFirstError(), "breakOnFirstError", "true", "a batch that failed would be skipped");
        must.hold(
                is.getPollOnError() == PollOnError.RECONNECT,
                "pollOnError",
                "RECONNECT",
                "any other value skips a record of each partition at an error");
        must.hold(
                "earliest".equals(is.getAutoOffsetReset()),
                "autoOffsetReset",
                "earliest",
                "a group without offsets would skip what is there");
        must.hold(BYTES.equals(is.getKeyDeserializer()), "keyDeserializer", BYTES, "a dead letter keeps the bytes");
        must.hold(BYTES.equals(is.getValueDeserializer()), "valueDeserializer", BYTES, "a dead letter keeps the bytes");
        must.hold(
                is.getGroupId() != null && !is.getGroupId().isBlank(),
                "groupId",
                "set",
                "without a name every start is a new group");
        must.hold(is.getMaxPollRecords() != null, "maxPollRecords", "set", "Camel's batching does not run without it");
        must.hold(
                is.getConsumersCount() >= 1 && is.getConsumersCount() <= MOST_CONSUMERS,
                "consumersCount",
                "1 to " + MOST_CONSUMERS,
                "each holds a batch in memory; run another worker instead");
        must.hold(
                is.getSessionTimeoutMs() == null
                        || (is.getSessionTimeoutMs() >= SHORTEST_SESSION_MS
                                && is.getSessionTimeoutMs() <= LONGEST_SESSION_MS),
                "sessionTimeoutMs",
                SHORTEST_SESSION_MS + " to " + LONGEST_SESSION_MS,
                "with another the broker takes nobody into the group");
        must.hold(
                is.getMaxPollIntervalMs() == null || is.getMaxPollIntervalMs() >= SHORTEST_POLL_INTERVAL_MS,
                "maxPollIntervalMs",
                SHORTEST_POLL_INTERVAL_MS + " at least",
                "a worker would leave the group while it stores a batch");
        must.hold(is.getSeekTo() == null, "seekTo", "absent", "it jumps over gifts or back to the first");
        must.hold(is.getOffsetRepository() == null, "offsetRepository", "absent", "offsets are kept by the broker");
        must.hold(
                kafka.getKafkaManualCommitFactory() == null,
                "kafkaManualCommitFactory",
                "absent",
                "the service commits after the rows");
        must.hold(
                Objects.equals(
                        kafka.getKafkaClientFactory(), kafka.getComponent().getKafkaClientFactory()),
                "kafkaClientFactory",
                "absent",
                "the service brings the consumer that commits after the rows");
        must.leave(CHECKED_ELSEWHERE, is.getAdditionalProperties());
        return must.broken();
    }

    /**
     * Makes the Kafka client that the route would make; it connects to nothing before it polls. Camel makes the client in the
     * background, after it has called the route started: a route whose client cannot be made would run without one, and take
     * half a minute to stop.
     */
    private static List<RouteProblem> checkClient(RehearsedRoute route, KafkaEndpoint kafka) {
        Properties properties = kafka.getConfiguration().createConsumerProperties();
        properties.put(ConsumerConfig.GROUP_ID_CONFIG, kafka.getConfiguration().getGroupId());
        // neither a host name nor a login is tried: both are settings of the process and not of a route
        properties.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, "127.0.0.1:9");
        properties.put(CommonClientConfigs.SECURITY_PROTOCOL_CONFIG, "PLAINTEXT");
        try {
            new KafkaConsumer<>(properties).close(Duration.ZERO);
            return List.of();
        } catch (KafkaException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            return List.of(route.problem(
                    route.definition().getInput(),
                    "Kafka takes no consumer with these options: " + RouteProblem.message(cause)));
        }
    }

    private static List<RouteProblem> checkSteps(RehearsedRoute route) {
        List<RouteProblem> problems = new ArrayList<>();
        FromDefinition from = route.definition().getInput();
        List<SplitDefinition> splits = route.mainLine().stream()
                .filter(SplitDefinition.class::isInstance)
                .map(SplitDefinition.class::cast)
                .toList();
        if (splits.size() != 1) {
            problems.add(route.problem(
                    from,
                    "every batch must pass one split, which parts it into statements; here are " + splits.size()));
        }
        for (SplitDefinition split : splits) {
            problems.addAll(checkSplit(route, split));
        }
        for (StopDefinition stop : route.steps(StopDefinition.class)) {
            problems.add(route.problem(stop, "stop is not allowed here: what it stops counts as stored"));
        }
        return problems;
    }

    private static List<RouteProblem> checkSplit(RehearsedRoute route, SplitDefinition split) {
        Requirements must = new Requirements(route, split);
        must.hold(
                split.getExpression() instanceof SimpleExpression simple
                        && "${body}".equals(simple.getExpression().strip()),
                "expression",
                "the split must take the batch as it is: simple ${body}");
        must.hold(
                "true".equals(split.getStreaming()),
                "streaming",
                "the split must be streaming: true, else a bad message cannot be parted from a good");
        must.hold(
                !"true".equals(split.getParallelProcessing()),
                "parallelProcessing",
                "the split must not be parallel: a batch belongs to one thread");
        must.hold(
                split.getAggregationStrategy() == null,
                "aggregationStrategy",
                "the split must have no aggregationStrategy: it could hide that a statement failed");
        must.hold(
                RehearsedRoute.mainLine(split.getOutputs()).stream().anyMatch(step -> stores(step, route)),
                "split",
                "a 'to' step to jdbc: must stand right in the split, where every message passes it; else it counts"
                        + " as stored and is not");
        return must.broken();
    }

    /** To a database; or, in a group of its own beside the one that stores the gifts, to a component that the operator added. */
    private static boolean stores(ProcessorDefinition<?> step, RehearsedRoute route) {
        return route.leadsTo(
                step,
                endpoint ->
                        endpoint instanceof JdbcEndpoint || (AllowedParts.isAdded(endpoint) && isSecondReader(route)));
    }

    private static boolean isSecondReader(RehearsedRoute route) {
        return route.readsGifts()
                && route.input() instanceof KafkaEndpoint kafka
                && !route.setting("spine.topic.group")
                        .equals(kafka.getConfiguration().getGroupId());
    }
}
