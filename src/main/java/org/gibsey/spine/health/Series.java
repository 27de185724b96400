package org.gibsey.spine.health;

import io.micrometer.core.instrument.distribution.CountAtBucket;
import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
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
    private final Deque<Point> points = new ArrayDeque<>();
    private @Nullable Reading first;
    private double lagRecords = Double.NaN;
    private double lagSeconds = Double.NaN;
    private double memory = Double.NaN;

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

    private record Point(Instant end, Map<String, Double> values) {}

    /** Takes one more reading; a point is made of the readings of its time. */
    void add(Reading reading) {
        lagRecords = max(lagRecords, reading.lagRecords);
        lagSeconds = max(lagSeconds, reading.lagSeconds);
        memory = max(memory, reading.memory);
        if (first == null) {
            first = reading;
            return;
        }
        double seconds = Duration.between(first.at, reading.at).toMillis() / 1e3;
        if (seconds < every.toMillis() / 1e3) {
            return;
        }
        Map<String, Double> values = new TreeMap<>();
        values.put("accepted", (reading.accepted - first.accepted) / seconds);
        values.put("stored", (reading.stored - first.stored) / seconds);
        values.put("lagRecords", lagRecords);
        values.put("lagSeconds", lagSeconds);
        values.put("memory", memory);
        values.put("saveP50", quantile(.5, first.saves, reading.saves));
        values.put("saveP99", quantile(.99, first.saves, reading.saves));
        values.put("rowP50", quantile(.5, first.rows, reading.rows));
        values.put("rowP99", quantile(.99, first.rows, reading.rows));
        points.addLast(new Point(reading.at, values));
        if (points.size() > most) {
            points.removeFirst();
        }
        first = reading;
        lagRecords = lagSeconds = memory = Double.NaN;
    }

    /** Values by name, and under {@code at} the end of each point, seconds since the epoch; null where it is not known. */
    Map<String, List<@Nullable Number>> columns() {
        Map<String, List<@Nullable Number>> columns = new TreeMap<>();
        for (Point point : points) {
            columns.computeIfAbsent("at", name -> new ArrayList<>()).add(point.end.getEpochSecond());
            point.values.forEach((name, value) ->
                    columns.computeIfAbsent(name, unseen -> new ArrayList<>()).add(rounded(value)));
        }
        return columns;
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
