package org.gibsey.spine.timeline;

import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A few threads for which the timelines of all clients wait, and clients take turns: each has one timeline at a time in work or in
 * the queue of the threads, and its others wait behind that. One client with hundreds of timelines had the threads for itself.
 * Thread-safe.
 */
final class StreamTurns {

    private final ExecutorService threads;
    /** Of each client that has its turn or waits for it, by sharer, what waits. Guarded by itself; it is held for moments only. */
    private final Map<String, Map<StreamClient, Runnable>> waiting = new HashMap<>();

    StreamTurns(int threads, String name) {
        this.threads = Executors.newFixedThreadPool(threads, task -> {
            Thread daemon = new Thread(task, name);
            daemon.setDaemon(true);
            return daemon;
        });
    }

    /**
     * Does something for a timeline when its turn comes; returns at once. For a timeline one thing waits at most.
     *
     * @throws RejectedExecutionException after {@link #stop}
     */
    void add(StreamClient timeline, Runnable task) {
        String sharer = timeline.sharer();
        synchronized (waiting) {
            if (!waiting.containsKey(sharer)) {
                threads.execute(() -> turn(sharer));
                waiting.put(sharer, new LinkedHashMap<>());
            }
            waiting.get(sharer).put(timeline, task);
        }
    }

    /** A timeline that has ended waits no more: nothing is left of those that come and go. */
    void left(StreamClient timeline) {
        synchronized (waiting) {
            Map<StreamClient, Runnable> own = waiting.get(timeline.sharer());
            if (own != null) {
                own.remove(timeline);
            }
        }
    }

    /** Timelines that wait, and clients that have their turn or wait for it. */
    int remembered() {
        synchronized (waiting) {
            return waiting.size()
                    + waiting.values().stream().mapToInt(Map::size).sum();
        }
    }

    void stop() {
        synchronized (waiting) {
            threads.shutdownNow();
            waiting.clear();
        }
    }

    private void turn(String sharer) {
        try {
            Runnable task = next(sharer);
            if (task != null) {
                task.run();
            }
        } finally {
            goOn(sharer);
        }
    }

    private @Nullable Runnable next(String sharer) {
        synchronized (waiting) {
            Iterator<Runnable> tasks =
                    waiting.getOrDefault(sharer, Map.of()).values().iterator();
            if (!tasks.hasNext()) {
                return null;
            }
            Runnable task = tasks.next();
            tasks.remove();
            return task;
        }
    }

    /** The next turn of the same client comes after those of all who wait by now. */
    private void goOn(String sharer) {
        synchronized (waiting) {
            Map<StreamClient, Runnable> own = waiting.get(sharer);
            // there is none after a stop
            if (own != null && own.isEmpty()) {
                waiting.remove(sharer);
            } else if (own != null) {
                threads.execute(() -> turn(sharer));
            }
        }
    }
}
