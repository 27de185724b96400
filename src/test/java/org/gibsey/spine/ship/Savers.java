package org.gibsey.spine.ship;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.gibsey.spine.embedded.Patience;
import org.gibsey.spine.embedded.Promise;
import org.jspecify.annotations.Nullable;

/**
 * Readers who save gifts through whichever API is in service, one after the other until closed, and remember what each was
 * told. Thread-safe.
 */
final class Savers implements AutoCloseable {

    private static final int READERS = 4;
    private static final long PAUSE_NANOS = 40_000_000;

    private final HttpClient http = HttpClient.newHttpClient();
    private final ExecutorService readers = Executors.newFixedThreadPool(READERS);
    /** No two of these save the same. */
    private final String keys = UUID.randomUUID() + "-";

    private final AtomicInteger number = new AtomicInteger();
    private final Set<UUID> accepted = ConcurrentHashMap.newKeySet();
    private final AtomicInteger repeated = new AtomicInteger();
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();
    private final ReadWriteLock service = new ReentrantReadWriteLock(true);
    private int port;
    private volatile boolean stopped;

    /** @param port of the API */
    Savers(int port) {
        this.port = port;
        for (int i = 0; i < READERS; i++) {
            readers.execute(() -> {
                while (!stopped) {
                    try {
                        save();
                    } catch (RuntimeException e) {
                        failures.add(e.toString());
                    }
                    LockSupport.parkNanos(PAUSE_NANOS);
                }
            });
        }
    }

    /** Events that were answered with 202. */
    Set<UUID> accepted() {
        return accepted;
    }

    /** How often a save was answered 503, because a starved machine left the broker no time, and sent again. */
    int repeated() {
        return repeated.get();
    }

    /** Every other answer, and that of a save which was repeated in vain. */
    Queue<String> failures() {
        return failures;
    }

    /** From now on another API is asked; returns when the old one has no request in work, which is what preStop waits for. */
    void moveTo(int newPort) {
        service.writeLock().lock();
        try {
            port = newPort;
        } finally {
            service.writeLock().unlock();
        }
    }

    /** Returns when the last one has its answer. */
    void stop() throws InterruptedException {
        stopped = true;
        readers.shutdown();
        if (!readers.awaitTermination(2 * Patience.LIMIT.toSeconds(), TimeUnit.SECONDS)) {
            failures.add("a request has no answer");
        }
    }

    @Override
    public void close() {
        stopped = true;
        readers.shutdown();
    }

    /** As the contract has it: what is answered 503 is sent again under the same key. */
    private void save() {
        int gift = number.incrementAndGet();
        String key = keys + gift;
        String body = "{\"page_id\":%1$d,\"question\":\"gift %1$d\",\"answer\":\"%2$s\"}"
                .formatted(gift, "answer ".repeat(20));
        HttpResponse<String> answer = send(key, body);
        long began = System.nanoTime();
        while (answer != null
                && answer.statusCode() == 503
                && Promise.since(began).compareTo(Patience.LIMIT) < 0) {
            repeated.incrementAndGet();
            LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(
                    answer.headers().firstValueAsLong("Retry-After").orElseThrow()));
            answer = send(key, body);
        }
        if (answer != null && answer.statusCode() == 202) {
            String location = answer.headers().firstValue("Location").orElseThrow();
            accepted.add(UUID.fromString(location.substring(location.lastIndexOf('/') + 1)));
        } else if (answer != null) {
            failures.add(answer.statusCode() + " " + answer.body());
        }
    }

    private @Nullable HttpResponse<String> send(String key, String body) {
        service.readLock().lock();
        try {
            return http.send(
                    HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/vault/save"))
                            .timeout(Patience.LIMIT)
                            .header("Content-Type", "application/json")
                            .header("Idempotency-Key", key)
                            .POST(BodyPublishers.ofString(body))
                            .build(),
                    BodyHandlers.ofString());
        } catch (IOException | InterruptedException e) {
            failures.add(e.toString());
            return null;
        } finally {
            service.readLock().unlock();
        }
    }
}
