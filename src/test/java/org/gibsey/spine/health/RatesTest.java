package org.gibsey.spine.health;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.function.IntConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class RatesTest {

    private final MeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final Rates rates = new Rates();
    private Instant now = Instant.parse("2026-11-24T21:46:31Z");

    @Test
    void findsNothingWhereNothingHappens() {
        assertThat(pass(Duration.ofHours(2), i -> {})).isEmpty();
    }

    @Test
    void savesFailWhenMoreThanOneInAHundredDoesByOurFault() {
        look();
        meters.counter("gifts.accepted").increment(99);
        meters.counter("gifts.rejected", "reason", "invalid").increment(1_000_000);
        meters.counter("gifts.rejected", "reason", "broker").increment();
        assertThat(look()).as("one in a hundred").isEmpty();
        meters.counter("gifts.rejected", "reason", "busy").increment();
        assertThat(look()).containsOnlyKeys("saves");
        pass(Duration.ofMinutes(4), i -> {});
        assertThat(look()).containsOnlyKeys("saves");
        pass(Duration.ofMinutes(2), i -> {});
        assertThat(look()).as("five minutes later").isEmpty();
    }

    @Test
    void changesFailWhenMoreThanOneInAHundredDoes() {
        look();
        call("PUT", "/vault/gifts/{id}", "202", 99);
        call("GET", "/vault/gifts/{id}", "503", 50);
        call("POST", "/vault/save", "503", 50);
        call("DELETE", "/vault/gifts/{id}", "404", 50);
        assertThat(look()).isEmpty();

        call("POST", "/delete-account", "503", 2);

        assertThat(look()).containsOnlyKeys("changes");
    }

    @Test
    void savesAreSlowWhenTheyWereForFiveMinutes() {
        Timer time = Timer.builder("gifts.save").publishPercentileHistogram().register(meters);
        pass(Duration.ofMinutes(6), i -> time.record(Duration.ofMillis(900)));

        assertThat(pass(Duration.ofMinutes(4), i -> time.record(Duration.ofMillis(1_500))))
                .isEmpty();
        assertThat(pass(Duration.ofMinutes(2), i -> time.record(Duration.ofMillis(1_500))))
                .containsOnlyKeys("pace");
        assertThat(pass(Duration.ofMinutes(6), i -> time.record(Duration.ofMillis(900))))
                .isEmpty();
    }

    @Test
    void theLedgerStandsStillWhenItComparedNothingForAnHourInWhichGiftsWereStored() {
        meters.counter("gifts.ledger.checked").increment();
        look();

        assertThat(pass(
                        Duration.ofMinutes(59),
                        i -> meters.counter("gifts.stored").increment()))
                .isEmpty();
        assertThat(pass(Duration.ofMinutes(2), i -> {})).containsOnlyKeys("audit");
        pass(Duration.ofMinutes(50), i -> assertThat(look()).containsOnlyKeys("audit"));
        meters.counter("gifts.ledger.checked").increment();
        assertThat(look()).isEmpty();
        assertThat(pass(Duration.ofHours(2), i -> {})).as("nothing is stored").isEmpty();
    }

    /** Or who has the page and who is called by Prometheus would be told different things. */
    @ParameterizedTest
    @MethodSource("whatIsFoundHere")
    void theAlertsFindTheSame(String alert, String expression) {
        assertThat(expression(alert)).isEqualTo(expression);
    }

    static Stream<Arguments> whatIsFoundHere() {
        String lately = Rates.LATELY.toMinutes() + "m";
        String hour = Rates.HOUR.toHours() + "h";
        String refused = "sum by (namespace, job) (rate(gifts_rejected_total{reason=~\"%s\"}[%s]))"
                .formatted(Rates.OUR_FAULT, lately);
        String changes =
                "sum by (namespace, job) (rate(http_server_requests_seconds_count{method=~\"%s\",uri=~\"%s\"%%s}[%s]))"
                        .formatted(Rates.CHANGES, Rates.OF_CHANGES, lately);
        return Stream.of(
                Arguments.of(
                        "GiftSpineSavesFail",
                        "%s > %s * (%s + sum by (namespace, job) (rate(gifts_accepted_total[%s])))"
                                .formatted(refused, Rates.TOO_MANY, refused, lately)),
                Arguments.of(
                        "GiftSpineChangesFail",
                        "%s > %s * %s"
                                .formatted(
                                        changes.formatted(",status=~\"" + Rates.FAILED + "\""),
                                        Rates.TOO_MANY,
                                        changes.formatted(""))),
                Arguments.of(
                        "GiftSpineSavesSlow",
                        "histogram_quantile(%s, sum by (namespace, job, le) (rate(gifts_save_seconds_bucket[%s]))) > %s for %sm"
                                .formatted(Rates.NEARLY_ALL, lately, Rates.SLOW_SECONDS, Rates.SLOW_FOR.toMinutes())),
                Arguments.of(
                        "GiftSpineLedgerStandsStill",
                        "sum by (namespace, job) (rate(gifts_ledger_checked_total[%s])) == 0 and sum by (namespace, job) (rate(gifts_stored_total[%s])) > 0"
                                .formatted(hour, hour)),
                Arguments.of(
                        "GiftSpineLag",
                        "max by (namespace, job) (gifts_lag_seconds) > %d".formatted(History.LONG_LAG_SECONDS)));
    }

    /** Of an alert, on one line; and for how long it has to be so, where it is so here only after that time as well. */
    private static String expression(String alert) {
        JsonNode rule = Observed.alerts().stream()
                .filter(each -> each.path("alert").asText().equals(alert))
                .findFirst()
                .orElseThrow();
        String expression = rule.path("expr")
                .asText()
                .strip()
                .replaceAll("\\s+", " ")
                .replace("( ", "(")
                .replace(" )", ")");
        return alert.equals("GiftSpineSavesSlow")
                ? expression + " for " + rule.path("for").asText()
                : expression;
    }

    /** Looks as often as it is done, and does something before each. */
    private Map<String, String> pass(Duration time, IntConsumer before) {
        Instant end = now.plus(time);
        Map<String, String> found = Map.of();
        for (int i = 0; now.isBefore(end); i++) {
            before.accept(i);
            found = look();
        }
        return found;
    }

    private Map<String, String> look() {
        now = now.plusSeconds(2);
        return rates.faults(now, new FoundMeters(meters));
    }

    private void call(String method, String uri, String status, int times) {
        Timer calls = meters.timer("http.server.requests", "method", method, "uri", uri, "status", status);
        for (int i = 0; i < times; i++) {
            calls.record(Duration.ofMillis(3));
        }
    }
}
