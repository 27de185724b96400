package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.nio.file.Path;
import java.util.Map;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;
import org.apache.coyote.http2.Http2Protocol;
import org.gibsey.spine.ClientShares;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a client is told whose calls have all the threads that it may have. */
class PublicValveTest {

    private final ClientShares calls = new ClientShares(2);
    private final Tomcat tomcat = new Tomcat();

    @TempDir
    Path folder;

    @BeforeEach
    void start() throws Exception {
        tomcat.setBaseDir(folder.toString());
        Connector connector = new Connector();
        connector.setPort(0);
        connector.setProperty("address", InetAddress.getLoopbackAddress().getHostAddress());
        connector.addUpgradeProtocol(new Http2Protocol());
        tomcat.setConnector(connector);
        tomcat.getEngine().getPipeline().addValve(new PublicValve(() -> false, new ClientShares(2), calls, ""));
        tomcat.addContext("", null);
        tomcat.start();
        calls.take(ClientShares.client(InetAddress.getLoopbackAddress()), 1);
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

    @Test
    void whenAllThreadsAreTakenItIsBusy() throws Exception {
        calls.take("192.0.2.1", 1);

        RawHttp.Answer answer = RawHttp.send(port(), 1, "GET /vault/list HTTP/1.1\nHost: x\n\n");

        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.body()).contains("/problems#busy");
    }

    private int port() {
        return tomcat.getConnector().getLocalPort();
    }
}
