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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.camel.CamelContext;
import org.apache.camel.builder.RouteBuilder;
import org.gibsey.spine.embedded.SpineIT;
import org.gibsey.spine.http.RawHttp.Answer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.context.TestPropertySource;

/** A client whose bodies do not come keeps nobody else from saving, and does not keep its own places. */
@SpineIT
@ExtendWith(OutputCaptureExtension.class)
@TestPropertySource(
        properties = {
            "spine.http.concurrent-saves=32",
            "spine.http.concurrent-reads=2",
            "spine.http.body-time=3s",
            "server.tomcat.connection-timeout=60s"
        })
class SlowBodiesIT {

    private static final String GIFT = "{\"page_id\":49901,\"question\":\"q\",\"answer\":\"a\"}";
    private static final int PLACES = 32;
    private static final int OTHER_PLACES = 2;

    @LocalServerPort
    int port;

    @Autowired
    MeterRegistry meters;

    @Autowired
    CamelContext camel;

    private final List<Socket> open = new ArrayList<>();

    @AfterEach
    void close() throws IOException {
        for (Socket socket : open) {
            socket.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Content-Length: 10", "Content-Length: 1048576", "Transfer-Encoding: chunked"})
    void savesOfOthersAreTakenWhileOneClientHoldsBodiesOpen(String framing) throws IOException {
        for (int i = 0; i < PLACES + 8; i++) {
            begin(framing);
        }
        // all that there is room for are waited for when the first of the others are refused
        await().until(() -> answered() >= 8);

        for (int i = 0; i < 10; i++) {
            assertThat(saveFromElsewhere().status()).isEqualTo(202);
        }
    }

    @Test
    void savesOfOthersAreTakenWhileStreamsOfHttp2HoldBodiesOpen() throws IOException {
        try (RawHttp2 calls = RawHttp2.open(port, 1, RawHttp2.WINDOW)) {
            for (int i = 0; i < PLACES; i++) {
                calls.announce("/vault/save", 1_048_576);
            }
            assertThat(calls.answers(8)).allSatisfy(answer -> assertThat(answer).contains("\"status\":429"));

            for (int i = 0; i < 10; i++) {
                assertThat(saveFromElsewhere().status()).isEqualTo(202);
            }
        }
    }

    /** What is no save has places of its own; half of them one client may have. */
    @Test
    void callsOfOneClientThatAreHeldUpLeaveAPlaceForOthers() throws Exception {
        AtomicInteger begun = new AtomicInteger();
        CountDownLatch end = new CountDownLatch(1);
        camel.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("platform-http:/hold?httpMethodRestrict=POST")
                        .routeId("hold")
                        .process(exchange -> {
                            begun.incrementAndGet();
                            end.await();
                        });
            }
        });
        try {
            CompletableFuture<Answer> first = hold(1);
            await().until(() -> begun.get() == 1);
            assertThat(hold(1).join().status()).isEqualTo(429);
            CompletableFuture<Answer> ofAnother = hold(2);
            await().until(() -> begun.get() == 2);

            end.countDown();
            assertThat(List.of(first.join().status(), ofAnother.join().status()))
                    .containsOnly(204);
        } finally {
            end.countDown();
            camel.getRouteController().stopRoute("hold");
            camel.removeRoute("hold");
        }
    }

    private CompletableFuture<Answer> hold(int from) {
        CompletableFuture<Answer> answer = new CompletableFuture<>();
        new Thread(() -> {
                    try {
                        answer.complete(RawHttp.send(
                                port, from, "POST /hold HTTP/1.1\nHost: x\nConnection: close\nContent-Length: 0\n\n"));
                    } catch (IOException e) {
                        answer.completeExceptionally(e);
                    }
                })
                .start();
        return answer;
    }

    /** An answer that is not read keeps its thread, also one that says that there is nothing. */
    @Test
    void streamsOfHttp2WhoseWindowsStayClosedHoldNoMoreThanAShareOfAllCalls() throws IOException {
        int atATime = 32;
        int share = (2 * PLACES + OTHER_PLACES) / 2;
        List<RawHttp2> deaf = new ArrayList<>();
        try (RawHttp2 refused = RawHttp2.open(port, 1, 0)) {
            while (deaf.size() * atATime < share) {
                RawHttp2 connection = RawHttp2.open(port, 1, 0);
                deaf.add(connection);
                for (int i = 0; i < atATime; i++) {
                    connection.get("/nowhere");
                }
                // all of them have begun to be answered
                for (int begun = 0; begun < atATime; ) {
                    begun += connection.read().type() == RawHttp2.HEADERS ? 1 : 0;
                }
            }
            for (int i = 0; i < atATime; i++) {
                refused.get("/nowhere");
            }
            // an answer without a body waits for no window
            for (int ended = 0; ended < atATime; ) {
                RawHttp2.Frame frame = refused.read();
                // and is no reset, which comes when the others have waited too long
                ended += frame.type() != RawHttp2.RESET && frame.isLast() ? 1 : 0;
            }
            assertThat(saveFromElsewhere().status()).isEqualTo(202);
        } finally {
            for (RawHttp2 connection : deaf) {
                connection.close();
            }
        }
    }

    /** Tomcat's own limit would reset the stream after 20 s, without an answer. */
    @Test
    void answers408ToAStreamOfHttp2WhoseBodyDoesNotCome() throws IOException {
        try (RawHttp2 calls = RawHttp2.open(port, 1, RawHttp2.WINDOW)) {
            calls.announce("/vault/save", 100);

            assertThat(calls.answers(1)).allSatisfy(answer -> assertThat(answer).contains("\"status\":408"));
        }
    }

    /** Its time would be over later, and say something else. */
    @Test
    void aBodyWhoseCallIsTakenBackIsWaitedForNoLonger() throws IOException {
        double before = rejectedAsMalformed();
        try (RawHttp2 calls = RawHttp2.open(port, 1, RawHttp2.WINDOW)) {
            calls.reset(calls.announce("/vault/save", 100));

            await().until(() -> rejectedAsMalformed() - before >= 1);
        }
    }

    @Test
    void fillsNoLogForWhoLeavesWithBodiesOpen(CapturedOutput log) throws IOException {
        double before = rejectedAsMalformed();
        try (RawHttp2 calls = RawHttp2.open(port, 3, RawHttp2.WINDOW)) {
            for (int i = 0; i < 10; i++) {
                calls.announce("/vault/save", 100);
            }
            await().until(() -> saveFromElsewhere().status() == 202);
        }

        await().until(() -> rejectedAsMalformed() - before >= 10);
        assertThat(log).doesNotContain("Exception");
    }

    private double rejectedAsMalformed() {
        return meters.get("gifts.rejected").tag("reason", "malformed").counter().count();
    }

    @Test
    void answers408ToABodyThatDoesNotComeHoweverLongASilenceMayBe() throws IOException {
        Socket socket = begin("Content-Length: 100");

        assertThat(Answer.parse(RawHttp.readToEnd(socket)).status()).isEqualTo(408);
    }

    @Test
    void aSaveIsTakenThatComesInPieces() throws IOException {
        Socket socket = begin("Connection: close\r\nContent-Length: " + GIFT.length());
        for (byte next : GIFT.getBytes(StandardCharsets.US_ASCII)) {
            socket.getOutputStream().write(next);
        }

        assertThat(Answer.parse(RawHttp.readToEnd(socket)).status()).isEqualTo(202);
    }

    private Socket begin(String headers) throws IOException {
        Socket socket = new Socket(address(1), port);
        open.add(socket);
        socket.setSoTimeout(20_000);
        socket.getOutputStream()
                .write(("POST /vault/save HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + headers
                                + "\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    private static InetAddress address(int client) throws IOException {
        return InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) client});
    }

    private long answered() throws IOException {
        long answered = 0;
        for (Socket socket : open) {
            answered += socket.getInputStream().available() > 0 ? 1 : 0;
        }
        return answered;
    }

    private Answer saveFromElsewhere() throws IOException {
        try (Socket socket = new Socket(address(1), port, address(2), 0)) {
            socket.setSoTimeout(20_000);
            // head and body on their own: the body is waited for, too
            socket.getOutputStream()
                    .write(("POST /vault/save HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                    + "Content-Type: application/json\r\nContent-Length: " + GIFT.length() + "\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().write(GIFT.getBytes(StandardCharsets.US_ASCII));
            return Answer.parse(RawHttp.readToEnd(socket));
        }
    }
}
