package org.gibsey.spine.gift;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.gibsey.spine.gift.GiftChange.Field;
import org.gibsey.spine.gift.GiftChange.Kind;
import org.gibsey.spine.gift.InvalidInput.FieldError;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class GiftChangeTest {

    private static final UUID CHANGE = UUID.fromString("cccccccc-0000-4000-8000-00000000000c");
    private static final UUID GIFT = UUID.fromString("11111111-0000-4000-8000-000000000001");
    private static final UUID READER = UUID.fromString("aaaaaaaa-0000-4000-8000-00000000000a");
    private static final Instant SAVED = Instant.parse("2026-11-23T09:35:30.51Z");
    private static final Instant CHANGED = Instant.parse("2026-11-23T09:40:00.000001Z");
    private static final String PLAIN = "{\"page_id\":1,\"question\":\"q\",\"answer\":\"a\","
            + "\"created_at\":\"2026-11-23T09:35:30.510Z\",\"sets\":[\"answer\"],\"ts\":1795426800.000001}";

    /** Of an edit, and of an erasure. */
    private static final Map<String, String> FIELDS = Map.of(
            "page_id", "1",
            "question", "\"q\"",
            "answer", "\"a\"",
            "symbol_id", "3",
            "user_id", "\"" + READER + "\"",
            "created_at", "\"2026-11-23T09:35:30.510Z\"",
            "sets", "[\"answer\"]",
            "base", "\"" + GIFT + "\"",
            "by", "\"" + READER + "\"",
            "ts", "1795426800.000001");

    private static final Gift IMAGE = new Gift(1, "q", "a", null, null, null, SAVED);

    @Test
    void writesOnePlainObject() {
        assertThat(new String(GiftChangeJson.eventValue(edit(IMAGE)), StandardCharsets.UTF_8))
                .isEqualTo(PLAIN);
    }

    /** A worker that knows no language reads the rest of the edit: it takes three names in "sets", and no other field amiss. */
    @Test
    void saysBesideTheOtherFieldsThatItSetsTheLanguage() {
        Gift image = new Gift(1, "q", "a", null, "de", null, SAVED);
        GiftChange change =
                new GiftChange(CHANGE, Kind.EDITED, GIFT, image, Set.of(Field.ANSWER, Field.LANG), null, null, CHANGED);

        assertThat(new String(GiftChangeJson.eventValue(change), StandardCharsets.UTF_8))
                .isEqualTo(PLAIN.replace("\"a\",", "\"a\",\"lang\":\"de\",")
                        .replace("[\"answer\"],", "[\"answer\"],\"sets_lang\":true,"));
    }

    @ParameterizedTest
    @MethodSource("changes")
    void isReadBackIdentical(GiftChange change) throws Exception {
        ConsumerRecord<String, byte[]> record = record(
                GiftChangeJson.eventValue(change),
                change.kind().type(),
                change.gift().toString());

        assertThat(GiftChangeJson.read(record)).isEqualTo(change);
    }

    static Stream<GiftChange> changes() {
        Gift whole = new Gift(Long.MIN_VALUE, "床前明月光\n\uD83C\uDF81", "", -1, "zh", READER, Instant.EPOCH);
        return Stream.of(
                edit(IMAGE),
                new GiftChange(CHANGE, Kind.EDITED, GIFT, whole, Set.of(Field.values()), CHANGE, READER, CHANGED),
                new GiftChange(CHANGE, Kind.EDITED, GIFT, IMAGE, Set.of(Field.LANG), null, null, CHANGED),
                new GiftChange(CHANGE, Kind.DELETED, GIFT, whole, Set.of(), null, null, CHANGED),
                new GiftChange(CHANGE, Kind.RESTORED, GIFT, IMAGE, Set.of(), null, READER, CHANGED.plusNanos(1_000)));
    }

    /** Microseconds decide which of two edits is the later one. */
    @ParameterizedTest
    @CsvSource({"2026-11-23T07:35:30.123457Z", "2105-12-31T23:59:59.999999Z", "2026-11-23T07:35:30Z"})
    void keepsTheTimeToTheMicrosecond(Instant at) throws Exception {
        GiftChange change = new GiftChange(CHANGE, Kind.DELETED, GIFT, IMAGE, Set.of(), null, null, at);

        assertThat(GiftChangeJson.read(record(GiftChangeJson.eventValue(change), Kind.DELETED.type(), GIFT.toString()))
                        .at())
                .isEqualTo(at);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    org.gibsey.vault.gift.saved  | 11111111-0000-4000-8000-000000000001 | ce_type
                                                 | 11111111-0000-4000-8000-000000000001 | ce_type
                    org.gibsey.vault.gift.edited |                                      | ce_subject is required
                    org.gibsey.vault.gift.edited | 7                                    | ce_subject must be a UUID
                    org.gibsey.vault.gift.deleted| 11111111-0000-4000-8000-000000000001 | /sets
                    """)
    void refusesHeadersThatDoNotSayWhatIsChanged(@Nullable String type, @Nullable String subject, String expected) {
        assertThatThrownBy(() -> GiftChangeJson.read(record(bytes(PLAIN), type, subject)))
                .isInstanceOf(InvalidInput.class)
                .hasMessageContaining(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    "sets":["answer"]            | "sets":[]             | /sets
                    "sets":["answer"]            | "sets":["page_id"]    | /sets
                    "ts":1795426800.000001       | "by":"anna"           | /by
                    ,"ts":1795426800.000001      |                       | /ts
                    "2026-11-23T09:35:30.510Z"   | "yesterday"           | /created_at
                    "sets"                       | "base":7,"sets"       | /base
                    "page_id":1                  | "page_id":"x"         | /page_id
                    """)
    void refusesAValueThatIsNotWhole(String is, @Nullable String instead, String expected) {
        String value = PLAIN.replace(is, instead == null ? "" : instead);

        assertThatThrownBy(() -> GiftChangeJson.read(record(bytes(value), Kind.EDITED.type(), GIFT.toString())))
                .isInstanceOf(InvalidInput.class)
                .hasMessageContaining(expected);
    }

    /** All else that it could throw would be taken for an outage, and all changes would wait behind it. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "null",
                "true",
                "[]",
                "[null]",
                "[[1]]",
                "{}",
                "{\"x\":[1]}",
                "\"\"",
                "\"x\"",
                "-1",
                "0.5",
                "1e999",
                "-1e999",
                "1e-999",
                "9223372036854775808",
                "\"+292278994-08-17T07:12:55.807Z\"",
                "\"-1000000000-01-01T00:00:00Z\"",
                "\"\\u0000\"",
                "\"\\ud800\"",
                "LONG"
            })
    void isReadOrRefusedWhateverAFieldHolds(String odd) {
        for (String field : FIELDS.keySet()) {
            Map<String, String> fields = new LinkedHashMap<>(FIELDS);
            fields.put(field, odd.equals("LONG") ? "1".repeat(1_000) : odd);
            byte[] value = bytes(fields.entrySet().stream()
                    .map(each -> "\"" + each.getKey() + "\":" + each.getValue())
                    .collect(Collectors.joining(",", "{", "}")));

            assertThatCode(() -> {
                        try {
                            GiftChangeJson.read(record(value, Kind.EDITED.type(), GIFT.toString()));
                        } catch (MalformedJson | InvalidInput refused) {
                            // as it may be
                        }
                        try {
                            ReaderErasure.read(record(value, ReaderErasure.TYPE, null));
                        } catch (MalformedJson | InvalidInput refused) {
                            // as it may be
                        }
                    })
                    .as("%s: %s", field, odd)
                    .doesNotThrowAnyException();
        }
    }

    @Test
    void saysOnceThatItSetsWhatCannotBeSet() {
        String value = PLAIN.replace("\"sets\":[\"answer\"]", "\"sets\":[\"answer\",\"x\",7,[\"answer\"],{}]");

        assertThatThrownBy(() -> GiftChangeJson.read(record(bytes(value), Kind.EDITED.type(), GIFT.toString())))
                .isInstanceOfSatisfying(
                        InvalidInput.class,
                        refused -> assertThat(refused.errors())
                                .containsExactly(new FieldError(
                                        "/sets", "must hold question, answer, symbol_id and lang only, each once")));
    }

    /** A list of millions of names would be as many objects. */
    @Test
    void keepsNoMoreOfAListThanItNeeds() throws MalformedJson {
        String value =
                PLAIN.replace("\"sets\":[\"answer\"]", "\"sets\":[\"answer\"" + ",\"answer\"".repeat(100_000) + "]");

        assertThat(GiftReader.ofEvents(Set.of("sets")).parse(bytes(value)).get("sets"))
                .hasSizeLessThan(20);
        assertThatThrownBy(() -> GiftChangeJson.read(record(bytes(value), Kind.EDITED.type(), GIFT.toString())))
                .isInstanceOf(InvalidInput.class);
    }

    @Test
    void refusesWhatIsNoJson() {
        assertThatThrownBy(() -> GiftChangeJson.read(record(bytes("edit!"), Kind.EDITED.type(), GIFT.toString())))
                .isInstanceOf(MalformedJson.class);
        assertThatThrownBy(() -> GiftChangeJson.read(record(null, Kind.EDITED.type(), GIFT.toString())))
                .isInstanceOf(MalformedJson.class);
    }

    private static GiftChange edit(Gift image) {
        return new GiftChange(CHANGE, Kind.EDITED, GIFT, image, Set.of(Field.ANSWER), null, null, CHANGED);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static ConsumerRecord<String, byte[]> record(
            byte @Nullable [] value, @Nullable String type, @Nullable String subject) {
        ConsumerRecord<String, byte[]> record = new ConsumerRecord<>("changes", 0, 0, "", value);
        record.headers().add(CloudEvent.ID, bytes(CHANGE.toString()));
        if (type != null) {
            record.headers().add(CloudEvent.TYPE, bytes(type));
        }
        if (subject != null) {
            record.headers().add(CloudEvent.SUBJECT, bytes(subject));
        }
        return record;
    }

    @Test
    void readsAnErasureAsItWasWritten() throws Exception {
        UUID reader = UUID.fromString("aaaaaaaa-0000-4000-8000-000000000001");
        ReaderErasure erasure = ReaderErasure.of(reader, Instant.parse("2026-11-23T09:35:30.510001Z"));
        ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>("gift_changes", 0, 0, null, erasure.eventValue());
        record.headers()
                .add("ce_id", erasure.id().toString().getBytes(StandardCharsets.UTF_8))
                .add("ce_type", "org.gibsey.vault.reader.erased".getBytes(StandardCharsets.UTF_8));

        assertThat(ReaderErasure.isOne(record)).isTrue();
        assertThat(ReaderErasure.read(record)).isEqualTo(erasure);
        assertThat(ReaderErasure.of(reader, Instant.EPOCH).id()).isEqualTo(erasure.id());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"user_id\":\"aaaaaaaa-0000-4000-8000-000000000001\"}",
                "{\"ts\":1}",
                "{\"user_id\":1,\"ts\":1}",
                "{\"user_id\":\"00000000-0000-0000-0000-000000000000\",\"ts\":1}",
                // in milliseconds, and in more digits than a time has
                "{\"user_id\":\"aaaaaaaa-0000-4000-8000-000000000001\",\"ts\":1795426530510}",
                "{\"user_id\":\"aaaaaaaa-0000-4000-8000-000000000001\",\"ts\":1e999}"
            })
    void refusesAnErasureOfNobodyOrAtNoTime(String value) {
        assertThatThrownBy(() -> ReaderErasure.read(
                        new ConsumerRecord<>("gift_changes", 0, 0, null, value.getBytes(StandardCharsets.UTF_8))))
                .isInstanceOf(InvalidInput.class);
    }
}
