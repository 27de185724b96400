package org.gibsey.spine.health;

import static java.util.stream.Collectors.groupingBy;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.distribution.CountAtBucket;
import io.micrometer.core.instrument.distribution.HistogramSnapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The meters there are at a moment, by name. Found in one pass: a registry is searched from end to end for each name, and Kafka's clients
 * have thousands in it.
 */
final class FoundMeters {

    private final Map<String, List<Meter>> byName;

    FoundMeters(MeterRegistry meters) {
        byName = meters.getMeters().stream()
                .collect(groupingBy(meter -> meter.getId().getName()));
    }

    /** Those of a name that are of a kind, whatever their tags; none is no error. */
    <M extends Meter> Stream<M> all(String name, Class<M> kind) {
        return byName.getOrDefault(name, List.of()).stream()
                .filter(kind::isInstance)
                .map(kind::cast);
    }

    /** What the counter of a name says; NaN for none. */
    double counter(String name) {
        return all(name, Counter.class).mapToDouble(Counter::count).findFirst().orElse(Double.NaN);
    }

    /** What the gauge of a name says; NaN for none. */
    double gauge(String name) {
        return all(name, Gauge.class).mapToDouble(Gauge::value).findFirst().orElse(Double.NaN);
    }

    /** Of the timer of a name: cumulative, and the last one open; empty for none. */
    List<CountAtBucket> buckets(String name) {
        return all(name, Timer.class).findFirst().map(FoundMeters::buckets).orElse(List.of());
    }

    private static List<CountAtBucket> buckets(Timer timer) {
        HistogramSnapshot snapshot = timer.takeSnapshot();
        List<CountAtBucket> buckets = new ArrayList<>(List.of(snapshot.histogramCounts()));
        buckets.removeIf(bucket -> Double.isInfinite(bucket.bucket()));
        buckets.add(new CountAtBucket(Double.POSITIVE_INFINITY, snapshot.count()));
        return buckets;
    }
}
