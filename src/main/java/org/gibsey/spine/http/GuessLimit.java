package org.gibsey.spine.http;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import org.gibsey.spine.WrongTokens;

/**
 * Bounds how many wrong tokens are verified, because a signature costs time: some of each address ({@link WrongTokens}), and
 * {@value #MOST_A_SECOND} a second of all addresses from which no right token has come within an hour. Guesses from many
 * addresses do not hold up readers at known addresses; a reader at a new address they hold up for a moment. Thread-safe.
 */
final class GuessLimit {

    /** A tenth of what kept two processors from everything else, see docs/performance.md. */
    static final int MOST_A_SECOND = 200;

    private static final int MOST_ADDRESSES = 20_000;

    private final WrongTokens wrong;
    private final Cache<String, Boolean> right;
    private final Bucket ofStrangers;

    /** @param time in nanoseconds, from any origin */
    GuessLimit(TimeMeter time) {
        this.wrong = new WrongTokens(time::currentTimeNanos);
        this.right = Caffeine.newBuilder()
                .maximumSize(MOST_ADDRESSES)
                .expireAfterWrite(Duration.ofHours(1))
                .ticker(time::currentTimeNanos)
                .build();
        this.ofStrangers = Bucket.builder()
                .addLimit(limit -> limit.capacity(MOST_A_SECOND).refillGreedy(MOST_A_SECOND, Duration.ofSeconds(1)))
                .withCustomTimePrecision(time)
                .build();
    }

    /**
     * Asked before a token that is not known is looked at.
     *
     * @param address of its client
     * @throws Refused if it is not to be looked at for now
     */
    void check(String address) throws Refused {
        if (wrong.areTooMany(address)) {
            throw new Refused(Problem.guesses());
        }
        if (ofStrangers.getAvailableTokens() == 0 && right.getIfPresent(address) == null) {
            throw new Refused(Problem.guessesOfOthers());
        }
    }

    /** A token of it was wrong. */
    void wrong(String address) {
        wrong.add(address);
        ofStrangers.tryConsume(1);
    }

    /** A token of it was right. */
    void right(String address) {
        right.put(address, true);
    }
}
