package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.connector.Request;
import org.apache.coyote.http11.Http11Processor;
import org.apache.coyote.http2.Http2Protocol;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.embedded.LiveObjects;
import org.gibsey.spine.embedded.Patience;
import org.gibsey.spine.embedded.Promise;
import org.gibsey.spine.embedded.SpineIT;
import org.gibsey.spine.http.RawHttp.Answer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.boot.web.embedded.tomcat.TomcatWebServer;
import org.springframework.boot.web.servlet.context.ServletWebServerApplicationContext;

/** How the public port treats browsers, proxies and those who mean it harm. */
@SpineIT
class PublicServerIT {

    /** The largest payload of a frame of HTTP/2, bytes. */
    private static final int FRAME = 16_384;

    @LocalServerPort
    int port;

    @Autowired
    SpineSettings settings;

    @Autowired
    MeterRegistry meters;

    @Autowired
    ServletWebServerApplicationContext server;

    @ParameterizedTest
    @CsvSource({"POST, /vault/save", "PUT, /vault/gifts/1", "DELETE, /vault/7", "POST, /vault/gifts/1/restore"})
    void letsPagesOfAConfiguredOriginSaveAndChange(String method, String path) throws IOException {
        Answer preflight = RawHttp.send(port, """
                OPTIONS %s HTTP/1.1
                Host: x
                Connection: close
                Origin: http://localhost:5173
                Access-Control-Request-Method: %s
                Access-Control-Request-Headers: content-type, idempotency-key, if-match

                """.formatted(path, method));

        assertThat(preflight.status()).isEqualTo(200);
        assertThat(preflight.headers())
                .containsEntry("Access-Control-Allow-Origin", "http://localhost:5173")
                .containsEntry("Access-Control-Allow-Headers", "content-type, idempotency-key, if-match");
        assertThat(preflight.headers().get("Access-Control-Allow-Methods")).contains(method);
        assertThat(preflight.headers().get("Vary")).contains("Origin");
    }

    @Test
    void showsPagesOfAConfiguredOriginWhatTheyNeed() throws IOException {
        Answer answer = RawHttp.send(port, get("/vault/list", "Origin: http://localhost:5173"));

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.headers())
                .containsEntry("Access-Control-Allow-Origin", "http://localhost:5173")
                .containsEntry(
                        "Access-Control-Expose-Headers",
                        "ETag, Link, Location, RateLimit, RateLimit-Policy, Retry-After");
    }

    @Test
    void refusesPagesOfAnotherOriginAndOtherMethods() throws IOException {
        String preflight = """
                OPTIONS /vault/save HTTP/1.1
                Host: x
                Connection: close
                Origin: %s
                Access-Control-Request-Method: %s

                """;

        assertThat(RawHttp.send(port, preflight.formatted("http://localhost:5174", "POST"))
                        .status())
                .isEqualTo(403);
        assertThat(RawHttp.send(port, preflight.formatted("http://localhost:5173", "PATCH"))
                        .status())
                .isEqualTo(403);
    }

    @Test
    void hardensEveryAnswer() throws IOException {
        for (String path : List.of("/", "/vault/list?limit=1", "/nowhere")) {
            assertThat(RawHttp.send(port, get(path)).headers())
                    .as(path)
                    .containsEntry("X-Content-Type-Options", "nosniff")
                    .containsEntry("Referrer-Policy", "no-referrer")
                    .doesNotContainKeys("Server", "X-Powered-By")
                    .hasEntrySatisfying(
                            "Content-Security-Policy",
                            policy -> assertThat(policy)
                                    .contains("default-src '", "frame-ancestors 'none'")
                                    .doesNotContain("unsafe"));
        }
    }

    /** What is true now may not be in a moment. */
    @Test
    void nobodyKeepsAnAnswerUnlessARouteSaysSo() throws IOException {
        assertThat(RawHttp.send(port, get("/vault/list?limit=1")).headers()).containsEntry("Cache-Control", "no-store");
    }

    /** None of them means anything by it. */
    @Test
    void waitsForNoBodyOfARead() throws IOException {
        try (Socket socket = new Socket("localhost", port)) {
            socket.setSoTimeout((int) Patience.LIMIT.toMillis());
            socket.getOutputStream()
                    .write(get("/vault/list?limit=1", "Content-Length: 5")
                            .replace("\n", "\r\n")
                            .getBytes(StandardCharsets.US_ASCII));

            assertThat(new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII))
                    .isEqualTo("HTTP/1.1 200");
        }
    }

    @ParameterizedTest
    @CsvSource({"/vault/list?limit=100, [{", "/feed?limit=100, <?xml"})
    void compressesGiftsForWhoAsks(String path, String begin) throws Exception {
        HttpClient http = HttpClient.newHttpClient();
        for (int i = 0; i < 10; i++) {
            http.send(save(47_001, "a".repeat(1_000)), BodyHandlers.discarding());
        }
        HttpRequest.Builder list = HttpRequest.newBuilder(uri(path));

        HttpResponse<byte[]> plain = http.send(list.copy().build(), BodyHandlers.ofByteArray());
        HttpResponse<byte[]> compressed =
                http.send(list.copy().header("Accept-Encoding", "gzip").build(), BodyHandlers.ofByteArray());

        assertThat(plain.headers().firstValue("Content-Encoding")).isEmpty();
        assertThat(compressed.headers().firstValue("Content-Encoding")).contains("gzip");
        try (InputStream unpacked = new GZIPInputStream(new ByteArrayInputStream(compressed.body()))) {
            assertThat(new String(unpacked.readAllBytes(), StandardCharsets.UTF_8))
                    .startsWith(begin);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"application/json;charset=utf-16", "application/json;charset=x", "text/html;q=0", "*/*"})
    void tellsThePageHowReadersSignInWhateverACallerAccepts(String types) throws IOException {
        Answer answer = RawHttp.send(port, get("/auth.json", "Accept: " + types));

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.headers()).containsEntry("Content-Type", "application/json");
        assertThat(answer.body()).contains("\"question_chars\":4000");
    }

    @Test
    void takesASaveInChunks() throws IOException {
        String gift = gift(47_004, "a");

        Answer answer = RawHttp.send(port, """
                POST /vault/save HTTP/1.1
                Host: x
                Connection: close
                Content-Type: application/json
                Transfer-Encoding: chunked

                1
                {
                %x
                %s
                0

                """.formatted(gift.length() - 1, gift.substring(1)));

        assertThat(answer.status()).isEqualTo(202);
    }

    @Test
    void speaksHttp2InClearTextWithManyCallsAtOnce() throws IOException {
        try (RawHttp2 connection = RawHttp2.open(port, 1, RawHttp2.WINDOW)) {
            for (int i = 0; i < 128; i++) {
                connection.post("/vault/save", gift(47_002, "a" + i));
            }
            connection.flush();

            assertThat(connection.answers(128))
                    .hasSize(128)
                    .allSatisfy(answer -> assertThat(answer).isEqualTo("{\"queued\":true}"));
        }
    }

    /** Also one who never acknowledges how much it may have in work. */
    @Test
    void boundsCallsAndBodiesOfOneConnectionOfHttp2() throws IOException {
        try (RawHttp2 connection = RawHttp2.openUnbounded(port, 1, RawHttp2.WINDOW)) {
            for (int i = 0; i < 128; i++) {
                connection.announce("/vault/save", 100);
            }
            connection.get("/vault/list");

            RawHttp2.Frame first = connection.read();
            while (first.stream() == 0) {
                first = connection.read();
            }
            assertThat(first.type()).isEqualTo(RawHttp2.RESET);
            assertThat(first.stream()).isEqualTo(2 * 128 + 1);
            // SETTINGS_INITIAL_WINDOW_SIZE: what may come of a body before it is read
            assertThat(connection.settings()).contains("\0\4\0\0@\0");
        }
    }

    /** It may send them before it has seen our settings (RFC 9113, 6.9.2). */
    @Test
    void takesABodyThatFillsTheWindowOfTheProtocolFirstOfAll() throws IOException {
        byte[] body = gift(47_002, "a".repeat(60_000)).getBytes(StandardCharsets.UTF_8);
        try (RawHttp2 connection = RawHttp2.openUnbounded(port, 1, RawHttp2.WINDOW)) {
            int stream = connection.announce("/vault/save", body.length);
            for (int from = 0; from < body.length; from += FRAME) {
                int to = Math.min(from + FRAME, body.length);
                connection.send(stream, Arrays.copyOfRange(body, from, to), to == body.length);
            }

            assertThat(connection.answers(1)).containsExactly("{\"queued\":true}");
        }
    }

    @Test
    void doesNotKeepTheWindowOfTheProtocolForManyBodies() throws IOException {
        try (RawHttp2 connection = RawHttp2.openUnbounded(port, 1, 0)) {
            // as many as are served at a time, and none ends: nobody reads what comes of the next
            for (int i = 0; i < 32; i++) {
                connection.post("/nowhere", "{}");
            }
            int last = connection.announce("/vault/save", 100_000);
            connection.send(last, new byte[FRAME], false);
            connection.send(last, new byte[FRAME], false);

            RawHttp2.Frame reset = connection.read();
            while (reset.type() != RawHttp2.RESET) {
                reset = connection.read();
            }
            assertThat(reset.stream()).isEqualTo(last);
            assertThat(reset.payload()).as("FLOW_CONTROL_ERROR").isEqualTo("\0\0\0\3");
        }
    }

    /** On Java 17 each has a thread, also one whose answer is not read. */
    @Test
    void servesCallsOfOneConnectionOfHttp2SomeAtATime() throws IOException {
        int atATime = 32;
        try (RawHttp2 connection = RawHttp2.open(port, 6, 0)) {
            for (int i = 0; i <= atATime; i++) {
                connection.post("/nowhere", "{}");
            }
            connection.flush();

            boolean hasOneEnded = false;
            for (int begun = 0; begun <= atATime; ) {
                RawHttp2.Frame frame = connection.read();
                hasOneEnded |= frame.isLast();
                boolean begins = frame.type() == RawHttp2.HEADERS;
                begun += begins ? 1 : 0;
                assertThat(begun <= atATime || hasOneEnded)
                        .as("no more than these have begun before one has ended")
                        .isTrue();
                if (begins && begun == atATime) {
                    connection.widen(frame.stream(), RawHttp2.WINDOW);
                }
            }
        }
    }

    /** Each of them may have as many calls in work as all streams of it. */
    @Test
    void oneClientHasNoMoreThanHalfOfTheConnectionsOfHttp2() throws IOException {
        long room = Runtime.getRuntime().maxMemory() / 4 / (128L * (16 << 10) + 32L * (64 << 10));
        List<RawHttp2> open = new ArrayList<>();
        try {
            assertThatThrownBy(() -> {
                        while (open.size() <= room) {
                            open.add(RawHttp2.open(port, 3, RawHttp2.WINDOW));
                        }
                    })
                    .isInstanceOf(IOException.class);
            assertThat(open).hasSize((int) (room + 1) / 2);
            open.remove(0).close();
            await().ignoreExceptions().until(() -> open.add(RawHttp2.open(port, 3, RawHttp2.WINDOW)));
            try (RawHttp2 other = RawHttp2.open(port, 4, RawHttp2.WINDOW)) {
                other.get("/openapi.yaml");
                assertThat(other.answers(1)).hasSize(1);
            }
        } finally {
            for (RawHttp2 connection : open) {
                connection.close();
            }
        }
    }

    /** Tomcat's own limit is longer than what a reader of HTTP/1.1 has. */
    @Test
    void aWindowOfHttp2MayStayClosedAsLongAsAConnectionMayTakeNothing() {
        Connector connector =
                ((TomcatWebServer) server.getWebServer()).getTomcat().getConnector();

        assertThat(connector.findUpgradeProtocols())
                .singleElement(type(Http2Protocol.class))
                .extracting(Http2Protocol::getStreamWriteTimeout)
                .isEqualTo(5_000L);
    }

    /** Tomcat would keep the buffers of each, with the connection and for the calls to come. */
    @Test
    void keepsNothingOfCallsOfHttp2ThatHaveEnded() throws Exception {
        try (RawHttp2 connection = RawHttp2.open(port, 5, RawHttp2.WINDOW)) {
            for (int i = 0; i < 128; i++) {
                connection.get("/kafka/status");
            }
            assertThat(connection.answers(128)).hasSize(128);

            await().untilAsserted(() -> {
                Map<String, Long> live = LiveObjects.count();
                // each has one, as long as it waits for its next connection
                long ofHttp1 = live.getOrDefault(HeadDeadline.TimedProcessor.class.getName(), 0L)
                        + live.getOrDefault(Http11Processor.class.getName(), 0L);
                assertThat(live.get(Request.class.getName())).isLessThanOrEqualTo(ofHttp1);
            });
        }
    }

    /** By itself it keeps megabytes for each. */
    @Test
    void theKernelKeepsLittleForWhoDoesNotRead() throws Exception {
        String path = "/webjars/swagger-ui/swagger-ui-bundle.js";
        long before = answered();
        int length = HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(uri(path)).build(), BodyHandlers.ofByteArray())
                .body()
                .length;
        try (Socket deaf = new Socket()) {
            deaf.setReceiveBufferSize(4 << 10);
            deaf.setSoTimeout((int) Patience.LIMIT.toMillis());
            deaf.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            deaf.getOutputStream().write(get(path).replace("\n", "\r\n").getBytes(StandardCharsets.US_ASCII));

            await().until(() -> answered() == before + 2);
            assertThat(RawHttp.readToEnd(deaf)).hasSizeLessThan(length);
        }
    }

    private long answered() {
        return meters.find("http.server.requests").tag("uri", "/webjars/swagger-ui/**").timers().stream()
                .mapToLong(Timer::count)
                .sum();
    }

    @Test
    void switchesNobodyToHttp2InTheMiddleOfAConnection() throws IOException {
        Answer answer = RawHttp.send(port, """
                GET /vault/list?limit=1 HTTP/1.1
                Host: x
                Connection: Upgrade, HTTP2-Settings, close
                Upgrade: h2c
                HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA

                """);

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.headers()).doesNotContainKey("Upgrade");
    }

    @Test
    void readsNoSecondRequestOutOfABodyThatHttp10CannotFrame() throws IOException {
        try (Socket socket = new Socket("localhost", port)) {
            socket.setSoTimeout(20_000);
            String gift = gift(47_003, "a");
            socket.getOutputStream().write("""
                    POST /vault/save HTTP/1.0
                    Host: x
                    Connection: keep-alive
                    Content-Type: application/json
                    Transfer-Encoding: chunked

                    %x
                    %s
                    0

                    GET /vault/list?limit=1 HTTP/1.0
                    Host: x

                    """.formatted(gift.length(), gift)
                    .replace("\n", "\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            String answers = new String(RawHttp.readToEnd(socket), StandardCharsets.UTF_8);

            assertThat(answers).startsWith("HTTP/1.").containsOnlyOnce("HTTP/1.");
        }
    }

    @Test
    void redirectsWithoutBelievingTheHostOfTheRequest() throws IOException {
        Answer answer = RawHttp.send(port, """
                GET /docs/ HTTP/1.1
                Host: evil.example
                Connection: close

                """);

        assertThat(answer.status()).isEqualTo(302);
        assertThat(answer.headers()).containsEntry("Location", "/docs");
    }

    @Test
    void cutsOffClientsThatSendAByteNowAndThen() {
        var head = trickle("GET / HTTP/1.1\nHost: x\nX: ");
        var body = trickle("""
                POST /vault/save HTTP/1.1
                Host: x
                Content-Type: application/json
                Content-Length: 10000

                """);
        // Tomcat by itself reads to the end what an answer has not waited for
        var unwanted = trickle("POST /nowhere HTTP/1.1\nHost: x\nContent-Length: 10000\n\n");
        // and says 100 at once, whatever becomes of the call
        var told = trickle("GET /openapi.yaml HTTP/1.1\nHost: x\nExpect: 100-continue\nContent-Length: 10000\n\n");
        List<CompletableFuture<Duration>> chunked = Stream.of("5;", "0\nX: ")
                .flatMap(line -> Stream.of("save", "nowhere")
                        .map(path -> trickle("POST /vault/" + path + " HTTP/1.1\nHost: x\n"
                                + "Content-Type: application/json\nTransfer-Encoding: chunked\n\n" + line)))
                .toList();

        Promise.kept(
                "a slow head is cut off",
                head.join(),
                settings.http().headTime().plusSeconds(3));
        Promise.kept(
                "a slow body is cut off",
                body.join(),
                settings.http().bodyTime().plusSeconds(3));
        Promise.kept("a slow body that nobody waits for is cut off", unwanted.join(), Duration.ofSeconds(5));
        Promise.kept("… nor if it was told to go on", told.join(), Duration.ofSeconds(5));
        chunked.forEach(slow -> Promise.kept(
                "a body is cut off whose chunks say more than their size",
                slow.join(),
                settings.http().bodyTime().plusSeconds(3)));
    }

    /** Sends a byte now and then until the server has enough of it, which it has to have some time. */
    private CompletableFuture<Duration> trickle(String beginning) {
        return CompletableFuture.supplyAsync(() -> lasted(beginning), task -> new Thread(task).start());
    }

    private Duration lasted(String beginning) {
        long began = System.nanoTime();
        try (Socket socket = new Socket("localhost", port)) {
            socket.setSoTimeout(200);
            socket.getOutputStream().write(beginning.replace("\n", "\r\n").getBytes(StandardCharsets.US_ASCII));
            while (true) {
                assertThat(Promise.since(began)).as("not cut off").isLessThan(Patience.LIMIT);
                try {
                    socket.getOutputStream().write('a');
                    while (socket.getInputStream().read() >= 0) {
                        // its answer, should there be one
                    }
                    break;
                } catch (SocketTimeoutException waiting) {
                    // the pause between two bytes
                }
            }
        } catch (IOException reset) {
            // cut off
        }
        return Promise.since(began);
    }

    private HttpRequest save(long page, String answer) {
        return HttpRequest.newBuilder(uri("/vault/save"))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(gift(page, answer)))
                .build();
    }

    private static String gift(long page, String answer) {
        return "{\"page_id\":%d,\"question\":\"q\",\"answer\":\"%s\"}".formatted(page, answer);
    }

    private URI uri(String path) {
        return URI.create("http://localhost:" + port + path);
    }

    private static String get(String path, String... headers) {
        return "GET %s HTTP/1.1\nHost: x\nConnection: close\n%s\n"
                .formatted(path, headers.length == 0 ? "" : String.join("\n", headers) + "\n");
    }
}
