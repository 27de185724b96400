package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.gibsey.spine.SpineApplication;
import org.gibsey.spine.embedded.KafkaProcess;
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

/**
 * A broker that is not there yet, hangs or dies: every save gets its 503 meanwhile, whatever needs no broker
 * goes on, and the first save after the trouble is taken. Each test finds the broker well and leaves it well.
 */
class BrokerTroubleIT {

    private static final int CLIENTS = 256;
    /** Half of all: more one client does not get. */
    private static final int PLACES = 200;

    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    @TempDir
    static Path data;

    static ConfigurableApplicationContext application;
    static KafkaProcess kafka;
    static Answer whileNobodyListens;
    static Answer whileNobodyAnswers;

    /** How a call was answered, and how long it took. */
    record Answer(HttpResponse<String> response, Duration took) {}

    @BeforeAll
    static void startBeforeTheBroker() throws IOException {
        int port = Ports.free();
        application = SignedInCalls.in(new SpringApplicationBuilder(SpineApplication.class))
                .properties(Map.of(
                        "SERVER_PORT",
                        "0",
                        "MANAGEMENT_SERVER_PORT",
                        "0",
                        "KAFKA_BOOTSTRAP_SERVERS",
                        "localhost:" + port,
                        "VAULT_DB_URL",
                        SharedServices.get().database().url(),
                        "MAX_CONCURRENT_SAVES",
                        2 * PLACES,
                        "VAULT_ROUTES",
                        "file:routes/save-gift.camel.yaml,file:routes/list-gifts.camel.yaml,"
                                + "file:routes/show-kafka-status.camel.yaml"))
                .run();
        whileNobodyListens = save().join();
        try (ServerSocket silent = new ServerSocket(port, 50, InetAddress.getLoopbackAddress())) {
            assertThat(silent.isBound()).isTrue();
            whileNobodyAnswers = save().join();
        }
        kafka = KafkaProcess.start(data.resolve("kafka"), port);
        await().until(() -> save().join().response().statusCode() == 202);
        // every client has its connection
        joined(startSaves(PLACES));
        joined(startSaves(PLACES));
    }

    @AfterAll
    static void stop() {
        application.close();
        kafka.close();
    }

    @Test
    void refusesBeforeTheBrokerHasEverBeenThere() {
        assertRefused(List.of(whileNobodyListens, whileNobodyAnswers));
    }

    @Test
    void refusesEveryoneWhileTheBrokerHangsAndListsMeanwhile() throws Exception {
        List<Answer> answers = new ArrayList<>();
        kafka.process().freeze();
        try {
            List<CompletableFuture<Answer>> saves = startSaves(CLIENTS);
            list();
            answers.addAll(joined(saves));
            // who finds no place is not kept waiting for one; a slow machine may take until a place is free again
            await().until(() -> {
                if (answers.stream()
                        .noneMatch(answer -> answer.response().body().contains("#share"))) {
                    answers.addAll(joined(startSaves(CLIENTS)));
                    return false;
                }
                return true;
            });
        } finally {
            kafka.process().thaw();
        }

        assertRefused(answers);
        assertTakesSavesAgain();
    }

    @Test
    void refusesEveryoneWhileTheBrokerIsDeadAndListsMeanwhile() throws Exception {
        kafka.process().kill();
        List<CompletableFuture<Answer>> saves = startSaves(CLIENTS);
        list();
        List<Answer> answers = joined(saves);
        HttpResponse<String> status = get("/kafka/status");
        kafka.restart();

        assertTakesSavesAgain();
        assertRefused(answers);
        assertThat(status.statusCode()).isEqualTo(503);
        await().until(() -> get("/kafka/status").statusCode() == 200);
    }

    private static void assertRefused(Collection<Answer> answers) {
        assertThat(answers).allSatisfy(answer -> {
            // one client has half of all places at most
            assertThat(answer.response().statusCode())
                    .isEqualTo(answer.response().body().contains("#share") ? 429 : 503);
            assertThat(answer.response().headers().firstValue("Content-Type")).contains("application/problem+json");
            assertThat(answer.response().headers().firstValue("Retry-After")).isPresent();
        });
        Promise.kept(
                "a save without a broker is refused",
                answers.stream()
                        .map(Answer::took)
                        .max(Comparator.naturalOrder())
                        .orElseThrow(),
                Duration.ofSeconds(3));
    }

    private static void assertTakesSavesAgain() {
        int refused = 0;
        while (save().join().response().statusCode() != 202) {
            refused++;
        }
        Promise.kept("refused after the trouble", refused, 1, "saves");
    }

    private static List<CompletableFuture<Answer>> startSaves(int clients) {
        return IntStream.range(0, clients).mapToObj(i -> save()).toList();
    }

    private static List<Answer> joined(List<CompletableFuture<Answer>> saves) {
        return saves.stream().map(CompletableFuture::join).toList();
    }

    private static CompletableFuture<Answer> save() {
        long began = System.nanoTime();
        HttpRequest request = HttpRequest.newBuilder(uri("/vault/save"))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString("{\"page_id\":45001,\"question\":\"q\",\"answer\":\"a\"}"))
                .build();
        return HTTP.sendAsync(request, BodyHandlers.ofString())
                .thenApply(response -> new Answer(response, Promise.since(began)));
    }

    private static void list() throws Exception {
        long began = System.nanoTime();
        assertThat(get("/vault/list?limit=1").statusCode()).isEqualTo(200);
        Promise.kept("a list without a broker", Promise.since(began), Duration.ofMillis(1_500));
    }

    private static HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return HTTP.send(HttpRequest.newBuilder(uri(path)).build(), BodyHandlers.ofString());
    }

    private static URI uri(String path) {
        return URI.create("http://localhost:" + application.getEnvironment().getProperty("local.server.port") + path);
    }
}
