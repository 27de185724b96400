package org.gibsey.spine.persist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.SpineIT;
import org.gibsey.spine.embedded.TestTopic;
import org.gibsey.spine.gift.EventId;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.jdbc.core.simple.JdbcClient;

@SpineIT
class PersistGiftsIT {

    private static TestTopic topic;
    private static TestTopic deadLetters;

    @Autowired
    JdbcClient vault;

    @Autowired
    MeterRegistry meters;

    @BeforeAll
    static void connect() {
        String servers = SharedServices.get().kafka().bootstrapServers();
        topic = new TestTopic("gift_events", servers);
        deadLetters = new TestTopic("gift_events.dlq", servers);
    }

    @AfterAll
    static void disconnect() {
        topic.close();
        deadLetters.close();
    }

    @Test
    void storesAnEventOfTheOldPublisher() throws Exception {
        RecordMetadata written =
                topic.write("{\"page_id\":81001,\"question\":\"TEST Q?\",\"answer\":\"TEST A\",\"ts\":1716300000.25}");

        Map<String, Object> row = only(81_001);
        assertThat(row).containsEntry("question", "TEST Q?").containsEntry("answer", "TEST A");
        assertThat(createdAt(row)).isEqualTo(Instant.parse("2024-05-21T14:00:00.250Z"));
        assertThat(row)
                .containsEntry(
                        "event_id",
                        EventId.ofRecord("gift_events", written.partition(), written.offset(), written.timestamp()))
                .containsEntry("user_id", new UUID(0, 0));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"created_at\":\"2024-05-21T14:00:00.25\"",
                "\"created_at\":\"2024-05-21T16:00:00.25+02:00\"",
                "\"ts\":\"1716300000.25\",\"mood\":\"curious\""
            })
    void takesTheTimeFromWhatTheEventHas(String time) throws Exception {
        int page = 82_000 + Math.floorMod(time.hashCode(), 1000);

        topic.write("{\"page_id\":\"%d\",\"question\":\"q\",\"answer\":\"a\",%s}".formatted(page, time));

        assertThat(createdAt(only(page))).isEqualTo(Instant.parse("2024-05-21T14:00:00.250Z"));
    }

    @Test
    void takesTheRecordsTimeWhenTheEventHasNone() throws Exception {
        RecordMetadata written = topic.write("{\"page_id\":83001,\"question\":\"q\",\"answer\":\"a\"}");

        assertThat(createdAt(only(83_001))).isEqualTo(Instant.ofEpochMilli(written.timestamp()));
    }

    @Test
    void storesTwoEventsOfTheSameIdOnce() throws Exception {
        String id = UUID.randomUUID().toString();
        double duplicates = meters.counter("gifts.duplicate").count();

        for (int partition = 0; partition < 3; partition++) {
            ProducerRecord<byte[], byte[]> record =
                    new ProducerRecord<>("gift_events", partition, null, gift(84_001, "again"));
            record.headers().add("ce_id", id.getBytes(StandardCharsets.UTF_8));
            topic.write(record);
        }

        await().until(() -> meters.counter("gifts.duplicate").count() - duplicates == 2);
        assertThat(only(84_001)).containsEntry("event_id", UUID.fromString(id));
    }

    @Test
    void keepsGoodGiftsWhenSomeCannotBeDecoded() throws Exception {
        List<String> values = new ArrayList<>(IntStream.range(0, 300)
                .mapToObj(i -> new String(gift(85_001, "good " + i), StandardCharsets.UTF_8))
                .toList());
        values.set(0, "not json 85001");
        values.set(150, "[85001]");
        values.set(299, "{\"page_id\":85001,\"question\":\"a\\u0000b\",\"answer\":\"85001\"}");

        topic.writeAll(0, values);

        await().until(() -> count(85_001) == 297);
        await().until(() -> dead("85001").size() == 3);
        assertThat(dead("85001")).containsExactlyInAnyOrder(values.get(0), values.get(150), values.get(299));
    }

    @Test
    void keepsGoodGiftsWhenTheDatabaseRefusesSome() throws Exception {
        try (var connection = SharedServices.get().database().superuser();
                var statement = connection.createStatement()) {
            statement.execute("alter table vault add constraint no_poison check (question not like 'poison %')");
            try {
                List<String> values = IntStream.range(0, 1000)
                        .mapToObj(i -> new String(
                                gift(86_001, (i % 250 == 7 ? "poison 86001 " : "good ") + i), StandardCharsets.UTF_8))
                        .toList();

                topic.writeAll(1, values);

                await().until(() -> count(86_001) == 996);
                await().until(() -> dead("poison 86001").size() == 4);
            } finally {
                statement.execute("alter table vault drop constraint no_poison");
            }
        }
        assertThat(vault.sql("select distinct reason || ' ' || sqlstate from dead_letter where reason = 'refused'")
                        .query(String.class)
                        .list())
                .containsExactly("refused 23514");
    }

    @Test
    void commitsTheHighestOffsetOfEveryPartition() throws Exception {
        for (int partition = 0; partition < 6; partition++) {
            topic.writeAll(
                    partition,
                    List.of(
                            new String(gift(87_001, "p" + partition), StandardCharsets.UTF_8),
                            new String(gift(87_001, "q" + partition), StandardCharsets.UTF_8)));
        }

        await().until(() -> count(87_001) == 12);
        try (var admin = org.apache.kafka.clients.admin.Admin.create(
                Map.of("bootstrap.servers", SharedServices.get().kafka().bootstrapServers()))) {
            await().until(() -> {
                var committed = admin.listConsumerGroupOffsets("vault-writer")
                        .partitionsToOffsetAndMetadata()
                        .get();
                var ends = admin.listOffsets(committed.keySet().stream()
                                .collect(java.util.stream.Collectors.toMap(
                                        p -> p, p -> org.apache.kafka.clients.admin.OffsetSpec.latest())))
                        .all()
                        .get();
                return committed.size() == 6
                        && committed.entrySet().stream()
                                .allMatch(entry -> entry.getValue().offset()
                                        == ends.get(entry.getKey()).offset());
            });
        }
    }

    private static byte[] gift(int page, String question) {
        return "{\"page_id\":%d,\"question\":\"%s\",\"answer\":\"a\",\"ts\":1716300000}"
                .formatted(page, question)
                .getBytes(StandardCharsets.UTF_8);
    }

    private long count(int page) {
        return vault.sql("select count(*) from vault where page_id = ?")
                .param(page)
                .query(Long.class)
                .single();
    }

    private Map<String, Object> only(int page) {
        await().until(() -> count(page) == 1);
        return vault.sql("select * from vault where page_id = ?")
                .param(page)
                .query()
                .singleRow();
    }

    private static Instant createdAt(Map<String, Object> row) {
        return ((Timestamp) row.get("created_at")).toInstant();
    }

    private static List<String> dead(String marker) {
        return deadLetters.read(record -> text(record.value()).contains(marker)).stream()
                .map(record -> text(record.value()))
                .toList();
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
