package org.gibsey.spine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.gibsey.spine.embedded.EmbeddedDatabase;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.embedded.Ports;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.TestCaller;
import org.gibsey.spine.embedded.TestDatabase;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One jar, two processes: what a process does is the set of routes it loads. */
class PackagedJarIT {

    private final ObjectMapper json = new ObjectMapper();
    private final String topic = "packaged_" + UUID.randomUUID().toString().substring(0, 8);
    private final int apiPort = Ports.free();
    private final int apiManagement = Ports.free();
    private final int workerManagement = Ports.free();

    @TempDir
    Path folder;

    /** Broker, database and issuer of the embedded run are for trying it. */
    @Test
    void carriesNothingOfTheTests() throws Exception {
        try (JarFile jar = new JarFile("target/gift-spine.jar")) {
            List<String> names = jar.stream().map(JarEntry::getName).toList();

            assertThat(names)
                    .anyMatch(name -> name.endsWith("identity/TokenVerifier.class"))
                    .noneMatch(name -> name.contains("spine/embedded/") || name.contains("TestIssuer"));
        }
    }

    /** The worker has a folder of jars beside the jar, and a route that uses them: a second sink. */
    @Test
    void carriesAGiftFromTheApiProcessThroughTheWorkerProcess() throws Exception {
        List<String> posted = new CopyOnWriteArrayList<>();
        HttpServer sink = sink(posted);
        try (TestDatabase database = TestDatabase.create();
                JavaProcess api = start(
                        "api",
                        database,
                        Map.of(
                                "VAULT_ROUTES",
                                "file:routes/save-gift.camel.yaml,file:routes/list-gifts.camel.yaml",
                                "WARM_UP_TIME",
                                "1s",
                                "LIMIT_SAVES_PER_MINUTE",
                                "60",
                                "SERVER_PORT",
                                Integer.toString(apiPort),
                                "MANAGEMENT_SERVER_PORT",
                                Integer.toString(apiManagement)));
                JavaProcess worker = withExtensions(
                        "worker",
                        database,
                        Map.of(
                                "VAULT_ROUTES",
                                "file:routes/persist-gifts.camel.yaml,file:routes/index-dead-letters.camel.yaml,file:"
                                        + postingTo(sink),
                                "VAULT_ROUTES_ALLOW",
                                "component:http,option:http.connectTimeout,option:http.responseTimeout",
                                "SERVER_PORT",
                                "0",
                                "MANAGEMENT_SERVER_PORT",
                                Integer.toString(workerManagement)))) {
            TestCaller caller = new TestCaller(apiPort, apiManagement);
            awaitReady(api, caller);
            awaitReady(worker, new TestCaller(0, workerManagement));

            // it has warmed up, and no gift or save is left of that
            assertThat(caller.list()).isEqualTo("[]");
            assertThat(caller.metrics())
                    .containsPattern("camel_exchanges_total\\{[^}]*routeId=\"save-gift\"[^}]*} [1-9]")
                    .containsPattern("gifts_accepted_total(\\{[^}]*})? 0\\.0")
                    .containsPattern("gifts_rejected_total\\{[^}]*reason=\"invalid\"[^}]*} 0\\.0");

            HttpResponse<String> saved = caller.save("Who carries it?");

            assertThat(saved.statusCode()).as(saved.body()).isEqualTo(202);
            assertThat(saved.body()).isEqualTo("{\"queued\":true}");
            // the first of a burst of 120: warming up used none of what an address has
            assertThat(saved.headers().firstValue("RateLimit"))
                    .hasValueSatisfying(left -> assertThat(left).startsWith("\"saves\";r=119;"));
            await().until(() -> json.readTree(caller.list()).size() == 1);
            assertThat(json.readTree(caller.list()).at("/0/question").textValue())
                    .isEqualTo("Who carries it?");
            await().until(() -> posted.size() == 2);
            // the first was answered 503
            assertThat(posted.get(0)).isEqualTo(posted.get(1));
            JsonNode gifts = json.readTree(posted.get(1)).path("gifts");
            assertThat(gifts).hasSize(1);
            for (String field : List.of("event_id", "page_id", "question", "answer", "symbol_id", "created_at")) {
                assertThat(gifts.at("/0/" + field))
                        .as(field)
                        .isEqualTo(json.readTree(caller.list()).at("/0/" + field));
            }
            JsonNode health = json.readTree(caller.health());
            assertThat(health.at("/status").textValue()).isEqualTo("UP");
            assertThat(health.at("/components/broker/status").textValue()).isEqualTo("UP");
            assertThat(health.at("/components/database/status").textValue()).isEqualTo("UP");

            assertThat(api.terminate()).isEqualTo(143);
            showsTheGroupOfTheSink(new TestCaller(0, workerManagement));
            assertThat(worker.terminate()).isEqualTo(143);
        } finally {
            sink.stop(0);
        }
    }

    /** Has no time for the first request. */
    private void showsTheGroupOfTheSink(TestCaller worker) {
        await().untilAsserted(() -> {
            List<JsonNode> groups = json.readTree(worker.management("/actuator/groups"))
                    .path("groups")
                    .valueStream()
                    .filter(group -> group.path("group").asText().equals(topic + "-poster"))
                    .toList();
            assertThat(groups).hasSize(1);
            assertThat(groups.get(0).at("/members/0/partitions"))
                    .hasSize(6)
                    .allSatisfy(share -> assertThat(share.path("lag").asInt(-1)).isZero());
            assertThat(groups.get(0).path("nobodys")).isEmpty();
            assertThat(worker.metrics())
                    .contains("consumer_group_lag_records{group=\"%s-poster\"} 0.0".formatted(topic));
        });
    }

    private static HttpServer sink(List<String> posted) throws IOException {
        HttpServer sink = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        sink.createContext("/gifts", exchange -> {
            posted.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
            exchange.sendResponseHeaders(posted.size() == 1 ? 503 : 204, -1);
            exchange.close();
        });
        sink.start();
        return sink;
    }

    private Path postingTo(HttpServer sink) throws IOException {
        String route = Files.readString(Path.of("examples/routes/post-gifts.camel.yaml"));
        return Files.writeString(
                folder.resolve("post-gifts.camel.yaml"),
                route.replace("localhost:9000", "localhost:" + sink.getAddress().getPort())
                        .replace("gift-poster", topic + "-poster"));
    }

    private JavaProcess start(String name, TestDatabase database, Map<String, String> role) throws IOException {
        return JavaProcess.jar(settings(database, role), folder.resolve(name + ".log"));
    }

    /** As docs/deploying.md has it. */
    private JavaProcess withExtensions(String name, TestDatabase database, Map<String, String> role)
            throws IOException {
        List<String> command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                JavaProcess.temporaryFiles(),
                "-XX:TieredStopAtLevel=1",
                "-Dloader.path=target/extensions",
                "-cp",
                "target/gift-spine.jar",
                "org.springframework.boot.loader.launch.PropertiesLauncher");
        return JavaProcess.command(
                command, Path.of("").toAbsolutePath(), settings(database, role), folder.resolve(name + ".log"));
    }

    /** On the shared broker, with topics, group and database of its own. */
    private Map<String, String> settings(TestDatabase database, Map<String, String> role) {
        Map<String, String> environment = new HashMap<>(role);
        environment.put("KAFKA_BOOTSTRAP_SERVERS", SharedServices.get().kafka().bootstrapServers());
        environment.put("KAFKA_TOPIC", topic);
        environment.put("KAFKA_DEAD_LETTER_TOPIC", topic + ".dlq");
        environment.put("KAFKA_GROUP", topic);
        environment.put("VAULT_DB_URL", database.url());
        environment.put("VAULT_DB_USER", EmbeddedDatabase.USER);
        environment.put("VAULT_DB_PASSWORD", EmbeddedDatabase.PASSWORD);
        return environment;
    }

    private static void awaitReady(JavaProcess process, TestCaller caller) {
        await().until(() -> {
            process.assertAlive();
            return caller.isReady();
        });
    }
}
