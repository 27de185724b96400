package org.gibsey.spine.faults;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.gibsey.spine.embedded.Patience;
import org.gibsey.spine.gift.Gift;
import org.gibsey.spine.gift.GiftChange.Field;
import org.gibsey.spine.gift.GiftChange.Kind;

/** Saves gifts over HTTP and changes one in ten of them, as readers do. What was answered 202 counts as accepted by the load. */
final class HttpSaves {

    private final HttpClient client = HttpClient.newHttpClient();
    private final URI uri;
    private final Load load;
    private final Random random;
    private UUID last;

    HttpSaves(int port, Load load) {
        this.uri = URI.create("http://localhost:" + port);
        this.load = load;
        this.random = new Random(load.page());
    }

    /**
     * What a reader does to a gift.
     *
     * @param key by which it is the same when it is sent again
     */
    record Change(UUID gift, Kind kind, String key) {

        Change(UUID gift, Kind kind) {
            this(gift, kind, UUID.randomUUID().toString());
        }
    }

    /** Saves that many, one after the other, whatever the answer. */
    void save(int gifts) throws IOException, InterruptedException {
        for (int i = 0; i < gifts; i++) {
            if (save() == 202 && i % 10 == 9) {
                change(last);
            }
        }
    }

    /** @return the status */
    int save() throws IOException, InterruptedException {
        String question = UUID.randomUUID().toString();
        HttpResponse<String> answer = send(request("/vault/save")
                .POST(BodyPublishers.ofString(
                        "{\"page_id\":%d,\"question\":\"%s\",\"answer\":\"a\"}".formatted(load.page(), question))));
        if (answer.statusCode() == 202) {
            last = id(answer);
            load.changes().addOfOthers(last, new Gift(load.page(), question, "a", null, null, null, Instant.now()));
            load.accepted().add(last);
        }
        return answer.statusCode();
    }

    /** The gift that was saved last. */
    UUID last() {
        return last;
    }

    /** Edits a gift as soon as it is stored, deletes it, or deletes and restores it. */
    private void change(UUID gift) {
        if (random.nextBoolean()) {
            insist(new Change(gift, Kind.EDITED));
            return;
        }
        insist(new Change(gift, Kind.DELETED));
        if (random.nextBoolean()) {
            insist(new Change(gift, Kind.RESTORED));
        }
    }

    /** Sends it until it is accepted: before that the gift may not be stored, nor what was done to it last. */
    void insist(Change change) {
        await().until(() -> send(change) == 202);
    }

    /** @return the status */
    int send(Change change) throws IOException, InterruptedException {
        String path = "/vault/gifts/" + change.gift;
        HttpRequest.Builder request = switch (change.kind) {
            case EDITED ->
                request(path).PUT(BodyPublishers.ofString("{\"question\":\"%s, again\"}".formatted(change.key)));
            case DELETED -> request(path).DELETE();
            case RESTORED -> request(path + "/restore").POST(BodyPublishers.noBody());
        };
        HttpResponse<String> answer = send(request.header("Idempotency-Key", change.key));
        if (answer.statusCode() == 202) {
            Set<Field> sets = change.kind == Kind.EDITED ? Set.of(Field.QUESTION) : Set.of();
            load.changes().changed(id(answer), change.gift, change.kind, sets, change.key + ", again", 0);
            load.changes().accept(id(answer));
        }
        return answer.statusCode();
    }

    private static UUID id(HttpResponse<String> accepted) {
        String location = accepted.headers().firstValue("Location").orElseThrow();
        return UUID.fromString(location.substring(location.lastIndexOf('/') + 1));
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(uri.resolve(path))
                .header("Content-Type", "application/json")
                .timeout(Patience.LIMIT);
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
}
