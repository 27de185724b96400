package org.gibsey.spine.health;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.health.CompositeHealth;
import org.springframework.boot.actuate.health.Health;
import org.springframework.boot.actuate.health.HealthComponent;
import org.springframework.boot.actuate.health.HealthEndpoint;
import org.springframework.boot.actuate.health.Status;
import org.springframework.stereotype.Component;

/**
 * What was not well in this process, and since when: {@code /actuator/history}. Who is called at night asks that first, and neither a
 * health check nor a page that was just opened knows it. In memory, of a fixed size. Looks from one thread, may be read by any.
 */
@Component
@Endpoint(id = "history")
class History {

    private static final int MOST_INCIDENTS = 100;
    /** As the alert says it. */
    private static final int LONG_LAG_SECONDS = 60;

    private final ObjectProvider<HealthEndpoint> health;
    private final MeterRegistry meters;
    private final Clock clock;
    private final Instant began;
    private final Map<String, Incident> open = new TreeMap<>();
    private final Deque<Incident> over = new ArrayDeque<>();

    History(ObjectProvider<HealthEndpoint> health, MeterRegistry meters, Clock steadyClock) {
        this.health = health;
        this.meters = meters;
        this.clock = steadyClock;
        this.began = steadyClock.instant();
    }

    /**
     * A time in which something was not well.
     *
     * @param part   a part of readiness, {@code lag} or {@code ledger}
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
     * @param began     start of the process, UTC: nothing before it is known
     * @param incidents newest first, the last {@value #MOST_INCIDENTS}
     */
    record Report(Instant began, List<Incident> incidents) {}

    /** What is kept; asks nobody. */
    @ReadOperation
    public synchronized Report report() {
        List<Incident> incidents = new ArrayList<>(open.values());
        incidents.addAll(over);
        incidents.sort((one, other) -> other.since.compareTo(one.since));
        return new Report(began, incidents);
    }

    void look() {
        Map<String, String> faults = faults();
        Instant now = clock.instant();
        synchronized (this) {
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
    private Map<String, String> faults() {
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
        double lag = gauge("gifts.lag.seconds");
        if (lag > LONG_LAG_SECONDS) {
            faults.put("lag", "the oldest event has waited for more than a minute");
        }
        if (gauge("gifts.unaccounted") > 0) {
            faults.put("ledger", "an event is neither row nor dead letter");
        }
        return faults;
    }

    private static String reason(HealthComponent found) {
        Object reason = found instanceof Health health ? health.getDetails().get("reason") : null;
        return reason == null ? found.getStatus().getCode() : reason.toString();
    }

    private double gauge(String name) {
        Gauge gauge = meters.find(name).gauge();
        return gauge == null ? Double.NaN : gauge.value();
    }
}
