package org.gibsey.spine.http;

import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import org.apache.camel.CamelContext;
import org.apache.kafka.common.KafkaException;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.broker.KafkaConnection;
import org.gibsey.spine.broker.TopicState;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/**
 * Compares the largest body with the largest message that the topics take. Set too large, the first long gift would be
 * refused by the broker, weeks after the mistake. With the broker there the start fails; without it the start goes on, and
 * readiness says so once the broker answers. Only a process that takes saves or changes is judged. Thread-safe.
 */
@Component
public final class TopicLimit {

    private static final Logger LOG = LoggerFactory.getLogger(TopicLimit.class);

    private final CamelContext camel;
    private final KafkaConnection kafka;
    private final SpineSettings settings;

    TopicLimit(CamelContext camel, KafkaConnection kafka, SpineSettings settings) {
        this.camel = camel;
        this.kafka = kafka;
        this.settings = settings;
    }

    /** When the routes run, as only they tell whether this process takes saves. */
    @EventListener(ApplicationReadyEvent.class)
    void onStart() throws InterruptedException {
        Set<String> topics = topics();
        if (topics.isEmpty()) {
            return;
        }
        try {
            TopicState.of(kafka.admin(), topics).values().stream()
                    .flatMap(topic -> fault(topic).stream())
                    .findFirst()
                    .ifPresent(fault -> {
                        throw new InvalidConfigurationPropertyValueException(
                                "spine.limits.body-bytes", settings.limits().bodyBytes(), fault);
                    });
        } catch (ExecutionException | KafkaException e) {
            LOG.info("The limits of topics {} are compared with MAX_BODY_BYTES when the broker is there", topics);
        }
    }

    /** Whether this process takes saves. */
    public boolean takesSaves() {
        return camel.getRoutes().stream().anyMatch(AcceptGift::isUsedIn);
    }

    /** Those that carry what this process takes: gifts, and changes, which hold the whole gift as well. */
    private Set<String> topics() {
        Set<String> topics = new TreeSet<>();
        if (takesSaves()) {
            topics.add(settings.topic().name());
        }
        if (camel.getRoutes().stream().anyMatch(AcceptChange::isUsedIn)) {
            topics.add(settings.changes().topic());
        }
        return topics;
    }

    /**
     * Why a topic would not take an event as large as a body may be; empty when it would, when nothing taken here goes there, or
     * when its limit may not be known.
     */
    public Optional<String> fault(TopicState topic) {
        int bodyBytes = settings.limits().bodyBytes();
        int maxMessageBytes = topic.maxMessageBytes().orElse(Integer.MAX_VALUE);
        String name = topic.description().name();
        return bodyBytes <= maxMessageBytes || !topics().contains(name)
                ? Optional.empty()
                : Optional.of("MAX_BODY_BYTES (spine.limits.body-bytes) is " + bodyBytes + ", but topic " + name
                        + " takes messages of at most " + maxMessageBytes
                        + " bytes (its max.message.bytes): lower the one or raise the other");
    }
}
