package org.gibsey.spine.management;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Wrong tokens of a minute that begins with the first, by client: after twenty, none of the client's is compared any more until
 * the minute is over. Thread-safe.
 */
final class WrongTokens {

    static final int MOST = 20;
    static final Duration WINDOW = Duration.ofMinutes(1);
    private static final int CLIENTS = 10_000;

    private final Cache<String, AtomicInteger> wrong;

    WrongTokens(Ticker ticker) {
        wrong = Caffeine.newBuilder()
                .maximumSize(CLIENTS)
                .expireAfterWrite(WINDOW)
                .ticker(ticker)
                .build();
    }

    boolean areTooMany(String client) {
        AtomicInteger count = wrong.getIfPresent(client);
        return count != null && count.get() >= MOST;
    }

    void add(String client) {
        wrong.get(client, unused -> new AtomicInteger()).incrementAndGet();
    }
}
