package org.gibsey.spine.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.core.ThrowingRunnable;
import org.gibsey.spine.embedded.EmbeddedServices;
import org.gibsey.spine.embedded.Ports;
import org.gibsey.spine.embedded.Promise;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.springframework.util.FileSystemUtils;

/** A process that does everything and one that only accepts, with a broker and a database that go away. */
class OutageIT {

    private static Path data;
    private static EmbeddedServices services;
    private static RunningSpine all;
    private static RunningSpine api;

    private final List<String> log = new CopyOnWriteArrayList<>();
    private long began;
    private final ListAppender<ILoggingEvent> appender = new ListAppender<>() {
        @Override
        protected void append(ILoggingEvent event) {
            log.add(event.getThreadName() + ": " + event.getFormattedMessage());
        }
    };

    @BeforeAll
    static void start() throws Exception {
        data = Files.createTempDirectory(Files.createDirectories(Path.of("target")), "outage");
        services = EmbeddedServices.start(data, Ports.free(), Ports.free());
        String broker = "KAFKA_BOOTSTRAP_SERVERS=" + services.kafka().bootstrapServers();
        String database = "VAULT_DB_URL=" + services.database().url();
        all = RunningSpine.start(broker, database);
        api = RunningSpine.start(
                broker, database, "VAULT_ROUTES=file:routes/save-gift.camel.yaml,file:routes/list-gifts.camel.yaml");
    }

    @AfterAll
    static void stop() throws Exception {
        if (api != null) {
            api.close();
        }
        if (all != null) {
            all.close();
        }
        services.close();
        FileSystemUtils.deleteRecursively(data);
    }

    @BeforeEach
    void bothAreReady() {
        await().untilAsserted(() -> {
            assertThat(all.readiness()).isEqualTo(200);
            assertThat(api.readiness()).isEqualTo(200);
            assertThat(all.part("consumer").path("status").asText()).isEqualTo("UP");
        });
        ((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).addAppender(appender);
        appender.start();
        began = System.nanoTime();
    }

    @AfterEach
    void stopListening() {
        ((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).detachAppender(appender);
    }

    @Test
    void withoutTheDatabaseOnlyTheProcessThatStoresIsNotReady() throws Exception {
        services.database().close();
        try {
            within10s(() -> {
                assertThat(all.readiness()).isEqualTo(503);
                assertThat(all.part("database").at("/details/reason").asText()).contains("refused");
            });
            within10s(() ->
                    assertThat(api.part("database").path("status").asText()).isEqualTo("AWAY"));
            assertThat(api.readiness()).isEqualTo(200);
            assertThat(all.liveness()).isEqualTo(200);
            assertThat(all.metric("gifts_ready")).isZero();
            assertThat(api.metric("gifts_ready")).isEqualTo(1);

            for (int i = 0; i < 20; i++) {
                assertThat(api.save(91_001, "while the database is away").statusCode())
                        .isEqualTo(202);
            }
            within10s(() -> assertThat(api.metric("gifts_lag_records")).isEqualTo(20));
            within10s(() -> assertThat(api.metric("gifts_lag_seconds")).isGreaterThan(4));
        } finally {
            services.database().start();
        }
        within10s(() -> assertThat(all.readiness()).isEqualTo(200));
        within10s(() -> assertThat(all.metric("gifts_lag_records")).isZero());
        assertThat(all.metric("gifts_lag_seconds")).isZero();
        booksBalance();
        assertLogIsShort();
    }

    @Test
    void aDatabaseThatDoesNotAnswerIsAway() throws Exception {
        services.database().freeze();
        try {
            within10s(() -> assertThat(all.readiness()).isEqualTo(503));
            assertThat(api.readiness()).isEqualTo(200);
            assertThat(all.liveness()).isEqualTo(200);
        } finally {
            services.database().thaw();
        }
        within10s(() -> assertThat(all.readiness()).isEqualTo(200));
    }

    @Test
    void withoutTheBrokerNobodyIsReady() throws Exception {
        services.kafka().close();
        try {
            within10s(() -> {
                assertThat(all.readiness()).isEqualTo(503);
                assertThat(api.readiness()).isEqualTo(503);
            });
            // while it goes it may still say that a partition has no leader
            within10s(() -> assertThat(api.part("broker").at("/details/reason").asText())
                    .contains("no broker answers"));
            assertThat(api.liveness()).isEqualTo(200);
            within10s(() -> assertThat(api.metric("gifts_lag_records")).isNaN());
            assertThat(api.save(91_002, "while the broker is away").statusCode())
                    .isEqualTo(503);
            await().until(() -> api.bean(Groups.class).report().problem() != null);
        } finally {
            services.kafka().start();
        }
        within10s(() -> {
            assertThat(all.readiness()).isEqualTo(200);
            assertThat(api.readiness()).isEqualTo(200);
            assertThat(api.json("/actuator/groups").path("groups")).isNotEmpty();
        });
        assertThat(api.save(91_002, "when the broker is back").statusCode()).isEqualTo(202);
        within10s(() -> assertThat(api.metric("gifts_lag_records")).isZero());
        booksBalance();
        assertLogIsShort();
    }

    /** So that what is not known can be asked often. */
    @Test
    void doesNotAskWhoIsInTheGroupsWhenItIsKnownSinceAMoment() {
        Groups groups = all.bean(Groups.class);
        await().untilAsserted(() -> {
            Groups.Report known = groups.report();
            assertThat(known.groups()).isNotEmpty();
            groups.look();
            assertThat(groups.report()).isSameAs(known);
        });
    }

    @Test
    void saysWhyNothingIsStoredWhenBrokerAndDatabaseAreThere() throws Exception {
        try (Connection connection = services.database().superuser();
                Statement sql = connection.createStatement()) {
            sql.execute("alter table vault rename to vault_elsewhere");
            try {
                api.save(91_003, "nowhere to go");
                await().untilAsserted(() -> assertThat(all.readiness()).isEqualTo(503));
                assertThat(all.part("consumer").at("/details/reason").asText())
                        .contains("persist-gifts waits")
                        .contains("42P01");
                assertThat(all.part("database").path("status").asText()).isEqualTo("UP");
            } finally {
                sql.execute("alter table vault_elsewhere rename to vault");
            }
        }
        within10s(() -> assertThat(all.readiness()).isEqualTo(200));
    }

    /** The last save may still be on its way: its lag is measured every few seconds only. */
    private static void booksBalance() throws Exception {
        await().untilAsserted(() -> {
            JsonNode ledger = all.audit();
            assertThat(ledger.path("balanced").asBoolean()).as("%s", ledger).isTrue();
            assertThat(ledger.path("events").asLong()).isPositive();
            assertThat(ledger.path("inFlight").asLong()).isZero();
        });
        assertThat(all.metric("gifts_ledger_balanced")).isEqualTo(1);
    }

    /** Both processes say what is away, remind of it every minute, and say that it is over. */
    private void assertLogIsShort() {
        int minutes = (int) Promise.since(began).toMinutes();
        assertThat(ofTheApplication()).hasSizeLessThanOrEqualTo(8 + 4 * minutes);
    }

    /** Without what the embedded broker, in the same JVM, has to say. */
    private List<String> ofTheApplication() {
        return log.stream()
                .filter(line -> !line.startsWith("kafka-") && !line.startsWith("quorum-"))
                .toList();
    }

    private static void within10s(ThrowingRunnable assertion) {
        Promise.within(Duration.ofSeconds(10), "health and metrics follow", assertion);
    }
}
