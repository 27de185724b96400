package org.gibsey.spine.broker;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.apache.camel.CamelContext;
import org.apache.camel.component.kafka.KafkaComponent;
import org.apache.camel.component.kafka.KafkaConfiguration;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.MetadataRecoveryStrategy;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.stereotype.Component;

/**
 * How to reach the broker outside a route, with the very settings the routes use ({@code camel.component.kafka.*}): one
 * place for addresses and credentials. Thread-safe.
 */
@Component
public final class KafkaConnection implements DisposableBean {

    /** How long a question to the broker may take: {@code GET /kafka/status} is answered within 3 s. */
    private static final int ADMIN_TIMEOUT_MS = 2_500;

    private final CamelContext camel;
    private @Nullable Admin admin;

    KafkaConnection(CamelContext camel) {
        this.camel = camel;
    }

    /** @return {@code host:port}, comma separated */
    public String bootstrapServers() {
        return configuration().getBrokers();
    }

    /** Security and bootstrap settings, and those of a consumer as configured for the routes, without a group. */
    Map<String, Object> consumerProperties() {
        return select(ConsumerConfig.configNames());
    }

    /**
     * A new producer of records that were in a topic before: dead letters, replays, resends. It waits for every in-sync
     * replica. The caller closes it.
     *
     * @param clientId for the broker's logs
     */
    public Producer<byte[], byte[]> newProducer(String clientId) {
        Map<String, Object> properties = select(ProducerConfig.configNames());
        properties.put(ProducerConfig.ACKS_CONFIG, "all");
        properties.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        properties.put(ProducerConfig.CLIENT_ID_CONFIG, clientId);
        // A dead letter has more headers than the gift had: one as large as its topic takes would always be refused
        // here. The topic says what is too large, after compression.
        properties.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, Integer.MAX_VALUE);
        properties.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "gzip");
        return new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
    }

    /**
     * The one admin client of this process, made on first use: it keeps its connections and finds the broker again by
     * itself. A client for each question would be a storm of connections, worst while the broker struggles. Not to be closed
     * by the caller.
     *
     * @throws org.apache.kafka.common.KafkaException if it cannot be made, as when no bootstrap server has an address
     */
    public synchronized Admin admin() {
        if (admin == null) {
            Map<String, Object> properties = select(AdminClientConfig.configNames());
            properties.put(CommonClientConfigs.DEFAULT_API_TIMEOUT_MS_CONFIG, ADMIN_TIMEOUT_MS);
            properties.put(CommonClientConfigs.REQUEST_TIMEOUT_MS_CONFIG, ADMIN_TIMEOUT_MS);
            admin = Admin.create(properties);
        }
        return admin;
    }

    @Override
    public synchronized void destroy() {
        if (admin != null) {
            admin.close(Duration.ZERO);
        }
    }

    private Map<String, Object> select(Set<String> names) {
        Map<String, Object> selected = new HashMap<>();
        configuration().createProducerProperties().forEach((name, value) -> selected.put((String) name, value));
        selected.keySet().retainAll(names);
        selected.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers());
        // a client that knows only brokers that are gone for good asks the bootstrap servers again
        selected.put(CommonClientConfigs.METADATA_RECOVERY_STRATEGY_CONFIG, MetadataRecoveryStrategy.REBOOTSTRAP.name);
        return selected;
    }

    private KafkaConfiguration configuration() {
        return camel.getComponent("kafka", KafkaComponent.class).getConfiguration();
    }
}
