package org.gibsey.spine.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.distribution.CountAtBucket;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.gibsey.spine.health.Series.Reading;
import org.junit.jupiter.api.Test;

class SeriesTest {

    private static final Instant START = Instant.parse("2026-11-29T00:00:00Z");
    private static final double NAN = Double.NaN;

    private final Series series = new Series(Duration.ofSeconds(10), 3);

    @Test
    void aPointIsTheGrowthOfCountersAndTheHighestOfWhatGoesUpAndDown() {
        series.add(reading(0, 100, buckets(0, 0, 0), 5));
        series.add(reading(5, 400, buckets(0, 0, 0), 70));
        series.add(reading(10, 120, buckets(0, 98, 100), NAN));

        var columns = series.columns();
        assertThat(columns.get("at")).isEqualTo(List.of(START.getEpochSecond() + 10));
        assertThat(columns.get("accepted")).isEqualTo(List.of(2.0));
        assertThat(columns.get("lagSeconds")).isEqualTo(List.of(70.0));
        // between 1 and 2 ms, half way of 98 of 100
        assertThat(columns.get("saveP50")).isEqualTo(List.of(.00151));
        // in the open bucket, whose lower bound is what is known
        assertThat(columns.get("saveP99")).isEqualTo(List.of(.002));
    }

    @Test
    void whatIsNotKnownIsAGapAndNotZero() {
        series.add(reading(0, 0, buckets(0, 0, 0), NAN));
        series.add(reading(10, 0, buckets(0, 0, 0), NAN));

        assertThat(series.columns().get("saveP50")).containsOnlyNulls();
        assertThat(series.columns().get("lagSeconds")).containsOnlyNulls();
        assertThat(series.columns().get("rowP99")).containsOnlyNulls();
        assertThat(series.columns().get("accepted")).isEqualTo(List.of(0.0));
    }

    @Test
    void keepsNoMoreThanItsSize() {
        for (int i = 0; i <= 5; i++) {
            series.add(reading(10 * i, 10 * i * i, List.of(), 0));
        }

        assertThat(series.columns().get("accepted")).isEqualTo(List.of(5.0, 7.0, 9.0));
        assertThat(series.columns().get("at")).hasSize(3);
    }

    /** Up to 1 ms, up to 2 ms, and all. */
    private static List<CountAtBucket> buckets(double first, double second, double all) {
        return List.of(
                new CountAtBucket(1e6, first),
                new CountAtBucket(2e6, second),
                new CountAtBucket(Double.POSITIVE_INFINITY, all));
    }

    private static Reading reading(int second, double accepted, List<CountAtBucket> saves, double lagSeconds) {
        return new Reading(START.plusSeconds(second), accepted, 0, saves, List.of(), 0, lagSeconds, 1);
    }
}
