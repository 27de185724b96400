package org.gibsey.spine.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.gibsey.spine.embedded.EmbeddedDatabase;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.embedded.Ports;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.TestCaller;
import org.gibsey.spine.embedded.TestDatabase;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * The API of this version in place of FastAPI, with the routes that need no table, beside the old worker on its old table: nothing is
 * asked for that was not there before, no topic and no column.
 */
@Tag("slow")
class OldWorkerIT {

    private final String topic = "old_" + UUID.randomUUID();
    private final String servers = SharedServices.get().kafka().bootstrapServers();

    @TempDir
    Path folder;

    @Test
    void storesWhatTheNewApiAcceptsAsBefore() throws Exception {
        int port = Ports.free();
        int management = Ports.free();
        TestCaller caller = new TestCaller(port, management);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers));
                TestDatabase database = TestDatabase.create()) {
            admin.createTopics(List.of(new NewTopic(topic, 6, (short) 1), new NewTopic(topic + ".dlq", 1, (short) 1)))
                    .all()
                    .get();
            JdbcClient vault = JdbcClient.create(database.dataSource());
            vault.sql(
                            "create table vault (id bigserial primary key, user_id uuid, page_id bigint, question text, answer text,"
                                    + " symbol_id integer, created_at timestamptz default now(), updated_at timestamptz default now())")
                    .update();
            try (JavaProcess api = api(database, port, management);
                    Faust faust = new Faust(vault)) {
                await().until(() -> {
                    api.assertAlive();
                    return caller.isReady();
                });

                for (int i = 0; i < 50; i++) {
                    assertThat(caller.save("Question " + i).statusCode()).isEqualTo(202);
                }
                await().untilAsserted(() -> {
                    faust.poll();
                    assertThat(vault.sql("select question from vault order by id")
                                    .query(String.class)
                                    .set())
                            .hasSize(50);
                });
                assertThat(caller.isReady()).isTrue();
            }

            assertThat(vault.sql("select question || page_id || (created_at > now() - interval '1 hour') from vault")
                            .query(String.class)
                            .list())
                    .hasSize(50)
                    .allMatch(row -> row.matches("Question \\d+1true"));
            assertThat(vault.sql("select table_name from information_schema.tables where table_schema = 'public'")
                            .query(String.class)
                            .list())
                    .containsExactly("vault");
            assertThat(admin.listTopics().names().get()).doesNotContain(topic + ".changes");
        }
    }

    /** With the settings that docs/deploying.md gives. */
    private JavaProcess api(TestDatabase database, int port, int management) throws Exception {
        return JavaProcess.application(
                Map.ofEntries(
                        Map.entry(
                                "VAULT_ROUTES",
                                "file:routes/save-gift.camel.yaml,file:routes/show-kafka-status.camel.yaml"),
                        Map.entry("VAULT_DB_MIGRATE", "false"),
                        Map.entry("KAFKA_CREATE_TOPICS", "false"),
                        Map.entry("KAFKA_BOOTSTRAP_SERVERS", servers),
                        Map.entry("KAFKA_TOPIC", topic),
                        Map.entry("KAFKA_CHANGES_TOPIC", topic + ".changes"),
                        Map.entry("KAFKA_DEAD_LETTER_TOPIC", topic + ".dlq"),
                        Map.entry("VAULT_DB_URL", database.url()),
                        Map.entry("VAULT_DB_USER", EmbeddedDatabase.USER),
                        Map.entry("VAULT_DB_PASSWORD", EmbeddedDatabase.PASSWORD),
                        Map.entry("SERVER_PORT", Integer.toString(port)),
                        Map.entry("MANAGEMENT_SERVER_PORT", Integer.toString(management))),
                folder.resolve("api.log"),
                "-Xmx256m");
    }

    /** What the Faust worker does with an event: it knows no header and no field but these, and writes a row for each. */
    private final class Faust implements AutoCloseable {

        private final ObjectMapper json = new ObjectMapper();
        private final JdbcClient vault;
        private final KafkaConsumer<String, String> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", servers, "group.id", topic, "auto.offset.reset", "earliest"),
                new StringDeserializer(),
                new StringDeserializer());

        Faust(JdbcClient vault) {
            this.vault = vault;
            consumer.subscribe(List.of(topic));
        }

        void poll() throws Exception {
            for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) {
                JsonNode gift = json.readTree(record.value());
                vault.sql("insert into vault (user_id, page_id, question, answer, symbol_id, created_at)"
                                + " values (?::uuid, ?, ?, ?, ?, to_timestamp(?))")
                        .params(
                                gift.path("user_id").asText("00000000-0000-0000-0000-000000000000"),
                                gift.required("page_id").longValue(),
                                gift.required("question").textValue(),
                                gift.required("answer").textValue(),
                                gift.has("symbol_id") ? gift.get("symbol_id").intValue() : null,
                                gift.required("ts").doubleValue())
                        .update();
            }
        }

        @Override
        public void close() {
            consumer.close();
        }
    }
}
