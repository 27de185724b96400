package org.gibsey.spine.gift;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalAccessor;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.gibsey.spine.gift.InvalidInput.FieldError;
import org.jspecify.annotations.Nullable;

/**
 * Reads a gift from its JSON: strictly from a request, leniently from the topic.
 *
 * <p>A request can be refused and sent again, so it is held to the contract. An event was acknowledged long ago, perhaps
 * by the publisher that came before this one, so whatever the table can hold is taken: a refused event is a dead letter.
 *
 * <p>Thread-safe.
 */
public final class GiftReader {

    /** Years 1 to 9999: the range of timestamptz that ISO-8601 can write with four digits. */
    private static final double FIRST_SECOND = -62_135_596_800d;

    private static final double LAST_SECOND = 253_402_300_799d;
    private static final Pattern INTEGER = Pattern.compile("[+-]?[0-9]{1,19}");
    private static final Pattern UUID_TEXT =
            Pattern.compile("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}");

    private final ObjectReader json;
    private final boolean strict;
    private final int maxQuestion;
    private final int maxAnswer;

    private GiftReader(boolean strict, int maxQuestion, int maxAnswer) {
        this.strict = strict;
        this.maxQuestion = maxQuestion;
        this.maxAnswer = maxAnswer;
        JsonFactory factory = new JsonFactoryBuilder()
                .configure(StreamReadFeature.STRICT_DUPLICATE_DETECTION, strict)
                .configure(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION, false)
                .streamReadConstraints(StreamReadConstraints.builder()
                        .maxNestingDepth(strict ? 32 : 1000)
                        .build())
                // not thread locals, see GiftWriter
                .recyclerPool(JsonRecyclerPools.sharedBoundedPool())
                .build();
        this.json = JsonMapper.builder(factory)
                .configure(DeserializationFeature.FAIL_ON_TRAILING_TOKENS, true)
                .build()
                .reader();
    }

    /**
     * For requests: page id from 1, non-blank texts within the limits, no duplicate keys.
     *
     * @param maxQuestion longest question taken, in UTF-16 code units
     * @param maxAnswer   longest answer taken, in UTF-16 code units
     */
    public static GiftReader ofRequests(int maxQuestion, int maxAnswer) {
        return new GiftReader(true, maxQuestion, maxAnswer);
    }

    /** For events: whatever the table can hold. */
    public static GiftReader ofEvents() {
        return new GiftReader(false, Integer.MAX_VALUE, Integer.MAX_VALUE);
    }

    /**
     * Reads one gift. Unknown fields are ignored.
     *
     * @param value     UTF-8 JSON, one object
     * @param otherwise when the gift was saved, if the JSON has neither {@code ts} nor {@code created_at}; in a request
     *                  both are ignored
     * @throws MalformedJson if the bytes are not one JSON object
     * @throws InvalidInput  if a field is missing or breaks a rule; names all of them
     */
    public Gift read(byte[] value, Instant otherwise) throws MalformedJson, InvalidInput {
        JsonNode object = parse(value);
        List<FieldError> errors = new ArrayList<>();
        Long pageId = pageId(object.get("page_id"), errors);
        String question = text(object.get("question"), "/question", maxQuestion, errors);
        String answer = text(object.get("answer"), "/answer", maxAnswer, errors);
        Integer symbolId = symbolId(object.get("symbol_id"), errors);
        UUID userId = userId(object.get("user_id"), errors);
        Instant savedAt = strict ? otherwise : savedAt(object, otherwise, errors);
        if (pageId == null || question == null || answer == null || !errors.isEmpty()) {
            throw new InvalidInput(errors);
        }
        return new Gift(pageId, question, answer, symbolId, userId, savedAt.truncatedTo(ChronoUnit.MICROS));
    }

    private JsonNode parse(byte[] value) throws MalformedJson {
        if (strict) {
            requireUtf8(value);
        }
        JsonNode node;
        try {
            node = json.readTree(value);
        } catch (JsonProcessingException e) {
            JsonLocation at = e.getLocation();
            throw new MalformedJson(fault(e) + (at == null ? "" : ", at byte " + at.getByteOffset()));
        } catch (IOException e) {
            // Jackson took the bytes for UTF-16 or UTF-32 and could not decode them
            throw new MalformedJson("not JSON, and not text");
        }
        if (!node.isObject()) {
            throw new MalformedJson("must be a JSON object, got " + shape(node));
        }
        return node;
    }

    /** The parser would also take UTF-16, UTF-32 and some invalid UTF-8. */
    private static void requireUtf8(byte[] value) throws MalformedJson {
        if (value.length == 0) {
            throw new MalformedJson("the body is empty");
        }
        if (value.length >= 3 && value[0] == (byte) 0xEF && value[1] == (byte) 0xBB && value[2] == (byte) 0xBF) {
            throw new MalformedJson("must not begin with a byte order mark");
        }
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(value));
        } catch (CharacterCodingException e) {
            throw new MalformedJson("must be UTF-8");
        }
        if (value[0] == 0 || (value.length > 1 && value[1] == 0)) {
            throw new MalformedJson("must be UTF-8, not UTF-16 or UTF-32");
        }
    }

    /** In words of our own, because the parser's message quotes the input. */
    private static String fault(JsonProcessingException e) {
        if (e instanceof StreamConstraintsException) {
            return "nested too deep, or a number or name is too long";
        }
        if (e instanceof MismatchedInputException) {
            return "something follows the object";
        }
        if (e instanceof JsonEOFException) {
            return "the JSON is cut off";
        }
        String message = e.getOriginalMessage();
        return message != null && message.startsWith("Duplicate field") ? "a field appears twice" : "not JSON";
    }

    private @Nullable Long pageId(@Nullable JsonNode node, List<FieldError> errors) {
        if (node == null || node.isNull()) {
            errors.add(new FieldError("/page_id", "is required"));
            return null;
        }
        Long id = integer(node);
        if (id == null || (strict && id < 1)) {
            String rule = strict ? "must be an integer from 1 to 9223372036854775807" : "must be a 64-bit integer";
            errors.add(new FieldError("/page_id", rule + ", got " + (id == null ? shape(node) : "one below 1")));
            return null;
        }
        return id;
    }

    private @Nullable String text(@Nullable JsonNode node, String pointer, int max, List<FieldError> errors) {
        if (node == null || node.isNull()) {
            errors.add(new FieldError(pointer, "is required"));
            return null;
        }
        if (!node.isTextual()) {
            errors.add(new FieldError(pointer, "must be a string, got " + shape(node)));
            return null;
        }
        String text = node.textValue();
        if (strict && text.isBlank()) {
            errors.add(new FieldError(pointer, "must not be blank"));
        } else if (text.length() > max) {
            errors.add(new FieldError(pointer, "must be at most %d characters, got %d".formatted(max, text.length())));
        }
        unstorable(text).ifPresent(what -> errors.add(new FieldError(pointer, what)));
        return text;
    }

    private static @Nullable Integer symbolId(@Nullable JsonNode node, List<FieldError> errors) {
        if (node == null || node.isNull()) {
            return null;
        }
        Long id = integer(node);
        if (id == null || id < Integer.MIN_VALUE || id > Integer.MAX_VALUE) {
            errors.add(new FieldError(
                    "/symbol_id",
                    "must be a 32-bit integer or null, got " + (id == null ? shape(node) : "one out of range")));
            return null;
        }
        return id.intValue();
    }

    private static @Nullable UUID userId(@Nullable JsonNode node, List<FieldError> errors) {
        if (node == null || node.isNull()) {
            return null;
        }
        if (node.isTextual() && UUID_TEXT.matcher(node.textValue()).matches()) {
            return UUID.fromString(node.textValue());
        }
        errors.add(new FieldError("/user_id", "must be a UUID or null, got " + shape(node)));
        return null;
    }

    private static Instant savedAt(JsonNode object, Instant otherwise, List<FieldError> errors) {
        JsonNode ts = object.get("ts");
        if (ts != null && !ts.isNull()) {
            return orError(
                    "/ts", "must be seconds since 1970 within years 1 to 9999", otherwise, errors, () -> seconds(ts));
        }
        JsonNode createdAt = object.get("created_at");
        if (createdAt != null && !createdAt.isNull()) {
            return orError("/created_at", "must be an ISO-8601 date and time", otherwise, errors, () -> iso(createdAt));
        }
        return otherwise;
    }

    private static Instant orError(
            String pointer, String rule, Instant otherwise, List<FieldError> errors, Supplier<Instant> reading) {
        try {
            return reading.get();
        } catch (NumberFormatException | DateTimeException e) {
            errors.add(new FieldError(pointer, rule));
            return otherwise;
        }
    }

    private static Instant seconds(JsonNode node) {
        double seconds = node.isTextual()
                ? Double.parseDouble(node.textValue())
                : node.isNumber() ? node.doubleValue() : Double.NaN;
        if (!(seconds >= FIRST_SECOND && seconds < LAST_SECOND)) {
            throw new NumberFormatException();
        }
        // A double holds a time of our age to the microsecond: its shortest decimal form is what the publisher wrote.
        long micros = BigDecimal.valueOf(seconds)
                .setScale(6, RoundingMode.HALF_EVEN)
                .unscaledValue()
                .longValueExact();
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
    }

    private static Instant iso(JsonNode node) {
        TemporalAccessor time = DateTimeFormatter.ISO_DATE_TIME.parseBest(
                node.asText().replace(' ', 'T'), OffsetDateTime::from, LocalDateTime::from);
        Instant instant = time instanceof OffsetDateTime offset
                ? offset.toInstant()
                : LocalDateTime.from(time).toInstant(ZoneOffset.UTC);
        if (instant.getEpochSecond() < FIRST_SECOND || instant.getEpochSecond() >= LAST_SECOND) {
            throw new DateTimeException("out of range");
        }
        return instant;
    }

    /** An integer, or its decimal text, which the old publisher accepted; null for anything else. */
    private static @Nullable Long integer(JsonNode node) {
        if (node.isIntegralNumber()) {
            return node.canConvertToLong() ? node.longValue() : null;
        }
        if (node.isTextual()) {
            String text = node.textValue().strip();
            if (!INTEGER.matcher(text).matches()) {
                return null;
            }
            try {
                return Long.valueOf(text);
            } catch (NumberFormatException tooLarge) {
                return null;
            }
        }
        // in JSON Schema 7.0 is an integer
        double number = node.isNumber() ? node.doubleValue() : Double.NaN;
        return number == Math.rint(number) && Math.abs(number) < 0x1p53 ? Long.valueOf((long) number) : null;
    }

    private static java.util.Optional<String> unstorable(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == 0) {
                return java.util.Optional.of("must not contain NUL, found at character " + i);
            }
            if (Character.isSurrogate(c)) {
                if (Character.isLowSurrogate(c)
                        || i + 1 == text.length()
                        || !Character.isLowSurrogate(text.charAt(i + 1))) {
                    return java.util.Optional.of("must not contain a lone surrogate, found at character " + i);
                }
                i++;
            }
        }
        return java.util.Optional.empty();
    }

    private static String shape(JsonNode node) {
        return switch (node.getNodeType()) {
            case STRING -> "a string of " + node.textValue().length() + " characters";
            case NUMBER -> node.isIntegralNumber() ? "an integer out of range" : "a number with a fraction";
            case BOOLEAN -> "a boolean";
            case ARRAY -> "an array";
            case OBJECT -> "an object";
            case NULL -> "null";
            default -> "nothing";
        };
    }
}
