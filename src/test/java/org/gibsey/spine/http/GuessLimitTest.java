package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.stream.IntStream;
import org.gibsey.spine.WrongTokens;
import org.junit.jupiter.api.Test;

class GuessLimitTest {

    private final PassedTime time = new PassedTime();
    private final GuessLimit limit = new GuessLimit(time);

    @Test
    void looksAtTwentyWrongTokensOfAnAddressInAMinute() {
        for (int i = 0; i < WrongTokens.MOST; i++) {
            assertThat(limit.ofLooking("192.0.2.1")).isNull();
            limit.wrong("192.0.2.1");
        }

        assertThat(limit.ofLooking("192.0.2.1").status()).isEqualTo(429);
        assertThat(limit.ofLooking("192.0.2.2")).isNull();
        time.pass(Duration.ofSeconds(61));
        assertThat(limit.ofLooking("192.0.2.1")).isNull();
    }

    @Test
    void looksAtTwoHundredASecondHoweverManyAddressesTheyComeFrom() {
        guessFromEverywhere();

        assertThat(limit.ofLooking("192.0.2.1").status()).isEqualTo(429);
        time.pass(Duration.ofMillis(10));
        assertThat(limit.ofLooking("192.0.2.1")).isNull();
    }

    /** What a reader shows again after a minute is looked at, whatever others do. */
    @Test
    void alwaysLooksAtThoseOfAnAddressThatARightOneCameFrom() {
        limit.right("192.0.2.1");

        guessFromEverywhere();

        assertThat(limit.ofLooking("192.0.2.1")).isNull();
        time.pass(Duration.ofMinutes(61));
        guessFromEverywhere();
        assertThat(limit.ofLooking("192.0.2.1").status()).isEqualTo(429);
    }

    @Test
    void remembersTwentyThousandAddressesOfRightTokens() {
        int all = 40_000;
        IntStream.range(0, all).forEach(i -> limit.right("address " + i));
        guessFromEverywhere();

        // the cache forgets in a thread of its own
        await().untilAsserted(() -> assertThat(
                        IntStream.range(0, all).filter(i -> limit.ofLooking("address " + i) == null))
                .hasSizeBetween(1, all / 2));
    }

    private void guessFromEverywhere() {
        for (int i = 0; i < GuessLimit.MOST_A_SECOND; i++) {
            limit.wrong("10.0.0." + i);
        }
    }
}
