package org.gibsey.spine.broker;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.InterruptException;
import org.springframework.stereotype.Component;

/**
 * Which topic a name stands for (KIP-516). A topic that is deleted and made again has the same name and offsets that mean other
 * events: a consumer that went on at an old offset would never read those before it. So each commit says in its metadata which topic it
 * is about. Thread-safe.
 */
@Component
public final class TopicIds {

    private static final String METADATA = "topic-id=";

    private final KafkaConnection kafka;
    private final Map<String, Uuid> latest = new ConcurrentHashMap<>();

    TopicIds(KafkaConnection kafka) {
        this.kafka = kafka;
    }

    /**
     * As it was when the topic was last looked at, which is every few seconds for those that are consumed; asks the broker
     * the first time.
     *
     * @throws KafkaException if the broker does not say
     */
    public Uuid of(String topic) {
        Uuid known = latest.get(topic);
        if (known != null) {
            return known;
        }
        try {
            Map<String, TopicDescription> described =
                    kafka.admin().describeTopics(List.of(topic)).allTopicNames().get();
            return seen(Objects.requireNonNull(described.get(topic)));
        } catch (ExecutionException e) {
            throw new KafkaException("the broker does not say which topic is " + topic, e.getCause());
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    Uuid seen(TopicDescription description) {
        latest.put(description.name(), description.topicId());
        return description.topicId();
    }

    /** What is to be committed as the next offset in that topic. */
    public static OffsetAndMetadata next(long offset, Uuid topic) {
        return new OffsetAndMetadata(offset, METADATA + topic);
    }

    /** The topic that a committed offset is about; empty when it was committed by anybody else, and counts as it is. */
    public static Optional<Uuid> of(OffsetAndMetadata committed) {
        try {
            return committed.metadata().startsWith(METADATA)
                    ? Optional.of(Uuid.fromString(committed.metadata().substring(METADATA.length())))
                    : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
