package org.gibsey.spine.health;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.gibsey.spine.broker.KafkaConnection;
import org.gibsey.spine.broker.Positions.Position;
import org.gibsey.spine.broker.TopicReader;
import org.gibsey.spine.broker.TopicReader.Piece;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.stereotype.Component;

/**
 * How far the vault is behind the topics of gifts and changes, in events and in seconds, seen from the broker. Every process
 * says it, so that it is known when all workers are gone. What is not known is NaN, never the last value.
 *
 * <p>The seconds are the age of the oldest event that is not committed, by the timestamp of its record. An estimate from
 * watching the end of the topic move would begin at zero after each restart, which is when people look.
 *
 * <p>Updated by one thread, read by any.
 */
@Component
final class Lag implements DisposableBean {

    /** One record is wanted; the broker gives at least a batch. */
    private static final int FETCH_BYTES = 1024;

    private static final Logger LOG = LoggerFactory.getLogger(Lag.class);

    private final Clock clock;
    private final Map<TopicPartition, Oldest> oldest = new HashMap<>();
    private final TopicReader reader;
    private volatile double records = Double.NaN;
    private volatile double seconds = Double.NaN;

    Lag(KafkaConnection kafka, Clock clock, MeterRegistry meters) {
        // the oldest may be behind an open transaction, where the other isolation would wait for it in vain
        this.reader = new TopicReader(kafka, "gift-spine-lag", FETCH_BYTES, IsolationLevel.READ_UNCOMMITTED);
        this.clock = clock;
        Gauge.builder("gifts.lag.records", this, lag -> lag.records)
                .description("Gifts and changes that are neither stored nor dead letters yet")
                .register(meters);
        // not a time gauge: those cannot say that they do not know
        Gauge.builder("gifts.lag.seconds", this, lag -> lag.seconds)
                .description("Age of the oldest of them")
                .register(meters);
    }

    /** When the record at an offset was written, ms since the epoch. */
    private record Oldest(long offset, long timestamp) {}

    /** Takes where the workers stand. */
    void update(Map<TopicPartition, Position> positions) {
        records = positions.values().stream().mapToLong(Position::waiting).sum();
        oldest.entrySet().removeIf(known -> !begins(known, positions));
        try {
            List<Piece> firsts = positions.entrySet().stream()
                    .filter(at -> at.getValue().waiting() > 0 && !oldest.containsKey(at.getKey()))
                    .map(at -> new Piece(
                            at.getKey(), at.getValue().next(), at.getValue().next() + 1))
                    .toList();
            reader.read(firsts, read -> {
                var first = read.get(0);
                oldest.put(
                        new TopicPartition(first.topic(), first.partition()),
                        new Oldest(first.offset(), first.timestamp()));
            });
        } catch (KafkaException e) {
            LOG.debug("The age of the oldest event is not known", e);
            seconds = Double.NaN;
            return;
        }
        OptionalLong since =
                oldest.values().stream().mapToLong(Oldest::timestamp).min();
        seconds = since.isEmpty() ? 0 : Math.max(0, clock.millis() - since.getAsLong()) / 1000.0;
    }

    /** The broker does not answer. */
    void unknown() {
        records = Double.NaN;
        seconds = Double.NaN;
    }

    @Override
    public void destroy() {
        reader.close();
    }

    private static boolean begins(Map.Entry<TopicPartition, Oldest> known, Map<TopicPartition, Position> positions) {
        Position position = positions.get(known.getKey());
        return position != null
                && position.waiting() > 0
                && position.next() == known.getValue().offset();
    }
}
