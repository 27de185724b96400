package org.gibsey.spine;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.gibsey.spine.embedded.Patience;
import org.gibsey.spine.gift.EventId;
import org.junit.jupiter.api.Test;

/** The machine's clock is set an hour back and forth while the process runs. */
class ClockJumpsTest {

    private static final Duration HOUR = Duration.ofHours(1);

    private final AtomicReference<Instant> time = new AtomicReference<>(Instant.parse("2026-11-29T12:00:00Z"));
    private final InstantSource machine = time::get;
    private final Clock steady = new SpineApplication().steadyClock(machine.withZone(ZoneOffset.UTC));

    @Test
    void newIdsStayUniqueAndInOrder() {
        Supplier<UUID> ids = EventId.inOrder(steady);
        List<String> made = new ArrayList<>();

        for (Duration jump : List.of(Duration.ZERO, HOUR.negated(), HOUR.multipliedBy(2), HOUR.negated())) {
            time.updateAndGet(now -> now.plus(jump));
            for (int i = 0; i < 1_000; i++) {
                made.add(ids.get().toString());
            }
        }

        assertThat(made).doesNotHaveDuplicates().isSorted();
    }

    @Test
    void whatLastsIsMeasuredAsItWas() {
        Instant began = steady.instant();

        time.updateAndGet(now -> now.minus(HOUR));
        Instant later = steady.instant();
        time.updateAndGet(now -> now.plus(HOUR).plus(HOUR));

        assertThat(began).isBetween(Instant.parse("2026-11-29T12:00:00Z"), later);
        assertThat(later).isBeforeOrEqualTo(steady.instant());
        assertThat(Duration.between(began, steady.instant())).isLessThan(Patience.LIMIT);
        assertThat(steady.getZone()).isEqualTo(ZoneOffset.UTC);
    }
}
