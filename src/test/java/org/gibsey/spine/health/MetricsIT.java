package org.gibsey.spine.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.TestDatabase;
import org.gibsey.spine.embedded.TestTopic;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What Prometheus gets, and whether it is what alerts and dashboard are about. */
class MetricsIT {

    private static final String TOPIC =
            "metrics_" + UUID.randomUUID().toString().substring(0, 8);

    private static TestDatabase database;
    private static TestTopic topic;
    private static RunningSpine spine;

    /** Without Spring's test support, which would switch the export off. */
    @BeforeAll
    static void start() throws Exception {
        String servers = SharedServices.get().kafka().bootstrapServers();
        database = TestDatabase.create();
        topic = new TestTopic(TOPIC, servers);
        spine = RunningSpine.start(
                "KAFKA_BOOTSTRAP_SERVERS=" + servers,
                "KAFKA_TOPIC=" + TOPIC,
                "KAFKA_DEAD_LETTER_TOPIC=" + TOPIC + ".dlq",
                "KAFKA_GROUP=" + TOPIC,
                "VAULT_DB_URL=" + database.url());
        await().until(() -> spine.readiness() == 200);
        await().until(() -> spine.call("GET", "/vault/list", "") == 200);
        useEverything(1);
    }

    @AfterAll
    static void stop() throws Exception {
        if (spine != null) {
            spine.close();
        }
        topic.close();
        database.close();
    }

    @Test
    void everyMetricAndLabelOfAlertsAndDashboardIsExported() throws Exception {
        Scrape scrape = scrape();

        assertThat(Observed.expressions()).hasSizeGreaterThan(40).allSatisfy((place, expression) -> {
            Set<String> metrics = Observed.metrics(expression);
            assertThat(scrape.metrics()).as(place).containsAll(metrics);
            Set<String> labels = metrics.stream()
                    .flatMap(metric -> scrape.labels(metric).stream())
                    .collect(Collectors.toSet());
            assertThat(labels).as(place).containsAll(Observed.labels(expression));
        });
    }

    @ParameterizedTest
    @CsvSource(nullValues = "-", textBlock = """
            gifts_accepted_total, -
            gifts_rejected_total, reason
            gifts_stored_total, -
            gifts_duplicate_total, -
            gifts_dead_total, reason
            changes_stored_total, outcome
            changes_duplicate_total, -
            gifts_replayed_total, -
            erasures_oldest_seconds, -
            gifts_lag_records, -
            gifts_lag_seconds, -
            gifts_save_seconds_bucket, le
            gifts_stored_latency_seconds_bucket, le
            gifts_batch_size_sum, -
            gifts_stream_clients, -
            gifts_unaccounted, -
            gifts_ready, -
            route_edits_total, result
            camel_exchanges_total, routeId
            kafka_producer_record_send_total, client_id
            kafka_consumer_coordinator_assigned_partitions, client_id
            hikaricp_connections_active, pool
            jvm_memory_used_bytes, area
            http_server_requests_seconds_count, uri
            """)
    void exportsWhatWasAgreed(String metric, String label) throws Exception {
        Scrape scrape = scrape();

        assertThat(scrape.metrics()).contains(metric);
        if (label != null) {
            assertThat(scrape.labels(metric)).contains(label);
        } else if (metric.startsWith("gifts_")) {
            assertThat(scrape.labels(metric)).isEmpty();
        }
    }

    @Test
    void nothingACallerOrAnEventSaysBecomesALabel() throws Exception {
        useEverything(2);
        Set<String> before = scrape().series();

        useEverything(3);

        Set<String> added = new TreeSet<>(scrape().series());
        added.removeAll(before);
        // the JVM and the Kafka clients make some of theirs when they first have something to say
        added.removeIf(series -> series.matches("(jvm|kafka|executor)_.*"));
        assertThat(added).isEmpty();
    }

    @Test
    void reasonsAreThoseThatAreKnown() throws Exception {
        Scrape scrape = scrape();

        assertThat(scrape.values("gifts_rejected_total", "reason"))
                .containsExactly(
                        "broker",
                        "busy",
                        "failed",
                        "invalid",
                        "large",
                        "malformed",
                        "rate",
                        "share",
                        "slow",
                        "stopped",
                        "type");
        assertThat(scrape.values("gifts_dead_total", "reason"))
                .containsExactly("conflict", "invalid", "refused", "undecodable");
        assertThat(scrape.values("route_edits_total", "result"))
                .containsExactly("active", "postponed", "refused", "removed", "rolled_back");
    }

    /** The JVM opens a port for JMX when it is told to, and only then; the application does not tell it. */
    @Test
    void noOtherMachineReachesJmx() throws Exception {
        Process jcmd = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                        Long.toString(ProcessHandle.current().pid()),
                        "ManagementAgent.status")
                .redirectErrorStream(true)
                .start();
        String status = new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(jcmd.waitFor()).as(status).isZero();
        assertThat(status).contains("Agent: disabled");
    }

    /** As the alert for changes that fail names them. */
    @Test
    void changesAreCountedUnderTheirPaths() throws Exception {
        assertThat(spine.metrics().lines().filter(line -> line.startsWith("http_server_requests_seconds_count{")))
                .anyMatch(line -> line.contains("method=\"PUT\"") && line.contains("uri=\"/vault/gifts/{event_id}\""))
                .anyMatch(line -> line.contains("method=\"POST\"") && line.contains("uri=\"/delete-account\""));
    }

    /** Good and bad calls, with something that was never there before wherever a caller may say something. */
    private static void useEverything(int page) throws Exception {
        String unique = UUID.randomUUID().toString();
        assertThat(spine.call("POST", "/vault/save", gift(page, unique))).isEqualTo(202);
        assertThat(spine.call("POST", "/vault/save", "{\"page_id\":\"" + unique + "\"}"))
                .isEqualTo(422);
        assertThat(spine.call("POST", "/vault/save", "{" + unique)).isEqualTo(400);
        assertThat(spine.call("GET", "/vault/list?limit=1&page_id=" + page, "")).isEqualTo(200);
        assertThat(spine.call("GET", "/vault/gifts/" + unique, "")).isEqualTo(404);
        assertThat(spine.call("GET", "/" + unique, "")).isEqualTo(404);
        assertThat(spine.call("GET", "/vault/" + unique + "/" + unique, "")).isEqualTo(404);
        assertThat(spine.call("X" + unique.replace("-", ""), "/vault/save", "")).isBetween(400, 499);
        assertThat(spine.call("GET", "/kafka/status", "")).isEqualTo(200);
        assertThat(spine.call("PUT", "/vault/gifts/" + unique, "{}")).isEqualTo(403);
        assertThat(spine.call("POST", "/delete-account", "")).isEqualTo(403);
        topic.write("{\"page_id\":" + page + ",\"question\":\"" + unique + "\"}");
        topic.write(unique);
        await().until(() -> count("select count(*) from vault where page_id = ?", page) == 1);
        await().until(() ->
                count("select count(*) from dead_letter where position(convert_to(?, 'UTF8') in value) > 0", unique)
                        == 2);
    }

    private static Scrape scrape() throws Exception {
        return Scrape.parse(spine.metrics());
    }

    private static long count(String sql, Object parameter) {
        return JdbcClient.create(database.dataSource())
                .sql(sql)
                .param(parameter)
                .query(Long.class)
                .single();
    }

    private static String gift(int page, String question) {
        return "{\"page_id\":%d,\"question\":\"%s\",\"answer\":\"a\"}".formatted(page, question);
    }
}
