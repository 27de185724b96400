package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;

class TopicLimitTest {

    private static final int BODY = 1_000_000;

    private final List<Object> events = new CopyOnWriteArrayList<>();
    private TopicLimit limit;

    @AfterEach
    void end() {
        limit.destroy();
    }

    @Test
    void letsTheStartGoOnWhenTheTopicTakesTheLargestBody() throws Exception {
        ask(() -> OptionalInt.of(BODY));

        limit.onStart();
        ready();

        assertThat(events).isEmpty();
    }

    @Test
    void failsTheStartAndNamesBothSettingsWhenTheTopicTakesLess() {
        ask(() -> OptionalInt.of(BODY - 1));

        assertThatThrownBy(() -> limit.onStart())
                .isInstanceOfSatisfying(
                        InvalidConfigurationPropertyValueException.class,
                        invalid -> assertThat(invalid.getReason())
                                .contains("MAX_BODY_BYTES", "max.message.bytes", "1000000", "999999"));
    }

    @Test
    void letsTheStartGoOnWithoutTheBrokerAndWithdrawsReadinessWhenItTurnsOutToTakeLess() throws Exception {
        CountDownLatch broker = new CountDownLatch(1);
        ask(() -> {
            broker.await();
            return OptionalInt.of(BODY - 1);
        });

        limit.onStart();
        ready();
        assertThat(events).isEmpty();
        broker.countDown();

        await().untilAsserted(() -> assertThat(events)
                .singleElement()
                .isInstanceOfSatisfying(
                        AvailabilityChangeEvent.class,
                        change -> assertThat(change.getState()).isEqualTo(ReadinessState.REFUSING_TRAFFIC)));
    }

    @Test
    void asksAgainUntilThereIsAnAnswer() throws Exception {
        CountDownLatch failures = new CountDownLatch(1);
        ask(() -> {
            if (failures.getCount() > 0) {
                failures.countDown();
                throw new IOException("no broker");
            }
            return OptionalInt.of(BODY - 1);
        });
        ready();

        await().untilAsserted(() -> assertThat(events).isNotEmpty());
    }

    @Test
    void letsTheStartGoOnWhenItMayNotKnowTheLimit() throws Exception {
        ask(OptionalInt::empty);

        limit.onStart();
        ready();

        assertThat(events).isEmpty();
    }

    @Test
    void asksNothingInAProcessThatTakesNoSaves() throws Exception {
        limit = limit(() -> {
            throw new AssertionError("asked");
        });

        limit.onStart();
    }

    private void ask(Callable<OptionalInt> question) {
        limit = limit(question);
        limit.begin();
    }

    private TopicLimit limit(Callable<OptionalInt> question) {
        return new TopicLimit(BODY, "gift_events", question, events::add);
    }

    private void ready() {
        limit.onReadiness(new AvailabilityChangeEvent<>(this, ReadinessState.ACCEPTING_TRAFFIC));
    }
}
