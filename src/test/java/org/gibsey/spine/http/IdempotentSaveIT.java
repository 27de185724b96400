package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.gibsey.spine.embedded.SpineIT;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;

/** A save sent again under its Idempotency-Key is the same save. */
@SpineIT
class IdempotentSaveIT {

    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @LocalServerPort
    int port;

    @Autowired
    JdbcClient vault;

    @Test
    void makesOneRowOfAHundredSavesOfOneKeyAtOnce() {
        List<CompletableFuture<HttpResponse<String>>> calls = IntStream.range(0, 100)
                .mapToObj(i -> save(43_001, "same", "k-1"))
                .toList();

        Set<String> locations = calls.stream()
                .map(CompletableFuture::join)
                .peek(answer -> assertThat(answer.statusCode()).isEqualTo(202))
                .map(IdempotentSaveIT::location)
                .collect(Collectors.toSet());
        // behind them on the same partition: once it is stored, so are they
        save(43_001, "last", "k-2").join();

        assertThat(locations).hasSize(1);
        await().until(() -> rows(43_001, "last") == 1);
        assertThat(rows(43_001, "same")).isOne();
    }

    @Test
    void takesTheQuotedAndThePlainFormForTheSameKey() {
        assertThat(location(save(43_002, "same", "k-3").join()))
                .isEqualTo(location(save(43_002, "same", "\"k-3\"").join()));
    }

    @Test
    void losesNothingWhenAKeyIsUsedForSomethingElse() {
        String first = location(save(43_003, "one", "k-4").join());
        String second = location(save(43_003, "two", "k-4").join());

        assertThat(second).isNotEqualTo(first);
        await().untilAsserted(() -> {
            assertThat(rows(43_003, "one")).isOne();
            assertThat(rows(43_003, "two")).isOne();
        });
    }

    @Test
    void takesSavesWithoutAKeyForDifferentOnes() {
        String first = location(save(43_004, "same", null).join());
        String second = location(save(43_004, "same", null).join());

        assertThat(second).isNotEqualTo(first);
        await().untilAsserted(() -> assertThat(rows(43_004, "same")).isEqualTo(2));
    }

    @Test
    void refusesAKeyThatIsTooLong() {
        assertThat(save(43_005, "same", "k".repeat(255)).join().statusCode()).isEqualTo(202);
        assertThat(save(43_005, "same", "k".repeat(256)).join().statusCode()).isEqualTo(400);
    }

    private CompletableFuture<HttpResponse<String>> save(long page, String answer, String key) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/vault/save"))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(
                        "{\"page_id\":%d,\"question\":\"q\",\"answer\":\"%s\"}".formatted(page, answer)));
        if (key != null) {
            request.header("Idempotency-Key", key);
        }
        return HTTP.sendAsync(request.build(), BodyHandlers.ofString());
    }

    private static String location(HttpResponse<String> answer) {
        return answer.headers().firstValue("Location").orElseThrow();
    }

    private int rows(long page, String answer) {
        return vault.sql("select count(*) from vault where page_id = ? and answer = ?")
                .params(page, answer)
                .query(Integer.class)
                .single();
    }
}
