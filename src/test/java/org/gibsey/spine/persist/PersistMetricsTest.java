package org.gibsey.spine.persist;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.camel.Exchange;
import org.apache.camel.component.jdbc.JdbcConstants;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.junit.jupiter.api.Test;

class PersistMetricsTest {

    private static final Instant NOW = Instant.parse("2026-11-29T12:00:00Z");

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final PersistMetrics metrics = new PersistMetrics(meters, Clock.fixed(NOW, ZoneOffset.UTC));

    /** The clock of the machine that took the save is an hour ahead, or was. */
    @Test
    void aSaveOfTheFutureCountsAndTakesNoNegativeTime() {
        Exchange exchange = new DefaultExchange(new DefaultCamelContext());
        exchange.getMessage().setHeader(JdbcConstants.JDBC_UPDATE_COUNT, 2);

        metrics.stored(List.of(NOW.plusSeconds(3_600), NOW.minusSeconds(2)), rows -> {})
                .onComplete(exchange);

        assertThat(meters.get("gifts.stored").counter().count()).isEqualTo(2);
        assertThat(meters.get("gifts.stored.latency").timer().totalTime(TimeUnit.SECONDS))
                .isEqualTo(2);
    }

    /** As an event may say, and as the table takes it: more than the nanoseconds a long has. */
    @Test
    void aSaveOfCenturiesAgoKeepsNoOtherFromBeingTimed() {
        Exchange exchange = new DefaultExchange(new DefaultCamelContext());
        exchange.getMessage().setHeader(JdbcConstants.JDBC_UPDATE_COUNT, 2);

        metrics.stored(List.of(Instant.parse("0001-01-01T00:00:00Z"), NOW.minusSeconds(2)), rows -> {})
                .onComplete(exchange);

        assertThat(meters.get("gifts.stored.latency").timer().count()).isEqualTo(2);
    }

    /** An insert that an operator edited to end with "returning" has rows for an answer, and no count. */
    @Test
    void rowsThatAreReturnedCountLikeRowsThatAreCounted() {
        Exchange exchange = new DefaultExchange(new DefaultCamelContext());
        exchange.getMessage().setHeader(JdbcConstants.JDBC_ROW_COUNT, 1);
        List<Integer> known = new ArrayList<>();

        metrics.stored(List.of(NOW, NOW, NOW), known::add).onComplete(exchange);

        assertThat(meters.get("gifts.stored").counter().count()).isEqualTo(1);
        assertThat(known).containsExactly(2);
    }
}
