package org.gibsey.spine.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.gibsey.spine.broker.KafkaConnection;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.SpineIT;
import org.gibsey.spine.embedded.TestTopic;
import org.gibsey.spine.gift.Gift;
import org.gibsey.spine.gift.GiftWriter;
import org.gibsey.spine.gift.ReaderErasure;
import org.gibsey.spine.persist.OutageLog;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.client.TestRestTemplate;
import org.springframework.boot.test.web.server.LocalManagementPort;
import org.springframework.http.HttpEntity;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.context.TestPropertySource;

/** A reader is forgotten in the middle of an outage. Topics of its own, because the ledger is about everything in them. */
@Tag("slow")
@SpineIT
@TestPropertySource(
        properties = {
            "KAFKA_TOPIC=erase_it",
            "KAFKA_CHANGES_TOPIC=erase_it.changes",
            "KAFKA_DEAD_LETTER_TOPIC=erase_it.dlq",
            "KAFKA_GROUP=erase-it"
        })
class EraseReadersIT {

    private static final UUID READER = UUID.randomUUID();
    private static final int WAITING = 20;

    private static TestTopic gifts;

    @Autowired
    JdbcClient vault;

    @Autowired
    OutageLog outages;

    @Autowired
    KafkaConnection kafka;

    @Autowired
    Erasures erasures;

    @Autowired
    MeterRegistry meters;

    @Autowired
    TestRestTemplate http;

    @Autowired
    ObjectMapper json;

    @LocalManagementPort
    int management;

    @BeforeAll
    static void connect() {
        gifts = new TestTopic("erase_it", SharedServices.get().kafka().bootstrapServers());
    }

    @AfterAll
    static void disconnect() {
        gifts.close();
    }

    @Test
    void nothingAReaderWroteIsReadableAfterAnErasureInAnOutageWithOneDeadAndOneResent() throws Exception {
        await().until(() -> post("ledger", Map.of()), Objects::nonNull);
        UUID stored = UUID.randomUUID();
        UUID dead = UUID.randomUUID();
        UUID lost = UUID.randomUUID();
        ReaderErasure erasure = ReaderErasure.of(READER, Instant.now());
        try (Connection connection = SharedServices.get().database().superuser();
                Statement statement = connection.createStatement()) {
            statement.execute("alter table vault add constraint no_gift check (question <> 'whispered to die')");
            gifts.writeAll(List.of(save(stored, "whispered"), save(lost, "whispered"), save(dead, "whispered to die")));
            await().until(() -> rows() == 2 && letters() == 1);
            statement.execute("alter table vault drop constraint no_gift");
            statement.execute("delete from vault where event_id = '" + lost + "'");

            connection.setAutoCommit(false);
            statement.execute("lock table vault in access exclusive mode");
            gifts.writeAll(Stream.generate(() -> save(UUID.randomUUID(), "whispered"))
                    .limit(WAITING)
                    .toList());
            gifts.write(edit(stored));
            gifts.write(record(erasure));
            await().until(() -> outages.reason("persist-gifts") != null);
            connection.rollback();
        }
        await().until(() -> vault.sql("select count(*) from vault where question || answer = ''")
                        .query(Integer.class)
                        .single()
                >= WAITING);
        await().until(() -> vault.sql("select count(*) from gift_change where change_id = ?")
                        .param(erasure.id())
                        .query(Integer.class)
                        .single()
                == 1);

        await().until(() -> ledger().get("inFlight").asInt() == 0);
        assertThat(post("ledger", Map.of("dryRun", false)).get("resent").asInt())
                .isEqualTo(1);
        await().until(() -> vault.sql("select count(*) from vault where event_id = ?")
                        .param(lost)
                        .query(Integer.class)
                        .single()
                == 1);
        await().until(() -> readable() == 0 && letters() == 0);
        erasures.look();
        assertThat(meters.get("erasures.oldest.seconds").gauge().value()).isPositive();
        // as if a minute had passed
        vault.sql("update vault set purged_at = purged_at - interval '2 minutes' where user_id = ?")
                .param(READER)
                .update();
        vault.sql("update erased_reader set stored_at = stored_at - interval '2 minutes' where user_id = ?")
                .param(READER)
                .update();
        await().until(() -> proof().get("sweptAt").isTextual());
        assertThat(rows()).isZero();
        // when those of other tests are forgotten, too
        await().untilAsserted(() -> {
            erasures.look();
            assertThat(meters.get("erasures.oldest.seconds").gauge().value()).isZero();
        });

        assertThat(readable()).isZero();
        assertThat(ledger().get("balanced").booleanValue()).isTrue();
        assertThat(post("deadletters", Map.of("reason", "refused", "dryRun", false))
                        .get("replayed")
                        .asInt())
                .isZero();
        assertThat(proof().get("withText")).allMatch(rows -> rows.asInt() == 0);
        assertThat(proof().get("clean").booleanValue()).isFalse();
        assertThat(Instant.parse(proof().get("cleanBy").textValue())).isAfter(Instant.now());
        retentionEnds();
        assertThat(proof().get("clean").booleanValue()).isTrue();
        gifts.write(save(UUID.randomUUID(), "of today"));
        assertThat(proof().get("clean").booleanValue()).isTrue();
    }

    private static ProducerRecord<byte[], byte[]> save(UUID id, String question) {
        Gift gift = new Gift(97_001, question, "whispered", 1, null, READER, Instant.now());
        ProducerRecord<byte[], byte[]> record =
                new ProducerRecord<>("erase_it", null, null, GiftWriter.eventValue(gift));
        record.headers().add("ce_id", bytes(id.toString()));
        return record;
    }

    private static ProducerRecord<byte[], byte[]> edit(UUID gift) {
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(
                "erase_it.changes",
                null,
                bytes(gift.toString()),
                bytes(
                        "{\"page_id\":97001,\"question\":\"whispered\",\"answer\":\"whispered again\",\"ts\":1795426800.000001,"
                                + "\"created_at\":\"2024-05-21T14:00:00Z\",\"sets\":[\"answer\"],\"user_id\":\""
                                + READER
                                + "\",\"by\":\"" + READER + "\"}"));
        record.headers()
                .add("ce_id", bytes(UUID.randomUUID().toString()))
                .add("ce_type", bytes("org.gibsey.vault.gift.edited"))
                .add("ce_subject", bytes(gift.toString()));
        return record;
    }

    private static ProducerRecord<byte[], byte[]> record(ReaderErasure erasure) {
        ProducerRecord<byte[], byte[]> record =
                new ProducerRecord<>("erase_it.changes", null, bytes(READER.toString()), erasure.eventValue());
        record.headers().add("ce_id", bytes(erasure.id().toString())).add("ce_type", bytes(ReaderErasure.TYPE));
        return record;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private int rows() {
        return vault.sql("select count(*) from vault where user_id = ?")
                .param(READER)
                .query(Integer.class)
                .single();
    }

    private int letters() {
        return vault.sql("select count(*) from dead_letter where user_id = ?")
                .param(READER)
                .query(Integer.class)
                .single();
    }

    /** Rows of any table that still have what the reader wrote. */
    private int readable() {
        return vault.sql("""
                        select (select count(*) from vault where question || answer like '%whispered%')
                             + (select count(*) from gift_change
                                 where question || answer || coalesce(before_question || before_answer, '')
                                       like '%whispered%')
                             + (select count(*) from dead_letter
                                 where position('whispered'::bytea in coalesce(value, '')) > 0
                                    or headers::text || message like '%whispered%')""").query(Integer.class).single();
    }

    private void retentionEnds() throws Exception {
        for (String name : List.of("erase_it", "erase_it.changes", "erase_it.dlq")) {
            var topic = kafka.admin()
                    .describeTopics(List.of(name))
                    .allTopicNames()
                    .get()
                    .get(name);
            for (var partition : topic.partitions()) {
                kafka.admin()
                        .deleteRecords(Map.of(
                                new TopicPartition(name, partition.partition()), RecordsToDelete.beforeOffset(-1)))
                        .all()
                        .get();
            }
        }
    }

    private JsonNode ledger() {
        return Objects.requireNonNull(post("ledger", Map.of())).get("ledger");
    }

    private JsonNode proof() throws Exception {
        return json.readTree(http.getForObject(url("erasures/" + READER), String.class));
    }

    /** Null when it is refused. */
    private JsonNode post(String endpoint, Map<String, Object> body) {
        HttpHeaders headers = new HttpHeaders();
        headers.setContentType(MediaType.APPLICATION_JSON);
        var answer = http.postForEntity(url(endpoint), new HttpEntity<>(body, headers), JsonNode.class);
        return answer.getStatusCode().is2xxSuccessful() ? answer.getBody() : null;
    }

    private String url(String endpoint) {
        return "http://localhost:" + management + "/actuator/" + endpoint;
    }
}
