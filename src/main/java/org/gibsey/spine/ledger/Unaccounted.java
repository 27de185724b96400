package org.gibsey.spine.ledger;

import java.time.Instant;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.gibsey.spine.gift.EventId;

/**
 * An event that is neither row nor dead letter though the workers are past it.
 *
 * @param recordedAt timestamp of its record
 */
record Unaccounted(String topic, int partition, long offset, UUID eventId, Instant recordedAt) {

    static Unaccounted of(ConsumerRecord<?, ?> record) {
        return new Unaccounted(
                record.topic(),
                record.partition(),
                record.offset(),
                EventId.of(record),
                Instant.ofEpochMilli(record.timestamp()));
    }
}
