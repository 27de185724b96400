package org.gibsey.spine.broker;

import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.camel.CamelContext;
import org.apache.camel.component.kafka.KafkaComponent;
import org.apache.camel.component.kafka.KafkaConfiguration;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.MetadataRecoveryStrategy;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.springframework.stereotype.Component;

/**
 * How to reach the broker outside a route, with the very settings the routes use ({@code camel.component.kafka.*}): one
 * place for addresses and credentials. Thread-safe.
 */
@Component
public final class KafkaConnection {

    private final CamelContext camel;

    KafkaConnection(CamelContext camel) {
        this.camel = camel;
    }

    /** @return {@code host:port}, comma separated */
    public String bootstrapServers() {
        return configuration().getBrokers();
    }

    /** Security and bootstrap settings, and those of a producer as configured for the routes. */
    public Map<String, Object> producerProperties() {
        return select(ProducerConfig.configNames());
    }

    /** Security and bootstrap settings, and those of a consumer as configured for the routes, without a group. */
    public Map<String, Object> consumerProperties() {
        return select(ConsumerConfig.configNames());
    }

    /**
     * A new admin client; the caller closes it.
     *
     * @param timeoutMs how long each call may take at most, in ms
     */
    public Admin admin(int timeoutMs) {
        Map<String, Object> properties = select(AdminClientConfig.configNames());
        properties.put(CommonClientConfigs.DEFAULT_API_TIMEOUT_MS_CONFIG, timeoutMs);
        properties.put(CommonClientConfigs.REQUEST_TIMEOUT_MS_CONFIG, timeoutMs);
        return Admin.create(properties);
    }

    private Map<String, Object> select(java.util.Set<String> names) {
        Properties all = configuration().createProducerProperties();
        Map<String, Object> selected = new HashMap<>();
        all.forEach((name, value) -> {
            if (names.contains(name)) {
                selected.put((String) name, value);
            }
        });
        selected.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers());
        // a client that knows only brokers that are gone for good asks the bootstrap servers again
        selected.put(CommonClientConfigs.METADATA_RECOVERY_STRATEGY_CONFIG, MetadataRecoveryStrategy.REBOOTSTRAP.name);
        return selected;
    }

    private KafkaConfiguration configuration() {
        return camel.getComponent("kafka", KafkaComponent.class).getConfiguration();
    }
}
