package org.gibsey.spine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.github.benmanes.caffeine.cache.Ticker;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class WrongTokensTest {

    private static final int REMEMBERED = 20_000;

    private final WrongTokens wrong = new WrongTokens(Ticker.disabledTicker());

    @Test
    void remembersTwentyThousandClientsHoweverManyGuess() {
        for (int client = 0; client < 2 * REMEMBERED; client++) {
            for (int i = 0; i < WrongTokens.MOST; i++) {
                wrong.add("client " + client);
            }
        }

        // the cache forgets in a thread of its own
        await().untilAsserted(() -> assertThat(
                        IntStream.range(0, 2 * REMEMBERED).filter(client -> wrong.areTooMany("client " + client)))
                .hasSizeBetween(1, REMEMBERED));
    }
}
