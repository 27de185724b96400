package org.gibsey.spine.http;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;
import org.apache.camel.Route;
import org.apache.camel.model.ProcessorDefinitionHelper;
import org.apache.camel.model.RouteDefinition;
import org.apache.camel.model.SendDefinition;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.broker.KafkaConnection;
import org.gibsey.spine.broker.TopicState;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Answers whether a save would be taken now: the broker is there, every partition of the topic has a leader and enough
 * replicas in sync. However many ask, the broker is asked once a second at most. Thread-safe.
 */
@Component(KafkaStatus.NAME)
final class KafkaStatus implements Processor {

    /** Name of this bean in route files. */
    static final String NAME = "kafkaStatus";

    private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final KafkaConnection kafka;
    private final String topic;
    /** One asks, the others are told what was heard before. */
    private final ReentrantLock asking = new ReentrantLock();

    private volatile @Nullable Status latest;

    KafkaStatus(KafkaConnection kafka, SpineSettings settings) {
        this.kafka = kafka;
        this.topic = settings.topic().name();
    }

    /** What was seen, and when: why a save would not be taken, or null. No brokers are seen when none answers. */
    private record Status(int brokers, @Nullable String fault, long nanos) {}

    /**
     * Whether a route does nothing but ask here. Of such calls only one waits at a time, so they need no place among those in
     * work, and are answered while others wait for a database that hangs.
     */
    static boolean isAllOf(Route route) {
        return route.getRoute() instanceof RouteDefinition definition
                && !AcceptGift.stepsOf(definition, NAME).isEmpty()
                && ProcessorDefinitionHelper.filterTypeInOutputs(definition.getOutputs(), SendDefinition.class)
                        .isEmpty();
    }

    @Override
    public void process(Exchange exchange) throws Refused, InterruptedException {
        Status status = status();
        if (status.fault() != null) {
            throw new Refused(Problem.broker(status.fault()));
        }
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("brokers", status.brokers());
        answer.put("topic", topic);
        answer.put("ok", true);
        exchange.getMessage().setBody(answer);
    }

    private Status status() throws InterruptedException {
        Status known = latest;
        if (known != null && (System.nanoTime() - known.nanos() <= FRESH_NANOS || asking.isLocked())) {
            return known;
        }
        if (!asking.tryLock()) {
            return new Status(0, "The broker has not answered yet.", 0);
        }
        try {
            Status heard = look();
            latest = heard;
            return heard;
        } finally {
            asking.unlock();
        }
    }

    private Status look() throws InterruptedException {
        try {
            Admin admin = kafka.admin();
            // under way beside the question about the topic
            var nodes = admin.describeCluster().nodes();
            TopicState state = TopicState.of(admin, List.of(topic)).get(topic);
            return new Status(nodes.get().size(), fault(state), System.nanoTime());
        } catch (ExecutionException | KafkaException e) {
            return new Status(0, "The broker cannot be reached at the moment.", System.nanoTime());
        }
    }

    private @Nullable String fault(@Nullable TopicState state) {
        if (state == null) {
            return "Topic " + topic + " does not exist.";
        }
        int closed = state.closed().size();
        int all = state.description().partitions().size();
        return closed == 0
                ? null
                : closed + " of " + all + " partitions of topic " + topic + " take no gifts at the moment.";
    }
}
