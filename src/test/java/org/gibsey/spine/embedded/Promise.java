package org.gibsey.spine.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.Locale;
import org.awaitility.core.ThrowingRunnable;

/**
 * How fast something is promised to be. It is measured and printed always, and asserted with {@code -Pfaults} only, which
 * has the machine to itself: the ordinary build judges the program, and no machine.
 */
public final class Promise {

    private static final boolean ASSERTED = Boolean.getBoolean("promises.asserted");
    private static final Duration LOOK_EVERY = Duration.ofMillis(20);

    private Promise() {}

    /** What took that long was promised to take less than the limit. */
    public static void kept(String what, Duration took, Duration limit) {
        kept(what, took.toMillis() / 1e3, limit.toMillis() / 1e3, "s");
    }

    /** What was seen was promised to be less than the limit. */
    public static void kept(String what, double seen, double limit, String unit) {
        System.out.printf(Locale.ROOT, "%s: %.2f %s, promised less than %.2f%n", what, seen, unit, limit);
        if (ASSERTED) {
            assertThat(seen).as("%s, %s", what, unit).isLessThan(limit);
        }
    }

    /** Waits until the assertion holds, which it was promised to do within the limit. */
    public static void within(Duration limit, String what, ThrowingRunnable assertion) {
        long began = System.nanoTime();
        await(what).pollDelay(Duration.ZERO).pollInterval(LOOK_EVERY).untilAsserted(assertion);
        kept(what, since(began), limit);
    }

    /** @param began what {@link System#nanoTime} was then */
    public static Duration since(long began) {
        return Duration.ofNanos(System.nanoTime() - began);
    }
}
