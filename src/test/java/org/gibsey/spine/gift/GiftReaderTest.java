package org.gibsey.spine.gift;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.gibsey.spine.gift.InvalidInput.FieldError;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GiftReaderTest {

    private static final Instant NOW = Instant.parse("2026-11-23T10:00:00.123456Z");
    private static final Instant SAVED = Instant.parse("2024-05-21T14:00:00.250Z");
    private static final int MAX_QUESTION = 10;
    private static final int MAX_ANSWER = 20;

    private final GiftReader requests = GiftReader.ofRequests(MAX_QUESTION, MAX_ANSWER);
    private final GiftReader events = GiftReader.ofEvents();

    /** A gift that both readers take, of these JSON values. */
    private static String gift(String pageId, String question, String answer, String more) {
        return "{\"page_id\":%s,\"question\":%s,\"answer\":%s%s}".formatted(pageId, question, answer, more);
    }

    private static String with(String more) {
        return gift("1", "\"Q?\"", "\"A\"", "," + more);
    }

    private static Gift read(GiftReader reader, String json) throws MalformedJson, InvalidInput {
        return reader.read(json.getBytes(StandardCharsets.UTF_8), NOW);
    }

    private static List<FieldError> errors(GiftReader reader, String json) {
        Throwable refused = catchThrowable(() -> read(reader, json));
        assertThat(refused).isInstanceOf(InvalidInput.class);
        return ((InvalidInput) refused).errors();
    }

    private static void assertMalformed(GiftReader reader, byte[] value) {
        assertThatExceptionOfType(MalformedJson.class).isThrownBy(() -> reader.read(value, NOW));
    }

    @Nested
    class OfRequests {

        @Test
        void takesTheContractsExample() throws Exception {
            Gift gift = read(requests, gift("1", "\"Q?\"", "\"A\"", ""));

            assertThat(gift).isEqualTo(new Gift(1, "Q?", "A", null, null, null, NOW));
        }

        @ParameterizedTest
        @CsvSource({
            "1, 1",
            "'\"7\"', 7",
            "'\" 7 \"', 7",
            "7.0, 7",
            "7e2, 700",
            "9223372036854775807, 9223372036854775807",
            "'\"9223372036854775807\"', 9223372036854775807"
        })
        void takesPageIdsThatAreIntegersFromOne(String json, long pageId) throws Exception {
            assertThat(read(requests, gift(json, "\"Q?\"", "\"A\"", "")).pageId())
                    .isEqualTo(pageId);
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "0",
                    "-1",
                    "1.5",
                    "true",
                    "null",
                    "[]",
                    "{}",
                    "9223372036854775808",
                    "\"9223372036854775808\"",
                    "\"99999999999999999999\"",
                    "1e400",
                    "1e19",
                    "\"\"",
                    "\"seven\"",
                    "\"7.5\"",
                    "\"0\"",
                    "\"\\u0667\""
                })
        void rejectsPageIdsThatAreNot(String json) {
            assertThat(errors(requests, gift(json, "\"Q?\"", "\"A\"", "")))
                    .extracting(FieldError::pointer)
                    .containsExactly("/page_id");
        }

        @Test
        void takesTextsAtTheirLimits() throws Exception {
            String question = "q".repeat(MAX_QUESTION);
            String answer = "a".repeat(MAX_ANSWER);

            Gift gift = read(requests, gift("1", "\"" + question + "\"", "\"" + answer + "\"", ""));

            assertThat(gift.question()).isEqualTo(question);
            assertThat(gift.answer()).isEqualTo(answer);
        }

        @Test
        void rejectsTextsJustPastTheirLimits() {
            String question = "\"" + "q".repeat(MAX_QUESTION + 1) + "\"";
            String answer = "\"" + "a".repeat(MAX_ANSWER + 1) + "\"";

            assertThat(errors(requests, gift("1", question, answer, "")))
                    .containsExactly(
                            new FieldError("/question", "must be at most 10 characters, got 11"),
                            new FieldError("/answer", "must be at most 20 characters, got 21"));
        }

        @ParameterizedTest
        @ValueSource(strings = {"\"\"", "\" \"", "\"\\n\\t\"", "\"\\u2003\"", "null", "7", "true", "[\"q\"]", "{}"})
        void rejectsTextsThatSayNothing(String json) {
            assertThat(errors(requests, gift("1", json, "\"A\"", "")))
                    .extracting(FieldError::pointer)
                    .containsExactly("/question");
            assertThat(errors(requests, gift("1", "\"Q?\"", json, "")))
                    .extracting(FieldError::pointer)
                    .containsExactly("/answer");
        }

        @Test
        void takesSymbolAndUser() throws Exception {
            Gift gift = read(
                    requests, with("\"symbol_id\":-2147483648,\"user_id\":\"AAAAAAAA-0000-4000-8000-00000000000a\""));

            assertThat(gift.symbolId()).isEqualTo(Integer.MIN_VALUE);
            assertThat(gift.userId()).isEqualTo(UUID.fromString("aaaaaaaa-0000-4000-8000-00000000000a"));
        }

        @Test
        void takesNullForSymbolLanguageAndUser() throws Exception {
            Gift gift = read(requests, with("\"symbol_id\":null,\"lang\":null,\"user_id\":null"));

            assertThat(gift.symbolId()).isNull();
            assertThat(gift.lang()).isNull();
            assertThat(gift.userId()).isNull();
        }

        @ParameterizedTest
        @ValueSource(strings = {"2147483648", "-2147483649", "1.5", "true", "\"x\"", "[]"})
        void rejectsSymbolIdsThatAreNo32BitIntegers(String json) {
            assertThat(errors(requests, with("\"symbol_id\":" + json)))
                    .extracting(FieldError::pointer)
                    .containsExactly("/symbol_id");
        }

        /** As they were written, the last one of 35 characters. */
        @ParameterizedTest
        @ValueSource(
                strings = {
                    "de",
                    "PT-br",
                    "zh-Hant-TW",
                    "sl-rozaj-biske-1994",
                    "de-u-co-phonebk",
                    "x-gibsey",
                    "i-klingon",
                    "de-abcdefgh-bcdefghi-cdefghij-defgh"
                })
        void takesLanguageTags(String tag) throws Exception {
            for (GiftReader reader : List.of(requests, events)) {
                assertThat(read(reader, with("\"lang\":\"" + tag + "\"")).lang())
                        .isEqualTo(tag);
            }
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "\"\"",
                    "\" de\"",
                    "\"d\"",
                    "\"de_DE\"",
                    "\"de-\"",
                    "\"in German\"",
                    "\"d\u00e9\"",
                    "\"de\\u0000\"",
                    // one character more than there may be
                    "\"de-abcdefgh-bcdefghi-cdefghij-defghi\"",
                    "7",
                    "true",
                    "[\"de\"]",
                    "{}"
                })
        void rejectsLanguagesThatAreNoTags(String json) {
            // in the topic as well: what the table holds is what pages set
            for (GiftReader reader : List.of(requests, events)) {
                assertThat(errors(reader, with("\"lang\":" + json)))
                        .extracting(FieldError::pointer)
                        .containsExactly("/lang");
            }
        }

        @Test
        void saysOfALanguageWhatItMustBeAndWhatCame() {
            assertThat(errors(requests, with("\"lang\":\"de_DE\"")))
                    .containsExactly(new FieldError(
                            "/lang",
                            "must be a language tag (BCP 47, such as de or pt-BR) of at most 35 characters or null,"
                                    + " got a string of 5 characters that is none"));
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "\"\"",
                    "\"somebody\"",
                    // java.util.UUID alone would take it
                    "\"1-1-1-1-1\"",
                    "\"aaaaaaaa000040008000000000000000\"",
                    "7",
                    "{}"
                })
        void rejectsUserIdsThatAreNoUuids(String json) {
            assertThat(errors(requests, with("\"user_id\":" + json)))
                    .extracting(FieldError::pointer)
                    .containsExactly("/user_id");
        }

        @Test
        void namesEveryBrokenRuleAtOnce() {
            String json =
                    "{\"page_id\":0,\"question\":\"\",\"answer\":\"\\u0000\",\"symbol_id\":1.5,\"lang\":\"-\",\"user_id\":\"me\"}";

            assertThat(errors(requests, json))
                    .extracting(FieldError::pointer)
                    .containsExactly("/page_id", "/question", "/answer", "/symbol_id", "/lang", "/user_id");
        }

        @Test
        void namesEveryMissingField() {
            assertThat(errors(requests, "{}"))
                    .containsExactly(
                            new FieldError("/page_id", "is required"),
                            new FieldError("/question", "is required"),
                            new FieldError("/answer", "is required"));
        }

        @Test
        void rejectsDuplicateKeys() {
            assertMalformed(requests, utf8(with("\"page_id\":2")));
        }

        @Test
        void ignoresUnknownFieldsAndTimesOfTheCaller() throws Exception {
            Gift gift = read(requests, with("\"mood\":\"curious\",\"ts\":1,\"created_at\":\"yesterday\""));

            assertThat(gift.savedAt()).isEqualTo(NOW);
        }

        @Test
        void takesAThousandLevelsOfNestingAndNotOneMore() throws Exception {
            String inside = "[".repeat(999) + "]".repeat(999);

            assertThat(read(requests, with("\"deep\":" + inside)).pageId()).isEqualTo(1);
            assertMalformed(requests, utf8(with("\"deep\":[" + inside + "]")));
        }
    }

    @Nested
    class OfEvents {

        @ParameterizedTest
        @ValueSource(longs = {Long.MIN_VALUE, -1, 0, Long.MAX_VALUE})
        void takesAnyPageId(long pageId) throws Exception {
            assertThat(read(events, gift(Long.toString(pageId), "\"Q?\"", "\"A\"", ""))
                            .pageId())
                    .isEqualTo(pageId);
        }

        @Test
        void takesTextsOfAnyLength() throws Exception {
            String answer = "a".repeat(300_000);

            Gift gift = read(events, gift("1", "\"\"", "\"" + answer + "\"", ""));

            assertThat(gift.question()).isEmpty();
            assertThat(gift.answer()).isEqualTo(answer);
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "\"ts\":1716300000.25",
                    "\"ts\":1.71630000025e9",
                    "\"ts\":\"1716300000.25\"",
                    "\"ts\":1716300000.25,\"created_at\":\"1999-12-31T23:59:59Z\"",
                    "\"ts\":null,\"created_at\":\"2024-05-21T14:00:00.25Z\"",
                    "\"created_at\":\"2024-05-21T14:00:00.250Z\"",
                    "\"created_at\":\"2024-05-21T14:00:00.250\"",
                    "\"created_at\":\"2024-05-21 14:00:00.250\"",
                    "\"created_at\":\"2024-05-21 14:00:00.250000+00:00\"",
                    "\"created_at\":\"2024-05-21T16:00:00.250+02:00\""
                })
        void readsTheTimeOfTheSave(String time) throws Exception {
            assertThat(read(events, with(time)).savedAt()).isEqualTo(SAVED);
        }

        @ParameterizedTest
        @ValueSource(strings = {"\"mood\":\"curious\"", "\"ts\":null", "\"ts\":null,\"created_at\":null"})
        void takesTheTimeOfTheRecordWhenThereIsNoOther(String time) throws Exception {
            assertThat(read(events, with(time)).savedAt()).isEqualTo(NOW);
        }

        @Test
        void takesTimesBefore1970() throws Exception {
            assertThat(read(events, with("\"ts\":-1")).savedAt()).isEqualTo(Instant.parse("1969-12-31T23:59:59Z"));
        }

        @Test
        void keepsMicroseconds() throws Exception {
            assertThat(read(events, with("\"ts\":1795419330.123457")).savedAt())
                    .isEqualTo(Instant.ofEpochSecond(1_795_419_330L, 123_457_000));
        }

        @Test
        void takesTheFirstAndTheLastSecondOfTheTablesRange() throws Exception {
            assertThat(read(events, with("\"ts\":-62135596800")).savedAt()).isEqualTo("0001-01-01T00:00:00Z");
            assertThat(read(events, with("\"ts\":253402300798")).savedAt()).isEqualTo("9999-12-31T23:59:58Z");
            assertThat(read(events, with("\"created_at\":\"0001-01-01T00:00:00Z\""))
                            .savedAt())
                    .isEqualTo("0001-01-01T00:00:00Z");
        }

        @ParameterizedTest
        @ValueSource(
                strings = {"1e400", "-1e400", "253402300799", "-62135596801", "\"NaN\"", "\"soon\"", "true", "[1]"})
        void rejectsTimestampsThatNameNoStorableTime(String ts) {
            assertThat(errors(events, with("\"ts\":" + ts)))
                    .extracting(FieldError::pointer)
                    .containsExactly("/ts");
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "\"yesterday\"",
                    "\"2024-05-21\"",
                    "\"2024-02-30T00:00:00\"",
                    "\"+12024-05-21T14:00:00Z\"",
                    "\"0001-01-01T00:00:00+14:00\"",
                    "1716300000",
                    "{}"
                })
        void rejectsDatesThatNameNoStorableTime(String createdAt) {
            assertThat(errors(events, with("\"created_at\":" + createdAt)))
                    .extracting(FieldError::pointer)
                    .containsExactly("/created_at");
        }

        @Test
        void takesTheLastOfDuplicateKeys() throws Exception {
            assertThat(read(events, with("\"page_id\":2")).pageId()).isEqualTo(2);
        }

        @Test
        void ignoresUnknownFieldsHoweverDeep() throws Exception {
            String deep = "[".repeat(999) + "]".repeat(999);

            assertThat(read(events, with("\"deep\":" + deep)).pageId()).isEqualTo(1);
        }
    }

    @Nested
    class OfBoth {

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "",
                    " ",
                    "{",
                    "{\"page_id\":1",
                    "{'page_id':1}",
                    "{\"page_id\":01}",
                    "{\"page_id\":NaN}",
                    "[{}]",
                    "null",
                    "7",
                    "\"{}\"",
                    "page_id=1"
                })
        void rejectsWhatIsNoJsonObject(String value) {
            assertMalformed(requests, utf8(value));
            assertMalformed(events, utf8(value));
        }

        @ParameterizedTest
        @ValueSource(strings = {" x", "{}", ",", "]", "\0"})
        void rejectsAnythingAfterTheObject(String garbage) {
            String value = gift("1", "\"Q?\"", "\"A\"", "") + garbage;

            assertMalformed(requests, utf8(value));
            assertMalformed(events, utf8(value));
        }

        @Test
        void takesAByteOrderMarkFromTheTopicAlone() throws Exception {
            String value = "\uFEFF" + gift("1", "\"Q?\"", "\"A\"", "");

            assertMalformed(requests, utf8(value));
            assertThat(read(events, value)).isEqualTo(new Gift(1, "Q?", "A", null, null, null, NOW));
        }

        @Test
        void rejectsBytesThatAreNoText() {
            byte[] truncated = {'{', '"', (byte) 0xE2, (byte) 0x82};
            // taken for UTF-32, in which this is no character
            byte[] wide = {0, 0, 0, '{', 0x7F, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF};
            for (byte[] value : List.of(truncated, wide, "{\"é\":1}".getBytes(Charset.forName("ISO-8859-1")))) {
                assertMalformed(requests, value);
                assertMalformed(events, value);
            }
        }

        /** Anything else would count as the world's fault, and the line would stand still for a message. */
        @Test
        void refusesDamagedBytesAsMalformedOrInvalidAndInNoOtherWay() {
            byte[] whole = utf8(with("\"symbol_id\":7,\"ts\":1716300000.25,\"created_at\":\"2024-05-21T14:00:00Z\""));
            Random random = new Random(20_261_123);
            for (int i = 0; i < 5_000; i++) {
                byte[] damaged =
                        Arrays.copyOf(whole, random.nextInt(10) == 0 ? random.nextInt(whole.length) : whole.length);
                for (int hits = random.nextInt(4); hits >= 0 && damaged.length > 0; hits--) {
                    damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
                }
                for (GiftReader reader : List.of(requests, events)) {
                    Throwable refused = catchThrowable(() -> reader.read(damaged, NOW));
                    if (refused != null) {
                        assertThat(refused).isInstanceOfAny(MalformedJson.class, InvalidInput.class);
                    }
                }
            }
        }

        @ParameterizedTest
        @ValueSource(strings = {"a\\u0000b", "a\\ud83db", "a\\ud83d", "a\\udf81b", "a\\udf81\\ud83d"})
        void rejectsTextThatPostgresqlCannotStore(String text) {
            String json = gift("1", "\"" + text + "\"", "\"" + text + "\"", "");
            for (GiftReader reader : List.of(requests, events)) {
                assertThat(errors(reader, json))
                        .extracting(FieldError::pointer)
                        .containsExactly("/question", "/answer");
                assertThat(errors(reader, json))
                        .allSatisfy(error -> assertThat(error.reason()).endsWith("found at character 1"));
            }
        }

        @Test
        void rejectsASurrogateWrittenAsThreeBytes() {
            byte[] value = gift("1", "\"Q?\"", "\"A___\"", "").getBytes(StandardCharsets.ISO_8859_1);
            int at = new String(value, StandardCharsets.ISO_8859_1).indexOf("___");
            value[at] = (byte) 0xED;
            value[at + 1] = (byte) 0xA0;
            value[at + 2] = (byte) 0xBD;

            assertThat(catchThrowable(() -> events.read(value, NOW)))
                    .isInstanceOfAny(InvalidInput.class, MalformedJson.class);
            assertThat(catchThrowable(() -> requests.read(value, NOW)))
                    .isInstanceOfAny(InvalidInput.class, MalformedJson.class);
        }

        @ParameterizedTest
        @ValueSource(strings = {"\\ud83c\\udf81", "\uD83C\uDF81"})
        void takesSurrogatePairs(String gift) throws Exception {
            String json = gift("1", "\"" + gift + "\"", "\"" + gift + "\"", "");

            assertThat(read(requests, json).question()).isEqualTo("\uD83C\uDF81");
            assertThat(read(events, json).answer()).isEqualTo("\uD83C\uDF81");
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "{\"page_id\":\"SECRET\",\"question\":[\"SECRET\"],\"answer\":{\"SECRET\":1}}",
                    "{\"page_id\":1,\"question\":\"SECRET\\u0000\",\"answer\":\"SECRET\\ud83d\",\"user_id\":\"SECRET\"}",
                    "{\"page_id\":1,\"question\":\"SECRET SECRET SECRET\",\"answer\":7,\"symbol_id\":\"SECRET\"}",
                    "{\"page_id\":1,\"question\":\"q\",\"answer\":\"a\",\"lang\":\"SECRET OF A READER\"}",
                    "{\"page_id\":1,\"question\":\"q\",\"ts\":\"SECRET\",\"created_at\":\"SECRET\"}",
                    "{\"page_id\":1,\"created_at\":\"SECRET\"}",
                    "{\"page_id\":1, SECRET",
                    "{\"page_id\":1} SECRET",
                    "{\"page_id\":1,\"SECRET\":2,\"SECRET\":3",
                    "\"SECRET\""
                })
        void neverQuotesWhatWasSent(String json) {
            for (GiftReader reader : List.of(requests, events)) {
                Throwable refused = catchThrowable(() -> read(reader, json));
                assertThat(refused).hasMessageNotContaining("SECRET").hasNoCause();
            }
        }
    }

    @Test
    void takesEventsWhoseUnknownFieldsAreLongOrDeep() throws Exception {
        String unknown = ",\"a\":%s,\"b\":%s%s".formatted("7".repeat(3_000), "[".repeat(1_500), "]".repeat(1_500));

        assertThat(read(events, gift("1", "\"Q?\"", "\"A\"", unknown)).pageId()).isEqualTo(1);
    }

    @Test
    void findsTheReaderOfAnEventThatIsWrongOtherwise() {
        String reader = "3f2b8e6c-1c1d-4c7a-9a54-0f6a4a1f7b10";

        assertThat(events.readerOf(utf8("{\"page_id\":true,\"user_id\":\"" + reader + "\"}")))
                .hasToString("Optional[" + reader + "]");
        for (String value : List.of("", "{", "{}", "7", "{\"user_id\":7}", "{\"user_id\":\"" + reader + "\"")) {
            assertThat(events.readerOf(utf8(value))).as(value).isEmpty();
        }
        assertThat(events.readerOf(null)).isEmpty();
    }

    private static byte[] utf8(String value) {
        return value.getBytes(StandardCharsets.UTF_8);
    }
}
