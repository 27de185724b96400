package org.gibsey.spine.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.apache.camel.CamelContext;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.support.PluginHelper;
import org.apache.camel.support.ResourceHelper;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.PartitionInfo;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.broker.KafkaConnection;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.SpineIT;
import org.gibsey.spine.embedded.TestTopic;
import org.gibsey.spine.health.GroupWatch;
import org.gibsey.spine.health.Watch;
import org.gibsey.spine.persist.BatchConsumerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.mockito.Mockito;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.client.TestRestTemplate;
import org.springframework.boot.test.web.server.LocalManagementPort;
import org.springframework.http.HttpEntity;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.context.TestPropertySource;

/** A topic of its own, because the books of a topic are about everything in it. */
@SpineIT
@TestPropertySource(
        properties = {
            "KAFKA_TOPIC=ledger_it",
            "KAFKA_CHANGES_TOPIC=ledger_it.changes",
            "KAFKA_DEAD_LETTER_TOPIC=ledger_it.dlq",
            "KAFKA_GROUP=ledger-it",
            "LEDGER_ROUND_PAUSE=1s"
        })
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class LedgerIT {

    private static TestTopic topic;

    @Autowired
    JdbcClient vault;

    @Autowired
    MeterRegistry meters;

    @Autowired
    CamelContext camel;

    @Autowired
    GroupWatch groups;

    @Autowired
    TestRestTemplate http;

    @Autowired
    ObjectMapper json;

    @Autowired
    KafkaConnection kafka;

    @Autowired
    DeadLetterBacklog backlog;

    @Autowired
    EventPlaces places;

    @Autowired
    BatchConsumerFactory consumers;

    @Autowired
    Watch database;

    @Autowired
    SpineSettings settings;

    @LocalManagementPort
    int management;

    @BeforeAll
    static void connect() {
        topic = new TestTopic("ledger_it", SharedServices.get().kafka().bootstrapServers());
    }

    @AfterAll
    static void disconnect() {
        topic.close();
    }

    @Test
    @Order(1)
    void everyEventIsARowADuplicateADeadLetterOrInFlight() throws Exception {
        assertThat(http.getForEntity(url(), String.class).getStatusCode().value())
                .as("reading starts no audit")
                .isEqualTo(404);
        // topics that have just been made are not known everywhere yet, and as long as one is unknown there is no audit
        JsonNode before = await().until(this::ledger, Objects::nonNull);
        String twice = UUID.randomUUID().toString();
        for (int partition = 0; partition < 2; partition++) {
            ProducerRecord<byte[], byte[]> record =
                    new ProducerRecord<>("ledger_it", partition, null, bytes(gift("sent twice")));
            record.headers().add("ce_id", bytes(twice));
            topic.write(record);
        }
        topic.writeAll(
                2, IntStream.range(0, 2500).mapToObj(i -> gift("number " + i)).toList());
        topic.writeAll(3, List.of("no gift", "[]"));
        ProducerRecord<byte[], byte[]> other = new ProducerRecord<>("ledger_it", 0, null, bytes(gift("another gift")));
        other.headers().add("ce_id", bytes(twice));
        topic.write(other);
        awaitCommitted();

        camel.getRouteController().stopRoute("persist-gifts");
        try {
            topic.write(gift("not taken yet"));
            JsonNode ledger = ledger();

            assertThat(added(before, ledger, "events")).isEqualTo(2506);
            assertThat(added(before, ledger, "stored")).isEqualTo(2501);
            assertThat(added(before, ledger, "duplicates")).isEqualTo(1);
            assertThat(added(before, ledger, "dead")).isEqualTo(3);
            assertThat(ledger.get("inFlight").longValue()).isEqualTo(1);
            assertThat(ledger.get("balanced").booleanValue()).isTrue();
            topic.write(gift("after the audit"));
            assertThat(json.readTree(http.getForObject(url(), String.class))).isEqualTo(ledger);
        } finally {
            camel.getRouteController().startRoute("persist-gifts");
        }
    }

    /** Each poll of the topic is compared at once; while one waits for the table, somebody asks it to stop. */
    @Test
    @Order(2)
    void aStoppedAuditIsNoVerdict() throws Exception {
        JsonNode whole = ledger();
        assertThat(whole.get("stopped").booleanValue()).isFalse();
        vault.sql("delete from vault where page_id = 92001 and question = 'number 0'")
                .update();
        CompletableFuture<JsonNode> audit;
        try (var connection = SharedServices.get().database().superuser();
                var statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("lock table vault in access exclusive mode");
            audit = CompletableFuture.supplyAsync(() -> resend("{\"dryRun\":false}"));
            await().until(() -> acts().findValuesAsText("name").contains("audit"));
            assertThat(resend("{}").get("message").textValue()).contains("another audit is under way");

            assertThat(stop("audit").get("stopping").booleanValue()).isTrue();
            assertThat(acts().get(0).get("of").longValue())
                    .isEqualTo(whole.get("events").longValue());
        }

        JsonNode stopped = audit.get();
        JsonNode part = stopped.get("ledger");
        assertThat(part.get("stopped").booleanValue()).isTrue();
        assertThat(part.get("balanced").isNull()).isTrue();
        assertThat(part.get("events").longValue())
                .isLessThan(whole.get("events").longValue());
        assertThat(stopped.get("resent").longValue())
                .as("what it came to and had no place is sent")
                .isEqualTo(part.get("unaccounted").longValue());
        assertThat(acts()).isEmpty();
        assertThat(json.readTree(http.getForObject(url(), String.class)))
                .as("the last verdict stays")
                .isEqualTo(whole);
        await().untilAsserted(() -> assertThat(
                        resend("{\"dryRun\":false}").at("/ledger/balanced").booleanValue())
                .isTrue());
        await().until(() -> unaccounted() == 0);
    }

    @Test
    @Order(2)
    void aDeadLetterThatIsNotIndexedYetHasItsPlace() throws Exception {
        camel.getRouteController().stopRoute("index-dead-letters");
        try {
            JsonNode before = ledger();
            topic.write("no gift either");
            await().untilAsserted(() -> {
                JsonNode ledger = ledger();
                assertThat(added(before, ledger, "dead")).isEqualTo(1);
                assertThat(ledger.get("balanced").booleanValue()).isTrue();
            });
        } finally {
            camel.getRouteController().startRoute("index-dead-letters");
        }
    }

    @Test
    @Order(3)
    void findsARowDeletedByHandAndBringsItBack() throws Exception {
        RecordMetadata written = topic.write(gift("to be deleted"));
        await().until(() -> rows("to be deleted") == 1);
        awaitCommitted();
        await().until(() -> meters.get("gifts.ledger.round.age.seconds").gauge().value() >= 0);
        assertThat(unaccounted()).isZero();

        vault.sql("delete from vault where page_id = 92001 and question = 'to be deleted'")
                .update();

        JsonNode ledger = ledger();
        assertThat(ledger.get("balanced").booleanValue()).isFalse();
        assertThat(ledger.get("unaccounted").longValue()).isEqualTo(1);
        JsonNode first = ledger.get("firstUnaccounted").get(0);
        assertThat(first.get("topic").textValue()).isEqualTo("ledger_it");
        assertThat(first.get("partition").intValue()).isEqualTo(written.partition());
        assertThat(first.get("offset").longValue()).isEqualTo(written.offset());
        await().until(() -> unaccounted() == 1);
        assertThat(meters.get("gifts.ledger.balanced").gauge().value()).isZero();

        assertThat(resend("{}").get("resent").longValue()).isEqualTo(1);
        assertThat(resend("{}").get("dryRun").booleanValue()).isTrue();
        assertThat(resend("{\"dryRun\":false}").get("resent").longValue()).isEqualTo(1);

        await().until(() -> rows("to be deleted") == 1);
        await().until(() -> unaccounted() == 0);
        assertThat(meters.get("gifts.ledger.balanced").gauge().value()).isEqualTo(1);
        await().untilAsserted(() ->
                assertThat(ledger().get("balanced").booleanValue()).isTrue());
    }

    @Test
    @Order(3)
    void countsChangesAndBringsALostOneBackToItsOwnTopic() throws Exception {
        UUID gift = UUID.randomUUID();
        ProducerRecord<byte[], byte[]> save = new ProducerRecord<>("ledger_it", 0, null, bytes(gift("to be edited")));
        save.headers().add("ce_id", bytes(gift.toString()));
        topic.write(save);
        JsonNode before = ledger();
        UUID edit = UUID.randomUUID();
        ProducerRecord<byte[], byte[]> change = new ProducerRecord<>(
                "ledger_it.changes",
                1,
                bytes(gift.toString()),
                bytes("{\"page_id\":92001,\"question\":\"edited\",\"answer\":\"a\",\"ts\":1795426800.000001,"
                        + "\"created_at\":\"2024-05-21T14:00:00Z\",\"sets\":[\"question\"]}"));
        change.headers()
                .add("ce_id", bytes(edit.toString()))
                .add("ce_type", bytes("org.gibsey.vault.gift.edited"))
                .add("ce_subject", bytes(gift.toString()));
        topic.writeAll(List.of(change, change, new ProducerRecord<>("ledger_it.changes", 1, null, bytes("no change"))));
        await().until(() -> rows("edited") == 1);
        await().untilAsserted(() -> {
            JsonNode ledger = ledger();
            assertThat(ledger.get("inFlight").longValue()).isZero();
            assertThat(added(before, ledger, "stored")).isLessThanOrEqualTo(2).isPositive();
            assertThat(added(before, ledger, "duplicates")).isEqualTo(1);
            assertThat(added(before, ledger, "dead")).isEqualTo(1);
            assertThat(ledger.get("topics")).map(JsonNode::textValue).containsExactly("ledger_it", "ledger_it.changes");
        });

        vault.sql("delete from gift_change where change_id = ?").param(edit).update();
        vault.sql("update vault set question = 'to be edited', written = null where event_id = ?")
                .param(gift)
                .update();

        await().until(() -> unaccounted() == 1);
        assertThat(resend("{\"dryRun\":false}").get("resent").longValue()).isEqualTo(2);
        await().until(() -> rows("edited") == 1);
        await().until(() -> unaccounted() == 0);
        assertThat(topic.read(record -> new String(record.value(), StandardCharsets.UTF_8).contains("\"edited\"")))
                .isEmpty();
    }

    @Test
    @Order(4)
    void isAnMBean() throws Exception {
        MBeanServer server = ManagementFactory.getPlatformMBeanServer();
        ObjectName name =
                server.queryNames(new ObjectName("org.springframework.boot:type=Endpoint,name=Ledger,*"), null).stream()
                        .filter(candidate -> topicsOf(server, candidate).startsWith("[ledger_it,"))
                        .findFirst()
                        .orElseThrow();

        Object report = server.invoke(name, "resend", new Object[] {null}, new String[] {"java.lang.Boolean"});

        assertThat((Map<?, ?>) report).extracting("dryRun").isEqualTo(true);
    }

    @Test
    @Order(5)
    void goesOnWhenAnotherBatchingRouteNamesATopicThatIsMissing() throws Exception {
        camel.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("kafka:nowhere?groupId=nobody&batching=true")
                        .routeId("nowhere")
                        .autoStartup(false)
                        .to("log:nowhere");
            }
        });
        try {
            for (int i = 0; i < 2; i++) {
                Map<?, ?> before = groups.events();
                await().until(() -> groups.events() != null && groups.events() != before);
            }
            assertThat(meters.get("gifts.lag.records").gauge().value()).isNotNaN();
        } finally {
            camel.removeRoute("nowhere");
        }
    }

    @Test
    @Order(6)
    void sendsAGiftAgainThatIsAsLargeAsOneMayBe() throws Exception {
        // the producer's limit, 1 MiB, less what Kafka allows for around a record
        String answer = "a".repeat((1 << 20) - 300);
        topic.write("{\"page_id\":92001,\"question\":\"large\",\"answer\":\"%s\",\"ts\":1716300000}".formatted(answer)
                + " ".repeat(300 - 61 - 21 - 75));
        await().until(() -> rows("large") == 1);
        awaitCommitted();
        vault.sql("delete from vault where page_id = 92001 and question = 'large'")
                .update();

        assertThat(resend("{\"dryRun\":false}").get("resent").longValue()).isEqualTo(1);

        await().until(() -> rows("large") == 1);
    }

    @Test
    @Order(7)
    void followsTheIndexToAnotherConsumerGroup() throws Exception {
        String file = Files.readString(Path.of("routes/index-dead-letters.camel.yaml"));
        String renamed = file.replace("{{spine.topic.group}}-dead-letters", "index-renamed");
        assertThat(renamed).isNotEqualTo(file);
        update(renamed);
        try {
            UUID dead = UUID.randomUUID();
            ProducerRecord<byte[], byte[]> record = new ProducerRecord<>("ledger_it", bytes("no gift"));
            record.headers().add("ce_id", bytes(dead.toString()));
            topic.write(record);
            await().until(() -> indexed(dead) == 1);

            await().until(() -> backlog.events().isEmpty());
        } finally {
            update(file);
        }
    }

    @Test
    @Order(8)
    void sendsWhatIsLostAgainByItselfWhenToldTo() throws Exception {
        topic.writeAll(IntStream.range(0, 3)
                .mapToObj(i -> new ProducerRecord<byte[], byte[]>("ledger_it", i, null, bytes(gift("heal"))))
                .toList());
        await().until(() -> rows("heal") == 3);
        vault.sql("delete from vault where page_id = 92001 and question = 'heal'")
                .update();
        Instant begin = Instant.parse("2026-01-01T00:00:00Z");
        AtomicReference<Instant> now = new AtomicReference<>(begin);
        MeterRegistry asking = new SimpleMeterRegistry();
        MeterRegistry healing = new SimpleMeterRegistry();
        ContinuousAudit asks = audit(SpineSettings.Heal.ASK, now, asking);
        ContinuousAudit heals = audit(SpineSettings.Heal.AUTO, now, healing);
        try {
            await().pollInSameThread().until(() -> {
                asks.look();
                heals.look();
                return asking.get("gifts.unaccounted").gauge().value() == 3
                        && healing.get("gifts.unaccounted").gauge().value() == 3;
            });

            now.set(begin.plusSeconds(59));
            heals.look();
            assertThat(resent(healing)).as("not for a minute yet").isZero();

            now.set(begin.plusSeconds(60));
            heals.look();
            heals.look();
            assertThat(resent(healing)).as("two a minute").isEqualTo(2);
            await().until(() -> rows("heal") == 2);

            now.set(begin.plusSeconds(120));
            asks.look();
            assertThat(resent(asking)).isZero();
            heals.look();
            assertThat(resent(healing)).isEqualTo(3);
            await().until(() -> rows("heal") == 3);
            heals.look();
            assertThat(healing.get("gifts.unaccounted").gauge().value()).isZero();
        } finally {
            asks.destroy();
            heals.destroy();
        }
    }

    /** The index reads a letter behind it once that producer is done or gone. */
    @Test
    @Order(9)
    void aDeadLetterBehindAnOpenTransactionOfAnotherProducerHasItsPlace() throws Exception {
        MeterRegistry healing = new SimpleMeterRegistry();
        AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));
        ContinuousAudit heals = audit(SpineSettings.Heal.AUTO, now, healing);
        UUID dead = UUID.randomUUID();
        JsonNode before = await().until(this::ledger, Objects::nonNull);
        try (KafkaProducer<byte[], byte[]> producer = topic.ofTransactions()) {
            producer.beginTransaction();
            for (PartitionInfo partition : producer.partitionsFor("ledger_it.dlq")) {
                producer.send(new ProducerRecord<>("ledger_it.dlq", partition.partition(), null, bytes("open")))
                        .get();
            }
            ProducerRecord<byte[], byte[]> record = new ProducerRecord<>("ledger_it", bytes("no gift"));
            record.headers().add("ce_id", bytes(dead.toString()));
            topic.write(record);
            awaitCommitted();

            JsonNode ledger = ledger();
            for (int look = 0; look < 5; look++) {
                now.updateAndGet(at -> at.plusSeconds(60));
                heals.look();
            }

            assertThat(added(before, ledger, "dead")).isEqualTo(1);
            assertThat(ledger.get("balanced").booleanValue()).isTrue();
            assertThat(healing.get("gifts.ledger.checked").counter().count()).isPositive();
            assertThat(healing.get("gifts.unaccounted").gauge().value()).isZero();
            assertThat(resent(healing)).isZero();
            assertThat(indexed(dead)).isZero();
            producer.abortTransaction();
        } finally {
            heals.destroy();
        }
        await().until(() -> indexed(dead) == 1);
    }

    /** Until its offset is committed an event is in flight, whether it has a row or not. */
    private void awaitCommitted() {
        await().untilAsserted(
                        () -> assertThat(ledger().get("inFlight").longValue()).isZero());
    }

    /** One of the test's own, which looks when it is told to. */
    private ContinuousAudit audit(SpineSettings.Heal heal, AtomicReference<Instant> now, MeterRegistry registry) {
        Clock clock = Mockito.mock(Clock.class);
        Mockito.when(clock.instant()).thenAnswer(call -> now.get());
        SpineSettings with = new SpineSettings(
                settings.topic(),
                settings.changes(),
                settings.limits(),
                settings.http(),
                settings.auth(),
                settings.management(),
                settings.database(),
                settings.stream(),
                new SpineSettings.Ledger(100_000, Duration.ZERO, heal, 2),
                settings.routes(),
                settings.tracing());
        return new ContinuousAudit(kafka, groups, backlog, places, consumers, database, with, clock, registry);
    }

    private static double resent(MeterRegistry registry) {
        return registry.get("gifts.ledger.resent").counter().count();
    }

    private void update(String file) throws Exception {
        PluginHelper.getRoutesLoader(camel).updateRoutes(ResourceHelper.fromString("index-dead-letters.yaml", file));
    }

    private static String topicsOf(MBeanServer server, ObjectName ledger) {
        try {
            Object report = server.invoke(ledger, "last", new Object[0], new String[0]);
            return report == null ? "" : String.valueOf(((Map<?, ?>) report).get("topics"));
        } catch (javax.management.JMException e) {
            throw new IllegalStateException(e);
        }
    }

    private JsonNode ledger() throws Exception {
        return resend("{}").get("ledger");
    }

    private JsonNode resend(String body) {
        return post(url(), body);
    }

    private JsonNode stop(String act) {
        return post(url("acts/" + act), "{}");
    }

    private JsonNode acts() {
        return http.getForObject(url("acts"), JsonNode.class);
    }

    private JsonNode post(String address, String body) {
        HttpHeaders headers = new HttpHeaders();
        headers.setContentType(MediaType.APPLICATION_JSON);
        return http.postForObject(address, new HttpEntity<>(body, headers), JsonNode.class);
    }

    private String url() {
        return url("ledger");
    }

    private String url(String endpoint) {
        return "http://localhost:%d/actuator/%s".formatted(management, endpoint);
    }

    private double unaccounted() {
        return meters.get("gifts.unaccounted").gauge().value();
    }

    private long rows(String question) {
        return vault.sql("select count(*) from vault where page_id = 92001 and question = ?")
                .param(question)
                .query(Long.class)
                .single();
    }

    private long indexed(UUID event) {
        return vault.sql("select count(*) from dead_letter where event_id = ?")
                .param(event)
                .query(Long.class)
                .single();
    }

    private static long added(JsonNode before, JsonNode after, String field) {
        return after.get(field).longValue() - before.get(field).longValue();
    }

    private static String gift(String question) {
        return "{\"page_id\":92001,\"question\":\"%s\",\"answer\":\"a\",\"ts\":1716300000}".formatted(question);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
