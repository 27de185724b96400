package org.gibsey.spine.gift;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.f4b6a3.uuid.UuidCreator;
import com.github.f4b6a3.uuid.util.UuidValidator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
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
 * Changes in the topic: the value is one plain JSON object, {@code page_id, question, answer, symbol_id, user_id} of the whole
 * gift, {@code created_at} (when it was saved, ISO-8601), {@code sets}, {@code base}, {@code by}, and {@code ts}, when the change
 * was made, in seconds since the epoch to the microsecond. What is null is left out. Kind, ids of change and gift are headers
 * ({@link CloudEvent}). This service alone writes there, so nothing is guessed when it is read. Thread-safe.
 */
public final class GiftChangeJson {

    private static final JsonFactory FACTORY = new JsonFactoryBuilder()
            // not thread locals, see GiftWriter
            .recyclerPool(JsonRecyclerPools.sharedBoundedPool())
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(Integer.MAX_VALUE)
                    .build())
            .build();
    private static final ObjectMapper JSON = new ObjectMapper(FACTORY);

    private static final GiftReader GIFTS = GiftReader.ofEvents();

    private GiftChangeJson() {}

    /** @return UTF-8 JSON */
    public static byte[] eventValue(GiftChange change) {
        Gift image = change.image();
        ObjectNode json = JSON.createObjectNode();
        json.put("page_id", image.pageId());
        json.put("question", image.question());
        json.put("answer", image.answer());
        if (image.symbolId() != null) {
            json.put("symbol_id", image.symbolId());
        }
        put(json, "user_id", image.userId());
        json.put("created_at", image.savedAt().toString());
        ArrayNode sets = json.putArray("sets");
        change.sets().stream().sorted().map(Field::word).forEach(sets::add);
        put(json, "base", change.base());
        put(json, "by", change.by());
        long micros = ChronoUnit.MICROS.between(Instant.EPOCH, change.at());
        json.put("ts", BigDecimal.valueOf(micros, 6));
        try {
            return JSON.writeValueAsBytes(json);
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory does not fail", e);
        }
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
        // its time is the one of the change: ts comes before created_at
        Gift image = GIFTS.read(record.value(), Instant.EPOCH);
        JsonNode json = parse(record.value());
        List<FieldError> errors = new ArrayList<>();
        Optional<Kind> kind = Kind.ofType(EventId.text(record.headers(), CloudEvent.TYPE));
        if (kind.isEmpty()) {
            errors.add(new FieldError(CloudEvent.TYPE, "must be edited, deleted or restored of org.gibsey.vault.gift"));
        }
        UUID gift = uuid(EventId.text(record.headers(), CloudEvent.SUBJECT), CloudEvent.SUBJECT, errors);
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
        if (kind.isPresent() && sets.isEmpty() == (kind.get() == Kind.EDITED)) {
            errors.add(new FieldError("/sets", "must name what an edit sets, and nothing else sets anything"));
        }
        if (!errors.isEmpty() || kind.isEmpty() || gift == null) {
            throw new InvalidInput(errors);
        }
        Gift saved =
                new Gift(image.pageId(), image.question(), image.answer(), image.symbolId(), image.userId(), savedAt);
        return new GiftChange(EventId.of(record), kind.get(), gift, saved, sets, base, by, image.savedAt());
    }

    private static JsonNode parse(byte[] value) throws MalformedJson {
        try {
            return JSON.readTree(value);
        } catch (IOException e) {
            // GiftReader skips what is nested deeper
            throw new MalformedJson("not JSON, or nested too deep");
        }
    }

    private static Set<Field> sets(JsonNode names, List<FieldError> errors) {
        Set<Field> sets = EnumSet.noneOf(Field.class);
        for (JsonNode name : names) {
            Optional<Field> field = EnumSet.allOf(Field.class).stream()
                    .filter(known -> known.word().equals(name.asText()))
                    .findFirst();
            field.ifPresentOrElse(
                    sets::add,
                    () -> errors.add(new FieldError("/sets", "must hold question, answer and symbol_id only")));
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

    private static void put(ObjectNode json, String name, @Nullable UUID id) {
        if (id != null) {
            json.put(name, id.toString());
        }
    }
}
