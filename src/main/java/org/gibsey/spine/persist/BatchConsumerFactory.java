package org.gibsey.spine.persist;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.kafka.KafkaClientMetrics;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;
import org.apache.camel.component.kafka.DefaultKafkaClientFactory;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.TopicPartition;
import org.gibsey.spine.broker.PollBudget;
import org.gibsey.spine.broker.TopicIds;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;

/**
 * Gives every Kafka route a {@link BatchConsumer}, and knows which of them are open, for health. The clients' own metrics go
 * to Prometheus under client ids that are used again: Kafka's default counts up with every reconnect, and each number would
 * be a new label value for good. Thread-safe.
 */
@Component("batchConsumerFactory")
public final class BatchConsumerFactory extends DefaultKafkaClientFactory {

    private final MeterRegistry meters;
    private final ObjectProvider<TopicIds> topicIds;
    private final Map<String, KafkaClientMetrics> metrics = new ConcurrentHashMap<>();
    private final Set<String> clientIds = ConcurrentHashMap.newKeySet();
    private final Set<BatchConsumer> open = ConcurrentHashMap.newKeySet();

    /** @param topicIds later: Camel is given this factory while it is being made, and connections need it made */
    BatchConsumerFactory(MeterRegistry meters, ObjectProvider<TopicIds> topicIds) {
        this.meters = meters;
        this.topicIds = topicIds;
    }

    /**
     * What one consumer of this process reads.
     *
     * @param partitions assigned to it, possibly none; null while it is in no group or a rebalance is going on
     */
    public record Membership(String group, @Nullable Set<TopicPartition> partitions) {}

    @Override
    public Consumer<Object, Object> getConsumer(Properties given) {
        return measured(given, given.getProperty(ConsumerConfig.GROUP_ID_CONFIG, "consumer"), (properties, id) -> {
            BatchConsumer consumer =
                    new BatchConsumer(properties, new PollBudget(), topicIds.getObject()::of, closed -> {
                        open.remove(closed);
                        release(id);
                    });
            open.add(consumer);
            metrics.put(id, new KafkaClientMetrics(consumer));
            return consumer;
        });
    }

    @Override
    public Producer<Object, Object> getProducer(Properties given) {
        return measured(given, "producer", (properties, id) -> {
            Producer<Object, Object> producer = new KafkaProducer<>(properties) {
                @Override
                public void close(Duration timeout) {
                    try {
                        super.close(timeout);
                    } finally {
                        release(id);
                    }
                }
            };
            metrics.put(id, new KafkaClientMetrics(producer));
            return producer;
        });
    }

    /** One for each open consumer, in no order. */
    public List<Membership> memberships() {
        return open.stream().map(BatchConsumer::membership).toList();
    }

    /** Sets the first client id that is free, unless the route gives one. */
    private String take(Properties properties, String name) {
        String given = properties.getProperty(CommonClientConfigs.CLIENT_ID_CONFIG);
        int number = 1;
        String id = given == null ? name + "-" + number : given;
        while (!clientIds.add(id)) {
            number++;
            id = (given == null ? name : given) + "-" + number;
        }
        properties.setProperty(CommonClientConfigs.CLIENT_ID_CONFIG, id);
        return id;
    }

    /** @param create makes the client of these properties and id, and its metrics */
    private <C> C measured(Properties given, String name, BiFunction<Properties, String, C> create) {
        Properties properties = new Properties();
        properties.putAll(given);
        String id = take(properties, name);
        try {
            C client = create.apply(properties, id);
            Objects.requireNonNull(metrics.get(id)).bindTo(meters);
            return client;
        } catch (RuntimeException e) {
            release(id);
            throw e;
        }
    }

    private void release(String id) {
        KafkaClientMetrics client = metrics.remove(id);
        if (client != null) {
            client.close();
        }
        clientIds.remove(id);
    }
}
