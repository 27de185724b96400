package org.gibsey.spine.http;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.ConsumptionProbe;
import io.github.bucket4j.TimeMeter;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.gibsey.spine.ClientShares;
import org.gibsey.spine.SpineSettings;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Component;

/**
 * How many saves and changes a reader, or else a client, may send a minute; off unless set or readers are known. {@link
 * ClientShares} bound what a client does at once, this what it does in the long run, which fills the topic and the vault. A
 * client has a bucket with a place for each save of a burst, which is refilled evenly.
 *
 * <p>Answers say how much is left, in the fields of draft-ietf-httpapi-ratelimit-headers-11. Thread-safe.
 */
@Component
final class SaveLimit {

    /** Saves that a client may send at once after a pause. */
    static final int BURST = 120;

    /** Unless set, where readers are known: more than one person means to send. */
    private static final int OF_A_READER = 600;

    /** A client that was forgotten begins with a full bucket. */
    static final int MOST_CLIENTS = 20_000;

    private final int perMinute;
    private final TimeMeter time;
    private final Cache<String, Bucket> buckets;
    private final String policy;

    @Autowired
    SaveLimit(SpineSettings settings) {
        this(perMinute(settings), TimeMeter.SYSTEM_NANOTIME);
    }

    /**
     * @param perMinute 0 for no limit
     * @param time      in nanoseconds, from any origin
     */
    SaveLimit(int perMinute, TimeMeter time) {
        this.perMinute = perMinute;
        this.time = time;
        long secondsToFill = perMinute == 0 ? 1 : (60L * BURST + perMinute - 1) / perMinute;
        this.policy = "\"saves\";q=" + BURST + ";w=" + secondsToFill;
        this.buckets = Caffeine.newBuilder()
                .maximumSize(MOST_CLIENTS)
                // a bucket that is full says nothing
                .expireAfterAccess(Duration.ofSeconds(secondsToFill))
                .ticker(time::currentTimeNanos)
                .executor(Runnable::run)
                .build();
    }

    private static int perMinute(SpineSettings settings) {
        int set = settings.limits().savesPerMinute();
        return set >= 0 ? set : settings.auth().isOn() ? OF_A_READER : 0;
    }

    /**
     * Counts one save or change, and says in the answer how many are left.
     *
     * @param client whose it is, by any name that a client cannot make up
     */
    void take(String client, HttpServletResponse response) throws Refused {
        if (perMinute == 0) {
            return;
        }
        ConsumptionProbe probe = buckets.get(client, unused -> newBucket()).tryConsumeAndReturnRemaining(1);
        response.setHeader("RateLimit-Policy", policy);
        long seconds = seconds(probe.isConsumed() ? probe.getNanosToWaitForReset() : probe.getNanosToWaitForRefill());
        response.setHeader("RateLimit", "\"saves\";r=" + probe.getRemainingTokens() + ";t=" + seconds);
        if (!probe.isConsumed()) {
            throw new Refused(Problem.rate(seconds));
        }
    }

    /** How many it remembers. */
    long clients() {
        buckets.cleanUp();
        return buckets.estimatedSize();
    }

    private Bucket newBucket() {
        return Bucket.builder()
                .addLimit(limit -> limit.capacity(BURST).refillGreedy(perMinute, Duration.ofMinutes(1)))
                .withCustomTimePrecision(time)
                .build();
    }

    /** At least one. */
    private static long seconds(long nanos) {
        return Math.max(1, TimeUnit.NANOSECONDS.toSeconds(nanos + TimeUnit.SECONDS.toNanos(1) - 1));
    }
}
