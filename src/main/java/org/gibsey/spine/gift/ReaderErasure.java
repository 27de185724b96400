package org.gibsey.spine.gift;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.gibsey.spine.gift.InvalidInput.FieldError;

/**
 * A reader asked to be forgotten. In the topic of changes, with the reader's id as key and {@code ce_subject}; the value is
 * {@code {"user_id": …, "ts": …}}.
 *
 * @param id     of the event, the same each time the same reader asks
 * @param at     when, UTC, in microseconds
 */
public record ReaderErasure(UUID id, UUID reader, Instant at) {

    /** The {@code ce_type} of its events. */
    public static final String TYPE = "org.gibsey.vault.reader.erased";

    private static final GiftReader READER = GiftReader.ofEvents();
    private static final UUID NOBODY = new UUID(0, 0);

    public static ReaderErasure of(UUID reader, Instant at) {
        return new ReaderErasure(EventId.ofErasure(reader), reader, at);
    }

    /** @return UTF-8 JSON */
    public byte[] eventValue() {
        return ("{\"user_id\":\"" + reader + "\",\"ts\":"
                        + GiftWriter.seconds(at).toPlainString() + "}")
                .getBytes(StandardCharsets.US_ASCII);
    }

    /** Whether a record of the topic of changes is one. */
    public static boolean isOne(ConsumerRecord<?, ?> record) {
        return TYPE.equals(CloudEvent.header(record.headers(), CloudEvent.TYPE));
    }

    /**
     * Reads one.
     *
     * @throws MalformedJson if the value is not one JSON object
     * @throws InvalidInput  if it names no reader or no time that there is
     */
    public static ReaderErasure read(ConsumerRecord<?, byte[]> record) throws MalformedJson, InvalidInput {
        var json = READER.parse(record.value());
        List<FieldError> errors = new ArrayList<>();
        UUID reader = GiftReader.userId(json.get("user_id"), errors);
        Instant at = GiftReader.savedAt(json, Instant.EPOCH, errors);
        if (reader == null || !json.path("ts").isNumber()) {
            errors.add(new FieldError("", "must have user_id and ts"));
        }
        if (NOBODY.equals(reader)) {
            // it stands for all whose reader is not known: they would lose everything together
            errors.add(new FieldError("/user_id", "must be a reader's, which the zero UUID is not"));
        }
        if (reader == null || !errors.isEmpty()) {
            throw new InvalidInput(errors);
        }
        return new ReaderErasure(EventId.of(record), reader, at);
    }
}
