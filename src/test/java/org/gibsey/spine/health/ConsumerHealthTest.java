package org.gibsey.spine.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.gibsey.spine.broker.Positions.Position;
import org.gibsey.spine.health.ConsumerHealth.Sight;
import org.gibsey.spine.health.PersistRoutes.PersistRoute;
import org.gibsey.spine.persist.BatchConsumerFactory.Membership;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.actuate.health.Status;

/** How long each symptom may last before a process counts as not ready, to the second. */
class ConsumerHealthTest {

    private static final TopicPartition ZERO = new TopicPartition("gifts", 0);
    private static final TopicPartition ONE = new TopicPartition("gifts", 1);

    private final Instant[] now = {Instant.parse("2026-11-01T00:00:00Z")};
    private final Clock clock = new Clock() {
        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Instant instant() {
            return now[0];
        }
    };
    private final boolean[] away = {false, false};
    private final Watch broker = watch(0);
    private final Watch database = watch(1);
    private final ConsumerHealth health = new ConsumerHealth(broker, database, clock);

    private String state = "Started";
    private Set<TopicPartition> assigned = Set.of(ZERO);
    private String waits;
    private final Map<TopicPartition, Position> positions =
            new HashMap<>(Map.of(ZERO, new Position(Uuid.ONE_UUID, 0, 100, 100, 100)));

    @BeforeEach
    void isWell() {
        look();
        assertThat(health.health().getStatus()).isEqualTo(Status.UP);
    }

    @Test
    void aRebalanceIsNoReason() {
        assigned = null;

        look();
        pass(29);

        assertThat(health.health().getStatus()).isEqualTo(Status.UP);
        assertThat(health.health().getDetails().get("persist")).isEqualTo("joining group writers");
        assigned = Set.of(ZERO, ONE);
        pass(10);
        assertThat(health.health().getStatus()).isEqualTo(Status.UP);
    }

    @Test
    void aConsumerThatFindsNoGroupIsNotReady() {
        assigned = null;

        look();
        pass(31);

        assertThat(reason()).isEqualTo("the consumer of route persist is not in group writers for 30 s");
        assigned = Set.of(ZERO);
        look();
        assertThat(health.health().getStatus()).isEqualTo(Status.UP);
    }

    @Test
    void whatWaitsAndDoesNotMoveIsNotReady() {
        positions.put(ZERO, new Position(Uuid.ONE_UUID, 0, 100, 150, 150));

        look();
        pass(30);
        assertThat(health.health().getStatus()).isEqualTo(Status.UP);
        pass(1);

        assertThat(reason()).isEqualTo("route persist has 50 events waiting and stored none for 31 s");
        positions.put(ZERO, new Position(Uuid.ONE_UUID, 0, 101, 150, 150));
        look();
        assertThat(health.health().getStatus()).isEqualTo(Status.UP);
    }

    /** It ends when that producer wants, and no worker that is restarted or not ready changes that. */
    @Test
    void whatWaitsBehindAnOpenTransactionIsNoReason() {
        positions.put(ZERO, new Position(Uuid.ONE_UUID, 0, 100, 100, 150));

        look();
        pass(60);

        assertThat(health.health().getStatus()).isEqualTo(Status.UP);
        assertThat(health.health().getDetails().get("persist")).isEqualTo("1 partitions, 50 events waiting");
    }

    /** What waits for a second sink of the same topic is that one's. */
    @Test
    void aRouteIsJudgedByItsOwnGroup() {
        PersistRoute mirror = new PersistRoute("mirror", "gifts", "mirrors", state);
        Map<String, Map<TopicPartition, Position>> ofGroups =
                Map.of("writers", positions, "mirrors", Map.of(ZERO, new Position(Uuid.ONE_UUID, 0, 100, 150, 150)));
        Sight sight = new Sight(
                List.of(new PersistRoute("persist", "gifts", "writers", state), mirror),
                List.of(new Membership("writers", assigned), new Membership("mirrors", assigned)),
                id -> waits,
                ofGroups);

        for (int i = 0; i <= 31; i++) {
            broker.look();
            database.look();
            health.update(sight);
            now[0] = now[0].plus(Duration.ofSeconds(1));
        }

        assertThat(reason()).isEqualTo("route mirror has 50 events waiting and stored none for 31 s");
    }

    @Test
    void aGrowingLagThatMovesIsReady() {
        for (int i = 0; i < 40; i++) {
            positions.put(ZERO, new Position(Uuid.ONE_UUID, 0, 100 + i, 200 + 100L * i, 200 + 100L * i));
            pass(2);
            assertThat(health.health().getStatus()).isEqualTo(Status.UP);
        }
    }

    @Test
    void partitionsThatComeAndGoAreMovement() {
        positions.put(ZERO, new Position(Uuid.ONE_UUID, 0, 100, 150, 150));
        positions.put(ONE, new Position(Uuid.ONE_UUID, 0, 7, 9, 9));
        look();
        pass(20);

        assigned = Set.of(ZERO, ONE);
        look();
        pass(20);

        assertThat(health.health().getStatus()).isEqualTo(Status.UP);
    }

    @Test
    void aRouteThatIsStoppedForAnEditIsReadyOneThatStaysSoIsNot() {
        state = "Stopped";

        look();
        pass(5);
        assertThat(health.health().getStatus()).isEqualTo(Status.UP);
        pass(1);

        assertThat(reason()).isEqualTo("route persist is stopped");
    }

    @Test
    void aRetryIsReadyOneThatGoesOnIsNot() {
        waits = "undefined table (SQLSTATE 42P01)";

        look();
        pass(8);
        assertThat(health.health().getStatus()).isEqualTo(Status.UP);
        pass(1);

        assertThat(reason()).isEqualTo("route persist waits: undefined table (SQLSTATE 42P01)");
        waits = null;
        look();
        assertThat(health.health().getStatus()).isEqualTo(Status.UP);
    }

    @Test
    void whatAnAbsentDatabaseExplainsIsTheDatabasesToTell() {
        away[1] = true;
        positions.put(ZERO, new Position(Uuid.ONE_UUID, 0, 100, 150, 150));
        waits = "connection refused";

        look();
        pass(60);

        assertThat(health.health().getStatus()).isEqualTo(Status.UNKNOWN);
        assertThat(reason()).isEqualTo("waits for the database");
    }

    @Test
    void whatFollowsTheReturnOfTheBrokerBeginsAnew() {
        assigned = null;
        look();
        pass(29);
        away[0] = true;
        look();
        assertThat(health.health().getStatus()).isEqualTo(Status.UNKNOWN);
        assertThat(reason()).isEqualTo("the broker does not answer");

        away[0] = false;
        look();
        pass(29);

        assertThat(health.health().getStatus()).isEqualTo(Status.UP);
    }

    @Test
    void aProcessThatStoresNothingHasNothingToTell() {
        health.update(new Sight(List.of(), List.of(), id -> null, Map.of()));

        assertThat(health.health().getStatus()).isEqualTo(Status.UNKNOWN);
        assertThat(reason()).isEqualTo("no route of this process stores gifts");
    }

    private void pass(int seconds) {
        for (int i = 0; i < seconds; i++) {
            now[0] = now[0].plus(Duration.ofSeconds(1));
            look();
        }
    }

    private void look() {
        broker.look();
        database.look();
        health.update(new Sight(
                List.of(new PersistRoute("persist", "gifts", "writers", state)),
                List.of(new Membership("writers", assigned), new Membership("others", null)),
                id -> waits,
                Map.of("writers", positions)));
    }

    private String reason() {
        return String.valueOf(health.health().getDetails().get("reason"));
    }

    private Watch watch(int which) {
        return new Watch(
                "number " + which,
                () -> {
                    if (away[which]) {
                        throw new IllegalStateException("away");
                    }
                },
                () -> Status.DOWN,
                clock);
    }
}
