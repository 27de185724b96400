package org.gibsey.spine.http;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.sessions.JqwikSession;

/**
 * Cases that jqwik makes up, the edges first: the same each time, and others with {@code -Dfuzz.seed=7}. A failure shows the case
 * and the seed.
 */
final class MadeUp {

    /** Of one kind; {@code -Pfaults} asks for more. */
    static final int CASES = Integer.getInteger("fuzz.cases", 300);

    private static final long SEED = Long.getLong("fuzz.seed", 42);

    private MadeUp() {}

    /** What is to happen with one case. */
    interface Trial<T> {
        void with(T made) throws Exception;
    }

    static <T> void each(int cases, Arbitrary<T> arbitrary, Trial<T> trial) {
        JqwikSession.run(() -> {
            Random random = new Random(SEED);
            var generator = arbitrary.generator(cases, true);
            for (int i = 0; i < cases; i++) {
                T made = generator.next(random).value();
                try {
                    trial.with(made);
                } catch (Exception | AssertionError e) {
                    String shown = made instanceof byte[] bytes
                            ? new String(bytes, StandardCharsets.ISO_8859_1)
                            : String.valueOf(made);
                    throw new AssertionError("case %d of seed %d: %s%n%s".formatted(i, SEED, shown, e.getMessage()), e);
                }
            }
        });
    }
}
