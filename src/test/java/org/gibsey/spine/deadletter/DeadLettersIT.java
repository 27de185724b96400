package org.gibsey.spine.deadletter;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import javax.management.MBeanParameterInfo;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.SpineIT;
import org.gibsey.spine.embedded.TestTopic;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.client.TestRestTemplate;
import org.springframework.boot.test.web.server.LocalManagementPort;
import org.springframework.http.ResponseEntity;
import org.springframework.jdbc.core.simple.JdbcClient;

@SpineIT
class DeadLettersIT {

    private static TestTopic topic;
    private static TestTopic deadLetters;

    @Autowired
    JdbcClient vault;

    @Autowired
    TestRestTemplate http;

    @LocalManagementPort
    int management;

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
    void keepsKeyValueAndHeadersByteForByte() throws Exception {
        byte[] key = {0, -1, 7};
        byte[] value = {'{', (byte) 0xC3, (byte) 0x28};
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>("gift_events", 2, key, value);
        record.headers()
                .add("mood", bytes("curious"))
                .add("Mood", new byte[] {-2})
                .add("mood", bytes("again"))
                .add("CamelLooking", bytes("kept"));
        RecordMetadata written = topic.write(record);

        ConsumerRecord<byte[], byte[]> letter = letterOf(written);

        assertThat(letter.key()).isEqualTo(key);
        assertThat(letter.value()).isEqualTo(value);
        assertThat(letter.headers().toArray()).startsWith(record.headers().toArray());
        assertThat(header(letter, "dlq_topic")).isEqualTo("gift_events");
        assertThat(header(letter, "dlq_timestamp")).isEqualTo(Long.toString(written.timestamp()));
        assertThat(header(letter, "dlq_reason")).isEqualTo("undecodable");
        assertThat(header(letter, "dlq_attempts")).isEqualTo("1");
        JsonNode shown = get("/" + indexed(written));
        assertThat(shown.at("/value/base64").textValue()).isEqualTo("e8Mo");
        assertThat(shown.at("/letter/offset").longValue()).isEqualTo(written.offset());
        assertThat(shown.at("/headers/0/value/text").textValue()).isEqualTo("curious");
        assertThat(shown.at("/headers/1/value/base64").textValue()).isEqualTo("/g==");
    }

    @Test
    void sendsNothingInADryRun() throws Exception {
        long id = indexed(topic.write("dry run"));

        JsonNode answer = replay(Map.of("ids", Long.toString(id)));

        assertThat(answer.get("dryRun").booleanValue()).isTrue();
        assertThat(answer.get("selected").intValue()).isEqualTo(1);
        assertThat(answer.get("replayed").intValue()).isZero();
        assertThat(get("/" + id).at("/letter/state").textValue()).isEqualTo("dead");
    }

    @Test
    void isTheSameLetterWithOneMoreAttemptWhenItDiesAgain() throws Exception {
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>("gift_events", bytes("7"), bytes("dies again"));
        record.headers().add("mood", bytes("curious"));
        long id = indexed(topic.write(record));

        for (int death = 2; death <= 3; death++) {
            int attempts = death;
            replay(Map.of("ids", Long.toString(id), "dryRun", false));
            await().until(() -> get("/" + id).at("/letter/attempts").intValue() == attempts);
        }

        JsonNode letter = get("/" + id).get("letter");
        assertThat(letter.get("state").textValue()).isEqualTo("dead again");
        assertThat(letter.get("replays").intValue()).isEqualTo(2);
        assertThat(letter.get("firstFailedAt").textValue())
                .isLessThan(letter.get("lastFailedAt").textValue());
        assertThat(vault.sql("select count(*) from dead_letter where value = ?")
                        .param(bytes("dies again"))
                        .query(Long.class)
                        .single())
                .isOne();
        // once by the publisher and once for each replay, never by itself
        var again = topic.read(gift -> Arrays.equals(gift.value(), bytes("dies again")));
        assertThat(again).hasSize(3).allSatisfy(gift -> {
            assertThat(gift.key()).isEqualTo(bytes("7"));
            assertThat(header(gift, "mood")).isEqualTo("curious");
        });
        assertThat(again).extracting(gift -> header(gift, "dlq_replays")).containsExactlyInAnyOrder("", "1", "2");
    }

    /** The first letters are sent, and cannot be noted as replayed until the table is free: then somebody asks it to stop. */
    @Test
    void aStoppedReplayHasSentWhatItSaysAndLeavesTheOthers() throws Exception {
        List<Long> ids = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            ids.add(indexed(topic.write("never sent to its end " + i)));
        }
        String all = ids.stream().map(String::valueOf).collect(joining(","));
        CompletableFuture<JsonNode> replay;
        try (var connection = SharedServices.get().database().superuser();
                var statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("lock table dead_letter in share mode");
            replay = CompletableFuture.supplyAsync(() -> replay(Map.of("ids", all, "dryRun", false)));
            await().until(() -> !acts().isEmpty());
            assertThat(http.postForObject(url(""), Map.of("ids", all, "dryRun", false), String.class))
                    .contains("another replay is under way");

            JsonNode asked = http.postForObject(actsUrl("/replay"), Map.of(), JsonNode.class);

            assertThat(asked.get("name").textValue()).isEqualTo("replay");
            assertThat(asked.get("of").intValue()).isEqualTo(20);
            assertThat(asked.get("stopping").booleanValue()).isTrue();
        }

        JsonNode answer = replay.get();
        assertThat(answer.get("stopped").booleanValue()).isTrue();
        assertThat(answer.get("selected").intValue()).isEqualTo(20);
        int sent = answer.get("replayed").intValue();
        assertThat(sent).isPositive().isLessThan(20);
        await().until(() -> ids.subList(0, sent).stream()
                .allMatch(id -> get("/" + id).at("/letter/attempts").intValue() == 2));
        assertThat(ids.subList(sent, 20))
                .allMatch(id -> get("/" + id).at("/letter/state").textValue().equals("dead"));
        assertThat(acts()).isEmpty();
        assertThat(http.postForEntity(actsUrl("/replay"), Map.of(), String.class)
                        .getStatusCode()
                        .value())
                .as("none is under way")
                .isEqualTo(400);
    }

    /** Eight of the largest would be 64 MiB, and twice that while they are read. */
    @Test
    void largeLettersAreReplayedOneAfterTheOther() throws Exception {
        byte[] value = new byte[5 << 20];
        Arrays.fill(value, (byte) 'x');
        List<Long> ids = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            ids.add(indexed(write(new ProducerRecord<>("gift_events", 1, null, value))));
        }
        String all = ids.stream().map(String::valueOf).collect(joining(","));
        CompletableFuture<JsonNode> replay;
        try (var connection = SharedServices.get().database().superuser();
                var statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("lock table dead_letter in share mode");
            replay = CompletableFuture.supplyAsync(() -> replay(Map.of("ids", all, "dryRun", false)));
            await().until(() -> isWaitingFor("update dead_letter d set"));

            http.postForObject(actsUrl("/replay"), Map.of(), JsonNode.class);
        }

        assertThat(replay.get().get("replayed").intValue()).isOne();
    }

    /** The id is what a letter is kept by; each is in the topic of the dead letters, and counted. */
    @Test
    void ofSeveralBadEventsOfOneIdTheListHasTheLast() throws Exception {
        String id = UUID.randomUUID().toString();
        RecordMetadata first = topic.write(withId(id));
        long letter = indexed(first);
        JsonNode before = get("/" + letter).get("letter");
        ProducerRecord<byte[], byte[]> other = new ProducerRecord<>("gift_events", 0, null, bytes("another of its id"));
        other.headers().add("ce_id", bytes(id));

        RecordMetadata second = topic.write(other);

        await().until(() -> get("/" + letter).at("/letter/offset").longValue() == second.offset());
        JsonNode shown = get("/" + letter);
        assertThat(shown.at("/value/text").textValue()).isEqualTo("another of its id");
        assertThat(shown.at("/letter/state").textValue()).isEqualTo("dead");
        assertThat(shown.at("/letter/attempts").intValue()).isOne();
        assertThat(shown.at("/letter/firstFailedAt")).isEqualTo(before.get("firstFailedAt"));
        assertThat(letterOf(first).value()).isEqualTo(bytes("locked " + id));
    }

    /** Or one of the two would fail (SQLSTATE 40P01), and a replay that has sent its letters would be answered 500. */
    @Test
    void aReplayAndTheIndexLockLettersInTheSameOrder() throws Exception {
        long second = indexed(topic.write(withId("ffffffff-ffff-4fff-8fff-" + randomNode())));
        long first = indexed(topic.write(withId("00000000-0000-4000-8000-" + randomNode())));
        CompletableFuture<JsonNode> replay;
        try (var connection = SharedServices.get().database().superuser();
                var statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("select from dead_letter where id = %d for update".formatted(first));
            replay = CompletableFuture.supplyAsync(() -> replay(Map.of("ids", second + "," + first, "dryRun", false)));
            await().until(() -> isWaitingFor("replays"));
            await().until(() -> isWaitingFor("insert into dead_letter"));

            statement.execute("select from dead_letter where id = %d for update".formatted(second));
        }

        assertThat(replay.get().get("replayed").intValue()).isEqualTo(2);
        await().until(() -> get("/" + first).at("/letter/attempts").intValue() == 2);
    }

    private boolean isWaitingFor(String sql) {
        return vault.sql(
                                "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and position(? in query) > 0")
                        .param(sql)
                        .query(Long.class)
                        .single()
                > 0;
    }

    private static ProducerRecord<byte[], byte[]> withId(String id) {
        ProducerRecord<byte[], byte[]> record =
                new ProducerRecord<>("gift_events", 0, bytes("1"), bytes("locked " + id));
        record.headers().add("ce_id", bytes(id));
        return record;
    }

    private static String randomNode() {
        return UUID.randomUUID().toString().substring(24);
    }

    @Test
    void storesAReplayedGiftOnceUnderItsOwnId() throws Exception {
        RecordMetadata written;
        long id;
        String gift = "{\"page_id\":91001,\"question\":\"healed\",\"answer\":\"a\",\"ts\":1716300000}";
        try (var connection = SharedServices.get().database().superuser();
                var statement = connection.createStatement()) {
            statement.execute("alter table vault add constraint not_healed check (page_id <> 91001)");
            try {
                written = topic.write(gift);
                id = indexed(written);
            } finally {
                statement.execute("alter table vault drop constraint not_healed");
            }
        }
        UUID eventId = UUID.fromString(get("/" + id).at("/letter/eventId").textValue());

        replay(Map.of("reason", "refused", "dryRun", false));
        replay(Map.of("reason", "refused", "dryRun", false));

        await().until(() -> "stored".equals(get("/" + id).at("/letter/state").textValue()));
        assertThat(vault.sql("select event_id from vault where page_id = 91001")
                        .query(UUID.class)
                        .list())
                .containsExactly(eventId);
    }

    @Test
    void listsNewestFirstByReasonAndRefusesNonsense() throws Exception {
        long older = indexed(topic.write("older"));
        long newer = indexed(topic.write("newer"));

        JsonNode list = get("?reason=undecodable&limit=200");

        assertThat(list.get("letters").findValuesAsText("id"))
                .containsSubsequence(Long.toString(newer), Long.toString(older));
        assertThat(get("?reason=undecodable&limit=1&page=2").at("/letters/0/id").longValue())
                .isEqualTo(older);
        assertThat(get("?reason=refused&limit=200").get("letters").findValuesAsText("reason"))
                .allMatch("refused"::equals);
        assertThat(status("?limit=0")).isEqualTo(400);
        assertThat(status("/999999999")).isEqualTo(404);
        assertThat(http.postForEntity(url(""), Map.of(), String.class)
                        .getStatusCode()
                        .value())
                .isEqualTo(400);
        for (String ids : List.of("one", "1,", "+1", "\u0661")) {
            assertThat(http.postForEntity(url(""), Map.of("ids", ids), String.class)
                            .getStatusCode()
                            .value())
                    .as(ids)
                    .isEqualTo(400);
        }
        for (String reason : List.of("\0", "Refused", "\ud800")) {
            assertThat(http.postForEntity(url(""), Map.of("reason", reason), String.class)
                            .getStatusCode()
                            .value())
                    .as(reason)
                    .isEqualTo(400);
            assertThat(http.postForEntity(url(""), Map.of("reason", reason, "dryRun", false), String.class)
                            .getStatusCode()
                            .value())
                    .as(reason)
                    .isEqualTo(400);
        }
        assertThat(status("?reason=%00")).isEqualTo(400);
    }

    /** Java takes the digits of every script: a number that an operator cannot read would show or dismiss a letter. */
    @Test
    void takesNumbersInTheDigitsOfAsciiOnly() throws Exception {
        long id = indexed(topic.write("its number is written in ASCII"));
        String other = Long.toString(id)
                .chars()
                .mapToObj(digit -> Character.toString(digit - '0' + '\u0660'))
                .collect(joining());

        for (String number : List.of(other, "one", "+1", "-1", "0x1", "1 ", "")) {
            assertThat(status("?page=" + number)).as("page %s", number).isEqualTo(400);
            assertThat(status("?limit=" + number)).as("limit %s", number).isEqualTo(400);
            assertThat(dismissals(Map.of("reason", "undecodable", "upTo", number))
                            .getStatusCode()
                            .value())
                    .as("up to %s", number)
                    .isEqualTo(400);
        }
        assertThat(status("/" + other)).isEqualTo(status("/one")).isEqualTo(400);
        assertThat(http.postForEntity(url("/" + other), Map.of("why", "nobody meant it"), String.class)
                        .getStatusCode()
                        .value())
                .isEqualTo(400);
        assertThat(get("/" + id).at("/letter/state").textValue()).isEqualTo("dead");
        assertThat(dismissed(Map.of("reason", "undecodable", "upTo", Long.toString(id)))
                        .get("upTo")
                        .longValue())
                .isEqualTo(id);
    }

    /** The worker where it died is an hour ahead, and the one where it dies again is not. */
    @Test
    void isDeadAgainWhicheverClockIsAhead() throws Exception {
        long id = indexed(topic.write("dies an hour ahead"));
        vault.sql("update dead_letter set last_failed_at = last_failed_at + interval '1 hour' where id = ?")
                .param(id)
                .update();

        replay(Map.of("ids", Long.toString(id), "dryRun", false));

        await().until(() -> get("/" + id).at("/letter/attempts").intValue() == 2);
        await().until(() -> get("/" + id).at("/letter/state").textValue().equals("dead again"));
    }

    @Test
    void aDismissedLetterWaitsForNobodyUntilItDiesAgain() throws Exception {
        long id = indexed(topic.write("can never be stored"));
        long beside = indexed(topic.write("can never be stored either"));
        long waiting = waiting();

        assertThat(dismiss(id, " \t").getStatusCode().value()).isEqualTo(400);
        assertThat(dismiss(id, "x".repeat(501)).getStatusCode().value()).isEqualTo(400);
        assertThat(dismiss(id, "\0").getStatusCode().value()).isEqualTo(400);
        assertThat(dismiss(999_999_999, "nobody knows it").getBody().toString())
                .contains("there is no dead letter 999999999");
        assertThat(waiting()).isEqualTo(waiting);
        JsonNode letter = dismiss(id, "sent anew").getBody();

        assertThat(letter.get("state").textValue()).isEqualTo("dismissed");
        assertThat(waiting()).isEqualTo(waiting - 1);
        JsonNode shown = get("/" + id);
        assertThat(shown.get("letter")).isEqualTo(letter);
        assertThat(letter.get("dismissedBy").textValue()).isEqualTo("anybody");
        assertThat(letter.get("dismissedWhy").textValue()).isEqualTo("sent anew");
        assertThat(shown.at("/value/text").textValue()).isEqualTo("can never be stored");
        assertThat(vault.sql("select action || ' ' || (arguments ->> 'id') || ' ' || (arguments ->> 'why') || ' '"
                                + " || outcome from operator_action order by id desc limit 1")
                        .query(String.class)
                        .single())
                .isEqualTo("deadletters " + id + " sent anew done");
        assertThat(dismiss(id, "again").getBody().toString()).contains("does not wait for anybody: it is dismissed");
        assertThat(replay(Map.of("reason", "undecodable")).get("ids"))
                .extracting(JsonNode::longValue)
                .doesNotContain(id);
        assertThat(get("/" + beside).at("/letter/state").textValue()).isEqualTo("dead");

        replay(Map.of("ids", Long.toString(id), "dryRun", false));

        await().until(() -> get("/" + id).at("/letter/state").textValue().equals("dead again"));
        await().untilAsserted(() -> assertThat(waiting()).isEqualTo(waiting));
        assertThat(dismiss(id, "whatever the clock of the worker where it died")
                        .getBody()
                        .get("state")
                        .textValue())
                .isEqualTo("dismissed");
    }

    @Test
    void dismissesAllOfAClassThatWaitAndNoneThatCameAfterTheDryRun() throws Exception {
        long id = indexed(topic.write("one of many"));
        long last = indexed(topic.write("the last of many"));
        long invalid = indexed(topic.write("{\"page_id\":\"four\"}"));
        long waiting = waiting();

        JsonNode dry = dismissed(Map.of("reason", "undecodable"));

        assertThat(dry.get("dryRun").booleanValue()).isTrue();
        assertThat(dry.get("selected").longValue()).isEqualTo(waiting);
        assertThat(dry.get("dismissed").intValue()).isZero();
        assertThat(dry.get("upTo").longValue()).isEqualTo(last);
        assertThat(get("/" + id).at("/letter/state").textValue()).isEqualTo("dead");

        long after = indexed(topic.write("came after the dry run"));
        for (Map<String, Object> nonsense : List.<Map<String, Object>>of(
                Map.of("dryRun", false, "why", "of no class"),
                Map.of("reason", "Undecodable", "why", "of no class", "dryRun", false),
                Map.of("reason", "undecodable", "dryRun", false),
                Map.of("reason", "undecodable", "dryRun", false, "why", " "))) {
            assertThat(dismissals(nonsense).getStatusCode().value())
                    .as("%s", nonsense)
                    .isEqualTo(400);
        }
        assertThat(waiting()).isEqualTo(waiting + 1);

        JsonNode done = dismissed(
                Map.of("reason", "undecodable", "why", " a program wrote nonsense", "dryRun", false, "upTo", last));

        assertThat(done.get("selected").longValue()).isEqualTo(waiting);
        assertThat(done.get("dismissed").longValue()).isEqualTo(waiting);
        assertThat(done.get("stopped").booleanValue()).isFalse();
        JsonNode letter = get("/" + id).get("letter");
        assertThat(letter.get("state").textValue()).isEqualTo("dismissed");
        assertThat(letter.get("dismissedBy").textValue()).isEqualTo("anybody");
        assertThat(letter.get("dismissedWhy").textValue()).isEqualTo("a program wrote nonsense");
        assertThat(get("/" + after).at("/letter/state").textValue()).isEqualTo("dead");
        assertThat(get("/" + invalid).at("/letter/state").textValue()).isEqualTo("dead");
        assertThat(http.getForObject(actsUrl("/dismissal"), JsonNode.class)
                        .at("/ended/result/letters")
                        .longValue())
                .isEqualTo(waiting);
        assertThat(vault.sql("select action || ' ' || (arguments ->> 'reason') || ' ' || outcome from operator_action"
                                + " order by id desc limit 1")
                        .query(String.class)
                        .single())
                .isEqualTo("dismissals undecodable done");
        assertThat(replay(Map.of("reason", "undecodable")).get("ids"))
                .extracting(JsonNode::longValue)
                .contains(after)
                .doesNotContain(id, last);
    }

    /** Their ids are read ten thousand at a time. */
    @Test
    void countsAllOfAClassHoweverManyTheyAre() throws Exception {
        vault.sql(
                        "insert into dead_letter (event_id, topic, partition, record_offset, record_timestamp, reason, message,"
                                + " first_failed_at, last_failed_at) select gen_random_uuid(), 'gift_events', 0, i, 0, 'manifold',"
                                + " 'one of many', now(), now() from generate_series(1, 20000) i")
                .update();
        try {
            JsonNode toDismiss = dismissed(Map.of("reason", "manifold"));

            assertThat(toDismiss.get("selected").intValue()).isEqualTo(20_000);
            assertThat(toDismiss.get("upTo").longValue())
                    .isEqualTo(vault.sql("select max(id) from dead_letter where reason = 'manifold'")
                            .query(Long.class)
                            .single());
            assertThat(replay(Map.of("reason", "manifold")).get("selected").intValue())
                    .isEqualTo(20_000);
        } finally {
            vault.sql("delete from dead_letter where reason = 'manifold'").update();
        }
    }

    private JsonNode dismissed(Map<String, Object> body) {
        ResponseEntity<JsonNode> answer = dismissals(body);
        assertThat(answer.getStatusCode().value()).as("%s", answer.getBody()).isEqualTo(200);
        return answer.getBody();
    }

    private ResponseEntity<JsonNode> dismissals(Map<String, Object> body) {
        return http.postForEntity(
                "http://localhost:%d/actuator/dismissals".formatted(management), body, JsonNode.class);
    }

    @Test
    void anInvalidGiftIsMendedAndStoredAsTheSameEventOfTheSameReader() throws Exception {
        String reader = UUID.randomUUID().toString();
        String gift = "{\"page_id\":%s,\"question\":\"mended?\",\"answer\":\"%s\",\"user_id\":%s}";
        long id = indexed(topic.write(gift.formatted("\"four\"", "as it came", "\"" + reader + "\"")));
        String mended = gift.formatted("55304", "a reader's words", "\"" + reader + "\"");

        assertThat(mendingRefused(id, "{\"page_id\":4")).contains("cut off");
        assertThat(mendingRefused(id, gift.formatted("\"four\"", "", "null")))
                .contains("/page_id must be a 64-bit integer");
        for (String other : List.of("null", "\"" + UUID.randomUUID() + "\"")) {
            assertThat(mendingRefused(id, gift.formatted("55304", "", other))).contains("/user_id must stay");
        }
        assertThat(mendingRefused(indexed(topic.write("no JSON")), mended)).contains("only a gift that is invalid");
        assertThat(answer(Map.of("reason", "invalid", "value", mended))
                        .getStatusCode()
                        .value())
                .isEqualTo(400);
        assertThat(replay(Map.of("ids", Long.toString(id), "value", mended))
                        .get("selected")
                        .intValue())
                .isEqualTo(1);
        assertThat(get("/" + id).at("/letter/state").textValue()).isEqualTo("dead");

        replay(Map.of("ids", Long.toString(id), "value", mended, "dryRun", false));

        await().until(() -> get("/" + id).at("/letter/state").textValue().equals("stored"));
        UUID event = UUID.fromString(get("/" + id).at("/letter/eventId").textValue());
        assertThat(vault.sql("select page_id || ' ' || answer || ' ' || user_id from vault where event_id = ?")
                        .param(event)
                        .query(String.class)
                        .single())
                .isEqualTo("55304 a reader's words " + reader);
        assertThat(topic.read(sent -> Arrays.equals(sent.value(), bytes(mended))))
                .singleElement()
                .satisfies(sent -> assertThat(sent.key()).isEqualTo(bytes("55304")));
        assertThat(get("/" + id).at("/value/text").textValue())
                .as("the letter is as it came")
                .contains("as it came");
        assertThat(vault.sql("select arguments::text from operator_action where arguments ->> 'ids' = ?")
                        .param(Long.toString(id))
                        .query(String.class)
                        .list())
                .isNotEmpty()
                .allSatisfy(
                        noted -> assertThat(noted).contains(" characters").doesNotContain("a reader's words", reader));
        assertThat(replay(Map.of("ids", Long.toString(id), "value", mended, "dryRun", false))
                        .get("replayed")
                        .intValue())
                .as("it is stored")
                .isZero();
    }

    private String mendingRefused(long id, String value) {
        ResponseEntity<JsonNode> answer = answer(Map.of("ids", Long.toString(id), "value", value, "dryRun", false));
        assertThat(answer.getStatusCode().value()).isEqualTo(400);
        assertThat(get("/" + id).at("/letter/replays").intValue()).isZero();
        return answer.getBody().toString();
    }

    private ResponseEntity<JsonNode> answer(Map<String, Object> body) {
        return http.postForEntity(url(""), body, JsonNode.class);
    }

    /** Of the class of what these tests write. */
    private long waiting() {
        for (JsonNode each : get("").get("waiting")) {
            if (each.get("reason").textValue().equals("undecodable")) {
                return each.get("letters").longValue();
            }
        }
        return 0;
    }

    private ResponseEntity<JsonNode> dismiss(long id, String why) {
        return http.postForEntity(url("/" + id), Map.of("why", why), JsonNode.class);
    }

    @Test
    void offersTheSameOverJmx() throws Exception {
        long id = indexed(topic.write("over JMX"));
        String text = "java.lang.String";
        String number = "java.lang.Integer";
        String yesOrNo = "java.lang.Boolean";

        assertThat(overJmx("list", new Object[] {"undecodable", 1, 200}, text, number, number))
                .anySatisfy(list -> assertThat(list).contains("id=" + id));
        assertThat(overJmx("show", new Object[] {id}, "java.lang.Long"))
                .anySatisfy(letter -> assertThat(letter).contains("id=" + id, "over JMX"));
        assertThat(overJmx("replay", new Object[] {Long.toString(id), null, null, null}, text, text, yesOrNo, text))
                .allSatisfy(answer -> assertThat(answer).contains("dryRun=true", "replayed=0"))
                .anySatisfy(answer -> assertThat(answer).contains("selected=1", "ids=[" + id + "]"));
        assertThat(get("/" + id).at("/letter/replays").intValue()).isZero();

        assertThat(overJmx("replay", new Object[] {Long.toString(id), null, false, null}, text, text, yesOrNo, text))
                .anySatisfy(answer -> assertThat(answer).contains("dryRun=false", "replayed=1"));
        await().until(() -> get("/" + id).at("/letter/attempts").intValue() > 1);

        for (ObjectName name : jmxNames("Dismissals")) {
            assertThat(overJmx(
                            name,
                            "dismiss",
                            new Object[] {"undecodable", null, null, null},
                            text,
                            text,
                            yesOrNo,
                            "java.lang.Long"))
                    .contains("dryRun=true", "dismissed=0");
        }

        // once: others may have the same database
        for (ObjectName name : jmxNames("Deadletters")) {
            if (overJmx(name, "show", new Object[] {id}, "java.lang.Long").contains("over JMX")) {
                assertThat(overJmx(name, "dismiss", new Object[] {id, "over JMX"}, "java.lang.Long", text))
                        .contains("id=" + id, "dismissedBy=jmx");
                return;
            }
        }
        fail("no endpoint knows it");
    }

    /** What each application in this JVM answers: those of other tests may run, each with its own endpoint. */
    private static List<String> overJmx(String operation, Object[] values, String... types) throws Exception {
        List<String> answers = new ArrayList<>();
        for (ObjectName name : jmxNames("Deadletters")) {
            answers.add(overJmx(name, operation, values, types));
        }
        return answers;
    }

    private static Set<ObjectName> jmxNames(String endpoint) throws Exception {
        return ManagementFactory.getPlatformMBeanServer()
                .queryNames(new ObjectName("org.springframework.boot:type=Endpoint,name=" + endpoint + ",*"), null);
    }

    private static String overJmx(ObjectName name, String operation, Object[] values, String... types)
            throws Exception {
        MBeanServer jmx = ManagementFactory.getPlatformMBeanServer();
        // a console offers what is declared here, and can make nothing but simple values
        assertThat(jmx.getMBeanInfo(name).getOperations())
                .filteredOn(offered -> offered.getName().equals(operation))
                .singleElement()
                .satisfies(offered -> assertThat(offered.getSignature())
                        .extracting(MBeanParameterInfo::getType)
                        .containsExactly(types));
        return String.valueOf(jmx.invoke(name, operation, values, types));
    }

    @Test
    void indexesAForeignRecordInTheDeadLetterTopic() throws Exception {
        RecordMetadata written = deadLetters.write("left by somebody else");

        await().until(() -> vault.sql("select count(*) from dead_letter where topic = 'gift_events.dlq'"
                                + " and partition = ? and record_offset = ? and reason = 'unknown'"
                                + " and last_failed_at <= now()")
                        .param(written.partition())
                        .param(written.offset())
                        .query(Long.class)
                        .single()
                == 1);
    }

    @Test
    void indexesAGiftWhateverItClaimsOfItself() throws Exception {
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>("gift_events", 2, null, bytes("claims a lot"));
        record.headers()
                .add("dlq_first_failure", bytes("+1000000000-12-31T23:59:59.999999999Z"))
                .add("dlq_attempts", bytes("2147483647"))
                .add("dlq_replays", bytes("3"))
                .add("dlq_offset", bytes("99999999999999999999"))
                .add("dlq_sqlstate", bytes("\0"))
                .add("a\0b", bytes("NUL"))
                .add("dlq_reason", bytes("x".repeat(300_000)));

        JsonNode letter = get("/" + indexed(topic.write(record))).get("letter");

        assertThat(letter.get("reason").textValue()).isEqualTo("undecodable");
        assertThat(letter.get("attempts").intValue()).isOne();
        assertThat(letter.get("firstFailedAt")).isEqualTo(letter.get("lastFailedAt"));
    }

    @Test
    void indexesAForeignLetterWhateverItClaimsOfItself() throws Exception {
        ProducerRecord<byte[], byte[]> record =
                new ProducerRecord<>("gift_events.dlq", 0, Long.MAX_VALUE / 2, null, bytes("claims a lot"));
        record.headers()
                .add("dlq_reason", bytes("x".repeat(300_000)))
                .add("dlq_last_failure", bytes("+1000000000-12-31T23:59:59.999999999Z"));

        RecordMetadata written = deadLetters.write(record);

        await().until(() -> vault.sql("select count(*) from dead_letter where topic = 'gift_events.dlq'"
                                + " and partition = ? and record_offset = ? and reason = 'unknown'")
                        .param(written.partition())
                        .param(written.offset())
                        .query(Long.class)
                        .single()
                == 1);
    }

    @Test
    void keepsAStubOfWhatIsTooLargeToBeIndexed() throws Exception {
        byte[] value = new byte[34 << 20];
        Arrays.fill(value, (byte) 'x');

        RecordMetadata written = write(new ProducerRecord<>("gift_events", 1, bytes("x".repeat(3000)), value));

        isAStub(written, value);
        assertThat(get("/" + indexed(written)).at("/key/text").textValue()).hasSize(1024);
    }

    @Test
    void keepsAStubOfWhatTheTopicDoesNotTakeAndTheLettersBesideIt() throws Exception {
        byte[] value = new byte[3_600_000];
        new Random(17).nextBytes(value);
        ProducerRecord<byte[], byte[]> large = new ProducerRecord<>("gift_events", 1, null, value);
        large.headers().add("mood", bytes("curious")).add("essay", new byte[2000]);
        RecordMetadata beside;
        RecordMetadata written;
        letGiftsHave("4194304");
        try {
            topic.write(new ProducerRecord<>("gift_events", 1, null, bytes("small, before it")));
            written = await().ignoreExceptions().until(() -> write(large), Objects::nonNull);
            beside = topic.write(new ProducerRecord<>("gift_events", 1, null, bytes("small, beside it")));
            isAStub(written, value);
        } finally {
            letGiftsHave("1048588");
        }

        assertThat(get("/" + indexed(written)).at("/headers/0/value/text").textValue())
                .isEqualTo("curious");
        assertThat(get("/" + indexed(written)).get("headers").findValuesAsText("name"))
                .doesNotContain("essay");
        assertThat(get("/" + indexed(beside)).at("/value/text").textValue()).isEqualTo("small, beside it");
    }

    private void isAStub(RecordMetadata written, byte[] value) throws Exception {
        ConsumerRecord<byte[], byte[]> letter = letterOf(written);
        assertThat(letter.value()).isEqualTo(Arrays.copyOf(value, 1024));
        assertThat(header(letter, "dlq_stub_bytes")).isEqualTo(Integer.toString(value.length));
        assertThat(header(letter, "dlq_stub_sha256"))
                .isEqualTo(HexFormat.of()
                        .formatHex(MessageDigest.getInstance("SHA-256").digest(value)));
        long id = indexed(written);
        assertThat(get("/" + id).at("/letter/message").textValue()).contains("too large to be kept whole");
        ResponseEntity<String> refused =
                http.postForEntity(url(""), Map.of("ids", Long.toString(id), "dryRun", false), String.class);
        assertThat(refused.getStatusCode().value()).isEqualTo(400);
        assertThat(refused.getBody()).contains("stub");
        assertThat(replay(Map.of("reason", "undecodable")).get("ids"))
                .extracting(JsonNode::longValue)
                .doesNotContain(id);
        assertThat(get("/" + id).at("/letter/replays").intValue()).isZero();
        assertThat(letterOf(
                        topic.write(new ProducerRecord<>("gift_events", written.partition(), null, bytes("behind")))))
                .isNotNull();
    }

    /** As a producer that is allowed whatever the topic takes. */
    private static RecordMetadata write(ProducerRecord<byte[], byte[]> record) throws Exception {
        try (var producer = new KafkaProducer<>(
                Map.of(
                        "bootstrap.servers",
                        SharedServices.get().kafka().bootstrapServers(),
                        "compression.type",
                        "gzip",
                        "buffer.memory",
                        256L << 20,
                        "max.request.size",
                        Integer.MAX_VALUE),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            return producer.send(record).get();
        }
    }

    private static void letGiftsHave(String maxMessageBytes) throws Exception {
        try (Admin admin = Admin.create(
                Map.of("bootstrap.servers", SharedServices.get().kafka().bootstrapServers()))) {
            admin.incrementalAlterConfigs(Map.of(
                            new ConfigResource(ConfigResource.Type.TOPIC, "gift_events"),
                            List.of(new AlterConfigOp(
                                    new ConfigEntry(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, maxMessageBytes),
                                    AlterConfigOp.OpType.SET))))
                    .all()
                    .get();
        }
    }

    private ConsumerRecord<byte[], byte[]> letterOf(RecordMetadata written) {
        var found = new java.util.concurrent.atomic.AtomicReference<ConsumerRecord<byte[], byte[]>>();
        await().until(() -> {
            deadLetters
                    .read(letter -> header(letter, "dlq_partition").equals(Integer.toString(written.partition()))
                            && header(letter, "dlq_offset").equals(Long.toString(written.offset())))
                    .forEach(found::set);
            return found.get() != null;
        });
        return found.get();
    }

    private long indexed(RecordMetadata written) {
        String sql =
                "select max(id) from dead_letter where topic = 'gift_events' and partition = ? and record_offset = ?";
        return await().until(
                        () -> vault.sql(sql)
                                .param(written.partition())
                                .param(written.offset())
                                .query(Long.class)
                                .optional(),
                        java.util.Optional::isPresent)
                .orElseThrow();
    }

    private JsonNode get(String path) {
        return http.getForObject(url(path), JsonNode.class);
    }

    private int status(String path) {
        return http.getForEntity(url(path), String.class).getStatusCode().value();
    }

    private JsonNode replay(Map<String, Object> body) {
        ResponseEntity<JsonNode> answer = answer(body);
        assertThat(answer.getStatusCode().value()).as("%s", answer.getBody()).isEqualTo(200);
        return answer.getBody();
    }

    private String url(String path) {
        return "http://localhost:%d/actuator/deadletters%s".formatted(management, path);
    }

    private JsonNode acts() {
        return http.getForObject(actsUrl(""), JsonNode.class);
    }

    private String actsUrl(String path) {
        return "http://localhost:%d/actuator/acts%s".formatted(management, path);
    }

    private static String header(ConsumerRecord<byte[], byte[]> letter, String name) {
        var header = letter.headers().lastHeader(name);
        return header == null ? "" : new String(header.value(), StandardCharsets.UTF_8);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
