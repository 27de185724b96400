package org.gibsey.spine.gift;

import com.github.f4b6a3.uuid.UuidCreator;
import com.github.f4b6a3.uuid.factory.standard.TimeOrderedEpochFactory;
import com.github.f4b6a3.uuid.util.UuidValidator;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.UUID;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * The id of an event, and where it is taken from. The vault is unique on it, so an event that is delivered more than once
 * is still one row. Ids are UUIDs of RFC 9562. Thread-safe.
 */
public final class EventId {

    /** The name space of every name-based id here. It is part of stored data: never change it. */
    private static final UUID NAMESPACE = UUID.fromString("6f1c1f0e-3d0a-5d5b-9f2e-7a1d5c9b6e21");

    /**
     * Header under which a dead letter keeps the event's id, so that a gift without {@code ce_id} keeps its id when
     * it is sent again and gets another offset.
     */
    public static final String DEAD_LETTER_ID = "dlq_event_id";

    private EventId() {}

    /**
     * New ids (version 7), each above the one before, so that the unique index grows at its end. Thread-safe.
     *
     * @param clock must not be set back while they are made, or the order breaks
     */
    public static Supplier<UUID> inOrder(Clock clock) {
        return TimeOrderedEpochFactory.builder()
                .withIncrementPlus1()
                .withClock(clock)
                .build()::create;
    }

    /**
     * The id of a save that carries an idempotency key (version 5 of key, reader and content): sent again it is the same
     * event, while the key used for anything else is another.
     */
    public static UUID ofIdempotencyKey(String key, Gift gift) {
        return named(
                "key",
                key,
                String.valueOf(gift.userId()),
                Long.toString(gift.pageId()),
                gift.question(),
                gift.answer(),
                String.valueOf(gift.symbolId()),
                gift.lang());
    }

    /**
     * The id of a change that carries an idempotency key (version 5 of key, kind, gift, reader and what it sets).
     *
     * @param reader null where readers are not known
     */
    public static UUID ofIdempotencyKey(
            String key, GiftChange.Kind kind, UUID gift, @Nullable UUID reader, GiftChange.Edit edit) {
        Gift image = edit.image();
        return named(
                "change",
                key,
                kind.word(),
                gift.toString(),
                String.valueOf(reader),
                edit.sets().contains(GiftChange.Field.QUESTION) ? "=" + image.question() : "",
                edit.sets().contains(GiftChange.Field.ANSWER) ? "=" + image.answer() : "",
                edit.sets().contains(GiftChange.Field.SYMBOL_ID) ? "=" + image.symbolId() : "",
                edit.sets().contains(GiftChange.Field.LANG) ? "=" + image.lang() : null);
    }

    /**
     * The id of an erasure (version 5 of the reader): whoever asks twice asks the same. Who knows the reader's id can compute it: what
     * is known of it is not for everybody.
     */
    public static UUID ofErasure(UUID reader) {
        return named("erasure", reader.toString());
    }

    /**
     * The id in a CloudEvents {@code ce_id}: itself when it is a UUID, else version 5 of source and id, which together
     * are unique by that specification.
     *
     * @param source {@code ce_source}, or null when it is missing
     */
    public static UUID ofCloudEvent(String id, @Nullable String source) {
        return UuidValidator.isValid(id) ? UuidCreator.fromString(id) : named("ce", String.valueOf(source), id);
    }

    /**
     * The id of an event without headers (version 5 of its place in the topic). The timestamp, in ms, tells a record from
     * the one that had the same offset before the topic was deleted and made again.
     */
    public static UUID ofRecord(String topic, int partition, long offset, long timestamp) {
        return named("record", topic, Integer.toString(partition), Long.toString(offset), Long.toString(timestamp));
    }

    /**
     * The id of a consumed record: its {@code ce_id}, else the id it was dead-lettered under, else one derived from its
     * topic, partition, offset and timestamp.
     */
    public static UUID of(ConsumerRecord<?, ?> record) {
        String id = CloudEvent.header(record.headers(), CloudEvent.ID);
        if (id != null && !id.isBlank()) {
            return ofCloudEvent(id, CloudEvent.header(record.headers(), CloudEvent.SOURCE));
        }
        return ofLetter(record);
    }

    /**
     * The id of a record whose event id is another gift's already (version 5 of that id and of its content): its dead letter
     * needs one of its own, the same at each redelivery.
     */
    public static UUID ofConflict(ConsumerRecord<?, byte[]> record) {
        return UuidCreator.getNameBasedSha1(of(record), record.value() == null ? new byte[0] : record.value());
    }

    /** The id of a dead letter in its topic: the one it was written under, else one derived from where it lies. */
    public static UUID ofLetter(ConsumerRecord<?, ?> record) {
        String replayed = CloudEvent.header(record.headers(), DEAD_LETTER_ID);
        return replayed != null && UuidValidator.isValid(replayed)
                ? UuidCreator.fromString(replayed)
                : ofRecord(record.topic(), record.partition(), record.offset(), record.timestamp());
    }

    /** @param parts null for one that is not there, so that an id stays what it was before there was such a part */
    private static UUID named(@Nullable String... parts) {
        StringBuilder name = new StringBuilder();
        for (String part : parts) {
            if (part != null) {
                // lengths keep ("a", "bc") and ("ab", "c") apart
                name.append(part.length()).append(':').append(part);
            }
        }
        return UuidCreator.getNameBasedSha1(NAMESPACE, name.toString().getBytes(StandardCharsets.UTF_8));
    }
}
