package org.gibsey.spine.liveroutes;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.gibsey.spine.embedded.Patience;

/** Some readers who save one gift after the other until they are told to stop. */
final class SavingReaders implements AutoCloseable {

    private static final int READERS = 4;
    private static final long PAUSE_NANOS = 10_000_000;

    private final HttpClient http = HttpClient.newHttpClient();
    private final ExecutorService readers = Executors.newFixedThreadPool(READERS);
    private final AtomicLong saved = new AtomicLong();
    private final AtomicLong unacknowledged = new AtomicLong();
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();
    private volatile boolean stopped;

    SavingReaders(int port, int page) {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/vault/save"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(
                        "{\"page_id\":%d,\"question\":\"q\",\"answer\":\"a\"}".formatted(page)))
                .build();
        for (int i = 0; i < READERS; i++) {
            readers.execute(() -> {
                while (!stopped) {
                    save(request);
                    LockSupport.parkNanos(PAUSE_NANOS);
                }
            });
        }
    }

    /** How many got their 202. */
    long saved() {
        return saved.get();
    }

    /** How many were told that the broker did not answer in time, which on a starved machine is so. */
    long unacknowledged() {
        return unacknowledged.get();
    }

    /** What the others got. */
    Queue<String> failures() {
        return failures;
    }

    /** Returns when the last one has its answer. */
    void stop() throws InterruptedException {
        stopped = true;
        readers.shutdown();
        if (!readers.awaitTermination(Patience.LIMIT.toSeconds(), TimeUnit.SECONDS)) {
            failures.add("a request has no answer");
        }
    }

    @Override
    public void close() {
        stopped = true;
        readers.shutdown();
    }

    private void save(HttpRequest request) {
        try {
            HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() == 202) {
                saved.incrementAndGet();
            } else if (answer.statusCode() == 503 && answer.body().contains("/problems#broker")) {
                unacknowledged.incrementAndGet();
            } else {
                failures.add(answer.statusCode() + " " + answer.body());
            }
        } catch (IOException | InterruptedException e) {
            failures.add(e.toString());
        }
    }
}
