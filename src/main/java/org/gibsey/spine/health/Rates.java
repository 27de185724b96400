package org.gibsey.spine.health;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.distribution.CountAtBucket;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What is not well and no single look shows: shares and rates of the last minutes. With the thresholds of the alerts, which a test
 * compares, so that who has the operators' page and no Prometheus is told the same. Of a fixed size. Not thread-safe.
 */
final class Rates {

    static final Duration LATELY = Duration.ofMinutes(5);
    static final Duration HOUR = Duration.ofHours(1);
    static final Duration SLOW_FOR = Duration.ofMinutes(5);
    static final double TOO_MANY = .01;
    static final double NEARLY_ALL = .99;
    static final int SLOW_SECONDS = 1;

    static final Pattern OUR_FAULT = Pattern.compile("broker|busy|failed|issuer|stopped");
    static final Pattern CHANGES = Pattern.compile("PUT|DELETE|POST");
    static final Pattern OF_CHANGES = Pattern.compile("/vault/gifts/.*|/delete-account");
    static final Pattern FAILED = Pattern.compile("500|503");

    private final Window lately = new Window(LATELY, Duration.ofSeconds(10));
    private final Window hour = new Window(HOUR, Duration.ofMinutes(2));
    private @Nullable Instant slowSince;

    /** Since the start of the process. */
    private record Counts(
            Instant at,
            double accepted,
            double refused,
            double changes,
            double changesFailed,
            double stored,
            double compared,
            List<CountAtBucket> saves) {}

    /** What is not well, by the part of the system, each with its reason. To be called every few seconds. */
    Map<String, String> faults(Instant at, FoundMeters meters) {
        Counts now = counts(at, meters);
        Counts before = lately.add(now);
        Counts hourAgo = hour.add(now);
        Map<String, String> faults = new TreeMap<>();

        double refused = now.refused - before.refused;
        if (refused > TOO_MANY * (refused + now.accepted - before.accepted)) {
            faults.put("saves", "more than one in a hundred is answered 500 or 503");
        }
        double changesFailed = now.changesFailed - before.changesFailed;
        if (changesFailed > TOO_MANY * (now.changes - before.changes)) {
            faults.put("changes", "more than one in a hundred is answered 500 or 503");
        }
        if (!(Series.quantile(NEARLY_ALL, before.saves, now.saves) > SLOW_SECONDS)) {
            slowSince = null;
        } else if (slowSince == null) {
            slowSince = at;
        } else if (!at.isBefore(slowSince.plus(SLOW_FOR))) {
            faults.put("pace", "one save in a hundred takes longer than a second");
        }
        if (!hourAgo.at.isAfter(at.minus(HOUR)) && now.stored > hourAgo.stored && now.compared == hourAgo.compared) {
            faults.put("audit", "gifts are stored, and for an hour the ledger compared none of them");
        }
        return faults;
    }

    private static Counts counts(Instant at, FoundMeters meters) {
        double changes = 0;
        double changesFailed = 0;
        for (Timer calls : meters.all("http.server.requests", Timer.class).toList()) {
            if (is(CHANGES, calls, "method") && is(OF_CHANGES, calls, "uri")) {
                changes += calls.count();
                changesFailed += is(FAILED, calls, "status") ? calls.count() : 0;
            }
        }
        return new Counts(
                at,
                counted(meters, "gifts.accepted"),
                meters.all("gifts.rejected", Counter.class)
                        .filter(counter -> is(OUR_FAULT, counter, "reason"))
                        .mapToDouble(Counter::count)
                        .sum(),
                changes,
                changesFailed,
                counted(meters, "gifts.stored"),
                counted(meters, "gifts.ledger.checked"),
                meters.buckets("gifts.save"));
    }

    private static double counted(FoundMeters meters, String name) {
        return meters.all(name, Counter.class).mapToDouble(Counter::count).sum();
    }

    private static boolean is(Pattern wanted, Meter meter, String tag) {
        String value = meter.getId().getTag(tag);
        return value != null && wanted.matcher(value).matches();
    }

    /** What was counted up to a span ago. */
    private static final class Window {

        private final Duration span;
        private final Duration every;
        private final List<Counts> kept = new ArrayList<>();

        /** @param every how far what is kept is apart */
        Window(Duration span, Duration every) {
            this.span = span;
            this.every = every;
        }

        /** @return what was counted a span ago; at first, the first */
        Counts add(Counts now) {
            if (kept.isEmpty() || !now.at.isBefore(kept.get(kept.size() - 1).at.plus(every))) {
                kept.add(now);
            }
            while (kept.size() > 1 && !kept.get(1).at.isAfter(now.at.minus(span))) {
                kept.remove(0);
            }
            return kept.get(0);
        }
    }
}
