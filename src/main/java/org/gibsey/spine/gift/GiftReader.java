package org.gibsey.spine.gift;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BigIntegerNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
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
import java.util.EnumSet;
import java.util.IllformedLocaleException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.gibsey.spine.gift.GiftChange.Field;
import org.gibsey.spine.gift.InvalidInput.FieldError;
import org.jspecify.annotations.Nullable;

/**
 * Reads a gift from its JSON: strictly from a request, leniently from the topic.
 *
 * <p>A request can be refused and sent again, so it is held to the contract. An event was acknowledged long ago, perhaps
 * by the publisher that came before this one, so whatever the table can hold is taken: a refused event is a dead letter. Only a
 * language has to be a tag there too: whoever shows a gift sets it as an attribute.
 *
 * <p>Thread-safe.
 */
public final class GiftReader {

    /** All that is read; any other field is skipped. */
    private static final Set<String> FIELDS =
            Set.of("page_id", "question", "answer", "symbol_id", "lang", "user_id", "ts", "created_at");

    /** Decoded at a time, to be thrown away. */
    private static final int PIECE_CHARS = 1_024;

    /** No number of a gift has as many digits, and longer ones take their time to be computed. */
    private static final int MAX_DIGITS = 400;

    /** No list names more, and a record has room for millions. */
    private static final int MAX_LISTED = 16;

    /** No tag of a language has to be longer (RFC 5646, 4.4.1). */
    private static final int MAX_LANG = 35;

    /** Not White_Space, a control, or one of Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt, 16.0). */
    private static final Pattern VISIBLE = Pattern.compile("[^\\p{IsWhite_Space}\\p{Cc}\\x{AD}\\x{34F}\\x{61C}"
            + "\\x{115F}\\x{1160}\\x{17B4}\\x{17B5}\\x{180B}-\\x{180F}\\x{200B}-\\x{200F}\\x{202A}-\\x{202E}"
            + "\\x{2060}-\\x{206F}\\x{3164}\\x{FE00}-\\x{FE0F}\\x{FEFF}\\x{FFA0}\\x{FFF0}-\\x{FFF8}"
            + "\\x{1BCA0}-\\x{1BCA3}\\x{1D173}-\\x{1D17A}\\x{E0000}-\\x{E0FFF}]");

    /** Years 1 to 9999: the range of timestamptz that ISO-8601 can write with four digits. */
    private static final double FIRST_SECOND = -62_135_596_800d;

    private static final double LAST_SECOND = 253_402_300_799d;
    private static final Pattern INTEGER = Pattern.compile("[+-]?[0-9]{1,19}");
    private static final Pattern UUID_TEXT =
            Pattern.compile("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}");

    /** Remembers up to 6,000 names of fields, of any length. Once it has met others than a gift's, another takes its place. */
    private volatile ObjectReader json;

    private final boolean strict;

    /** Fields that are read beside those of a gift: plain values, or lists of some. */
    private final Set<String> further;

    private final int maxQuestion;
    private final int maxAnswer;

    private GiftReader(boolean strict, int maxQuestion, int maxAnswer, Set<String> further) {
        this.strict = strict;
        this.further = further;
        this.maxQuestion = maxQuestion;
        this.maxAnswer = maxAnswer;
        JsonFactory factory = new JsonFactoryBuilder()
                .configure(StreamReadFeature.STRICT_DUPLICATE_DETECTION, strict)
                .configure(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION, false)
                // interned names outlive the factory
                .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                // unknown fields hold what they like and are skipped; an open bracket takes memory, some 100 bytes
                .streamReadConstraints(StreamReadConstraints.builder()
                        .maxNestingDepth(strict ? 1_000 : 100_000)
                        .maxNumberLength(Integer.MAX_VALUE)
                        .maxNameLength(Integer.MAX_VALUE)
                        .maxStringLength(Integer.MAX_VALUE)
                        .build())
                // not thread locals, see GiftWriter
                .recyclerPool(JsonRecyclerPools.sharedBoundedPool())
                .build();
        this.json = new ObjectMapper(factory).reader();
    }

    /**
     * For requests: page id from 1, non-blank texts within the limits, no duplicate keys.
     *
     * @param maxQuestion longest question taken, in characters (code points)
     * @param maxAnswer   longest answer taken, in characters (code points)
     */
    public static GiftReader ofRequests(int maxQuestion, int maxAnswer) {
        return new GiftReader(true, maxQuestion, maxAnswer, Set.of());
    }

    /** For events: whatever the table can hold. */
    public static GiftReader ofEvents() {
        return ofEvents(Set.of());
    }

    /** For events that say more than a gift does. */
    static GiftReader ofEvents(Set<String> further) {
        return new GiftReader(false, Integer.MAX_VALUE, Integer.MAX_VALUE, further);
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
        return read(parse(value), otherwise);
    }

    /** As above, of what {@link #parse} gave. */
    Gift read(ObjectNode object, Instant otherwise) throws InvalidInput {
        List<FieldError> errors = new ArrayList<>();
        Long pageId = pageId(object.get("page_id"), errors);
        String question = text(object.get("question"), "/question", maxQuestion, errors);
        String answer = text(object.get("answer"), "/answer", maxAnswer, errors);
        Integer symbolId = symbolId(object.get("symbol_id"), errors);
        String lang = lang(object.get("lang"), errors);
        UUID userId = userId(object.get("user_id"), errors);
        Instant savedAt = strict ? otherwise : savedAt(object, otherwise, errors);
        if (pageId == null || question == null || answer == null || !errors.isEmpty()) {
            throw new InvalidInput(errors);
        }
        return new Gift(pageId, question, answer, symbolId, lang, userId, savedAt.truncatedTo(ChronoUnit.MICROS));
    }

    /**
     * Reads what is to be otherwise in a gift: {@code question}, {@code answer}, {@code symbol_id}, {@code lang}, any of them. All
     * other fields are ignored, so that a whole gift can be sent as well.
     *
     * @param value  UTF-8 JSON, one object
     * @throws MalformedJson if the bytes are not one JSON object
     * @throws InvalidInput  if none of the fields is there, or one breaks a rule; names all of them
     */
    public GiftChange.Edit readEdit(byte[] value, Gift before) throws MalformedJson, InvalidInput {
        JsonNode object = parse(value);
        List<FieldError> errors = new ArrayList<>();
        Set<Field> sets = EnumSet.allOf(Field.class);
        sets.removeIf(field -> !object.has(field.word()));
        if (sets.isEmpty()) {
            errors.add(new FieldError("", "must hold at least one of question, answer, symbol_id and lang"));
        }
        String question = sets.contains(Field.QUESTION)
                ? text(object.get("question"), "/question", maxQuestion, errors)
                : before.question();
        String answer = sets.contains(Field.ANSWER)
                ? text(object.get("answer"), "/answer", maxAnswer, errors)
                : before.answer();
        Integer symbolId =
                sets.contains(Field.SYMBOL_ID) ? symbolId(object.get("symbol_id"), errors) : before.symbolId();
        String lang = sets.contains(Field.LANG) ? lang(object.get("lang"), errors) : before.lang();
        if (question == null || answer == null || !errors.isEmpty()) {
            throw new InvalidInput(errors);
        }
        return new GiftChange.Edit(
                sets, new Gift(before.pageId(), question, answer, symbolId, lang, before.userId(), before.savedAt()));
    }

    /** The reader that an event names, whatever else is wrong with it; empty when it names none or cannot be read. */
    public Optional<UUID> readerOf(byte @Nullable [] value) {
        try {
            return value == null
                    ? Optional.empty()
                    : Optional.ofNullable(userId(parse(value).get("user_id"), new ArrayList<>()));
        } catch (MalformedJson e) {
            return Optional.empty();
        }
    }

    /** The fields of one object that are read. */
    ObjectNode parse(byte[] value) throws MalformedJson {
        if (strict) {
            requireUtf8(value);
        }
        ObjectNode fields = JsonNodeFactory.instance.objectNode();
        ObjectReader reader = json;
        boolean hasOtherNames = true;
        try (JsonParser parser = reader.createParser(value)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                JsonNode other = parser.hasCurrentToken() ? known(parser) : MissingNode.getInstance();
                throw new MalformedJson("must be a JSON object, got " + shape(other));
            }
            boolean isPlain = true;
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                parser.nextToken();
                if (FIELDS.contains(name)) {
                    JsonNode field = known(parser);
                    fields.set(name, field);
                    isPlain &= field.isValueNode();
                } else if (further.contains(name)) {
                    JsonNode field = knownOrList(parser);
                    fields.set(name, field);
                    isPlain &= field.isValueNode() || isPlainList(field);
                } else {
                    parser.skipChildren();
                    isPlain = false;
                }
            }
            if (parser.nextToken() != null) {
                throw new MalformedJson("something follows the object");
            }
            hasOtherNames = !isPlain;
            return fields;
        } catch (JsonProcessingException e) {
            JsonLocation at = e.getLocation();
            throw new MalformedJson(fault(e) + (at == null ? "" : ", at byte " + at.getByteOffset()));
        } catch (IOException e) {
            // Jackson took the bytes for UTF-16 or UTF-32 and could not decode them
            throw new MalformedJson("not JSON, and not text");
        } finally {
            if (hasOtherNames) {
                json = reader.with(reader.getFactory().copy());
            }
        }
    }

    /** The value at the parser, or a list of such: the first of them, and one more to tell that there are others. */
    private static JsonNode knownOrList(JsonParser parser) throws IOException {
        if (!parser.isExpectedStartArrayToken()) {
            return known(parser);
        }
        ArrayNode list = JsonNodeFactory.instance.arrayNode();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (list.size() <= MAX_LISTED) {
                list.add(known(parser));
            } else {
                parser.skipChildren();
            }
        }
        return list;
    }

    private static boolean isPlainList(JsonNode list) {
        return list.isArray() && list.size() <= MAX_LISTED && list.valueStream().allMatch(JsonNode::isValueNode);
    }

    /** The value at the parser, without what is in it: a gift has plain values only. */
    private static JsonNode known(JsonParser parser) throws IOException {
        boolean isNumber = parser.currentToken().isNumeric();
        if (isNumber && parser.getTextLength() > MAX_DIGITS) {
            boolean isInteger = parser.currentToken() == JsonToken.VALUE_NUMBER_INT;
            return isInteger ? BigIntegerNode.valueOf(BigInteger.TEN.pow(MAX_DIGITS)) : DoubleNode.valueOf(Double.NaN);
        }
        if (parser.currentToken() == JsonToken.VALUE_STRING) {
            return TextNode.valueOf(parser.getText());
        }
        if (parser.currentToken().isScalarValue()) {
            return parser.readValueAsTree();
        }
        boolean isArray = parser.isExpectedStartArrayToken();
        parser.skipChildren();
        return isArray ? JsonNodeFactory.instance.arrayNode() : JsonNodeFactory.instance.objectNode();
    }

    /** The parser would also take UTF-16, UTF-32 and some invalid UTF-8. */
    private static void requireUtf8(byte[] value) throws MalformedJson {
        if (value.length == 0) {
            throw new MalformedJson("the body is empty");
        }
        if (value.length >= 3 && value[0] == (byte) 0xEF && value[1] == (byte) 0xBB && value[2] == (byte) 0xBF) {
            throw new MalformedJson("must not begin with a byte order mark");
        }
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        ByteBuffer bytes = ByteBuffer.wrap(value);
        CharBuffer some = CharBuffer.allocate(Math.min(value.length, PIECE_CHARS));
        CoderResult result = CoderResult.OVERFLOW;
        while (result.isOverflow()) {
            result = decoder.decode(bytes, some.clear(), true);
        }
        if (result.isError()) {
            throw new MalformedJson("must be UTF-8");
        }
        if (value[0] == 0 || (value.length > 1 && value[1] == 0)) {
            throw new MalformedJson("must be UTF-8, not UTF-16 or UTF-32");
        }
    }

    /** In words of our own, because the parser's message quotes the input. */
    private static String fault(JsonProcessingException e) {
        if (e instanceof StreamConstraintsException) {
            return "nested too deep";
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
            errors.add(new FieldError("/page_id", rule + ", got " + (id == null ? noInteger(node) : "one below 1")));
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
        int characters = text.codePointCount(0, text.length());
        Optional<String> unstorable = unstorable(text);
        if (unstorable.isPresent()) {
            errors.add(new FieldError(pointer, unstorable.get()));
        } else if (strict && !isVisible(text)) {
            errors.add(new FieldError(pointer, "must not be blank"));
        } else if (characters > max) {
            errors.add(new FieldError(pointer, "must be at most " + max + " characters, got " + characters));
        }
        return text;
    }

    private static boolean isVisible(String text) {
        // most texts begin with a visible character of ASCII, which is found faster so
        return (!text.isEmpty() && text.charAt(0) > ' ' && text.charAt(0) < 0x7F)
                || VISIBLE.matcher(text).find();
    }

    private static @Nullable Integer symbolId(@Nullable JsonNode node, List<FieldError> errors) {
        if (node == null || node.isNull()) {
            return null;
        }
        Long id = integer(node);
        if (id == null || id < Integer.MIN_VALUE || id > Integer.MAX_VALUE) {
            errors.add(new FieldError(
                    "/symbol_id",
                    "must be a 32-bit integer or null, got " + (id == null ? noInteger(node) : "one out of range")));
            return null;
        }
        return id.intValue();
    }

    private static @Nullable String lang(@Nullable JsonNode node, List<FieldError> errors) {
        if (node == null || node.isNull()) {
            return null;
        }
        if (node.isTextual() && isLanguageTag(node.textValue())) {
            return node.textValue();
        }
        errors.add(new FieldError(
                "/lang",
                "must be a language tag (BCP 47, such as de or pt-BR) of at most " + MAX_LANG
                        + " characters or null, got "
                        + (isLong(node) ? shape(node) : noneOf(node))));
        return null;
    }

    /** Of a text that is too long only its length is told. */
    private static boolean isLong(JsonNode node) {
        return node.isTextual() && node.textValue().codePoints().count() > MAX_LANG;
    }

    private static boolean isLanguageTag(String text) {
        // the builder takes an empty text for no language, and does not refuse it
        if (text.isEmpty() || text.length() > MAX_LANG) {
            return false;
        }
        try {
            new Locale.Builder().setLanguageTag(text);
            return true;
        } catch (IllformedLocaleException e) {
            return false;
        }
    }

    static @Nullable UUID userId(@Nullable JsonNode node, List<FieldError> errors) {
        if (node == null || node.isNull()) {
            return null;
        }
        if (node.isTextual() && UUID_TEXT.matcher(node.textValue()).matches()) {
            return UUID.fromString(node.textValue());
        }
        errors.add(new FieldError("/user_id", "must be a UUID or null, got " + noneOf(node)));
        return null;
    }

    static Instant savedAt(JsonNode object, Instant otherwise, List<FieldError> errors) {
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

    private static Optional<String> unstorable(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == 0) {
                return Optional.of("must not contain NUL, found at character " + text.codePointCount(0, i));
            }
            if (Character.isSurrogate(c)) {
                if (Character.isLowSurrogate(c)
                        || i + 1 == text.length()
                        || !Character.isLowSurrogate(text.charAt(i + 1))) {
                    return Optional.of(
                            "must not contain a lone surrogate, found at character " + text.codePointCount(0, i));
                }
                i++;
            }
        }
        return Optional.empty();
    }

    /** What was found where an integer has to be. */
    private static String noInteger(JsonNode node) {
        if (!node.isNumber()) {
            return shape(node);
        }
        if (node.isIntegralNumber()) {
            return "one out of range";
        }
        double number = node.doubleValue();
        // from 2^53 on a double may be another integer than was written
        return number == Math.rint(number)
                ? "one too large to be written with a point or an exponent"
                : "a number with a fraction";
    }

    /** What was found where a text of some form has to be. */
    private static String noneOf(JsonNode node) {
        return shape(node) + (node.isTextual() ? " that is none" : "");
    }

    private static String shape(JsonNode node) {
        return switch (node.getNodeType()) {
            case STRING -> "a string of " + node.textValue().codePoints().count() + " characters";
            case NUMBER -> node.isIntegralNumber() ? "an integer" : "a number";
            case BOOLEAN -> "a boolean";
            case ARRAY -> "an array";
            case OBJECT -> "an object";
            case NULL -> "null";
            default -> "nothing";
        };
    }
}
