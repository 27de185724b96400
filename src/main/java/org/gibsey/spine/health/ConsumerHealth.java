package org.gibsey.spine.health;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.apache.kafka.common.TopicPartition;
import org.gibsey.spine.broker.Positions.Position;
import org.gibsey.spine.health.PersistRoutes.PersistRoute;
import org.gibsey.spine.persist.BatchConsumerFactory.Membership;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.health.Health;
import org.springframework.boot.actuate.health.HealthIndicator;
import org.springframework.stereotype.Component;

/**
 * Whether what this process has to store is being stored: its routes run, their consumers are in their groups, and what
 * waits moves. To every other check a consumer that does nothing while the lag grows looks well.
 *
 * <p>Each symptom counts only when it has lasted longer than it does in a rebalance, a retry or an edit of a route, so that
 * health does not flap. What an absent broker or database explains, their own checks report. Updated by one thread, read by any.
 */
@Component("consumer")
final class ConsumerHealth implements HealthIndicator {

    /** An edit stops a route for a moment. */
    private static final Duration STOPPED = Duration.ofSeconds(5);
    /** The longest pause between two attempts is 6 s. */
    private static final Duration WAITING = Duration.ofSeconds(8);
    /** A rebalance takes seconds. */
    private static final Duration OUT_OF_GROUP = Duration.ofSeconds(30);
    /** A statement may take this long before the database stops it. */
    private static final Duration NOTHING_STORED = Duration.ofSeconds(30);

    private final Watch broker;
    private final Watch database;
    private final Clock clock;
    private final Map<String, Instant> symptoms = new HashMap<>();
    private final Map<String, Progress> progress = new HashMap<>();
    private volatile Health health =
            Health.outOfService().withDetail("reason", Watch.NOT_LOOKED).build();

    ConsumerHealth(Watch broker, Watch database, Clock steadyClock) {
        this.broker = broker;
        this.database = database;
        this.clock = steadyClock;
    }

    /**
     * What was seen at one moment.
     *
     * @param waits     why a route of an id waits, null when it does not
     * @param positions where each group stands, by its name
     */
    record Sight(
            List<PersistRoute> routes,
            List<Membership> consumers,
            Function<String, @Nullable String> waits,
            Map<String, Map<TopicPartition, Position>> positions) {}

    /** What a route had stored when something last moved. */
    private record Progress(Set<TopicPartition> partitions, long committed, Instant since) {}

    @Override
    public Health health() {
        return health;
    }

    /** The broker does not answer: nothing is known, and what follows its return begins anew. */
    void unknown() {
        symptoms.clear();
        progress.clear();
        health = Health.unknown()
                .withDetail("reason", "the broker does not answer")
                .build();
    }

    void update(Sight sight) {
        if (broker.reason() != null) {
            unknown();
            return;
        }
        List<String> problems = new ArrayList<>();
        Map<String, Object> details = new HashMap<>();
        boolean databaseAway = database.reason() != null;
        for (PersistRoute route : sight.routes) {
            details.put(route.id(), look(route, sight, databaseAway, problems));
        }
        Health.Builder now;
        if (!problems.isEmpty()) {
            now = Health.down().withDetail("reason", String.join("; ", problems));
        } else if (sight.routes.isEmpty()) {
            now = Health.unknown().withDetail("reason", "no route of this process stores gifts");
        } else if (databaseAway) {
            now = Health.unknown().withDetail("reason", "waits for the database");
        } else {
            now = Health.up();
        }
        health = now.withDetails(details).build();
    }

    /** @return what the route does, in words */
    private String look(PersistRoute route, Sight sight, boolean databaseAway, List<String> problems) {
        String id = route.id();
        if (lasts(id + " stopped", !route.started(), STOPPED)) {
            problems.add("route " + id + " is " + route.status().toLowerCase(Locale.ROOT));
        }
        if (!route.started()) {
            forget(id);
            return route.status();
        }
        Set<TopicPartition> mine = assigned(route.group(), sight.consumers);
        if (lasts(id + " outside", mine == null, OUT_OF_GROUP)) {
            problems.add("the consumer of route " + id + " is not in group " + route.group() + " for "
                    + OUT_OF_GROUP.toSeconds() + " s");
        }
        if (mine == null) {
            return "joining group " + route.group();
        }
        String reason = databaseAway ? null : sight.waits.apply(id);
        if (lasts(id + " waiting", reason != null, WAITING)) {
            problems.add("route " + id + " waits: " + reason);
        }
        Map<TopicPartition, Position> positions = sight.positions.getOrDefault(route.group(), Map.of());
        List<Position> own =
                mine.stream().map(positions::get).filter(Objects::nonNull).toList();
        long waiting = own.stream().mapToLong(Position::waiting).sum();
        // what is behind an open transaction of another producer no worker can store
        boolean idle = own.stream().allMatch(position -> position.waitingReadable() == 0);
        if (databaseAway || idle) {
            progress.remove(id);
        }
        Duration still = databaseAway || idle
                ? Duration.ZERO
                : still(id, mine, own.stream().mapToLong(Position::next).sum());
        if (still.compareTo(NOTHING_STORED) > 0) {
            problems.add("route " + id + " has " + waiting + " events waiting and stored none for " + still.toSeconds()
                    + " s");
        }
        return mine.size() + " partitions, " + waiting + " events waiting";
    }

    /** What the consumers of a group have; null while one of them is outside, or there is none. */
    private static @Nullable Set<TopicPartition> assigned(String group, List<Membership> consumers) {
        List<Membership> members = consumers.stream()
                .filter(member -> member.group().equals(group))
                .toList();
        if (members.isEmpty() || members.stream().anyMatch(member -> member.partitions() == null)) {
            return null;
        }
        Set<TopicPartition> all = new HashSet<>();
        members.forEach(member -> all.addAll(Objects.requireNonNull(member.partitions())));
        return all;
    }

    private boolean lasts(String symptom, boolean present, Duration grace) {
        if (!present) {
            symptoms.remove(symptom);
            return false;
        }
        Instant now = clock.instant();
        Instant since = symptoms.computeIfAbsent(symptom, unseen -> now);
        return since.plus(grace).isBefore(now);
    }

    /** How long nothing of it was stored; a change of its partitions counts as movement. */
    private Duration still(String id, Set<TopicPartition> mine, long committed) {
        Instant now = clock.instant();
        Progress before = progress.get(id);
        if (before == null || before.committed != committed || !before.partitions.equals(mine)) {
            progress.put(id, new Progress(mine, committed, now));
            return Duration.ZERO;
        }
        return Duration.between(before.since, now);
    }

    private void forget(String id) {
        symptoms.remove(id + " outside");
        symptoms.remove(id + " waiting");
        progress.remove(id);
    }
}
