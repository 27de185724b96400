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
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.arbitraries.StringArbitrary;
import net.jqwik.api.lifecycle.BeforeProperty;
import org.gibsey.spine.embedded.Patience;
import org.gibsey.spine.embedded.SpineIT;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.context.TestContextManager;

/**
 * Requests that nobody thought of: whatever comes, the answer is the caller's fault or a success, never ours, and there is
 * one. A failure shows the smallest request that fails, and its seed.
 */
@SpineIT
class FuzzIT {

    private static final String GIFT = "{\"page_id\":49001,\"question\":\"q\",\"answer\":\"a\"}";

    private final HttpClient http = HttpClient.newHttpClient();
    private final ObjectMapper json = new ObjectMapper();

    @LocalServerPort
    int port;

    @BeforeProperty
    void connect() throws Exception {
        new TestContextManager(getClass()).prepareTestInstance(this);
    }

    @Property(seed = GeneratedRequests.SEED)
    void takesOrRefusesAnyJson(@ForAll("objects") Map<String, Object> made) throws Exception {
        assertAnswered(json.writeValueAsBytes(made));
    }

    @Provide
    Arbitrary<Map<String, Object>> objects() {
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
                Arbitraries.of("page_id", "question", "answer", "symbol_id", "lang", "user_id", "ts"),
                Arbitraries.strings().all().ofMaxLength(8));
        return Arbitraries.maps(field, value).ofMaxSize(8);
    }

    @Property(seed = GeneratedRequests.SEED)
    void takesOrRefusesAnyBytesAndCutsOfAGift(@ForAll("spoilt") String made) throws Exception {
        assertAnswered(made.getBytes(StandardCharsets.ISO_8859_1));
    }

    @Provide
    Arbitrary<String> spoilt() {
        Arbitrary<String> cut =
                Arbitraries.integers().between(0, GIFT.length()).map(length -> GIFT.substring(0, length));
        Arbitrary<String> changed = Arbitraries.integers()
                .between(0, GIFT.length() - 1)
                .flatMap(at -> bytes().ofLength(1).map(with -> GIFT.substring(0, at) + with + GIFT.substring(at + 1)));
        return Arbitraries.oneOf(bytes().ofMaxLength(200), cut, changed);
    }

    @Property(seed = GeneratedRequests.SEED)
    void takesOrRefusesAnyHeaders(@ForAll("requests") String made) throws Exception {
        assertNoFault(made);
    }

    @Provide
    Arbitrary<String> requests() {
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
        return line.flatMap(first -> header.list()
                .ofMaxSize(5)
                .map(headers -> first + "Host: x\r\nConnection: close\r\n" + String.join("", headers) + "\r\n" + GIFT));
    }

    @Property(seed = GeneratedRequests.SEED)
    void survivesBytesThatAreNoHttp(@ForAll("noHttp") String made) throws Exception {
        assertNoFault(made);
    }

    @Provide
    Arbitrary<String> noHttp() {
        return bytes().ofMaxLength(300);
    }

    /** Any bytes, each as a character. */
    private static StringArbitrary bytes() {
        return Arbitraries.strings().withCharRange((char) 0, (char) 255);
    }

    @Property(seed = GeneratedRequests.SEED)
    void takesOrRefusesAnyQueryAndPath(@ForAll("targets") String made) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://localhost:" + port + made))
                .timeout(Patience.LIMIT)
                .build();
        assertThat(http.send(request, BodyHandlers.discarding()).statusCode()).isLessThan(500);
    }

    @Provide
    Arbitrary<String> targets() {
        Arbitrary<String> text = Arbitraries.oneOf(
                Arbitraries.strings().ofMaxLength(12),
                Arbitraries.integers().map(String::valueOf),
                Arbitraries.of("0", "1", "101", "2026-11-23T10:00:00Z_1", "' or 1=1 --", "${body}", "{{spine.topic}}"));
        Arbitrary<String> query = Arbitraries.of(
                        "limit", "page", "before", "after", "page_id", "symbol_id", "kafka.KEY", "x")
                .flatMap(name -> text.map(value -> name + "=" + encoded(value)));
        return Arbitraries.oneOf(
                query.list().ofMaxSize(4).map(all -> "/vault/list?" + String.join("&", all)),
                text.map(id -> "/vault/gifts/" + encoded(id)),
                text.map(path -> "/" + encoded(path)));
    }

    private void assertAnswered(byte[] body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/vault/save"))
                .timeout(Patience.LIMIT)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofByteArray(body))
                .build();
        HttpResponse<String> answer = http.send(request, BodyHandlers.ofString());

        assertThat(answer.statusCode()).isIn(202, 400, 422);
        assertThat(answer.headers().firstValue("Content-Type"))
                .contains(answer.statusCode() == 202 ? "application/json" : "application/problem+json");
    }

    /** What comes before the end is answered, or the connection ends; a request that is not whole needs no answer. */
    private void assertNoFault(String request) throws IOException {
        try (Socket socket = new Socket("localhost", port)) {
            socket.setSoTimeout((int) Patience.LIMIT.toMillis());
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            socket.shutdownOutput();
            String answer = new String(RawHttp.readToEnd(socket), StandardCharsets.ISO_8859_1);
            assertThat(answer).doesNotContainPattern("HTTP/1.1 5").doesNotContain("\tat ", "Exception");
        }
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
