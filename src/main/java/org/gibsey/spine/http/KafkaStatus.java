package org.gibsey.spine.http;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;
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
@Component("kafkaStatus")
final class KafkaStatus implements Processor {

    private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final KafkaConnection kafka;
    private final String topic;
    /** One asks, the others wait for what it hears. */
    private final ReentrantLock asking = new ReentrantLock();

    private @Nullable Status latest;

    KafkaStatus(KafkaConnection kafka, SpineSettings settings) {
        this.kafka = kafka;
        this.topic = settings.topic().name();
    }

    /** What was seen, and when: why a save would not be taken, or null. No brokers are seen when none answers. */
    private record Status(int brokers, @Nullable String fault, long nanos) {}

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
        asking.lockInterruptibly();
        try {
            if (latest == null || System.nanoTime() - latest.nanos() > FRESH_NANOS) {
                latest = look();
            }
            return latest;
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
            return new Status(nodes.get().size(), fault(state).orElse(null), System.nanoTime());
        } catch (ExecutionException | KafkaException e) {
            return new Status(0, "The broker cannot be reached at the moment.", System.nanoTime());
        }
    }

    private Optional<String> fault(@Nullable TopicState state) {
        if (state == null) {
            return Optional.of("Topic %s does not exist.".formatted(topic));
        }
        int closed = state.closed().size();
        return closed == 0
                ? Optional.empty()
                : Optional.of("%d of %d partitions of topic %s take no gifts at the moment."
                        .formatted(closed, state.description().partitions().size(), topic));
    }
}
