package org.gibsey.spine.gift;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.gibsey.spine.gift.InvalidInput.FieldError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a caller may send. */
class GiftRequestTest {

    private static final Instant NOW = Instant.parse("2026-11-23T10:00:00.123456Z");
    private static final String REST = "\"question\":\"Q?\",\"answer\":\"A\"}";

    private final GiftReader reader = GiftReader.ofRequests(4_000, 200_000);

    @Test
    void readsEveryField() throws Exception {
        Gift gift = read("{\"page_id\":7,\"symbol_id\":-3,\"user_id\":\"6F1C1F0E-3d0a-4d5b-9f2e-7a1d5c9b6e21\","
                + "\"unknown\":{},\"ts\":5," + REST);

        assertThat(gift)
                .isEqualTo(
                        new Gift(7, "Q?", "A", -3, null, UUID.fromString("6f1c1f0e-3d0a-4d5b-9f2e-7a1d5c9b6e21"), NOW));
    }

    @Test
    void keepsNoNameOfAFieldThatNobodyReads() throws Exception {
        MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
        memory.gc();
        long before = memory.getHeapMemoryUsage().getUsed();

        for (int i = 0; i < 64; i++) {
            read("{\"" + "x".repeat(1_000_000) + i + "\":1,\"page_id\":7," + REST);
        }

        memory.gc();
        assertThat(memory.getHeapMemoryUsage().getUsed() - before).isLessThan(16_000_000);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"1", "\"1\"", "\" 42 \"", "\"+7\"", "9223372036854775807", "\"9223372036854775807\"", "7.0"})
    void takesIntegersAndTheirText(String pageId) throws Exception {
        assertThat(read("{\"page_id\":" + pageId + "," + REST).pageId()).isPositive();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0",
                "-1",
                "\"0\"",
                "1.5",
                "\"1.5\"",
                "true",
                "null",
                "[]",
                "{}",
                "\"\"",
                "\"one\"",
                "1e300",
                "9223372036854775808",
                "\"9223372036854775808\"",
                "99999999999999999999",
                "\"\u0661\""
            })
    void rejectsOtherPageIds(String pageId) {
        assertThat(errors("{\"page_id\":" + pageId + "," + REST)).containsExactly("/page_id");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"\"", "\" \\t\\n\"", "\"\\u3000\"", "7", "true", "null", "[]"})
    void rejectsTextsThatAreBlankOrNone(String text) {
        assertThat(errors("{\"page_id\":1,\"question\":" + text + ",\"answer\":" + text + "}"))
                .containsExactly("/question", "/answer");
    }

    @Test
    void takesTextsAtTheirLimitAndNoLonger() throws Exception {
        assertThat(read(gift("q".repeat(4_000), "a".repeat(200_000))).question())
                .hasSize(4_000);
        assertThat(errors(gift("q".repeat(4_001), "a".repeat(200_001)))).containsExactly("/question", "/answer");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\\u0000b", "\\ud800", "a\\udc00", "\\udc00\\ud800", "\\ud83d", "\\ud83d\\ud83d\\ude00"})
    void rejectsTextThatPostgresqlCannotStore(String text) {
        assertThat(errors(gift(text, text))).containsExactly("/question", "/answer");
    }

    @Test
    void takesWhatIsBeyondTheBasicPlane() throws Exception {
        assertThat(read(gift("\\ud83d\\ude00", "😀")).question()).isEqualTo("😀");
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.5", "\"x\"", "true", "2147483648", "-2147483649", "[]"})
    void rejectsSymbolsThatAreNoInteger(String symbol) {
        assertThat(errors("{\"page_id\":1,\"symbol_id\":" + symbol + "," + REST))
                .containsExactly("/symbol_id");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"\"", "\"me\"", "7", "\"6f1c1f0e3d0a4d5b9f2e7a1d5c9b6e21\"", "\"0-0-0-0-0\"", "{}"})
    void rejectsUsersThatAreNoUuid(String user) {
        assertThat(errors("{\"page_id\":1,\"user_id\":" + user + "," + REST)).containsExactly("/user_id");
    }

    @Test
    void namesEveryWrongFieldAtOnceAndNoValue() {
        String secret =
                "{\"page_id\":\"secret\",\"answer\":[\"secret\"],\"symbol_id\":\"secret\",\"user_id\":\"secret\"}";

        assertThatThrownBy(() -> read(secret)).isInstanceOfSatisfying(InvalidInput.class, invalid -> {
            assertThat(invalid.errors())
                    .extracting(FieldError::pointer)
                    .containsExactly("/page_id", "/question", "/answer", "/symbol_id", "/user_id");
            assertThat(invalid).message().doesNotContain("secret");
        });
    }

    /** What is too large is so for a field that takes numbers, and for no other. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    page_id   | 0                      | one below 1
                    page_id   | 9223372036854775808    | one out of range
                    page_id   | 1e300                  | one too large to be written with a point or an exponent
                    page_id   | 9007199254740992.0     | one too large to be written with a point or an exponent
                    page_id   | 1.5                    | a number with a fraction
                    page_id   | "one"                  | a string of 3 characters
                    symbol_id | 2147483648             | one out of range
                    symbol_id | 9223372036854775808    | one out of range
                    symbol_id | 0.5                    | a number with a fraction
                    question  | 7                      | an integer
                    question  | 9223372036854775808    | an integer
                    question  | 7.0                    | a number
                    answer    | 7                      | an integer
                    user_id   | 7                      | an integer
                    user_id   | "me"                   | a string of 2 characters that is none
                    lang      | 7                      | an integer
                    lang      | -1.5                   | a number
                    lang      | true                   | a boolean
                    lang      | ["de"]                 | an array
                    lang      | {}                     | an object
                    lang      | ""                     | a string of 0 characters that is none
                    lang      | "de_DE"                | a string of 5 characters that is none
                    lang      | "de-abcdefgh-bcdefghi-cdefghij-defghi" | a string of 36 characters
                    """)
    void saysOfAFieldWhatCameInstead(String field, String value, String what) {
        String rest = REST.replaceAll("\"" + field + "\":[^,}]*,?", "").replace(",}", "}");
        String pageId = field.equals("page_id") ? "" : "\"page_id\":1,";

        assertThatThrownBy(() -> read("{" + pageId + "\"" + field + "\":" + value + "," + rest))
                .isInstanceOfSatisfying(
                        InvalidInput.class,
                        invalid -> assertThat(invalid.errors()).singleElement().satisfies(error -> {
                            assertThat(error.pointer()).isEqualTo("/" + field);
                            assertThat(error.reason()).endsWith(", got " + what);
                        }));
    }

    @Test
    void saysWhatALanguageIs() {
        assertThatThrownBy(() -> read("{\"page_id\":1,\"lang\":7," + REST))
                .isInstanceOfSatisfying(
                        InvalidInput.class,
                        invalid -> assertThat(invalid.errors())
                                .containsExactly(new FieldError(
                                        "/lang",
                                        "must be a language tag (BCP 47, such as de or pt-BR) of at most 35 characters or null,"
                                                + " got an integer")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"7", "{\"a\":[1,{}]}", "\"\\u0000\"", "\"\\ud800\"", "1e999999999", "-0.0"})
    void ignoresWhateverUnknownFieldsHold(String value) throws Exception {
        assertThat(read("{\"page_id\":1,\"unknown\":" + value + "," + REST).pageId())
                .isEqualTo(1);
        assertThat(read("{\"page_id\":1,\"unknown\":" + "7".repeat(3_000) + "," + REST)
                        .pageId())
                .isEqualTo(1);
    }

    @Test
    void rejectsANumberOfAMillionDigitsWithoutComputingIt() throws Exception {
        byte[] many = ("{\"page_id\":" + "7".repeat(1_000_000) + "}").getBytes(StandardCharsets.UTF_8);
        assertThat(reader.parse(many).get("page_id").bigIntegerValue().bitLength())
                .isLessThan(2_000);
        assertThat(errors("{\"page_id\":" + "7".repeat(1_000_000) + "," + REST)).containsExactly("/page_id");
        assertThat(errors("{\"page_id\":1." + "7".repeat(1_000_000) + "," + REST))
                .containsExactly("/page_id");
        assertThat(errors("{\"page_id\":" + "[".repeat(900) + "]".repeat(900) + "," + REST))
                .containsExactly("/page_id");
    }

    @Test
    void countsCharactersAsPeopleDo() throws Exception {
        String gnu = "\ud83d\udc03";

        assertThat(read(gift(gnu.repeat(4_000), gnu.repeat(200_000))).question())
                .isEqualTo(gnu.repeat(4_000));
        assertThat(errors(gift(gnu.repeat(4_001), gnu.repeat(200_001)))).containsExactly("/question", "/answer");
    }

    /** A no-break space, two of no width, next line, a Hangul filler, an override of direction, a tag, soft hyphens. */
    @ParameterizedTest
    @ValueSource(
            strings = {"\u00a0", "\u200b", "\ufeff", "\u0085", "\u3164", "\u202e", "\udb40\udc20", "\u00ad \u00ad"})
    void rejectsTextsInWhichNothingIsToBeSeen(String text) {
        assertThat(errors(gift(text, "A"))).containsExactly("/question");
        assertThat(errors(gift("Q?", text))).containsExactly("/answer");
    }

    static Stream<Arguments> malformed() {
        String gift = "{\"page_id\":1," + REST;
        return Stream.of(
                arguments("is empty", bytes("")),
                arguments("the JSON is cut off", bytes("{\"page_id\":1")),
                arguments("not JSON", bytes("{'page_id':1}")),
                arguments("not JSON", bytes("{\"page_id\":01}")),
                arguments("not JSON", bytes("{\"page_id\":NaN}")),
                arguments("not JSON", bytes("/* no */" + gift)),
                arguments("not JSON", bytes("{\"question\":\"\u0001\"}")),
                arguments("a field appears twice", bytes("{\"page_id\":1,\"page_id\":2," + REST)),
                arguments("something follows the object", bytes(gift + " {}")),
                arguments("not JSON", bytes(gift + " secret")),
                arguments(
                        "nested too deep",
                        bytes("{\"x\":" + "[".repeat(1_000) + "]".repeat(1_000) + "," + gift.substring(1))),
                arguments("nested too deep", bytes("[".repeat(100_000))),
                arguments("got an array", bytes("[" + gift + "]")),
                arguments("got a string", bytes("\"secret\"")),
                arguments("got null", bytes("null")),
                arguments("must be a JSON object, got an integer", bytes("7")),
                arguments("byte order mark", bytes("\ufeff" + gift)),
                arguments("UTF-8", gift.getBytes(StandardCharsets.UTF_16)),
                arguments("UTF-8", gift.getBytes(StandardCharsets.UTF_16LE)),
                arguments("UTF-8", gift.getBytes(StandardCharsets.UTF_16BE)),
                arguments("UTF-8", gift.getBytes(Charset.forName("UTF-32LE"))),
                arguments("UTF-8", gift.getBytes(Charset.forName("UTF-32BE"))),
                arguments("UTF-8", gift.replace("Q?", "é").getBytes(StandardCharsets.ISO_8859_1)),
                // a quote in two bytes, a surrogate in three
                arguments("UTF-8", gift.replace("Q?", "\u00c0\u00a2").getBytes(StandardCharsets.ISO_8859_1)),
                arguments("UTF-8", gift.replace("Q?", "\u00ed\u00a0\u0080").getBytes(StandardCharsets.ISO_8859_1)));
    }

    @ParameterizedTest
    @MethodSource("malformed")
    void saysWhatIsWrongWithTheJsonWithoutQuotingIt(String reason, byte[] value) {
        assertThatThrownBy(() -> reader.read(value, NOW))
                .isInstanceOf(MalformedJson.class)
                .hasMessageContaining(reason)
                .message()
                .doesNotContain("secret");
    }

    private Gift read(String json) throws MalformedJson, InvalidInput {
        return reader.read(bytes(json), NOW);
    }

    private List<String> errors(String json) {
        try {
            throw new AssertionError("taken: " + read(json));
        } catch (InvalidInput e) {
            return e.errors().stream().map(FieldError::pointer).toList();
        } catch (MalformedJson e) {
            throw new AssertionError(e);
        }
    }

    private static String gift(String question, String answer) {
        return "{\"page_id\":1,\"question\":\"" + question + "\",\"answer\":\"" + answer + "\"}";
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
