package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import org.gibsey.spine.embedded.Patience;
import org.gibsey.spine.embedded.SpineIT;
import org.junit.jupiter.api.Test;
import org.springframework.boot.test.web.server.LocalServerPort;

/**
 * Requests that nobody thought of: whatever comes, the answer is the caller's fault or a success, never ours, and there is
 * one. The same each time; a failure shows the request.
 */
@SpineIT
class FuzzIT {

    private static final String GIFT = "{\"page_id\":49001,\"question\":\"q\",\"answer\":\"a\"}";

    private final HttpClient http = HttpClient.newHttpClient();
    private final ObjectMapper json = new ObjectMapper();

    @LocalServerPort
    int port;

    @Test
    void takesOrRefusesAnyJson() {
        Arbitrary<Object> scalar = Arbitraries.oneOf(
                Arbitraries.strings().all().ofMaxLength(30).map(text -> (Object) text),
                Arbitraries.strings()
                        .withChars("0123456789.eE+-")
                        .ofMaxLength(25)
                        .map(text -> (Object) text),
                Arbitraries.longs().map(number -> (Object) number),
                Arbitraries.bigDecimals().map(number -> (Object) number),
                Arbitraries.of(true, false),
                Arbitraries.just(null));
        Arbitrary<Object> value = Arbitraries.lazyOf(
                () -> scalar,
                () -> scalar,
                () -> scalar.list().ofMaxSize(3).map(list -> (Object) list),
                () -> Arbitraries.maps(Arbitraries.strings().all().ofMaxLength(5), scalar)
                        .ofMaxSize(3)
                        .map(map -> (Object) map));
        Arbitrary<String> field = Arbitraries.oneOf(
                Arbitraries.of("page_id", "question", "answer", "symbol_id", "user_id", "ts"),
                Arbitraries.strings().all().ofMaxLength(8));
        Arbitrary<Map<String, Object>> object = Arbitraries.maps(field, value).ofMaxSize(8);

        MadeUp.each(MadeUp.CASES, object, made -> assertAnswered(json.writeValueAsBytes(made), "application/json"));
    }

    @Test
    void takesOrRefusesAnyBytesAndCutsOfAGift() {
        Arbitrary<byte[]> soup = Arbitraries.bytes().array(byte[].class).ofMaxSize(200);
        Arbitrary<byte[]> cut =
                Arbitraries.integers().between(0, GIFT.length()).map(length -> bytes(GIFT.substring(0, length)));
        Arbitrary<byte[]> changed = Arbitraries.integers()
                .between(0, GIFT.length() - 1)
                .flatMap(at -> Arbitraries.bytes().map(with -> {
                    byte[] gift = bytes(GIFT);
                    gift[at] = with;
                    return gift;
                }));

        MadeUp.each(
                MadeUp.CASES, Arbitraries.oneOf(soup, cut, changed), made -> assertAnswered(made, "application/json"));
    }

    @Test
    void takesOrRefusesAnyHeaders() {
        Arbitrary<String> name = Arbitraries.oneOf(
                Arbitraries.of(
                        "Content-Type",
                        "Content-Length",
                        "Transfer-Encoding",
                        "Content-Encoding",
                        "Expect",
                        "Accept",
                        "Accept-Encoding",
                        "Idempotency-Key",
                        "traceparent",
                        "Range",
                        "If-Modified-Since",
                        "Origin",
                        "Upgrade",
                        "CamelHttpUri",
                        "kafka.OVERRIDE_TOPIC"),
                Arbitraries.strings().alpha().ofMinLength(1).ofMaxLength(10),
                Arbitraries.strings().withCharRange((char) 1, (char) 255).ofMaxLength(8));
        Arbitrary<String> content = Arbitraries.oneOf(
                Arbitraries.of("chunked", "gzip", "100-continue", "h2c", "*/*", "0", "-1", "99999999999999999999"),
                Arbitraries.strings().ascii().ofMaxLength(40),
                Arbitraries.strings().withCharRange((char) 1, (char) 255).ofMaxLength(40));
        Arbitrary<String> header = name.flatMap(n -> content.map(c -> n + ": " + c + "\r\n"));
        Arbitrary<String> line = Arbitraries.of(
                "POST /vault/save HTTP/1.1\r\n",
                "GET /vault/list HTTP/1.1\r\n",
                "HEAD / HTTP/1.1\r\n",
                "PUT /vault/save HTTP/1.0\r\n");
        Arbitrary<String> request = line.flatMap(first -> header.list()
                .ofMaxSize(5)
                .map(headers -> first + "Host: x\r\nConnection: close\r\n" + String.join("", headers) + "\r\n" + GIFT));

        MadeUp.each(MadeUp.CASES, request, made -> assertNoFault(made.getBytes(StandardCharsets.ISO_8859_1)));
    }

    @Test
    void survivesBytesThatAreNoHttp() {
        Arbitrary<byte[]> soup = Arbitraries.bytes().array(byte[].class).ofMaxSize(300);

        MadeUp.each(MadeUp.CASES, soup, this::assertNoFault);
    }

    @Test
    void takesOrRefusesAnyQueryAndPath() {
        Arbitrary<String> text = Arbitraries.oneOf(
                Arbitraries.strings().ofMaxLength(12),
                Arbitraries.integers().map(String::valueOf),
                Arbitraries.of("0", "1", "101", "2026-11-23T10:00:00Z_1", "' or 1=1 --", "${body}", "{{spine.topic}}"));
        Arbitrary<String> query = Arbitraries.of("limit", "page", "before", "page_id", "symbol_id", "kafka.KEY", "x")
                .flatMap(name -> text.map(value -> name + "=" + encoded(value)));
        Arbitrary<String> target = Arbitraries.oneOf(
                query.list().ofMaxSize(4).map(all -> "/vault/list?" + String.join("&", all)),
                text.map(id -> "/vault/gifts/" + encoded(id)),
                text.map(path -> "/" + encoded(path)));

        MadeUp.each(MadeUp.CASES, target, made -> {
            HttpRequest request = HttpRequest.newBuilder(URI.create("http://localhost:" + port + made))
                    .timeout(Patience.LIMIT)
                    .build();
            assertThat(http.send(request, BodyHandlers.discarding()).statusCode())
                    .isLessThan(500);
        });
    }

    private void assertAnswered(byte[] body, String type) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/vault/save"))
                .timeout(Patience.LIMIT)
                .header("Content-Type", type)
                .POST(BodyPublishers.ofByteArray(body))
                .build();
        HttpResponse<String> answer = http.send(request, BodyHandlers.ofString());

        assertThat(answer.statusCode()).isIn(202, 400, 422);
        assertThat(answer.headers().firstValue("Content-Type"))
                .contains(answer.statusCode() == 202 ? "application/json" : "application/problem+json");
    }

    /** What comes before the end is answered, or the connection ends; a request that is not whole needs no answer. */
    private void assertNoFault(byte[] request) throws IOException {
        try (Socket socket = new Socket("localhost", port)) {
            socket.setSoTimeout((int) Patience.LIMIT.toMillis());
            socket.getOutputStream().write(request);
            socket.shutdownOutput();
            String answer = new String(RawHttp.readToEnd(socket), StandardCharsets.ISO_8859_1);
            assertThat(answer).doesNotContainPattern("HTTP/1.1 5").doesNotContain("\tat ", "Exception");
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
