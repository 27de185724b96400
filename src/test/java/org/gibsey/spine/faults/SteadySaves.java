package org.gibsey.spine.faults;

import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.gibsey.spine.embedded.Patience;
import org.gibsey.spine.embedded.Promise;
import org.jspecify.annotations.Nullable;

/**
 * Gifts saved over HTTP at a steady rate, whatever became of those before, as many readers do it: of many addresses, on many
 * pages, and so on every partition. What was answered 202 counts as accepted by the load. No save is repeated.
 */
final class SteadySaves implements AutoCloseable {

    private static final int ADDRESSES = 200;
    private static final Duration SOON = Duration.ofMillis(500);

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final URI uri;
    private final Load load;
    private final int perSecond;
    private final Queue<Answer> answers = new ConcurrentLinkedQueue<>();
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger inARow = new AtomicInteger();
    private final Thread readers;
    private volatile boolean stopped;

    /**
     * How a save was answered.
     *
     * @param due    when it was to be sent, of {@link System#nanoTime}
     * @param took   from then to the answer
     * @param status 0: the connection broke
     */
    record Answer(long due, Duration took, int status) {

        boolean isAccepted() {
            return status == 202;
        }
    }

    /** @param port of an API that believes what this machine says of the client's address */
    SteadySaves(int port, Load load, int perSecond) {
        this.uri = URI.create("http://127.0.0.1:" + port + "/vault/save");
        this.load = load;
        this.perSecond = perSecond;
        this.readers = new Thread(this::save, "saves of page " + load.page());
        readers.start();
    }

    /** Waits until all that are sent for two seconds are accepted, and soon. */
    void awaitFlowing() {
        inARow.set(0);
        await().until(() -> inARow.get() >= 2 * perSecond);
    }

    /** From now on the answers count. */
    void counting() {
        answers.clear();
    }

    /** Ends them and waits for the last answer. */
    void stop() throws InterruptedException {
        close();
        readers.join(Patience.LIMIT.toMillis());
        await().until(() -> open.get() == 0);
    }

    /** How those were answered that were due between the two, of {@link System#nanoTime}. */
    List<Answer> between(long from, long to) {
        return answers.stream()
                .filter(answer -> answer.due >= from && answer.due < to)
                .toList();
    }

    Set<Integer> statuses() {
        return answers.stream().map(Answer::status).collect(Collectors.toSet());
    }

    /** How many were not accepted. */
    long refused() {
        return answers.stream().filter(answer -> !answer.isAccepted()).count();
    }

    /** The longest time in which saves were refused without a second's pause. */
    Duration longestRefusal() {
        List<Long> refused = answers.stream()
                .filter(answer -> !answer.isAccepted())
                .map(Answer::due)
                .sorted()
                .toList();
        long longest = 0;
        long first = 0;
        for (int i = 0; i < refused.size(); i++) {
            if (i == 0 || refused.get(i) - refused.get(i - 1) > 1_000_000_000L) {
                first = refused.get(i);
            }
            longest = Math.max(longest, refused.get(i) - first);
        }
        return Duration.ofNanos(longest);
    }

    /** How long the slowest answer took. */
    Duration slowest() {
        return slowest(answers.stream());
    }

    /** How long the slowest answer took to those that were due from then on, of {@link System#nanoTime}. */
    Duration slowestSince(long nanos) {
        return slowest(answers.stream().filter(answer -> answer.due >= nanos));
    }

    private static Duration slowest(Stream<Answer> answers) {
        return answers.map(Answer::took).max(Comparator.naturalOrder()).orElseThrow();
    }

    @Override
    public void close() {
        stopped = true;
    }

    private void save() {
        long start = System.nanoTime();
        for (long number = 0; !stopped; number++) {
            long due = start + number * 1_000_000_000L / perSecond;
            while (due > System.nanoTime()) {
                LockSupport.parkNanos(due - System.nanoTime());
            }
            save(due, number);
        }
    }

    private void save(long due, long number) {
        HttpRequest request = HttpRequest.newBuilder(uri)
                .timeout(Patience.LIMIT)
                .header("Content-Type", "application/json")
                .header("X-Forwarded-For", "192.0.2." + (1 + number % ADDRESSES))
                .POST(BodyPublishers.ofString("{\"page_id\":%d,\"question\":\"%s\",\"answer\":\"a\"}"
                        .formatted(load.page() + number % Load.PAGES, UUID.randomUUID())))
                .build();
        open.incrementAndGet();
        var unused = client.sendAsync(request, BodyHandlers.ofString()).whenComplete((answer, fault) -> {
            answered(due, answer);
            open.decrementAndGet();
        });
    }

    private void answered(long due, @Nullable HttpResponse<String> answer) {
        int status = answer == null ? 0 : answer.statusCode();
        Duration took = Promise.since(due);
        if (status == 202) {
            String location = answer.headers().firstValue("Location").orElseThrow();
            load.accepted().add(UUID.fromString(location.substring(location.lastIndexOf('/') + 1)));
        }
        if (status == 202 && took.compareTo(SOON) < 0) {
            inARow.incrementAndGet();
        } else {
            inARow.set(0);
        }
        answers.add(new Answer(due, took, status));
    }
}
