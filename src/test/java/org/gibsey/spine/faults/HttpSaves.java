package org.gibsey.spine.faults;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.UUID;
import org.gibsey.spine.embedded.Patience;

/** Saves gifts over HTTP, as readers do. What was answered 202 counts as accepted by the load. */
final class HttpSaves {

    private final HttpClient client = HttpClient.newHttpClient();
    private final URI uri;
    private final Load load;

    HttpSaves(int port, Load load) {
        this.uri = URI.create("http://localhost:" + port + "/vault/save");
        this.load = load;
    }

    /** Saves that many, one after the other, whatever the answer. */
    void save(int gifts) throws IOException, InterruptedException {
        for (int i = 0; i < gifts; i++) {
            save();
        }
    }

    /** @return the status */
    int save() throws IOException, InterruptedException {
        String body = "{\"page_id\":%d,\"question\":\"%s\",\"answer\":\"a\"}".formatted(load.page(), UUID.randomUUID());
        HttpResponse<String> answer = client.send(
                HttpRequest.newBuilder(uri)
                        .header("Content-Type", "application/json")
                        .timeout(Patience.LIMIT)
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() == 202) {
            String gift = answer.headers().firstValue("Location").orElseThrow();
            load.accepted().add(UUID.fromString(gift.substring(gift.lastIndexOf('/') + 1)));
        }
        return answer.statusCode();
    }
}
