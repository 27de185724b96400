package org.gibsey.spine.persist;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import java.util.function.ObjIntConsumer;
import org.apache.camel.Exchange;
import org.apache.camel.component.jdbc.JdbcConstants;
import org.apache.camel.spi.Synchronization;
import org.apache.camel.support.SynchronizationAdapter;
import org.springframework.stereotype.Component;

/** Counts the consumed events: each one is stored, a duplicate or dead. Thread-safe. */
@Component
class PersistMetrics {

    /** Of a change, as {@code gift_change} has them. */
    private static final List<String> OUTCOMES = List.of("applied", "superseded", "conflict", "void");

    private final MeterRegistry meters;
    private final Clock clock;
    private final Counter stored;
    private final Counter duplicates;
    private final Counter changeDuplicates;
    private final Timer latency;
    private final DistributionSummary batchSize;

    PersistMetrics(MeterRegistry meters, Clock clock) {
        this.meters = meters;
        this.clock = clock;
        this.stored = Counter.builder("gifts.stored")
                .description("Events that became a row")
                .register(meters);
        this.duplicates = Counter.builder("gifts.duplicate")
                .description("Events whose row was there already")
                .register(meters);
        this.changeDuplicates = Counter.builder("changes.duplicate")
                .description("Those that were there already")
                .register(meters);
        this.latency = Timer.builder("gifts.stored.latency")
                .description("From the save to the commit of its row")
                .publishPercentileHistogram()
                .minimumExpectedValue(Duration.ofMillis(1))
                .maximumExpectedValue(Duration.ofMinutes(1))
                .register(meters);
        this.batchSize = DistributionSummary.builder("gifts.batch.size")
                .description("Records one poll brought")
                .register(meters);
        // registered at 0: Prometheus does not see the first increment of a counter that appears with it
        List.of("undecodable", "invalid", "refused", Conflicts.REASON).forEach(reason -> dead(reason, 0));
        OUTCOMES.forEach(this::changes);
    }

    void batch(int records) {
        batchSize.record(records);
    }

    void duplicates(int records) {
        duplicates.increment(records);
    }

    void dead(String reason, long records) {
        meters.counter("gifts.dead", "reason", reason).increment((double) records);
    }

    /**
     * Counts the gifts of a statement once its exchange has ended; to be attached to that exchange. A statement that failed
     * has no update count, and counts nothing.
     *
     * @param savedAt    when each of its gifts was saved
     * @param onRowThere told how many of them had a row of their id already, if any; not counted here
     */
    Synchronization stored(List<Instant> savedAt, IntConsumer onRowThere) {
        return onRows((exchange, rows) -> {
            stored.increment(rows);
            if (rows < savedAt.size()) {
                onRowThere.accept(savedAt.size() - rows);
            } else if (rows == savedAt.size()) {
                // only if all are new: with duplicates among them it is not known which are
                Instant now = clock.instant();
                // a long takes the ns of 292 years only, and events say that they are older
                savedAt.forEach(
                        saved -> latency.record(now.toEpochMilli() - saved.toEpochMilli(), TimeUnit.MILLISECONDS));
            }
        });
    }

    /** Likewise for the changes of a statement that returns the column {@code outcome}. */
    Synchronization changed(int records) {
        return onRows((exchange, rows) -> {
            changeDuplicates.increment(records - rows);
            if (exchange.getMessage().getBody() instanceof List<?> returned) {
                returned.forEach(row -> changes(String.valueOf(((Map<?, ?>) row).get("outcome")))
                        .increment());
            }
        });
    }

    /** The changes of one outcome; an outcome that an edited statement invents is counted as {@code other}. */
    private Counter changes(String outcome) {
        return Counter.builder("changes.stored")
                .description("Edits, deletes, restores and erasures that reached the history, by what became of them")
                .tag("outcome", OUTCOMES.contains(outcome) ? outcome : "other")
                .register(meters);
    }

    private static Synchronization onRows(ObjIntConsumer<Exchange> counts) {
        return new SynchronizationAdapter() {
            @Override
            public void onComplete(Exchange exchange) {
                // where a statement says "returning", the second header is set instead
                Integer rows = exchange.getMessage()
                        .getHeader(
                                JdbcConstants.JDBC_UPDATE_COUNT,
                                exchange.getMessage().getHeader(JdbcConstants.JDBC_ROW_COUNT),
                                Integer.class);
                if (rows != null) {
                    counts.accept(exchange, rows);
                }
            }
        };
    }
}
