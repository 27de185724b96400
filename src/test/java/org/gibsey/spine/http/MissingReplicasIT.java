package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.gibsey.spine.SpineApplication;
import org.gibsey.spine.embedded.EmbeddedKafka;
import org.gibsey.spine.embedded.Ports;
import org.gibsey.spine.embedded.Promise;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.SignedInCalls;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** Two brokers, and a topic that asks for the acknowledgement of both. */
class MissingReplicasIT {

    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @TempDir
    static Path data;

    static EmbeddedKafka first;
    static EmbeddedKafka second;
    static ConfigurableApplicationContext application;

    @BeforeAll
    static void start() throws Exception {
        int firstPort = Ports.free();
        int secondPort = Ports.free();
        int controllerPort = Ports.free();
        first = broker(1, firstPort, controllerPort).start();
        second = broker(2, secondPort, controllerPort).start();
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", first.bootstrapServers()))) {
            await().until(() -> admin.describeCluster().nodes().get().size() == 2);
            admin.createTopics(List.of(
                            new NewTopic("gift_events", 1, (short) 2).configs(Map.of("min.insync.replicas", "2")),
                            new NewTopic("gift_events.dlq", 1, (short) 1)))
                    .all()
                    .get();
        }
        application = SignedInCalls.in(new SpringApplicationBuilder(SpineApplication.class))
                .properties(Map.of(
                        "SERVER_PORT", "0",
                        "MANAGEMENT_SERVER_PORT", "0",
                        "KAFKA_BOOTSTRAP_SERVERS", first.bootstrapServers(),
                        "VAULT_DB_URL", SharedServices.get().database().url(),
                        "VAULT_ROUTES", "file:routes/save-gift.camel.yaml,file:routes/show-kafka-status.camel.yaml"))
                .run();
    }

    @AfterAll
    static void stop() {
        application.close();
        // the controller is in the first
        second.close();
        first.close();
    }

    @Test
    void refusesWhileTheOtherReplicaIsAway() throws Exception {
        await().until(() -> save().statusCode() == 202);

        second.close();
        await().until(() -> save().statusCode() == 503);
        long began = System.nanoTime();
        HttpResponse<String> refused = save();
        Duration took = Promise.since(began);
        await().until(() -> get("/kafka/status").statusCode() == 503);
        await().until(() -> readiness().contains("gift_events-0 takes no writes: 1 of 2 required replicas in sync"));
        String status = get("/kafka/status").body();
        second.start();

        assertThat(refused.statusCode()).isEqualTo(503);
        assertThat(refused.headers().firstValue("Retry-After")).isPresent();
        Promise.kept("a save without enough replicas is refused", took, Duration.ofSeconds(3));
        assertThat(status).contains("1 of 1 partitions");
        await().until(() -> save().statusCode() == 202);
        await().until(() ->
                get("/kafka/status").body().equals("{\"brokers\":2,\"topic\":\"gift_events\",\"ok\":true}"));
    }

    private static EmbeddedKafka broker(int id, int port, int controllerPort) {
        String own = "PLAINTEXT://localhost:" + port;
        Map<String, String> settings = new HashMap<>();
        settings.put("node.id", Integer.toString(id));
        settings.put("controller.quorum.voters", "1@localhost:" + controllerPort);
        settings.put("process.roles", id == 1 ? "broker,controller" : "broker");
        settings.put("listeners", id == 1 ? own + ",CONTROLLER://localhost:" + controllerPort : own);
        return new EmbeddedKafka(data.resolve("kafka" + id), port, settings);
    }

    private static HttpResponse<String> save() throws IOException, InterruptedException {
        return HTTP.send(
                HttpRequest.newBuilder(uri("/vault/save"))
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString("{\"page_id\":48001,\"question\":\"q\",\"answer\":\"a\"}"))
                        .build(),
                BodyHandlers.ofString());
    }

    private static HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return HTTP.send(HttpRequest.newBuilder(uri(path)).build(), BodyHandlers.ofString());
    }

    private static String readiness() throws IOException, InterruptedException {
        URI uri = URI.create("http://localhost:" + application.getEnvironment().getProperty("local.management.port")
                + "/actuator/health/readiness");
        return HTTP.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString())
                .body();
    }

    private static URI uri(String path) {
        return URI.create("http://localhost:" + application.getEnvironment().getProperty("local.server.port") + path);
    }
}
