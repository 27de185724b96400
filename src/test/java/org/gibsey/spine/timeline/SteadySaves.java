package org.gibsey.spine.timeline;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.gibsey.spine.embedded.Patience;

/**
 * Saves gifts at a steady rate, as readers do who do not wait for each other, and times each from the moment it was due: an
 * answer that is late makes no room for the next ones to look fast. Not thread-safe.
 */
final class SteadySaves {

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final URI save;
    private int saved;

    SteadySaves(int port) {
        this.save = URI.create("http://localhost:%d/vault/save".formatted(port));
    }

    /**
     * Saves and waits for the last answer.
     *
     * @return ms each took, ascending
     * @throws IllegalStateException if one is not answered 202
     */
    List<Double> run(long page, int perSecond, Duration length) {
        List<CompletableFuture<Double>> answers = new ArrayList<>();
        long begin = System.nanoTime();
        long gifts = perSecond * length.toMillis() / 1_000;
        for (long i = 0; i < gifts; i++) {
            long due = begin + i * TimeUnit.SECONDS.toNanos(1) / perSecond;
            LockSupport.parkNanos(due - System.nanoTime());
            answers.add(http.sendAsync(gift(page), BodyHandlers.discarding()).thenApply(answer -> took(answer, due)));
        }
        return answers.stream().map(CompletableFuture::join).sorted().toList();
    }

    /** Below what a share of them lies. */
    static double percentile(List<Double> ascending, double share) {
        return ascending.get((int) Math.ceil(ascending.size() * share) - 1);
    }

    private static double took(HttpResponse<Void> answer, long due) {
        if (answer.statusCode() != 202) {
            throw new IllegalStateException("a save was answered " + answer.statusCode());
        }
        return (System.nanoTime() - due) / 1e6;
    }

    private HttpRequest gift(long page) {
        return HttpRequest.newBuilder(save)
                .header("Content-Type", "application/json")
                .timeout(Patience.LIMIT)
                .POST(BodyPublishers.ofString("{\"page_id\":%d,\"question\":\"Question %d?\",\"answer\":\"%s\"}"
                        .formatted(page, ++saved, "An answer of some length. ".repeat(8))))
                .build();
    }
}
