package org.gibsey.spine.http;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterResult;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.broker.KafkaConnection;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.stereotype.Component;

/**
 * Answers whether a save would be taken now: the broker is there, every partition of the topic has a leader and enough
 * replicas in sync. However many ask, the broker is asked once a second at most. Thread-safe.
 */
@Component("kafkaStatus")
final class KafkaStatus implements Processor, DisposableBean {

    private static final int TIMEOUT_MS = 2_000;
    private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final KafkaConnection kafka;
    private final String topic;
    /** One asks, the others wait for what it hears. Guards what follows. */
    private final ReentrantLock asking = new ReentrantLock();

    private @Nullable Admin admin;
    private @Nullable Status latest;

    KafkaStatus(KafkaConnection kafka, SpineSettings settings) {
        this.kafka = kafka;
        this.topic = settings.topic().name();
    }

    /**
     * @param brokers in the cluster, 0 when it cannot be reached
     * @param fault   why a save would not be taken, or null
     * @param nanos   when this was seen
     */
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
        if (admin == null) {
            admin = kafka.admin(TIMEOUT_MS);
        }
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        // all are under way at the same time
        DescribeClusterResult cluster = admin.describeCluster();
        var description = admin.describeTopics(List.of(topic)).allTopicNames();
        var config = admin.describeConfigs(List.of(resource)).all();
        try {
            int brokers = get(cluster.nodes()).size();
            int enough = Integer.parseInt(
                    only(config).get(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG).value());
            List<TopicPartitionInfo> partitions = only(description).partitions();
            long closed = partitions.stream()
                    .filter(partition -> partition.leader() == null
                            // a topic that has fewer replicas needs no more than it has
                            || partition.isr().size()
                                    < Math.min(enough, partition.replicas().size()))
                    .count();
            String fault = closed == 0
                    ? null
                    : "%d of %d partitions of topic %s take no gifts at the moment."
                            .formatted(closed, partitions.size(), topic);
            return new Status(brokers, fault, System.nanoTime());
        } catch (ExecutionException | TimeoutException e) {
            String fault = e.getCause() instanceof UnknownTopicOrPartitionException
                    ? "Topic %s does not exist.".formatted(topic)
                    : "The broker cannot be reached at the moment.";
            return new Status(0, fault, System.nanoTime());
        }
    }

    /** What was asked for is the only thing in the answer. */
    private static <V> V only(KafkaFuture<? extends Map<?, V>> future)
            throws InterruptedException, ExecutionException, TimeoutException {
        return get(future).values().iterator().next();
    }

    private static <T> T get(KafkaFuture<T> future) throws InterruptedException, ExecutionException, TimeoutException {
        return future.get(TIMEOUT_MS, TimeUnit.MILLISECONDS);
    }

    @Override
    public void destroy() {
        asking.lock();
        try {
            if (admin != null) {
                admin.close(Duration.ZERO);
            }
        } finally {
            asking.unlock();
        }
    }
}
