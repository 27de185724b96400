package org.gibsey.spine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import org.gibsey.spine.LongActs.Course;
import org.gibsey.spine.LongActs.End;
import org.gibsey.spine.LongActs.State;
import org.junit.jupiter.api.Test;
import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;

class LongActsTest {

    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    private final LongActs acts = new LongActs(Clock.fixed(NOW, ZoneOffset.UTC));

    @Test
    void saysHowFarEachIsUntilItEnds() {
        try (LongActs.Act replay = acts.begin("replay", 20);
                LongActs.Act audit = acts.begin("audit", 5000)) {
            audit.done(1000);
            audit.done(500);

            assertThat(acts.running())
                    .containsExactly(
                            new State("audit", 1500, 5000, NOW, false), new State("replay", 0, 20, NOW, false));
            assertThat(replay.isToStop()).isFalse();
        }
        assertThat(acts.running()).isEmpty();
    }

    @Test
    void tellsTheOneThatIsToStop() {
        try (LongActs.Act replay = acts.begin("replay", 20);
                LongActs.Act audit = acts.begin("audit", 5000)) {
            assertThat(acts.stop("replay").stopping()).isTrue();

            assertThat(replay.isToStop()).isTrue();
            assertThat(audit.isToStop()).isFalse();
            assertThat(acts.running()).extracting(State::stopping).containsExactly(false, true);
        }
        assertThatThrownBy(() -> acts.stop("replay"))
                .isInstanceOf(InvalidEndpointRequestException.class)
                .hasMessageContaining("no act replay");
    }

    @Test
    void tellsHowTheLastOneEndedWhoeverBeganIt() {
        assertThat(acts.course("replay")).isEqualTo(new Course(null, null));
        try (LongActs.Act replay = acts.begin("replay", 20)) {
            assertThat(acts.course("replay")).isEqualTo(new Course(new State("replay", 0, 20, NOW, false), null));
            replay.ends("20 sent");
        }
        assertThat(acts.course("replay")).isEqualTo(new Course(null, new End(NOW, NOW, "20 sent")));

        acts.begin("replay", 20).close();

        assertThat(acts.course("replay")).as("it failed").isEqualTo(new Course(null, new End(NOW, NOW, null)));
    }

    @Test
    void oneOfANameAtATime() {
        try (LongActs.Act first = acts.begin("replay", 20)) {
            assertThatThrownBy(() -> acts.begin("replay", 1)).hasMessageContaining("another replay is under way");
            first.done(1);
            assertThat(acts.running()).containsExactly(new State("replay", 1, 20, NOW, false));
        }
        acts.begin("replay", 1).close();
    }
}
