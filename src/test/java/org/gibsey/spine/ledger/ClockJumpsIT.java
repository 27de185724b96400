package org.gibsey.spine.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.camel.CamelContext;
import org.gibsey.spine.embedded.SpineIT;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.client.TestRestTemplate;
import org.springframework.boot.test.web.server.LocalManagementPort;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.context.TestPropertySource;
import org.springframework.test.context.bean.override.convention.TestBean;

/** The machine's clock is set while the process runs, by somebody or because its host slept. */
@SpineIT
@TestPropertySource(
        properties = {
            "KAFKA_TOPIC=clock_it",
            "KAFKA_CHANGES_TOPIC=clock_it.changes",
            "KAFKA_DEAD_LETTER_TOPIC=clock_it.dlq",
            "KAFKA_GROUP=clock-it",
            "LEDGER_ROUND_PAUSE=1s",
            "LEDGER_HEAL=auto"
        })
class ClockJumpsIT {

    private static final Duration HOUR = Duration.ofHours(1);
    private static final AtomicReference<Duration> AHEAD = new AtomicReference<>(Duration.ZERO);

    @TestBean(name = "clock", methodName = "machine")
    Clock clock;

    @Autowired
    JdbcClient vault;

    @Autowired
    MeterRegistry meters;

    @Autowired
    CamelContext camel;

    @Autowired
    TestRestTemplate http;

    @LocalManagementPort
    int management;

    static Clock machine() {
        InstantSource machine = () -> Instant.now().plus(AHEAD.get());
        return machine.withZone(ZoneOffset.UTC);
    }

    @AfterEach
    void setTheClockRight() {
        AHEAD.set(Duration.ZERO);
    }

    @Test
    void theLedgerStaysBalanced() {
        int saved = 0;
        for (Duration ahead : List.of(HOUR, HOUR.negated(), Duration.ZERO)) {
            AHEAD.set(ahead);
            save("balanced");
            int rows = ++saved;
            await().until(() -> rows("balanced") == rows);
            await().untilAsserted(() -> {
                JsonNode ledger = ledger(true).get("ledger");
                assertThat(ledger.get("inFlight").longValue()).isZero();
                assertThat(ledger.get("balanced").booleanValue()).isTrue();
                assertThat(ledger.get("seconds").doubleValue()).isBetween(0.0, 600.0);
            });
            assertThat(gauge("gifts.ledger.round.age.seconds")).isNotNegative().isLessThan(600);
        }
    }

    @Test
    void theAgeOfWhatWaitsAndTheLatencyAreNeverNegative() throws Exception {
        double latency = latency();
        camel.getRouteController().stopRoute("persist-gifts");
        try {
            save("waits");
            await().until(() -> gauge("gifts.lag.records") == 1 && gauge("gifts.lag.seconds") > 0);

            AHEAD.set(HOUR.negated());
            await().until(() -> gauge("gifts.lag.seconds") <= 0);
            assertThat(gauge("gifts.lag.seconds")).isZero();
        } finally {
            camel.getRouteController().startRoute("persist-gifts");
        }
        await().until(() -> rows("waits") == 1);
        await().until(() -> gauge("gifts.lag.records") == 0);
        assertThat(gauge("gifts.lag.seconds")).isZero();
        assertThat(latency() - latency).isBetween(0.0, 600.0);
    }

    /** What is missing is sent again when it was so for a minute, and no look is a minute after the one before. */
    @Test
    void nothingIsSentAgainBecauseTheClockWentForth() {
        save("missing");
        await().until(() -> rows("missing") == 1);
        await().until(() -> gauge("gifts.lag.records") == 0);
        vault.sql("delete from vault where page_id = 92015 and question = 'missing'")
                .update();
        await().until(() -> gauge("gifts.unaccounted") == 1);

        AHEAD.set(HOUR);
        for (int look = 0; look < 2; look++) {
            double checked = meters.get("gifts.ledger.checked").counter().count();
            await().until(() -> meters.get("gifts.ledger.checked").counter().count() > checked);
        }

        assertThat(meters.get("gifts.ledger.resent").counter().count()).isZero();
        // for the other tests
        assertThat(ledger(false).get("resent").longValue()).isEqualTo(1);
        await().until(() -> gauge("gifts.unaccounted") == 0);
    }

    private void save(String question) {
        var answer = http.postForEntity(
                "/vault/save", Map.of("page_id", 92015, "question", question, "answer", "a"), String.class);
        assertThat(answer.getStatusCode().value()).isEqualTo(202);
    }

    private JsonNode ledger(boolean dryRun) {
        return http.postForObject(
                "http://localhost:%d/actuator/ledger".formatted(management), Map.of("dryRun", dryRun), JsonNode.class);
    }

    /** Of all gifts together, seconds. */
    private double latency() {
        return meters.get("gifts.stored.latency").timer().totalTime(TimeUnit.SECONDS);
    }

    private double gauge(String name) {
        return meters.get(name).gauge().value();
    }

    private long rows(String question) {
        return vault.sql("select count(*) from vault where page_id = 92015 and question = ?")
                .param(question)
                .query(Long.class)
                .single();
    }
}
