package org.gibsey.spine.persist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.component.jdbc.JdbcConstants;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.gibsey.spine.embedded.Promise;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.SpineIT;
import org.gibsey.spine.embedded.TestTopic;
import org.gibsey.spine.gift.EventId;
import org.gibsey.spine.health.GroupWatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.client.TestRestTemplate;
import org.springframework.boot.test.web.server.LocalManagementPort;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.context.TestPropertySource;

/** A topic of its own: what is counted is what its one worker does. */
@SpineIT
@TestPropertySource(
        properties = {
            "KAFKA_TOPIC=persist_it",
            "KAFKA_CHANGES_TOPIC=persist_it.changes",
            "KAFKA_DEAD_LETTER_TOPIC=persist_it.dlq",
            "KAFKA_GROUP=persist-it"
        })
class PersistGiftsIT {

    private static TestTopic topic;
    private static TestTopic deadLetters;

    @Autowired
    JdbcClient vault;

    @Autowired
    DataSource dataSource;

    @Autowired
    OutageLog outages;

    @Autowired
    MeterRegistry meters;

    @Autowired
    Conflicts conflicts;

    @Autowired
    TestRestTemplate http;

    @Autowired
    CamelContext camel;

    @Autowired
    GroupWatch groups;

    @LocalManagementPort
    int management;

    @BeforeAll
    static void connect() {
        String servers = SharedServices.get().kafka().bootstrapServers();
        topic = new TestTopic("persist_it", servers);
        deadLetters = new TestTopic("persist_it.dlq", servers);
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
                        EventId.ofRecord("persist_it", written.partition(), written.offset(), written.timestamp()))
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

    /** Whatever its producer says, which is asked for nothing: who replays a topic gets the same id and time again. */
    @Test
    void takesTheTimeOfTheBrokerWhereItStampsTheRecords() throws Exception {
        Instant told = Instant.parse("2024-05-21T14:00:00Z");
        alter("message.timestamp.type", "LogAppendTime");
        RecordMetadata written;
        try {
            // the broker hears of it a moment later
            await().until(() -> writeAt(told, 83_003).timestamp() > told.toEpochMilli());
            written = writeAt(told, 83_002);
        } finally {
            alter("message.timestamp.type", "CreateTime");
        }

        Map<String, Object> row = only(83_002);
        assertThat(createdAt(row))
                .isEqualTo(Instant.ofEpochMilli(written.timestamp()))
                .isAfter(told);
        assertThat(row)
                .containsEntry(
                        "event_id",
                        EventId.ofRecord("persist_it", written.partition(), written.offset(), written.timestamp()));
        awaitNothingWaits();
    }

    /** A gift that says no time, in a record that does. */
    private static RecordMetadata writeAt(Instant time, int page) throws Exception {
        String gift = "{\"page_id\":%d,\"question\":\"q\",\"answer\":\"a\"}".formatted(page);
        return topic.write(new ProducerRecord<>(
                "persist_it", null, time.toEpochMilli(), null, gift.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void storesEventsOfTheSameIdOnceFromOneBatchOrMany() throws Exception {
        String id = UUID.randomUUID().toString();
        double duplicates = meters.counter("gifts.duplicate").count();

        topic.writeAll(IntStream.of(0, 0, 1, 2)
                .mapToObj(partition -> {
                    var record =
                            new ProducerRecord<byte[], byte[]>("persist_it", partition, null, gift(84_001, "again"));
                    record.headers().add("ce_id", id.getBytes(StandardCharsets.UTF_8));
                    return record;
                })
                .toList());

        // a batch that is read again adds to them
        await().until(() -> meters.counter("gifts.duplicate").count() - duplicates >= 3);
        assertThat(only(84_001)).containsEntry("event_id", UUID.fromString(id));
    }

    /** A worker that knew of no language has stored it without, and here it comes again after a crash. */
    @Test
    void theSameGiftWithItsLanguageIsNoOtherGift() throws Exception {
        byte[] id = UUID.randomUUID().toString().getBytes(StandardCharsets.UTF_8);
        double duplicates = meters.counter("gifts.duplicate").count();
        topic.write(withId(id, gift(84_801, "first")));
        only(84_801);

        topic.write(withId(
                id,
                "{\"page_id\":84801,\"question\":\"first\",\"answer\":\"a\",\"lang\":\"de\"}"
                        .getBytes(StandardCharsets.UTF_8)));

        await().until(() -> meters.counter("gifts.duplicate").count() - duplicates == 1);
        assertThat(dead("84801")).isEmpty();
    }

    /** Whoever knows an id, or can compute it, could otherwise have another's gift dropped without a word. */
    @Test
    void anotherGiftUnderTheSameIdIsADeadLetterOfItsOwn() throws Exception {
        byte[] id = UUID.randomUUID().toString().getBytes(StandardCharsets.UTF_8);
        double conflicts =
                meters.counter("gifts.dead", "reason", Conflicts.REASON).count();
        double duplicates = meters.counter("gifts.duplicate").count();
        topic.write(withId(id, gift(84_501, "first")));
        only(84_501);

        // two others under its id, between them the first again at another time, and a gift beside them
        topic.writeAll(List.of(
                withId(id, gift(84_501, "forged")),
                withId(
                        id,
                        "{\"page_id\":84501,\"question\":\"first\",\"answer\":\"a\"}".getBytes(StandardCharsets.UTF_8)),
                withId(id, gift(84_501, "forged once more")),
                new ProducerRecord<>("persist_it", 5, null, gift(84_502, "beside them"))));

        await().until(() ->
                meters.counter("gifts.dead", "reason", Conflicts.REASON).count() - conflicts == 2);
        await().until(() -> meters.counter("gifts.duplicate").count() - duplicates == 1);
        only(84_502);
        assertThat(only(84_501)).containsEntry("question", "first");
        await().untilAsserted(() -> assertThat(vault.sql(
                                "select convert_from(value, 'UTF8') from dead_letter where reason = 'conflict'"
                                        + " and position(?::bytea in value) > 0 and event_id <> ?::uuid order by record_offset")
                        .param("84501".getBytes(StandardCharsets.UTF_8))
                        .param(text(id))
                        .query(String.class)
                        .list())
                .containsExactly(text(gift(84_501, "forged")), text(gift(84_501, "forged once more"))));
    }

    /** With thousands of long edits of a gift, a comparison with all took a tenth of a second for each duplicate. */
    @Test
    void aDuplicateIsComparedWithWhatWasThereBeforeTheFirstTenEditsAlone() {
        UUID id = UUID.randomUUID();
        vault.sql("insert into vault (event_id, page_id, question, answer) values (?, 84503, 'q', 'edited')")
                .param(id)
                .update();
        vault.sql(
                        "insert into gift_change (change_id, kind, gift, at, question, answer, before_question, before_answer, outcome)"
                                + " select gen_random_uuid(), 'edited', ?, now(), 'q', '', 'q', 'before ' || n, 'applied'"
                                + " from generate_series(1, 3000) n")
                .param(id)
                .update();
        List<String> answers = List.of("edited", "before 1", "before 10", "before 11", "before 3000", "another");
        int gifts = answers.size();

        assertThat(conflicts.of(Map.of(
                        "event_id",
                        Collections.nCopies(gifts, id.toString()).toArray(),
                        "user_id",
                        new String[gifts],
                        "page_id",
                        Collections.nCopies(gifts, 84_503L).toArray(),
                        "question",
                        Collections.nCopies(gifts, "q").toArray(),
                        "answer",
                        answers.toArray(),
                        "symbol_id",
                        new Integer[gifts])))
                .containsExactly(4, 5, 6);
    }

    @Test
    void anotherGiftUnderTheSameIdInTheSameBatchIsADeadLetterToo() throws Exception {
        byte[] id = UUID.randomUUID().toString().getBytes(StandardCharsets.UTF_8);

        topic.writeAll(List.of(withId(id, gift(84_601, "first")), withId(id, gift(84_601, "second"))));

        assertThat(only(84_601)).containsEntry("question", "first");
        await().until(() -> dead("84601").equals(List.of(text(gift(84_601, "second")))));
    }

    /** So {@link PersistMetrics} counts the gifts of an insert that an operator edited so. */
    @Test
    void anInsertThatReturnsItsRowsSaysHowManyThereAre() throws Exception {
        Exchange done = camel.createFluentProducerTemplate()
                .withBody("insert into vault (page_id, question, answer)"
                        + " values (84701, 'q', 'a'), (84701, 'r', 'a') returning id")
                .to("jdbc:dataSource?resetAutoCommit=false")
                .send();

        assertThat(done.getException()).isNull();
        assertThat(done.getMessage().getHeaders())
                .containsEntry(JdbcConstants.JDBC_ROW_COUNT, 2)
                .doesNotContainKey(JdbcConstants.JDBC_UPDATE_COUNT);
    }

    private static ProducerRecord<byte[], byte[]> withId(byte[] id, byte[] gift) {
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>("persist_it", 5, null, gift);
        record.headers().add("ce_id", id);
        return record;
    }

    @Test
    void storesThoughPooledSessionsHaveBecomeReadOnly() throws Exception {
        inPooledSessions("set session characteristics as transaction read only");

        topic.write(new String(gift(84_002, "after a switch"), StandardCharsets.UTF_8));

        assertThat(only(84_002)).containsEntry("question", "after a switch");
    }

    /** Also in the place of those in use, once they are given back. */
    private void newSessions() throws SQLException {
        dataSource.unwrap(HikariDataSource.class).getHikariPoolMXBean().softEvictConnections();
    }

    /** In all that are idle, and one at least. */
    private void inPooledSessions(String sql) throws SQLException {
        List<Connection> sessions = new ArrayList<>();
        HikariPoolMXBean pool = dataSource.unwrap(HikariDataSource.class).getHikariPoolMXBean();
        while (pool.getIdleConnections() > 0 || sessions.isEmpty()) {
            sessions.add(dataSource.getConnection());
        }
        for (Connection session : sessions) {
            try (Statement statement = session.createStatement()) {
                statement.execute(sql);
            }
            session.close();
        }
    }

    @Test
    void waitsWhileTheSequenceOfRowIdsIsAtItsEnd() throws Exception {
        String sequence = vault.sql("select pg_get_serial_sequence('vault', 'id')")
                .query(String.class)
                .single();
        long last = vault.sql("select last_value from " + sequence)
                .query(Long.class)
                .single();
        vault.sql("alter sequence %s maxvalue %d".formatted(sequence, last)).update();
        try {
            topic.write(new String(gift(84_004, "number 2200H"), StandardCharsets.UTF_8));
            awaitOutage("refuses any gift");
        } finally {
            vault.sql("alter sequence %s no maxvalue".formatted(sequence)).update();
        }

        assertThat(only(84_004)).containsEntry("question", "number 2200H");
    }

    @Test
    void waitsWhileATriggerRefusesEveryGift() throws Exception {
        vault.sql("""
                create function refuse_all() returns trigger language plpgsql as
                $$ begin raise exception 'not today'; end $$
                """).update();
        vault.sql("create trigger refuse_all before insert on vault for each row execute function refuse_all()")
                .update();
        try {
            topic.write(new String(gift(84_005, "not today"), StandardCharsets.UTF_8));
            awaitOutage("not today");
        } finally {
            vault.sql("drop function refuse_all cascade").update();
        }

        assertThat(only(84_005)).containsEntry("question", "not today");
    }

    /** The batch waits as it is. Read again and again it would be dead-lettered again and again, as far as it is dead. */
    @Test
    void deadLettersABadEventOnceWhileATriggerRefusesTheOthers() throws Exception {
        vault.sql("create sequence refusals").update();
        vault.sql("""
            create function refuse_all() returns trigger language plpgsql as
            $$ begin perform nextval('refusals'); raise exception 'not today'; end $$
            """).update();
        vault.sql("create trigger refuse_all before insert on vault for each row execute function refuse_all()")
                .update();
        try {
            topic.writeAll(4, List.of("no gift 84008", new String(gift(84_008, "beside"), StandardCharsets.UTF_8)));
            await().until(() -> vault.sql("select last_value from refusals")
                            .query(Long.class)
                            .single()
                    >= 8);
        } finally {
            vault.sql("drop function refuse_all cascade").update();
            vault.sql("drop sequence refusals").update();
        }

        assertThat(only(84_008)).containsEntry("question", "beside");
        assertThat(deadLetters.read(letter -> text(letter.value()).equals("no gift 84008")))
                .hasSize(1);
    }

    @Test
    void storesThroughASlowTriggerInSmallerStatements() throws Exception {
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        Logger logger = (Logger) LoggerFactory.getLogger(OutageLog.class);
        log.start();
        logger.addAppender(log);
        slowTrigger("0.01", 84_006);
        inPooledSessions("set statement_timeout = '300ms'");
        try {
            topic.writeAll(
                    2,
                    IntStream.range(0, 100)
                            .mapToObj(i -> new String(gift(84_006, "number " + i), StandardCharsets.UTF_8))
                            .toList());

            await().until(() -> count(84_006) == 100);
        } finally {
            newSessions();
            vault.sql("drop function slow cascade").update();
            logger.detachAppender(log);
        }
        assertThat(log.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .anyMatch(
                        line -> line.matches("Route persist-gifts goes on with \\d+ gifts a statement: \\d+ gifts take"
                                + " longer than a statement may: .*\\(SQLSTATE 57014\\)"));
        assertThat(vault.sql("select question from vault where page_id = 84006 order by id")
                        .query(String.class)
                        .list())
                .isEqualTo(IntStream.range(0, 100).mapToObj(i -> "number " + i).toList());
        assertThat(dead("84006")).isEmpty();
    }

    @Test
    void waitsForASingleGiftThatTakesTooLong() throws Exception {
        slowTrigger("30", 84_007);
        inPooledSessions("set statement_timeout = '300ms'");
        try {
            topic.write(new String(gift(84_007, "slow"), StandardCharsets.UTF_8));
            awaitOutage("a single gift takes longer than a statement may");
        } finally {
            newSessions();
            vault.sql("drop function slow cascade").update();
        }

        assertThat(only(84_007)).containsEntry("question", "slow");
        assertThat(dead("84007")).isEmpty();
    }

    private void slowTrigger(String seconds, int page) {
        vault.sql("""
                create function slow() returns trigger language plpgsql as
                $$ begin perform pg_sleep(%s); return new; end $$
                """.formatted(seconds)).update();
        vault.sql(
                        "create trigger slow before insert on vault for each row when (new.page_id = %d) execute function slow()"
                                .formatted(page))
                .update();
    }

    private void awaitOutage(String reason) {
        await().untilAsserted(() -> assertThat(outages.reason("persist-gifts")).contains(reason));
    }

    @Test
    void neverReadsWhatATransactionTookBack() throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = topic.ofTransactions()) {
            producer.beginTransaction();
            producer.send(new ProducerRecord<>("persist_it", 0, null, gift(84_003, "taken back")))
                    .get();
            producer.abortTransaction();
            producer.beginTransaction();
            producer.send(new ProducerRecord<>("persist_it", 0, null, gift(84_003, "kept")))
                    .get();
            producer.commitTransaction();
        }

        assertThat(only(84_003)).containsEntry("question", "kept");
        // the end is behind the marker of the commit
        await().until(() -> committed(0) == end(0));
    }

    /** No worker can read it before that producer is done or gone. It is accepted, so whoever looks at the lag has to see it. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aGiftBehindAnOpenTransactionOfAnotherProducerIsLag(boolean committed) throws Exception {
        int page = committed ? 84_901 : 84_902;
        try (KafkaProducer<byte[], byte[]> producer = topic.ofTransactions()) {
            producer.beginTransaction();
            producer.send(new ProducerRecord<>("persist_it", 5, null, gift(page, "of the transaction")))
                    .get();

            topic.write(new ProducerRecord<>("persist_it", 5, null, gift(page, "behind it")));

            await().untilAsserted(() -> {
                assertThat(gauge("gifts.lag.records")).isEqualTo(2);
                assertThat(gauge("gifts.lag.seconds")).isPositive();
            });
            assertThat(count(page)).isZero();
            assertThat(ledger()).contains("\"balanced\":true", "\"unaccounted\":0,");
            if (committed) {
                producer.commitTransaction();
            } else {
                producer.abortTransaction();
            }
        }

        await().until(() -> count(page) == (committed ? 2 : 1));
        awaitNothingWaits();
        await().untilAsserted(() -> {
            assertThat(gauge("gifts.lag.records")).isZero();
            assertThat(gauge("gifts.lag.seconds")).isZero();
        });
    }

    private double gauge(String name) {
        return meters.get(name).gauge().value();
    }

    /** Deleted, made again and filled past where the worker was, all while it waits for a lock. */
    @Test
    void readsATopicThatWasMadeAgainFromItsBeginning() throws Exception {
        topic.writeAll(0, gifts(84_104, "before", 50));
        await().until(() -> count(84_104) == 50);
        try (Connection connection = SharedServices.get().database().superuser();
                Statement statement = connection.createStatement();
                Admin admin = admin()) {
            connection.setAutoCommit(false);
            statement.execute("lock table vault in share row exclusive mode");
            topic.writeAll(0, gifts(84_104, "in hand", 1));
            await().until(() -> vault.sql("select count(*) from pg_locks where not granted")
                            .query(Long.class)
                            .single()
                    > 0);
            Uuid old = topicId(admin);
            admin.deleteTopics(List.of("persist_it")).all().get();
            // made again before the old one was gone, on a slow machine, it was seen to take four events and no more
            await().until(() -> admin.listTopics().listings().get().stream()
                    .noneMatch(topic -> topic.topicId().equals(old)));
            makeTopic(admin);
            // what is sent by the old id is lost or waits two minutes
            await().ignoreException(ExecutionException.class)
                    .until(() -> !topicId(admin).equals(old));
            // the producer that wrote before was seen to wait two minutes for an acknowledgement, in vain
            try (TestTopic again =
                    new TestTopic("persist_it", SharedServices.get().kafka().bootstrapServers())) {
                for (int partition = 0; partition < 6; partition++) {
                    again.writeAll(partition, gifts(84_104, "again in " + partition, 200));
                }
            }
            connection.rollback();
        }

        await().untilAsserted(() -> assertThat(count(84_104)).isEqualTo(51 + 6 * 200));
        awaitNothingWaits();
        assertThat(ledger()).contains("\"events\":1200,", "\"stored\":1200,");
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "snappy", "lz4", "zstd"})
    void storesWhatIsCompressedInAnyWay(String codec) throws Exception {
        int page = 84_600 + codec.charAt(0);
        Map<String, Object> settings = Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                SharedServices.get().kafka().bootstrapServers(),
                ProducerConfig.COMPRESSION_TYPE_CONFIG,
                codec,
                ProducerConfig.LINGER_MS_CONFIG,
                100);
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (String gift : gifts(page, codec, 20)) {
                var unused = producer.send(
                        new ProducerRecord<>("persist_it", 0, null, gift.getBytes(StandardCharsets.UTF_8)));
            }
        }

        await().until(() -> count(page) == 20);
        awaitNothingWaits();
    }

    /** By hand or by retention, before and behind where the worker is. */
    @Test
    void goesOnBehindRecordsThatWereDeleted() throws Exception {
        topic.writeAll(2, gifts(84_301, "stored before", 20));
        await().until(() -> count(84_301) == 20);
        camel.getRouteController().stopRoute("persist-gifts");
        topic.writeAll(2, gifts(84_302, "deleted unread", 20));
        try (Admin admin = admin()) {
            admin.deleteRecords(Map.of(new TopicPartition("persist_it", 2), RecordsToDelete.beforeOffset(end(2))))
                    .all()
                    .get();
        }
        awaitNothingWaits();
        camel.getRouteController().startRoute("persist-gifts");

        topic.writeAll(2, gifts(84_303, "written after", 20));

        await().until(() -> count(84_303) == 20);
        assertThat(count(84_302)).isZero();
        awaitNothingWaits();
    }

    /** As after the loss of a broker that had more than the others: they begin anew, and so is the lag counted. */
    @Test
    void theLagOfAGroupThatIsPastTheEndIsNeverNegative() throws Exception {
        topic.writeAll(3, gifts(84_305, "is there", 20));
        await().until(() -> count(84_305) == 20);
        camel.getRouteController().stopRoute("persist-gifts");
        TopicPartition partition = new TopicPartition("persist_it", 3);
        try (Admin admin = admin()) {
            OffsetAndMetadata past = new OffsetAndMetadata(end(3) + 100);
            await().ignoreExceptions()
                    .until(() -> admin.alterConsumerGroupOffsets("persist-it", Map.of(partition, past))
                                    .all()
                                    .get()
                            == null);
        }

        Map<?, ?> before = groups.events();
        await().untilAsserted(() -> assertThat(groups.events())
                .isNotNull()
                .isNotSameAs(before)
                .hasEntrySatisfying(
                        partition,
                        position -> assertThat(position.waiting())
                                .isEqualTo(position.end() - position.first())
                                .isPositive()));
        camel.getRouteController().startRoute("persist-gifts");
        awaitNothingWaits();
    }

    @Test
    @Tag("slow")
    void goesOnOverTheHolesThatCompactionLeaves() throws Exception {
        camel.getRouteController().stopRoute("persist-gifts");
        long begin = end(1);
        alter("cleanup.policy", "compact", "segment.ms", "1", "min.cleanable.dirty.ratio", "0.001");
        try {
            for (String gift : gifts(84_401, "same key", 40)) {
                topic.write(
                        new ProducerRecord<>("persist_it", 1, new byte[] {1}, gift.getBytes(StandardCharsets.UTF_8)));
            }
            // the newest segment is never compacted
            await().until(() -> topic.read(record -> record.partition() == 1 && record.offset() >= begin)
                            .size()
                    < 40);
        } finally {
            alter("cleanup.policy", "delete", "segment.ms", "604800000", "min.cleanable.dirty.ratio", "0.5");
        }
        int left = topic.read(record -> record.partition() == 1 && record.offset() >= begin)
                .size();

        camel.getRouteController().startRoute("persist-gifts");

        await().until(() -> count(84_401) == left);
        awaitNothingWaits();
    }

    @Test
    @Tag("slow")
    void readsPartitionsThatAreAddedWhileItRuns() throws Exception {
        try (Admin admin = admin()) {
            admin.createPartitions(Map.of("persist_it", NewPartitions.increaseTo(8)))
                    .all()
                    .get();
        }
        long added = System.nanoTime();

        topic.writeAll(7, gifts(84_701, "in a new partition", 20));

        await().until(() -> count(84_701) == 20);
        Promise.kept("a gift in a new partition is stored", Promise.since(added), Duration.ofSeconds(30));
        awaitNothingWaits();
    }

    private static void alter(String... settings) throws Exception {
        List<AlterConfigOp> changes = new ArrayList<>();
        for (int i = 0; i < settings.length; i += 2) {
            changes.add(new AlterConfigOp(new ConfigEntry(settings[i], settings[i + 1]), AlterConfigOp.OpType.SET));
        }
        try (Admin admin = admin()) {
            admin.incrementalAlterConfigs(Map.of(new ConfigResource(ConfigResource.Type.TOPIC, "persist_it"), changes))
                    .all()
                    .get();
        }
    }

    /** Lag 0, every event in its place, ready. */
    private void awaitNothingWaits() {
        await().untilAsserted(() -> assertThat(ledger()).contains("\"balanced\":true", "\"inFlight\":0"));
        // of a look that began after that
        Map<?, ?> before = groups.events();
        await().untilAsserted(() -> assertThat(groups.events())
                .isNotNull()
                .isNotSameAs(before)
                .allSatisfy((partition, position) ->
                        assertThat(position.waiting()).as("%s", partition).isZero()));
        if (camel.getRouteController().getRouteStatus("persist-gifts").isStarted()) {
            await().untilAsserted(() -> assertThat(http.getForObject(
                            "http://localhost:" + management + "/actuator/health/readiness", String.class))
                    .startsWith("{\"status\":\"UP\""));
        }
    }

    private String ledger() {
        return http.postForObject("http://localhost:" + management + "/actuator/ledger", Map.of(), String.class);
    }

    private static List<String> gifts(int page, String question, int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> new String(gift(page, question + " " + i), StandardCharsets.UTF_8))
                .toList();
    }

    @Test
    void keepsGoodGiftsWhenSomeCannotBeDecoded() throws Exception {
        List<String> values = new ArrayList<>(IntStream.range(0, 300)
                .mapToObj(i -> new String(gift(85_001, "good " + i), StandardCharsets.UTF_8))
                .toList());
        values.set(0, "not json 85001");
        values.set(150, "[85001]");
        values.set(151, "{\"page_id\":85001,\"question\":\"q\",\"answer\":\"85001\",\"lang\":\"in German\"}");
        values.set(299, "{\"page_id\":85001,\"question\":\"a\\u0000b\",\"answer\":\"85001\"}");

        topic.writeAll(0, values);

        await().until(() -> count(85_001) == 296);
        await().until(() -> dead("85001").size() == 4);
        assertThat(dead("85001"))
                .containsExactlyInAnyOrder(values.get(0), values.get(150), values.get(151), values.get(299));
    }

    @Test
    void keepsGoodGiftsInTheirOrderWhenTheDatabaseRefusesSome() throws Exception {
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
        await().untilAsserted(() -> assertThat(vault.sql("select reason || ' ' || sqlstate from dead_letter"
                                + " where position('poison 86001'::bytea in value) > 0")
                        .query(String.class)
                        .list())
                .hasSize(4)
                .containsOnly("refused 23514"));
        assertThat(vault.sql("select question from vault where page_id = 86001 order by id")
                        .query(String.class)
                        .list())
                .isEqualTo(IntStream.range(0, 1000)
                        .filter(i -> i % 250 != 7)
                        .mapToObj(i -> "good " + i)
                        .toList());
    }

    @Test
    void waitsWhenTheSequenceOfRowIdsHasFallenBehind() throws Exception {
        topic.writeAll(0, List.of(new String(gift(86_501, "before"), StandardCharsets.UTF_8)));
        await().until(() -> count(86_501) == 1);
        vault.sql("select setval(pg_get_serial_sequence('vault', 'id'), (select max(id) from vault), false)")
                .query(Long.class)
                .single();

        topic.writeAll(0, List.of(new String(gift(86_501, "after"), StandardCharsets.UTF_8)));

        await().until(() -> count(86_501) == 2);
        assertThat(dead("86501")).isEmpty();
    }

    /** The headers that say why a gift died make its letter larger than what the gift's topic takes. */
    @Test
    void isNotHeldUpByABadMessageAsLargeAsTheTopicTakes() throws Exception {
        byte[] bad = new byte[1_048_400];
        new Random(89_001).nextBytes(bad);

        topic.write(new ProducerRecord<>("persist_it", 4, null, bad));
        topic.write(new ProducerRecord<>("persist_it", 4, null, gift(89_001, "behind it")));

        only(89_001);
        assertThat(deadLetters.read(letter -> Arrays.equals(letter.value(), bad)))
                .hasSize(1);
    }

    @Test
    void doesNotGoOnWhileADeadLetterIsNotAcknowledged() throws Exception {
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        Logger outages = (Logger) LoggerFactory.getLogger(OutageLog.class);
        RecordMetadata good = topic.write(new ProducerRecord<>("persist_it", 3, null, gift(88_001, "before it")));
        await().until(() -> committed(3) == good.offset() + 1);
        log.start();
        outages.addAppender(log);
        try (Admin admin = admin()) {
            // smaller than any record
            letDeadLettersHave(admin, "8");
            try {
                await().until(PersistGiftsIT::deadLettersAreRefused);
                topic.writeAll(
                        3,
                        List.of(
                                new String(gift(88_001, "beside it"), StandardCharsets.UTF_8),
                                "not json 88001",
                                new String(gift(88_001, "behind it"), StandardCharsets.UTF_8)));

                await().until(() -> List.copyOf(log.list).stream()
                        .anyMatch(line -> line.getFormattedMessage().contains("not acknowledged by persist_it.dlq")));
                assertThat(committed(3)).isEqualTo(good.offset() + 1);
            } finally {
                letDeadLettersHave(admin, "2097152");
                outages.detachAppender(log);
            }
        }
        await().until(() -> count(88_001) == 3);
        assertThat(dead("not json 88001")).hasSize(1);
    }

    @Test
    void commitsTheHighestOffsetOfEveryPartitionThatOnePollBrought() throws Exception {
        try (Connection connection = SharedServices.get().database().superuser();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("lock table vault in share row exclusive mode");
            // while the worker waits with this one, the others pile up
            topic.write(new String(gift(87_001, "first"), StandardCharsets.UTF_8));
            await().until(() -> vault.sql("select count(*) from pg_locks where not granted")
                            .query(Long.class)
                            .single()
                    > 0);
            topic.writeAll(IntStream.range(0, 12)
                    .mapToObj(i ->
                            new ProducerRecord<byte[], byte[]>("persist_it", i % 6, null, gift(87_001, "behind it")))
                    .toList());
            connection.rollback();
        }

        await().until(() -> count(87_001) == 13);
        for (int partition = 0; partition < 6; partition++) {
            int of = partition;
            await().until(() -> committed(of) == end(of));
        }
    }

    private static long end(int partition) throws Exception {
        try (Admin admin = admin()) {
            return admin.listOffsets(Map.of(new TopicPartition("persist_it", partition), OffsetSpec.latest()))
                    .partitionResult(new TopicPartition("persist_it", partition))
                    .get()
                    .offset();
        }
    }

    private static boolean deadLettersAreRefused() throws Exception {
        try {
            deadLetters.write("is it refused?");
            return false;
        } catch (ExecutionException e) {
            return e.getCause() instanceof RecordTooLargeException;
        }
    }

    private static void letDeadLettersHave(Admin admin, String maxMessageBytes) throws Exception {
        admin.incrementalAlterConfigs(Map.of(
                        new ConfigResource(ConfigResource.Type.TOPIC, "persist_it.dlq"),
                        List.of(new AlterConfigOp(
                                new ConfigEntry(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, maxMessageBytes),
                                AlterConfigOp.OpType.SET))))
                .all()
                .get();
    }

    /** Committed offset of a partition; -1 when there is none yet. */
    private static long committed(int partition) throws Exception {
        try (Admin admin = admin()) {
            OffsetAndMetadata offset = admin.listConsumerGroupOffsets("persist-it")
                    .partitionsToOffsetAndMetadata()
                    .get()
                    .get(new TopicPartition("persist_it", partition));
            return offset == null ? -1 : offset.offset();
        }
    }

    /** The worker's own look at its topic makes a missing one too, and may be faster. */
    private static void makeTopic(Admin admin) throws InterruptedException {
        try {
            admin.createTopics(List.of(new NewTopic("persist_it", 6, (short) 1)))
                    .all()
                    .get();
        } catch (ExecutionException e) {
            assertThat(e).hasCauseInstanceOf(TopicExistsException.class);
        }
    }

    private static Uuid topicId(Admin admin) throws ExecutionException, InterruptedException {
        return admin.describeTopics(List.of("persist_it"))
                .allTopicNames()
                .get()
                .get("persist_it")
                .topicId();
    }

    private static Admin admin() {
        return Admin.create(
                Map.of("bootstrap.servers", SharedServices.get().kafka().bootstrapServers()));
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
