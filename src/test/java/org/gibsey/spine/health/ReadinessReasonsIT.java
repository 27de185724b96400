package org.gibsey.spine.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.awaitility.core.ThrowingRunnable;
import org.flywaydb.core.Flyway;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.broker.KafkaConnection;
import org.gibsey.spine.broker.TopicState;
import org.gibsey.spine.embedded.EmbeddedKafka;
import org.gibsey.spine.embedded.Ports;
import org.gibsey.spine.embedded.Promise;
import org.gibsey.spine.embedded.TestDatabase;
import org.gibsey.spine.http.TopicLimit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** A broker and a database that are there and of no use, as in a deployment whose parts belong to different people. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ReadinessReasonsIT {

    private static final String EVERYBODY = "User:*";

    @TempDir
    static Path data;

    private static EmbeddedKafka kafka;
    private static Admin admin;
    private static TestDatabase database;
    private static RunningSpine spine;

    @BeforeAll
    static void start() throws Exception {
        kafka = new EmbeddedKafka(
                        data.resolve("kafka"),
                        Ports.free(),
                        Map.of(
                                "authorizer.class.name",
                                "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                                "allow.everyone.if.no.acl.found",
                                "true"))
                .start();
        admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()));
        database = TestDatabase.create();
        spine = RunningSpine.start(
                "KAFKA_BOOTSTRAP_SERVERS=" + kafka.bootstrapServers(),
                "KAFKA_CREATE_TOPICS=false",
                "VAULT_DB_URL=" + database.url(),
                "VAULT_DB_MIGRATE=false");
    }

    @AfterAll
    static void stop() throws Exception {
        if (spine != null) {
            spine.close();
        }
        database.close();
        admin.close();
        kafka.close();
    }

    @Test
    @Order(1)
    void waitsForTopicsAndASchemaThatSomebodyElseMakes() throws Exception {
        within10s(() -> {
            assertThat(reason("broker")).isEqualTo("missing topics [gift_changes, gift_events, gift_events.dlq]");
            assertThat(reason("database"))
                    .matches("the schema is not current: \\d+ migrations are missing, the first is V1 vault");
        });
        assertThat(spine.readiness()).isEqualTo(503);
        assertThat(spine.liveness()).isEqualTo(200);

        admin.createTopics(List.of(
                        new NewTopic("gift_changes", 1, (short) 1),
                        new NewTopic("gift_events", 2, (short) 1),
                        new NewTopic("gift_events.dlq", 1, (short) 1)))
                .all()
                .get();
        Flyway.configure().dataSource(database.dataSource()).load().migrate();

        within10s(() -> assertThat(spine.readiness()).isEqualTo(200));
        assertThat(spine.save(1, "at last").statusCode()).isEqualTo(202);
    }

    @Test
    @Order(2)
    void isNotReadyWhileItMayNotWrite() throws Exception {
        List<AclBinding> rules = List.of(
                rule("gift_events", AclOperation.ALL, AclPermissionType.ALLOW),
                rule("gift_events", AclOperation.WRITE, AclPermissionType.DENY));
        admin.createAcls(rules).all().get();

        within10s(() -> assertThat(reason("broker")).isEqualTo("not allowed to write to gift_events"));
        assertThat(spine.readiness()).isEqualTo(503);

        admin.deleteAcls(rules.stream().map(AclBinding::toFilter).toList())
                .all()
                .get();
        within10s(() -> assertThat(spine.readiness()).isEqualTo(200));
    }

    @Test
    @Order(3)
    void asksForNoMoreReplicasThanAPartitionHasAsTheBrokerDoes() throws Exception {
        requireReplicas("2");

        await().until(() ->
                TopicState.of(admin, List.of("gift_events")).get("gift_events").minInSync() == 2);
        assertThat(spine.save(1, "with the one replica there is").statusCode()).isEqualTo(202);
        assertThat(spine.call("GET", "/kafka/status", "")).isEqualTo(200);
        assertThat(look(spine.bean(PersistRoutes.class))).satisfies(TopicLook::look);
        assertThat(spine.readiness()).isEqualTo(200);
    }

    @Test
    @Order(4)
    void isNotReadyWhileTheLargestBodyIsMoreThanTheTopicTakes() throws Exception {
        set("max.message.bytes", "1000");

        within10s(() -> assertThat(reason("broker"))
                .startsWith(
                        "MAX_BODY_BYTES (spine.limits.body-bytes) is 1048576, but topic gift_events takes messages of"
                                + " at most 1000 bytes"));
        assertThat(spine.readiness()).isEqualTo(503);

        set("max.message.bytes", "1048588");
        within10s(() -> assertThat(spine.readiness()).isEqualTo(200));
    }

    /** Of two roles: the API has no right to write dead letters, and does not miss it. */
    @Test
    @Order(5)
    void asksForTheRightToWriteDeadLettersOnlyWhereGiftsAreStored() throws Exception {
        List<AclBinding> rules = List.of(
                rule("gift_events.dlq", AclOperation.ALL, AclPermissionType.ALLOW),
                rule("gift_events.dlq", AclOperation.WRITE, AclPermissionType.DENY));
        admin.createAcls(rules).all().get();

        within10s(() -> assertThat(reason("broker")).isEqualTo("not allowed to write to gift_events.dlq"));
        assertThat(look(new PersistRoutes(new DefaultCamelContext()))).satisfies(TopicLook::look);

        admin.deleteAcls(rules.stream().map(AclBinding::toFilter).toList())
                .all()
                .get();
        within10s(() -> assertThat(spine.readiness()).isEqualTo(200));
    }

    @Test
    @Order(6)
    void isReadyWithAllTopicsOfItsRoutes() throws Exception {
        try (RunningSpine fresh = RunningSpine.start(
                "KAFKA_BOOTSTRAP_SERVERS=" + kafka.bootstrapServers(),
                "KAFKA_TOPIC=fresh",
                "KAFKA_CHANGES_TOPIC=fresh.changes",
                "KAFKA_DEAD_LETTER_TOPIC=fresh.dlq",
                "VAULT_DB_URL=" + database.url(),
                "WARM_UP_TIME=0s")) {
            await().until(() -> fresh.readiness() == 200);

            assertThat(admin.listTopics().names().get()).contains("fresh", "fresh.changes", "fresh.dlq");
        }
    }

    private static TopicLook look(PersistRoutes routes) {
        return new TopicLook(
                spine.bean(KafkaConnection.class),
                spine.bean(SpineSettings.class),
                spine.bean(TopicLimit.class),
                routes);
    }

    private static void requireReplicas(String number) throws Exception {
        set("min.insync.replicas", number);
    }

    private static void set(String name, String value) throws Exception {
        admin.incrementalAlterConfigs(Map.of(
                        new ConfigResource(ConfigResource.Type.TOPIC, "gift_events"),
                        List.of(new AlterConfigOp(new ConfigEntry(name, value), AlterConfigOp.OpType.SET))))
                .all()
                .get();
    }

    private static AclBinding rule(String topic, AclOperation operation, AclPermissionType permission) {
        return new AclBinding(
                new ResourcePattern(ResourceType.TOPIC, topic, PatternType.LITERAL),
                new AccessControlEntry(EVERYBODY, "*", operation, permission));
    }

    private static String reason(String part) throws Exception {
        return spine.part(part).at("/details/reason").asText();
    }

    private static void within10s(ThrowingRunnable assertion) {
        Promise.within(Duration.ofSeconds(10), "readiness follows", assertion);
    }
}
