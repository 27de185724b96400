package org.gibsey.spine.health;

import io.micrometer.core.instrument.distribution.CountAtBucket;
import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The course of a process, a point for each stretch of time, of a fixed size. Not thread-safe. */
final class Series {

    private static final MathContext DIGITS = new MathContext(4);

    private final Duration every;
    private final int most;
    private final Map<String, List<@Nullable Number>> columns = new TreeMap<>();
    /** What the gauges said at the most since the last point. */
    private final Map<String, Double> highest = new HashMap<>();

    private @Nullable Reading first;

    /**
     * @param every what a point stands for
     * @param most  points that are kept
     */
    Series(Duration every, int most) {
        this.every = every;
        this.most = most;
    }

    /**
     * What the meters say at a moment. Counters and buckets count since the start of the process; NaN is not known.
     *
     * @param memory bytes
     */
    record Reading(
            Instant at,
            double accepted,
            double stored,
            List<CountAtBucket> saves,
            List<CountAtBucket> rows,
            double lagRecords,
            double lagSeconds,
            double memory) {}

    /** Takes one more reading; a point is made of the readings of its time. */
    void add(Reading reading) {
        highest.merge("lagRecords", reading.lagRecords, Series::max);
        highest.merge("lagSeconds", reading.lagSeconds, Series::max);
        highest.merge("memory", reading.memory, Series::max);
        if (first == null) {
            first = reading;
            return;
        }
        double seconds = Duration.between(first.at, reading.at).toMillis() / 1e3;
        if (seconds < every.toMillis() / 1e3) {
            return;
        }
        append("at", reading.at.getEpochSecond());
        append("accepted", rounded((reading.accepted - first.accepted) / seconds));
        append("stored", rounded((reading.stored - first.stored) / seconds));
        append("saveP50", rounded(quantile(.5, first.saves, reading.saves)));
        append("saveP99", rounded(quantile(.99, first.saves, reading.saves)));
        append("rowP50", rounded(quantile(.5, first.rows, reading.rows)));
        append("rowP99", rounded(quantile(.99, first.rows, reading.rows)));
        highest.forEach((gauge, value) -> append(gauge, rounded(value)));
        highest.clear();
        first = reading;
    }

    private void append(String name, @Nullable Number value) {
        List<@Nullable Number> column = columns.computeIfAbsent(name, unseen -> new ArrayList<>());
        column.add(value);
        if (column.size() > most) {
            column.remove(0);
        }
    }

    /** Values by name, and under {@code at} the end of each point, seconds since the epoch; null where it is not known. */
    Map<String, List<@Nullable Number>> columns() {
        Map<String, List<@Nullable Number>> copy = new TreeMap<>(columns);
        copy.replaceAll((name, values) -> new ArrayList<>(values));
        return copy;
    }

    private static double max(double one, double other) {
        return Double.isNaN(one) ? other : Double.isNaN(other) ? one : Math.max(one, other);
    }

    private static @Nullable Double rounded(double value) {
        return Double.isFinite(value) ? new BigDecimal(value, DIGITS).doubleValue() : null;
    }

    /** In seconds, interpolated within a bucket; NaN when nothing was counted in between. */
    static double quantile(double share, List<CountAtBucket> before, List<CountAtBucket> now) {
        double[] counts = new double[now.size()];
        for (int i = 0; i < counts.length; i++) {
            counts[i] = now.get(i).count()
                    - (before.size() == counts.length ? before.get(i).count() : 0);
        }
        double wanted = counts.length < 2 ? 0 : share * counts[counts.length - 1];
        if (wanted <= 0) {
            return Double.NaN;
        }
        int i = 0;
        while (counts[i] < wanted) {
            i++;
        }
        double from = i == 0 ? 0 : now.get(i - 1).bucket(TimeUnit.SECONDS);
        double to = now.get(i).bucket(TimeUnit.SECONDS);
        double below = i == 0 ? 0 : counts[i - 1];
        return Double.isFinite(to) ? from + (to - from) * (wanted - below) / (counts[i] - below) : from;
    }
}
