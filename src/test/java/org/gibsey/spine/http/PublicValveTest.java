package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.Servlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.apache.catalina.Context;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.core.StandardHost;
import org.apache.catalina.startup.Tomcat;
import org.apache.coyote.http2.Http2Protocol;
import org.gibsey.spine.ClientShares;
import org.gibsey.spine.embedded.Patience;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mockito.Mockito;

/** What a client is told whose calls have all the threads that it may have. */
class PublicValveTest {

    /** Another than who has used up its share. */
    private static final int OTHER = 3;

    private final ClientShares calls = new ClientShares(2);
    private final ClientShares comingBodies = Mockito.spy(new ClientShares(2));
    private final Tomcat tomcat = new Tomcat();

    @TempDir
    Path folder;

    @BeforeEach
    void start() throws Exception {
        Context context = configure(tomcat, calls);
        Tomcat.addServlet(context, "slow", new HttpServlet() {
                    @Override
                    protected void doPost(HttpServletRequest request, HttpServletResponse response) {
                        response.setStatus(HttpServletResponse.SC_REQUEST_TIMEOUT);
                    }
                })
                .addMapping("/slow");
        Tomcat.addServlet(context, "fine", new HttpServlet() {
                    @Override
                    protected void doPost(HttpServletRequest request, HttpServletResponse response) {
                        response.setStatus(HttpServletResponse.SC_OK);
                    }
                })
                .addMapping("/fine");
        Tomcat.addServlet(context, "fault", new HttpServlet() {
                    @Override
                    protected void doPost(HttpServletRequest request, HttpServletResponse response) {
                        // as Tomcat notes down a body that cannot be read; its own valve begins the answer anew then
                        request.setAttribute(RequestDispatcher.ERROR_EXCEPTION, new IOException("a secret"));
                    }
                })
                .addMapping("/fault");
        tomcat.start();
        calls.take(ClientShares.client(InetAddress.getLoopbackAddress()), 1);
    }

    private Context configure(Tomcat server, ClientShares room) {
        server.setBaseDir(folder.toString());
        Connector connector = new Connector(HeadDeadline.class.getName());
        connector.setPort(0);
        connector.setProperty("address", InetAddress.getLoopbackAddress().getHostAddress());
        connector.addUpgradeProtocol(new Http2Protocol());
        server.setConnector(connector);
        server.getEngine().getPipeline().addValve(new PublicValve(() -> false, comingBodies, room, ""));
        // or its own valve would write the page of the error
        ((StandardHost) server.getHost()).setErrorReportValveClass("");
        return server.addContext("", null);
    }

    @AfterEach
    void stop() throws Exception {
        tomcat.stop();
        tomcat.destroy();
    }

    @Test
    void oneWhoHasAllItMayHaveIsToldSoAsByEveryOtherLimit() throws Exception {
        RawHttp.Answer answer = RawHttp.send(port(), 1, "GET /vault/list HTTP/1.1\nHost: x\n\n");

        assertThat(answer.status()).isEqualTo(429);
        assertThat(answer.headers())
                .containsEntry("Content-Type", "application/problem+json")
                .containsEntry("Retry-After", "3")
                .containsEntry("RateLimit", "\"share\";r=0")
                .containsEntry("RateLimit-Policy", "\"share\";q=1;qu=\"concurrent-requests\"");
        assertThat(answer.body()).contains("\"type\":\"/problems#share\"", "\"instance\":\"/vault/list\"");
    }

    /** The window of HTTP/2 is the client's to open: a body could wait for it, in the thread it is refused. */
    @Test
    void overHttp2TheHeadOfTheAnswerIsAll() throws Exception {
        try (RawHttp2 http2 = RawHttp2.open(port(), 1, 0)) {
            http2.get("/vault/list", Map.of());

            assertThat(http2.answers(1)).as("bodies").containsExactly("");
        }
    }

    /** Tomcat would read to its end what nobody has read, in the thread that this client may not have. */
    @Test
    void ofWhoIsRefusedNoBodyIsRead() throws Exception {
        assertThat(statusOfEach(1, "/nowhere", "Accept: */*")).containsExactly(429);
    }

    @Test
    void theRestOfABodyThatNobodyWantsIsReadWhileThereIsAPlaceToWaitForIt() throws Exception {
        assertThat(statusOfEach(OTHER, "/nowhere", "Accept: */*")).containsExactly(404, 404);

        comingBodies.take("127.0.0." + OTHER, 1);
        assertThat(statusOfEach(OTHER, "/nowhere", "Accept: */*")).containsExactly(404);
    }

    /**
     * Sends two calls at once, the first with a body. The second is found only when the body before it has been read.
     *
     * @param from   last number of the loopback address
     * @param path   of the first
     * @param header of the first
     * @return how they were answered before the connection ended
     */
    private List<Integer> statusOfEach(int from, String path, String header) throws IOException {
        try (Socket socket = new Socket(
                InetAddress.getLoopbackAddress(),
                port(),
                InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) from}),
                0)) {
            socket.setSoTimeout((int) Patience.LIMIT.toMillis());
            socket.getOutputStream()
                    .write("""
                    POST %s HTTP/1.1
                    Host: x
                    Content-Length: 4
                    %s

                    bodyGET /nowhere HTTP/1.1
                    Host: x
                    Connection: close

                    """.formatted(path, header).replace("\n", "\r\n").getBytes(StandardCharsets.US_ASCII));
            String answers = new String(RawHttp.readToEnd(socket), StandardCharsets.UTF_8);
            return Pattern.compile("HTTP/1\\.1 (\\d+)")
                    .matcher(answers)
                    .results()
                    .map(status -> Integer.valueOf(status.group(1)))
                    .toList();
        }
    }

    /** Tomcat tells it to go on whatever becomes of the call, and would then read a byte now and then for as long as they come. */
    @Test
    void theSameForWhoWasToldToGoOn() throws Exception {
        assertThat(statusOfEach(OTHER, "/fine", "Expect: 100-continue")).containsExactly(100, 200, 404);

        comingBodies.take("127.0.0." + OTHER, 1);
        assertThat(statusOfEach(OTHER, "/fine", "Expect: 100-continue")).containsExactly(100, 200);
    }

    @Test
    void nobodyWaitsForTheRestOfABodyThatWasTooSlow() throws Exception {
        String call = "POST /slow HTTP/1.1\nHost: x\nConnection: close\nContent-Length: 4\n\n";

        assertThat(RawHttp.send(port(), OTHER, call).status()).isEqualTo(408);

        Mockito.verifyNoInteractions(comingBodies);
    }

    @Test
    void whatFailsInsideIsAnsweredWithTheHeadersOfEveryAnswerAndSaysNothing() throws Exception {
        RawHttp.Answer answer = RawHttp.send(port(), OTHER, "POST /fault HTTP/1.1\nHost: x\nConnection: close\n\n");

        assertThat(answer.status()).isEqualTo(500);
        assertThat(answer.headers()).containsKeys("Content-Security-Policy", "X-Content-Type-Options");
        assertThat(answer.body()).contains("/problems#failed").doesNotContain("secret");
    }

    @Test
    void aLongTargetIsNotRepeated() throws Exception {
        String call = "GET /%s HTTP/1.1\nHost: x\nConnection: close\n\n";

        assertThat(RawHttp.send(port(), OTHER, call.formatted("a".repeat(199))).body())
                .contains("aaa");
        assertThat(RawHttp.send(port(), OTHER, call.formatted("a".repeat(200))).body())
                .contains("/problems#unknown")
                .doesNotContain("aaa");
    }

    @Test
    void whenAllThreadsAreTakenItIsBusy() throws Exception {
        calls.take("192.0.2.1", 1);

        RawHttp.Answer answer = RawHttp.send(port(), 1, "GET /vault/list HTTP/1.1\nHost: x\n\n");

        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.body()).contains("/problems#busy");
    }

    /** What reads cost the processor they cost one after the other, and a save waits for none of the others. */
    @Test
    void readsOfOneClientAreAnsweredSomeAtATimeAndThoseOfOthersBesideThem() throws Exception {
        int atATime = 8 * Runtime.getRuntime().availableProcessors();
        AtomicInteger begun = new AtomicInteger();
        CountDownLatch end = new CountDownLatch(1);
        Servlet servlet = new HttpServlet() {
            @Override
            protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
                if (request.getRequestURI().equals("/held")) {
                    begun.incrementAndGet();
                    hold(end);
                }
            }
        };
        Tomcat held = new Tomcat();
        Tomcat.addServlet(configure(held, new ClientShares(4L * atATime)), "held", servlet)
                .addMapping("/*");
        held.getConnector().setProperty("maxThreads", Integer.toString(2 * atATime));
        held.start();
        int port = held.getConnector().getLocalPort();
        List<CompletableFuture<RawHttp.Answer>> answers = new ArrayList<>();
        try {
            for (int i = 0; i <= atATime; i++) {
                answers.add(
                        inAThread(() -> RawHttp.send(port, 1, "GET /held HTTP/1.1\nHost: x\nConnection: close\n\n")));
            }

            // none of the others ends, so one of them waits in vain
            CompletableFuture.anyOf(answers.toArray(CompletableFuture[]::new)).join();
            await().untilAsserted(() -> assertThat(begun).hasValue(atATime));
            assertThat(RawHttp.send(port, 2, "GET /other HTTP/1.1\nHost: x\nConnection: close\n\n")
                            .status())
                    .isEqualTo(200);

            end.countDown();
            assertThat(answers.stream().map(answer -> answer.join().status()).sorted())
                    .hasSize(atATime + 1)
                    .endsWith(200, 503);
        } finally {
            end.countDown();
            held.stop();
            held.destroy();
        }
    }

    private static void hold(CountDownLatch end) throws IOException {
        try {
            end.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private static <T> CompletableFuture<T> inAThread(Callable<T> work) {
        CompletableFuture<T> result = new CompletableFuture<>();
        new Thread(() -> {
                    try {
                        result.complete(work.call());
                    } catch (Exception e) {
                        result.completeExceptionally(e);
                    }
                })
                .start();
        return result;
    }

    private int port() {
        return tomcat.getConnector().getLocalPort();
    }
}
