package org.gibsey.spine.embedded;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * How long tests wait for what has to come: so long that only a hang takes longer, on however slow and busy a machine. Every
 * wait of Awaitility ends with it; JUnit finds it as a service. How fast something has to come is said with {@link Promise}.
 *
 * <p>The first look is at once and the next ones soon: of more than a thousand waits of a build half are over within a moment.
 */
public final class Patience implements BeforeAllCallback {

    public static final Duration LIMIT = Duration.ofMinutes(3);

    private static final Duration LONGEST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGER_EACH_TIME = Duration.ofMillis(10);

    @Override
    public void beforeAll(ExtensionContext context) {
        Awaitility.setDefaultTimeout(LIMIT);
        Awaitility.setDefaultPollInterval(Patience::pause);
    }

    private static Duration pause(int looks, Duration last) {
        Duration pause = LONGER_EACH_TIME.multipliedBy(looks);
        return pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
    }
}
