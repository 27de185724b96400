package org.gibsey.spine.gift;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.gibsey.spine.gift.GiftChange.Field;
import org.gibsey.spine.gift.GiftChange.Kind;
import org.junit.jupiter.api.Test;

class EventIdTest {

    private static final UUID READER = UUID.fromString("aaaaaaaa-0000-4000-8000-00000000000a");
    private static final Gift GIFT = new Gift(1, "q", "a", 7, null, READER, Instant.EPOCH);

    @Test
    void newIdsAreVersion7InOrderOfTime() {
        List<UUID> ids = Stream.generate(EventId.inOrder(Clock.systemUTC()))
                .limit(10_000)
                .toList();

        assertThat(ids).allMatch(id -> id.version() == 7).doesNotHaveDuplicates();
        // as text, which is the order PostgreSQL keeps UUIDs in
        assertThat(ids).extracting(UUID::toString).isSorted();
    }

    @Test
    void theSameKeyReaderAndContentIsTheSameEvent() {
        Gift later = new Gift(1, "q", "a", 7, null, READER, Instant.now());

        assertThat(EventId.ofIdempotencyKey("k", later)).isEqualTo(EventId.ofIdempotencyKey("k", GIFT));
        assertThat(EventId.ofIdempotencyKey("k", GIFT).version()).isEqualTo(5);
    }

    /** Retries and redeliveries span releases: another id for the same event would make two rows of it. */
    @Test
    void derivedIdsNeverChange() {
        assertThat(EventId.ofIdempotencyKey("k", GIFT)).hasToString("f59a7fc0-da42-53a6-9d7c-de34edc1c73b");
        assertThat(EventId.ofRecord("gift_events", 3, 42, 1716300000250L))
                .hasToString("bc567a4d-8a09-53be-b860-59f4ae1337a1");
    }

    @Test
    void aKeyUsedForAnythingElseIsAnotherEvent() {
        assertThat(Stream.of(
                                EventId.ofIdempotencyKey("k", GIFT),
                                EventId.ofIdempotencyKey("K", GIFT),
                                EventId.ofIdempotencyKey("k", new Gift(2, "q", "a", 7, null, READER, Instant.EPOCH)),
                                EventId.ofIdempotencyKey("k", new Gift(1, "Q", "a", 7, null, READER, Instant.EPOCH)),
                                EventId.ofIdempotencyKey("k", new Gift(1, "q", "A", 7, null, READER, Instant.EPOCH)),
                                EventId.ofIdempotencyKey("k", new Gift(1, "q", "a", 8, null, READER, Instant.EPOCH)),
                                EventId.ofIdempotencyKey("k", new Gift(1, "q", "a", null, null, READER, Instant.EPOCH)),
                                EventId.ofIdempotencyKey("k", new Gift(1, "q", "a", 7, null, null, Instant.EPOCH)),
                                EventId.ofIdempotencyKey(
                                        "k", new Gift(1, "q", "a", 7, null, new UUID(0, 1), Instant.EPOCH)),
                                EventId.ofIdempotencyKey("k", new Gift(1, "q", "a", 7, "de", READER, Instant.EPOCH)),
                                EventId.ofIdempotencyKey("k", new Gift(1, "q", "a", 7, "fr", READER, Instant.EPOCH)))
                        .distinct())
                .hasSize(11);
    }

    @Test
    void aKeyOfAChangeUsedForAnythingElseIsAnotherChange() {
        UUID gift = new UUID(1, 1);
        GiftChange.Edit answer = new GiftChange.Edit(Set.of(Field.ANSWER), GIFT);
        GiftChange.Edit nothing = new GiftChange.Edit(Set.of(), GIFT);
        UUID id = EventId.ofIdempotencyKey("k", Kind.EDITED, gift, READER, answer);

        assertThat(id).hasToString("4c0649ab-7353-55b1-83ea-c08e6a6da215");
        // what it leaves as it is may have been edited since
        assertThat(EventId.ofIdempotencyKey(
                        "k",
                        Kind.EDITED,
                        gift,
                        READER,
                        new GiftChange.Edit(
                                Set.of(Field.ANSWER), new Gift(1, "Q", "a", null, null, READER, Instant.EPOCH))))
                .isEqualTo(id);
        assertThat(Stream.of(
                                id,
                                EventId.ofIdempotencyKey("K", Kind.EDITED, gift, READER, answer),
                                EventId.ofIdempotencyKey("k", Kind.EDITED, new UUID(1, 2), READER, answer),
                                EventId.ofIdempotencyKey("k", Kind.EDITED, gift, null, answer),
                                EventId.ofIdempotencyKey(
                                        "k",
                                        Kind.EDITED,
                                        gift,
                                        READER,
                                        new GiftChange.Edit(Set.of(Field.QUESTION), GIFT)),
                                EventId.ofIdempotencyKey(
                                        "k", Kind.EDITED, gift, READER, new GiftChange.Edit(Set.of(Field.LANG), GIFT)),
                                EventId.ofIdempotencyKey("k", Kind.DELETED, gift, READER, nothing),
                                EventId.ofIdempotencyKey("k", Kind.RESTORED, gift, READER, nothing))
                        .distinct())
                .hasSize(8);
    }

    @Test
    void textsThatReadTheSameInARowAreDifferentEvents() {
        assertThat(Stream.of(
                                EventId.ofIdempotencyKey("k", new Gift(1, "ab", "c", null, null, null, Instant.EPOCH)),
                                EventId.ofIdempotencyKey("k", new Gift(1, "a", "bc", null, null, null, Instant.EPOCH)),
                                EventId.ofIdempotencyKey("k", new Gift(1, "", "abc", null, null, null, Instant.EPOCH)),
                                // what a length before each part looks like, smuggled into a part
                                EventId.ofIdempotencyKey(
                                        "k", new Gift(1, "a2:bc", "", null, null, null, Instant.EPOCH)),
                                EventId.ofIdempotencyKey(
                                        "k", new Gift(1, "a", "2:bc", null, null, null, Instant.EPOCH)))
                        .distinct())
                .hasSize(5);
    }

    @Test
    void aCloudEventIdThatIsAUuidIsTheId() {
        assertThat(EventId.ofCloudEvent("AAAAAAAA-0000-4000-8000-00000000000A", "/anywhere"))
                .isEqualTo(READER);
    }

    @Test
    void aCloudEventIdThatIsNoneIsUniqueWithItsSource() {
        UUID id = EventId.ofCloudEvent("order-7", "/shop");

        assertThat(id).isEqualTo(EventId.ofCloudEvent("order-7", "/shop"));
        assertThat(id)
                .isNotEqualTo(EventId.ofCloudEvent("order-8", "/shop"))
                .isNotEqualTo(EventId.ofCloudEvent("order-7", "/elsewhere"))
                .isNotEqualTo(EventId.ofCloudEvent("order-7", null));
    }

    @Test
    void aRecordAtTheSamePlaceOfARebuiltTopicIsAnotherEvent() {
        UUID id = EventId.ofRecord("gift_events", 3, 42, 1716300000250L);

        assertThat(id).isEqualTo(EventId.ofRecord("gift_events", 3, 42, 1716300000250L));
        assertThat(id)
                .isNotEqualTo(EventId.ofRecord("gift_events", 3, 42, 1716300000251L))
                .isNotEqualTo(EventId.ofRecord("gift_events", 3, 43, 1716300000250L))
                .isNotEqualTo(EventId.ofRecord("gift_events", 4, 42, 1716300000250L))
                .isNotEqualTo(EventId.ofRecord("gift_events2", 3, 42, 1716300000250L));
    }

    @Test
    void aRecordIsKnownByItsCloudEventIdFirst() {
        assertThat(EventId.of(record("ce_id", READER.toString(), "dlq_event_id", new UUID(0, 1).toString())))
                .isEqualTo(READER);
        assertThat(EventId.of(record("ce_id", "order-7", "ce_source", "/shop")))
                .isEqualTo(EventId.ofCloudEvent("order-7", "/shop"));
    }

    @Test
    void aRecordWithoutOneIsKnownByTheIdItWasDeadLetteredUnder() {
        assertThat(EventId.of(record("dlq_event_id", READER.toString()))).isEqualTo(READER);
    }

    @Test
    void aRecordWithNeitherIsKnownByWhereItLies() {
        UUID place = EventId.ofRecord("gift_events", 3, 42, 1716300000250L);

        assertThat(EventId.of(record())).isEqualTo(place);
        assertThat(EventId.of(record("ce_id", " "))).isEqualTo(place);
        assertThat(EventId.of(record("ce_id", null))).isEqualTo(place);
        assertThat(EventId.of(record("dlq_event_id", "order-7"))).isEqualTo(place);
    }

    private static ConsumerRecord<byte[], byte[]> record(String... headers) {
        RecordHeaders all = new RecordHeaders();
        for (int i = 0; i < headers.length; i += 2) {
            all.add(headers[i], headers[i + 1] == null ? null : headers[i + 1].getBytes(StandardCharsets.UTF_8));
        }
        return new ConsumerRecord<>(
                "gift_events",
                3,
                42,
                1716300000250L,
                TimestampType.CREATE_TIME,
                -1,
                -1,
                null,
                null,
                all,
                Optional.empty());
    }
}
