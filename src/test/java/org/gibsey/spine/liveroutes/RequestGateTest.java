package org.gibsey.spine.liveroutes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.gibsey.spine.liveroutes.RequestGate.Hold;
import org.gibsey.spine.liveroutes.RequestGate.Lane;
import org.junit.jupiter.api.Test;

class RequestGateTest {

    private static final Duration LONG = Duration.ofSeconds(10);
    private static final Duration SHORT = Duration.ofMillis(20);

    private final RequestGate gate = new RequestGate();

    @Test
    void letsRequestsOfUnknownPathsPass() {
        assertThat(gate.lane("/anything")).isEmpty();
    }

    @Test
    void keepsRequestsWaitingUntilTheHoldIsClosed() throws Exception {
        Hold hold = gate.hold(List.of("/vault/save"), SHORT).orElseThrow();

        CompletableFuture<Boolean> request = CompletableFuture.supplyAsync(() -> enter(LONG));
        assertThat(enter(SHORT)).isFalse();
        assertThat(request).isNotDone();
        hold.close();

        await().until(request::isDone);
        assertThat(request.join()).isTrue();
    }

    @Test
    void waitsForTheRequestsInWork() throws Exception {
        gate.hold(List.of("/vault/save"), SHORT).orElseThrow().close();
        Lane lane = gate.lane("/vault/save").orElseThrow();
        assertThat(lane.enter(SHORT)).isTrue();

        assertThat(gate.hold(List.of("/vault/save"), SHORT)).isEmpty();
        lane.leave();

        assertThat(gate.hold(List.of("/vault/save"), SHORT)).isPresent();
    }

    @Test
    void letsRequestsPassAgainWhenAHoldWasGivenUp() throws Exception {
        gate.hold(List.of("/vault/save", "/vault/list"), SHORT).orElseThrow().close();
        Lane list = gate.lane("/vault/list").orElseThrow();
        assertThat(list.enter(SHORT)).isTrue();

        assertThat(gate.hold(List.of("/vault/save", "/vault/list"), SHORT)).isEmpty();

        assertThat(enter(SHORT)).isTrue();
    }

    @Test
    void holdsNoOtherPath() throws Exception {
        gate.hold(List.of("/vault/list", "/vault/gifts/{id}"), SHORT)
                .orElseThrow()
                .close();
        try (Hold hold = gate.hold(List.of("/vault/gifts/{id}"), SHORT).orElseThrow()) {
            assertThat(hold).isNotNull();
            assertThat(gate.lane("/vault/gifts/7").orElseThrow().enter(SHORT)).isFalse();
            assertThat(gate.lane("/vault/list").orElseThrow().enter(SHORT)).isTrue();
        }
    }

    private boolean enter(Duration patience) {
        try {
            return gate.lane("/vault/save").orElseThrow().enter(patience);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
