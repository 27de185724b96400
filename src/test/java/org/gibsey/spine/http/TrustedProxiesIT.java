package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.gibsey.spine.embedded.Patience;
import org.gibsey.spine.embedded.SpineIT;
import org.gibsey.spine.http.RawHttp.Answer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.context.TestPropertySource;

/** What a proxy says of its client counts, and what anybody else says does not. Here 127.0.0.1 is a proxy, 127.0.0.2 is none. */
@SpineIT
@TestPropertySource(
        properties = {
            "spine.http.trusted-proxies=127.0.0.1,fd00::/8",
            "spine.stream.clients=2",
            "spine.stream.heartbeat=1s",
            "spine.limits.saves-per-minute=1",
            "server.tomcat.max-connections=64",
            // where Spring Boot by itself believes every neighbour
            "spring.main.cloud-platform=kubernetes"
        })
class TrustedProxiesIT {

    private static final int PROXY = 1;
    private static final int STRANGER = 2;
    private static final int GREEDY = 3;
    private static final String GIFT = "{\"page_id\":49951,\"question\":\"q\",\"answer\":\"a\"}";

    @LocalServerPort
    int port;

    @Autowired
    MeterRegistry meters;

    @Autowired
    JdbcClient vault;

    /** Of two streams one client has one while the other is open. */
    @ParameterizedTest
    @ValueSource(strings = {"X-Forwarded-For: %s", "Forwarded: for=\"[%s]\""})
    void clientsBehindAProxyHaveASharePerClient(String header) throws IOException {
        try (Socket open = openStream(PROXY, header.formatted("2001:db8::1"))) {
            assertThat(open.isConnected()).isTrue();
            awaitShareUsed(PROXY, header.formatted("2001:db8::1"));
            // another address of the same customer, and what that one makes up
            assertThat(stream(PROXY, header.formatted("2001:db8::2")).status()).isEqualTo(429);
            assertThat(stream(PROXY, "X-Forwarded-For: 192.0.2.7, 2001:db8::3").status())
                    .isEqualTo(429);
            assertThat(streamOfHttp2(PROXY, "192.0.2.7, 2001:db8::4")).contains("\"status\":429");
            openStream(PROXY, header.formatted("2001:db8:0:1::1")).close();
        }
    }

    @Test
    void whoMakesUpClientsStaysOne() throws IOException {
        try (Socket open = openStream(STRANGER, "X-Forwarded-For: 192.0.2.1")) {
            assertThat(open.isConnected()).isTrue();
            awaitShareUsed(STRANGER, "X-Forwarded-For: 192.0.2.2");
            assertThat(stream(STRANGER, "Forwarded: for=192.0.2.3").status()).isEqualTo(429);
            assertThat(stream(STRANGER, "X-Real-IP: 192.0.2.4").status()).isEqualTo(429);
            assertThat(streamOfHttp2(STRANGER, "192.0.2.5")).contains("\"status\":429");
        }
    }

    /** A burst of 120 saves may come at once, then one a minute. */
    @Test
    void savesOfOneClientAreLimitedHoweverItCalls() throws IOException {
        try (RawHttp2 calls = RawHttp2.open(port, PROXY, RawHttp2.WINDOW)) {
            for (int i = 0; i < 120; i++) {
                calls.post("/vault/save", "{}", Map.of("x-forwarded-for", "198.51.100." + i + ", 2001:db8:1::" + i));
            }
            calls.flush();
            assertThat(calls.answers(120))
                    .allSatisfy(answer -> assertThat(answer).contains("\"status\":422"));

            calls.post("/vault/save", GIFT, Map.of("x-forwarded-for", "2001:db8:1::ffff"));
            calls.flush();
            assertThat(calls.answers(1))
                    .allSatisfy(answer -> assertThat(answer).contains("\"status\":429", "/problems#rate"));
        }

        Answer answer = save(PROXY, "Forwarded: for=\"[2001:db8:1::1]\"");
        assertThat(answer.status()).isEqualTo(429);
        assertThat(answer.headers())
                .containsEntry("RateLimit-Policy", "\"saves\";q=120;w=7200")
                .containsEntry(
                        "RateLimit", "\"saves\";r=0;t=" + answer.headers().get("Retry-After"));

        // and a save too many, however its path is written
        for (String path : List.of("/vault/save;x=1", "/vault/%73ave")) {
            assertThat(save(path, PROXY, "X-Forwarded-For: 2001:db8:1::3").status())
                    .isEqualTo(429);
        }

        // it is also a change too many, with or without a body
        Answer delete = RawHttp.send(port, """
                DELETE /vault/gifts/1 HTTP/1.1
                Host: x
                Connection: close
                Content-Length: 0
                X-Forwarded-For: 2001:db8:1::2

                """);
        assertThat(delete.status()).isEqualTo(429);

        Answer other = save(PROXY, "X-Forwarded-For: 2001:db8:2::1");
        assertThat(other.status()).isEqualTo(202);
        assertThat(other.headers().get("RateLimit")).startsWith("\"saves\";r=119;t=");
    }

    /** One client has half of all connections at most, here 32. */
    @Test
    void connectionsOfOneClientLeaveRoomForOthers() throws IOException {
        List<Socket> open = new ArrayList<>();
        try {
            for (int i = 0; i < 33; i++) {
                open.add(connect(GREEDY));
            }
            await().until(() -> open.get(32).getInputStream().read() < 0);

            assertThat(meters.get("http.connections.refused").functionCounter().count())
                    .isEqualTo(1);
            assertThat(open.stream().limit(32).map(TrustedProxiesIT::hasAnswer)).containsOnly(true);
            assertThat(save(STRANGER, "Accept: */*").status()).isEqualTo(202);
        } finally {
            for (Socket socket : open) {
                socket.close();
            }
        }
        // what has ended is free again
        await().until(() -> save(GREEDY, "Accept: */*").status() == 202);
    }

    @Test
    void connectionsOfAProxyAreThoseOfManyClients() throws IOException {
        List<Socket> open = new ArrayList<>();
        try {
            for (int i = 0; i < 40; i++) {
                open.add(connect(PROXY));
            }
            assertThat(open.stream().map(TrustedProxiesIT::hasAnswer)).containsOnly(true);
        } finally {
            for (Socket socket : open) {
                socket.close();
            }
        }
    }

    private static boolean hasAnswer(Socket socket) {
        try {
            socket.getOutputStream()
                    .write("GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            return socket.getInputStream().read() == 'H';
        } catch (IOException closed) {
            return false;
        }
    }

    @Test
    void addressesAreAsTheClientOfAProxyHasToCallThem() throws IOException {
        assertThat(save(PROXY, "X-Forwarded-Prefix: /spine").headers().get("Location"))
                .startsWith("/spine/vault/gifts/");
        assertThat(save(STRANGER, "X-Forwarded-Prefix: /spine").headers().get("Location"))
                .startsWith("/vault/gifts/");

        save(PROXY, "Accept: */*");
        assertThat(list(PROXY).headers().get("Link")).startsWith("</spine/vault/list?");
        assertThat(list(STRANGER).headers().get("Link")).startsWith("</vault/list?");
    }

    /** It is read by programs that know of it only what they were told. */
    @Test
    void thePageOfAGiftNamesTheAddressThatTheClientOfAProxyCalls() throws IOException {
        String gift = vault.sql(
                        "insert into vault (page_id, question, answer) values (49952, 'q', 'a') returning cast(event_id as text)")
                .query(String.class)
                .single();

        assertThat(page(PROXY, gift))
                .contains(
                        "<link rel=\"canonical\" href=\"https://vault.example/spine/gifts/" + gift + "\">",
                        "<meta property=\"og:url\" content=\"https://vault.example/spine/gifts/" + gift + "\">",
                        "<meta property=\"og:image\" content=\"https://vault.example/spine/book/icon.png\">");
        assertThat(page(STRANGER, gift))
                .contains("<link rel=\"canonical\" href=\"http://x/gifts/" + gift + "\">")
                .doesNotContain("vault.example");
    }

    private String page(int from, String gift) throws IOException {
        return RawHttp.send(port, from, """
                GET /gifts/%s HTTP/1.1
                Host: x
                Connection: close
                X-Forwarded-Proto: https
                X-Forwarded-Host: vault.example
                X-Forwarded-Prefix: /spine

                """.formatted(gift)).body();
    }

    /** A page of this very server needs no permission. Behind a proxy that speaks TLS, its origin is the proxy's. */
    @Test
    void aPageThatCameThroughAProxyIsNoForeignOne() throws IOException {
        String own = "Origin: https://vault.example\nX-Forwarded-Proto: https\nX-Forwarded-Host: vault.example";

        assertThat(save(PROXY, own).status()).isEqualTo(202);
        assertThat(save(STRANGER, own).status()).isEqualTo(403);
    }

    private Answer save(int from, String header) throws IOException {
        return save("/vault/save", from, header);
    }

    private Answer save(String path, int from, String header) throws IOException {
        return RawHttp.send(port, from, """
                POST %s HTTP/1.1
                Host: x
                Connection: close
                Content-Type: application/json
                Content-Length: %d
                %s

                %s""".formatted(path, GIFT.length(), header, GIFT));
    }

    private Answer list(int from) throws IOException {
        return RawHttp.send(port, from, """
                GET /vault/list?limit=1 HTTP/1.1
                Host: x
                Connection: close
                X-Forwarded-Prefix: /spine

                """);
    }

    private Answer stream(int from, String header) throws IOException {
        return RawHttp.send(port, from, streamRequest(header));
    }

    private static String streamRequest(String header) {
        return "GET /vault/stream HTTP/1.1\nHost: x\nConnection: close\n" + header + "\n\n";
    }

    private String streamOfHttp2(int from, String client) throws IOException {
        try (RawHttp2 calls = RawHttp2.open(port, from, RawHttp2.WINDOW)) {
            calls.get("/vault/stream", Map.of("x-forwarded-for", client));
            return calls.answers(1).toString();
        }
    }

    /** A stream before it whose reader has left is noticed a moment later. */
    private Socket openStream(int from, String header) {
        return await().until(() -> openedStream(from, header), Objects::nonNull);
    }

    private void awaitShareUsed(int from, String header) {
        await().until(() -> stream(from, header).status() == 429);
    }

    private @Nullable Socket openedStream(int from, String header) throws IOException {
        Socket socket = connect(from);
        socket.getOutputStream()
                .write(streamRequest(header).replace("\n", "\r\n").getBytes(StandardCharsets.US_ASCII));
        String status = new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
        if (status.equals("HTTP/1.1 200")) {
            return socket;
        }
        socket.close();
        return null;
    }

    private Socket connect(int from) throws IOException {
        Socket socket = new Socket(
                InetAddress.getLoopbackAddress(),
                port,
                InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) from}),
                0);
        socket.setSoTimeout((int) Patience.LIMIT.toMillis());
        return socket;
    }
}
