package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.mock.web.MockHttpServletResponse;

class SaveLimitTest {

    private final PassedTime time = new PassedTime();
    private final SaveLimit limit = new SaveLimit(600, time);
    private MockHttpServletResponse response = new MockHttpServletResponse();

    @Test
    void takesABurstAndThenOnePerInterval() {
        takeBurst();

        assertThat(take("192.0.2.1")).isNotNull();
        time.pass(Duration.ofMillis(99));
        assertThat(take("192.0.2.1")).isNotNull();
        time.pass(Duration.ofMillis(1));
        assertThat(take("192.0.2.1")).isNull();
        assertThat(take("192.0.2.1")).isNotNull();
        assertThat(take("192.0.2.2")).isNull();
    }

    @Test
    void saysHowManyAreLeftAndWhenThereAreMore() {
        take("192.0.2.1");

        assertThat(response.getHeader("RateLimit-Policy")).isEqualTo("\"saves\";q=120;w=12");
        assertThat(response.getHeader("RateLimit")).isEqualTo("\"saves\";r=119;t=1");

        IntStream.range(1, SaveLimit.BURST).forEach(i -> take("192.0.2.1"));
        assertThat(response.getHeader("RateLimit")).isEqualTo("\"saves\";r=0;t=12");

        Problem problem = take("192.0.2.1");
        assertThat(response.getHeader("RateLimit")).isEqualTo("\"saves\";r=0;t=1");
        assertThat(problem).isNotNull();
        problem.prepare(response, "/vault/save");
        assertThat(response.getStatus()).isEqualTo(429);
        assertThat(response.getHeader("Retry-After")).isEqualTo("1");
    }

    @Test
    void whoWaitsAsLongAsItIsToldIsTaken() {
        SaveLimit slow = new SaveLimit(1, time);
        IntStream.range(0, SaveLimit.BURST).forEach(i -> take(slow, "192.0.2.1"));
        Problem problem = take(slow, "192.0.2.1");
        assertThat(problem).isNotNull();
        assertThat(problem.headers()).containsEntry("Retry-After", "60");

        time.pass(Duration.ofSeconds(60));

        assertThat(take(slow, "192.0.2.1")).isNull();
    }

    @Test
    void isOffUnlessSet() {
        SaveLimit off = new SaveLimit(0, time);

        assertThat(IntStream.range(0, 1_000)).allSatisfy(i -> {
            assertThat(take(off, "192.0.2.1")).isNull();
            assertThat(response.getHeaderNames()).isEmpty();
        });
        assertThat(off.clients()).isZero();
    }

    @Test
    void remembersTwentyThousandClientsHoweverManyThereAre() {
        long most = 0;
        for (int i = 0; i < 200_000; i++) {
            take("client " + i);
            most = i % 10_000 == 0 ? Math.max(most, limit.clients()) : most;
        }

        assertThat(most).isBetween(10_000L, (long) SaveLimit.MOST_CLIENTS);

        // a bucket that is full again is as good as none
        time.pass(Duration.ofSeconds(13));
        assertThat(limit.clients()).isZero();
    }

    private void takeBurst() {
        assertThat(IntStream.range(0, SaveLimit.BURST))
                .allSatisfy(i -> assertThat(take("192.0.2.1")).isNull());
    }

    private @Nullable Problem take(String client) {
        return take(limit, client);
    }

    /** @return why it is refused, or null */
    private @Nullable Problem take(SaveLimit limit, String client) {
        response = new MockHttpServletResponse();
        try {
            limit.take(client, response);
            return null;
        } catch (Refused refused) {
            return refused.problem();
        }
    }
}
