package org.gibsey.spine.http;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Lets each client do so many things at a time. Its further calls wait for their turn behind its own, and never behind those of
 * another client. Only clients with calls under way are remembered. Thread-safe.
 */
final class ClientTurns {

    private final int atATime;
    private final Cache<String, Semaphore> clients =
            Caffeine.newBuilder().weakValues().build();

    /** @param atATime of one client */
    ClientTurns(int atATime) {
        this.atATime = atATime;
    }

    /**
     * Waits for a turn, in the order in which they are asked for.
     *
     * @param client as {@link org.gibsey.spine.ClientShares} name them
     * @param end    when the wait is over, of {@link System#nanoTime()}
     * @return to be released after the turn; null if none came
     */
    @Nullable
    Semaphore await(String client, long end) {
        Semaphore turns = clients.get(client, unused -> new Semaphore(atATime, true));
        return isTaken(turns, end) ? turns : null;
    }

    /** How many are remembered. */
    long clients() {
        clients.cleanUp();
        return clients.estimatedSize();
    }

    /** Whether there was a place in time; an interrupted thread finds none. */
    static boolean isTaken(Semaphore places, long end) {
        try {
            return places.tryAcquire(end - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
