package org.gibsey.spine;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Wrong tokens of a minute that begins with the first, by client: after twenty, none of the client's is looked at any more until
 * the minute is over. Thread-safe.
 */
public final class WrongTokens {

    public static final int MOST = 20;
    public static final Duration WINDOW = Duration.ofMinutes(1);
    private static final int CLIENTS = 20_000;

    private final Cache<String, AtomicInteger> wrong;

    /** @param ticker the time now */
    public WrongTokens(Ticker ticker) {
        wrong = Caffeine.newBuilder()
                .maximumSize(CLIENTS)
                .expireAfterWrite(WINDOW)
                .ticker(ticker)
                .build();
    }

    /** Whether no token of this client is to be looked at for now. */
    public boolean areTooMany(String client) {
        AtomicInteger count = wrong.getIfPresent(client);
        return count != null && count.get() >= MOST;
    }

    /** Notes a wrong token of this client. */
    public void add(String client) {
        wrong.get(client, unused -> new AtomicInteger()).incrementAndGet();
    }
}
