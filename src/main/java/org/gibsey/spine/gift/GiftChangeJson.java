package org.gibsey.spine.gift;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.f4b6a3.uuid.UuidCreator;
import com.github.f4b6a3.uuid.util.UuidValidator;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.gibsey.spine.gift.GiftChange.Field;
import org.gibsey.spine.gift.GiftChange.Kind;
import org.gibsey.spine.gift.InvalidInput.FieldError;
import org.jspecify.annotations.Nullable;

/**
 * Changes in the topic: the value is one plain JSON object, {@code page_id, question, answer, symbol_id, lang, user_id} of the
 * whole gift, {@code created_at} (when it was saved, ISO-8601), {@code sets}, {@code sets_lang}, {@code base}, {@code by}, and
 * {@code ts}, when the change was made, in seconds since the epoch to the microsecond. What is null is left out. Kind, ids of
 * change and gift are headers ({@link CloudEvent}). This service alone writes there, so nothing is guessed when it is read.
 * Thread-safe.
 */
public final class GiftChangeJson {

    /** Whether it sets the language. Not among {@code sets}: a worker that knows no language takes no further name there. */
    private static final String SETS_LANG = "sets_lang";

    private static final GiftReader READER = GiftReader.ofEvents(Set.of("sets", SETS_LANG, "base", "by"));

    private GiftChangeJson() {}

    /** @return UTF-8 JSON */
    public static byte[] eventValue(GiftChange change) {
        return GiftWriter.eventValue(
                change.image(),
                json -> {
                    json.writeStringField("created_at", change.image().savedAt().toString());
                    json.writeArrayFieldStart("sets");
                    for (Field field : EnumSet.complementOf(EnumSet.of(Field.LANG))) {
                        if (change.sets().contains(field)) {
                            json.writeString(field.word());
                        }
                    }
                    json.writeEndArray();
                    if (change.sets().contains(Field.LANG)) {
                        json.writeBooleanField(SETS_LANG, true);
                    }
                    if (change.base() != null) {
                        json.writeStringField("base", change.base().toString());
                    }
                    if (change.by() != null) {
                        json.writeStringField("by", change.by().toString());
                    }
                },
                change.at());
    }

    /** The gift that a change is about, whatever else is wrong with it; empty when it names none. */
    public static Optional<UUID> giftOf(ConsumerRecord<?, ?> record) {
        return Optional.ofNullable(
                uuid(CloudEvent.header(record.headers(), CloudEvent.SUBJECT), CloudEvent.SUBJECT, new ArrayList<>()));
    }

    /**
     * Reads a change with the headers of its record.
     *
     * @throws MalformedJson if the value is not one JSON object
     * @throws InvalidInput  if a field or header is missing or breaks a rule; names all of them
     */
    public static GiftChange read(ConsumerRecord<?, byte[]> record) throws MalformedJson, InvalidInput {
        if (record.value() == null) {
            throw new MalformedJson("the event has no value");
        }
        ObjectNode json = READER.parse(record.value());
        // its time is the one of the change: ts comes before created_at
        Gift image = READER.read(json, Instant.EPOCH);
        List<FieldError> errors = new ArrayList<>();
        Optional<Kind> kind = Kind.ofType(CloudEvent.header(record.headers(), CloudEvent.TYPE));
        if (kind.isEmpty()) {
            errors.add(new FieldError(CloudEvent.TYPE, "must be edited, deleted or restored of org.gibsey.vault.gift"));
        }
        UUID gift = uuid(CloudEvent.header(record.headers(), CloudEvent.SUBJECT), CloudEvent.SUBJECT, errors);
        if (gift == null) {
            errors.add(new FieldError(CloudEvent.SUBJECT, "is required"));
        }
        UUID base = uuid(json.path("base").asText(null), "/base", errors);
        UUID by = uuid(json.path("by").asText(null), "/by", errors);
        if (!json.path("ts").isNumber()) {
            errors.add(new FieldError("/ts", "is required, a number"));
        }
        Instant savedAt = time(json.path("created_at").asText(""), errors);
        Set<Field> sets = sets(json.path("sets"), errors);
        if (json.path(SETS_LANG).asBoolean()) {
            sets.add(Field.LANG);
        }
        if (kind.isPresent() && sets.isEmpty() == (kind.get() == Kind.EDITED)) {
            errors.add(new FieldError("/sets", "must name what an edit sets, and nothing else sets anything"));
        }
        if (!errors.isEmpty() || kind.isEmpty() || gift == null) {
            throw new InvalidInput(errors);
        }
        return new GiftChange(
                EventId.of(record), kind.get(), gift, image.withSavedAt(savedAt), sets, base, by, image.savedAt());
    }

    private static Set<Field> sets(JsonNode names, List<FieldError> errors) {
        Set<Field> sets = EnumSet.noneOf(Field.class);
        boolean hasOthers = names.size() > Field.values().length;
        for (JsonNode name : names) {
            Optional<Field> field = EnumSet.allOf(Field.class).stream()
                    .filter(known -> known.word().equals(name.asText()))
                    .findFirst();
            field.ifPresent(sets::add);
            hasOthers |= field.isEmpty();
        }
        if (hasOthers) {
            // once, however many there are: a record has room for millions
            errors.add(new FieldError("/sets", "must hold question, answer, symbol_id and lang only, each once"));
        }
        return sets;
    }

    private static @Nullable UUID uuid(@Nullable String text, String where, List<FieldError> errors) {
        if (text == null) {
            return null;
        }
        if (!UuidValidator.isValid(text)) {
            errors.add(new FieldError(where, "must be a UUID"));
            return null;
        }
        return UuidCreator.fromString(text);
    }

    private static Instant time(String text, List<FieldError> errors) {
        try {
            return Instant.parse(text).truncatedTo(ChronoUnit.MICROS);
        } catch (DateTimeException e) {
            errors.add(new FieldError("/created_at", "must be an ISO-8601 date and time in UTC"));
            return Instant.EPOCH;
        }
    }
}
