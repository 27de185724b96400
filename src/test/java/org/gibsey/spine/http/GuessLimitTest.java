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
            assertThat(looksAt("192.0.2.1")).isTrue();
            limit.wrong("192.0.2.1");
        }

        assertThat(looksAt("192.0.2.1")).isFalse();
        assertThat(looksAt("192.0.2.2")).isTrue();
        time.pass(Duration.ofSeconds(61));
        assertThat(looksAt("192.0.2.1")).isTrue();
    }

    @Test
    void looksAtTwoHundredASecondHoweverManyAddressesTheyComeFrom() {
        guessFromEverywhere();

        assertThat(looksAt("192.0.2.1")).isFalse();
        time.pass(Duration.ofMillis(10));
        assertThat(looksAt("192.0.2.1")).isTrue();
    }

    /** What a reader shows again after a minute is looked at, whatever others do. */
    @Test
    void alwaysLooksAtThoseOfAnAddressThatARightOneCameFrom() {
        limit.right("192.0.2.1");

        guessFromEverywhere();

        assertThat(looksAt("192.0.2.1")).isTrue();
        time.pass(Duration.ofMinutes(61));
        guessFromEverywhere();
        assertThat(looksAt("192.0.2.1")).isFalse();
    }

    @Test
    void remembersTwentyThousandAddressesOfRightTokens() {
        int all = 40_000;
        IntStream.range(0, all).forEach(i -> limit.right("address " + i));
        guessFromEverywhere();

        // the cache forgets in a thread of its own
        await().untilAsserted(() -> assertThat(IntStream.range(0, all).filter(i -> looksAt("address " + i)))
                .hasSizeBetween(1, all / 2));
    }

    private boolean looksAt(String address) {
        try {
            limit.check(address);
            return true;
        } catch (Refused refused) {
            assertThat(refused.problem().status()).isEqualTo(429);
            return false;
        }
    }

    private void guessFromEverywhere() {
        for (int i = 0; i < GuessLimit.MOST_A_SECOND; i++) {
            limit.wrong("10.0.0." + i);
        }
    }
}
