package org.gibsey.spine.timeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Flow;
import java.util.stream.Stream;

/** A client of {@code GET /vault/stream} that keeps what it was sent. Thread-safe. */
public final class TestStream implements Flow.Subscriber<String>, AutoCloseable {

    private static final HttpClient HTTP = HttpClient.newHttpClient();

    /**
     * One event; fields it did not have are empty.
     *
     * @param cameAt {@link System#nanoTime} when it was there
     */
    public record Event(String name, String id, String data, long cameAt) {

        /** What a field of its row says, a text; the event's data where there is none. */
        String field(String name) {
            return data.replaceFirst("(?s).*\"" + name + "\":\"([^\"]*)\".*", "$1");
        }
    }

    private final List<Event> events = new CopyOnWriteArrayList<>();
    private final List<String> comments = new CopyOnWriteArrayList<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private volatile Flow.Subscription subscription;
    private String name = "";
    private String id = "";
    private String data = "";

    private TestStream() {}

    /**
     * Opens a stream and waits until it is live.
     *
     * @param query  such as {@code ?page_id=7}, or empty
     * @param lastId for {@code Last-Event-ID}, or null
     */
    public static TestStream open(int port, String query, String lastId) {
        return open(request(port, query), lastId);
    }

    /** The same for a reader. */
    public static TestStream open(int port, String query, String lastId, String token) {
        return open(request(port, query).header("Authorization", "Bearer " + token), lastId);
    }

    private static TestStream open(HttpRequest.Builder request, String lastId) {
        TestStream stream = new TestStream();
        if (lastId != null) {
            request.header("Last-Event-ID", lastId);
        }
        var unused = HTTP.sendAsync(request.build(), BodyHandlers.fromLineSubscriber(stream))
                .whenComplete((answer, failure) -> stream.ended.complete(null));
        await().until(() -> stream.isLive() || stream.ended.isDone());
        // what was refused is not waited for
        assertThat(stream.isLive()).as("the stream is live").isTrue();
        return stream;
    }

    /** An answer that is no stream. */
    static HttpResponse<String> answer(int port, String query) throws Exception {
        return HTTP.send(request(port, query).build(), BodyHandlers.ofString());
    }

    static HttpRequest.Builder request(int port, String query) {
        return HttpRequest.newBuilder(URI.create("http://localhost:%d/vault/stream%s".formatted(port, query)));
    }

    private boolean isLive() {
        return events.stream().anyMatch(event -> event.name().equals("position"));
    }

    public List<Event> events() {
        return events;
    }

    List<String> comments() {
        return comments;
    }

    /** The questions of the gifts so far, in their order. */
    public List<String> questions() {
        return gifts().map(event -> event.field("question")).toList();
    }

    /** The id to come back with after the gift of that number, from 1. */
    String idOfGift(int number) {
        return gifts().toList().get(number - 1).id();
    }

    /** The last id of any event. */
    public String lastId() {
        return events.stream()
                .map(Event::id)
                .filter(text -> !text.isEmpty())
                .reduce((earlier, later) -> later)
                .orElseThrow();
    }

    public TestStream awaitGifts(int count) {
        await().until(() -> questions().size() >= count);
        return this;
    }

    public void awaitEnd() {
        await().until(ended::isDone);
    }

    private Stream<Event> gifts() {
        return events.stream().filter(event -> event.name().equals("gift"));
    }

    @Override
    public void close() {
        leave();
    }

    /** Breaks off, as a client does that loses its network. */
    void leave() {
        if (subscription != null) {
            subscription.cancel();
        }
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
        this.subscription = subscription;
        subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(String line) {
        if (line.isEmpty()) {
            if (!name.isEmpty()) {
                events.add(new Event(name, id, data, System.nanoTime()));
            }
            name = id = data = "";
        } else if (line.startsWith(":")) {
            comments.add(line);
        } else if (line.startsWith("event: ")) {
            name = line.substring(7);
        } else if (line.startsWith("id: ")) {
            id = line.substring(4);
        } else if (line.startsWith("data: ")) {
            data = line.substring(6);
        }
    }

    @Override
    public void onError(Throwable failure) {
        ended.complete(null);
    }

    @Override
    public void onComplete() {
        ended.complete(null);
    }
}
