package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.ObservationPredicate;
import org.junit.jupiter.api.Test;
import org.springframework.http.server.observation.ServerRequestObservationContext;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;

class PublicServerTest {

    private final SaveMetrics saves = new SaveMetrics(new SimpleMeterRegistry());
    private final ObservationPredicate observed = new PublicServer().allButSaves(saves);

    @Test
    void observesRequestsThatHaveNoMetersOfTheirOwn() {
        saves.measure("/vault/save");

        assertThat(isObserved("GET", "/vault/list")).isTrue();
        assertThat(isObserved("POST", "/vault/save")).isFalse();
    }

    private boolean isObserved(String method, String path) {
        return observed.test(
                "http.server.requests",
                new ServerRequestObservationContext(
                        new MockHttpServletRequest(method, path), new MockHttpServletResponse()));
    }
}
