package org.gibsey.spine.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.gibsey.spine.embedded.EmbeddedServices;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.embedded.Ports;
import org.gibsey.spine.embedded.TestCaller;
import org.gibsey.spine.timeline.TestStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The application is there before its broker and its database. */
class LateServicesIT {

    private final int kafkaPort = Ports.free();
    private final int databasePort = Ports.free();
    private final int port = Ports.free();
    private final int management = Ports.free();
    private final TestCaller caller = new TestCaller(port, management);

    @TempDir
    Path folder;

    @Test
    void saysWhatItWaitsForAndGoesOnByItselfWhenItAppears() throws Exception {
        try (JavaProcess application = JavaProcess.application(
                Map.of(
                        "KAFKA_BOOTSTRAP_SERVERS",
                        "localhost:" + kafkaPort,
                        "VAULT_DB_URL",
                        "jdbc:postgresql://localhost:%d/gibsey?password=hidden".formatted(databasePort),
                        "SERVER_PORT",
                        Integer.toString(port),
                        "MANAGEMENT_SERVER_PORT",
                        Integer.toString(management)),
                folder.resolve("application.log"))) {
            await().until(() -> complaints(application).size() >= 2 && caller.isWaiting());
            // three more looks of each watch, and nothing more to say
            await().during(Duration.ofSeconds(6)).until(caller::isWaiting);
            assertThat(complaints(application))
                    .hasSize(2)
                    .anySatisfy(line -> assertThat(line).contains("Waiting for Kafka at localhost:" + kafkaPort + ": "))
                    .anySatisfy(line -> assertThat(line)
                            .contains("Waiting for PostgreSQL at postgresql://localhost:" + databasePort + "/gibsey: ")
                            .doesNotContain("hidden"));

            CompletableFuture<TestStream> early = CompletableFuture.supplyAsync(() -> TestStream.open(port, "", null));
            await().until(() -> Files.readString(application.log()).contains("The timelines wait for the database"));

            try (EmbeddedServices services = EmbeddedServices.start(folder, kafkaPort, databasePort)) {
                await().until(caller::isReady);
                try (TestStream timeline = early.get()) {
                    assertThat(caller.save("Was it late?").statusCode()).isEqualTo(202);
                    await().until(() -> caller.list().contains("Was it late?"));
                    assertThat(timeline.awaitGifts(1).questions()).containsExactly("Was it late?");
                }
                assertThat(Files.readString(application.log()))
                        .contains("Kafka at " + services.kafka().bootstrapServers() + " is there")
                        .contains("PostgreSQL at postgresql://localhost:" + databasePort + "/gibsey is there");
                application.terminate();
            }
        }
    }

    /** As in a cluster, where a process may be there before the Services of its broker and its database; it reads its route files once. */
    @Test
    void goesOnByItselfWhenTheNamesOfBothAreKnown() throws Exception {
        goesOnWhenNamesAreKnown("0");
    }

    @Test
    @Tag("slow")
    void goesOnByItselfWhenTheNamesOfBothAreKnownAndRouteFilesAreWatched() throws Exception {
        goesOnWhenNamesAreKnown("250ms");
    }

    private void goesOnWhenNamesAreKnown(String lookEvery) throws Exception {
        Path names = Files.writeString(folder.resolve("names"), "127.0.0.1 localhost\n");
        try (JavaProcess application = JavaProcess.application(
                Map.of(
                        "KAFKA_BOOTSTRAP_SERVERS",
                        "broker.example:" + kafkaPort,
                        "VAULT_DB_URL",
                        "jdbc:postgresql://db.example:%d/gibsey".formatted(databasePort),
                        "SERVER_PORT",
                        Integer.toString(port),
                        "MANAGEMENT_SERVER_PORT",
                        Integer.toString(management),
                        "VAULT_ROUTES_LOOK_EVERY",
                        lookEvery),
                folder.resolve("application.log"),
                "-Djdk.net.hosts.file=" + names)) {
            await().until(() -> Files.readString(application.log())
                    .contains("Waiting for Kafka at broker.example:" + kafkaPort + ": No resolvable bootstrap urls"));
            await().until(() -> Files.readString(application.log())
                    .contains("Waiting for PostgreSQL at postgresql://db.example:" + databasePort
                            + "/gibsey: unknown host db.example"));

            EmbeddedServices services = EmbeddedServices.start(folder, kafkaPort, databasePort);
            try {
                Files.writeString(names, "127.0.0.1 localhost broker.example db.example\n");
                await().until(caller::isReady);
                assertThat(caller.save("Was its name late?").statusCode()).isEqualTo(202);
                await().until(() -> caller.list().contains("Was its name late?"));
                application.terminate();
            } finally {
                services.close();
            }
        }
    }

    /** Lines of warnings, errors and stack traces. */
    private static List<String> complaints(JavaProcess application) throws IOException {
        return Files.readAllLines(application.log()).stream()
                .filter(line -> line.matches(".* (WARN|ERROR) .*|\\s+at .*|.*Exception.*"))
                .toList();
    }
}
