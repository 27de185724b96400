package org.gibsey.spine.health;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.health.CompositeHealth;
import org.springframework.boot.actuate.health.Health;
import org.springframework.boot.actuate.health.HealthComponent;
import org.springframework.boot.actuate.health.HealthEndpoint;
import org.springframework.boot.actuate.health.Status;
import org.springframework.lang.Nullable;
import org.springframework.stereotype.Component;

/**
 * What was not well in this process, and since when, and the course of its figures: {@code /actuator/history}. Who is called at night asks
 * that first, and neither a health check nor a page that was just opened knows it. In memory, of a fixed size. Looks from one thread, may
 * be read by any. The optional parameter carries Spring's {@code @Nullable}, the only one Actuator knows.
 */
@Component
@Endpoint(id = "history")
class History {

    private static final int MOST_INCIDENTS = 100;
    /** As the alert says it, which a test compares. */
    static final int LONG_LAG_SECONDS = 60;

    private final ObjectProvider<HealthEndpoint> health;
    private final MeterRegistry meters;
    private final Clock clock;
    private final Instant began;
    private final Rates rates = new Rates();
    private final Map<String, Incident> open = new TreeMap<>();
    private final Deque<Incident> over = new ArrayDeque<>();
    private final Map<String, Series> series =
            Map.of("hour", new Series(Duration.ofSeconds(10), 360), "day", new Series(Duration.ofMinutes(5), 288));

    History(ObjectProvider<HealthEndpoint> health, MeterRegistry meters, Clock steadyClock) {
        this.health = health;
        this.meters = meters;
        this.clock = steadyClock;
        this.began = steadyClock.instant();
    }

    /**
     * A time in which something was not well.
     *
     * @param part   a part of readiness, {@code lag}, {@code ledger}, or what {@link Rates} tells
     * @param reason as it began
     * @param since  UTC
     * @param until  UTC; null when it is not over
     */
    record Incident(
            String part,
            String reason,
            Instant since,
            @Nullable Instant until) {}

    /**
     * @param at        now, UTC: by the clock of what follows
     * @param began     start of the process, UTC: nothing before it is known
     * @param incidents newest first, the last {@value #MOST_INCIDENTS}
     * @param points    columns of figures, see {@link Series#columns}; empty when no span was asked for
     */
    record Report(Instant at, Instant began, List<Incident> incidents, Map<String, List<Number>> points) {}

    /**
     * What is kept; asks nobody.
     *
     * @param span {@code hour} for a point each 10 s, {@code day} for one each 5 minutes, or null for no points
     */
    @ReadOperation
    public synchronized Report report(@Nullable String span) {
        Series asked = span == null ? null : series.get(span);
        if (span != null && asked == null) {
            throw new InvalidEndpointRequestException("span must be hour or day", "span must be hour or day");
        }

        List<Incident> incidents = new ArrayList<>(open.values());
        incidents.addAll(over);
        incidents.sort((one, other) -> other.since.compareTo(one.since));
        return new Report(clock.instant(), began, incidents, asked == null ? Map.of() : asked.columns());
    }

    void look() {
        FoundMeters found = new FoundMeters(meters);
        Map<String, String> faults = faults(found);
        Instant now = clock.instant();
        faults.putAll(rates.faults(now, found));
        Series.Reading reading = reading(now, found);
        synchronized (this) {
            series.values().forEach(each -> each.add(reading));
            for (Incident incident : List.copyOf(open.values())) {
                if (!faults.containsKey(incident.part)) {
                    open.remove(incident.part);
                    over.addFirst(new Incident(incident.part, incident.reason, incident.since, now));
                }
            }
            faults.forEach((part, reason) -> open.putIfAbsent(part, new Incident(part, reason, now, null)));
            while (over.size() > MOST_INCIDENTS) {
                over.removeLast();
            }
        }
    }

    /** What is not well at the moment, each with its reason. That the process starts or ends is no incident. */
    private Map<String, String> faults(FoundMeters meters) {
        Map<String, String> faults = new TreeMap<>();
        if (health.getObject().healthForPath("readiness") instanceof CompositeHealth readiness) {
            readiness.getComponents().forEach((part, found) -> {
                if (!part.equals("readinessState")
                        && !found.getStatus().equals(Status.UP)
                        && !found.getStatus().equals(Status.UNKNOWN)
                        && !reason(found).equals(Watch.NOT_LOOKED)) {
                    faults.put(part, reason(found));
                }
            });
        }
        double lag = meters.gauge("gifts.lag.seconds");
        if (lag > LONG_LAG_SECONDS) {
            faults.put("lag", "the oldest event has waited for more than a minute");
        }
        if (meters.gauge("gifts.unaccounted") > 0) {
            faults.put("ledger", "an event is neither row nor dead letter");
        }
        return faults;
    }

    private static String reason(HealthComponent found) {
        Object reason = found instanceof Health health ? health.getDetails().get("reason") : null;
        return reason == null ? found.getStatus().getCode() : reason.toString();
    }

    private static Series.Reading reading(Instant now, FoundMeters meters) {
        return new Series.Reading(
                now,
                meters.counter("gifts.accepted"),
                meters.counter("gifts.stored"),
                meters.buckets("gifts.save"),
                meters.buckets("gifts.stored.latency"),
                meters.gauge("gifts.lag.records"),
                meters.gauge("gifts.lag.seconds"),
                meters.all("jvm.memory.used", Gauge.class)
                        .mapToDouble(Gauge::value)
                        .sum());
    }
}
