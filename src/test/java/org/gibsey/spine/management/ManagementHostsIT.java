package org.gibsey.spine.management;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.gibsey.spine.embedded.SpineIT;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.test.web.server.LocalManagementPort;
import org.springframework.test.context.TestPropertySource;

/** A management port that other machines reach, as in a container. */
@SpineIT
@TestPropertySource(
        properties = {"MANAGEMENT_SERVER_ADDRESS=0.0.0.0", "MANAGEMENT_HOSTS=worker,ops.example", "MAX_HEAD_TIME=300ms"
        })
class ManagementHostsIT {

    @LocalManagementPort
    int port;

    @ParameterizedTest
    @CsvSource({
        "localhost,         200",
        "localhost:8001,    200",
        "10.244.0.17:8001,  200",
        "[fd00::17]:8001,   200",
        "worker:8001,       200",
        "ops.example,       200",
        "evil.example,      403",
        "evil.example:8001, 403",
        "api:8001,          403"
    })
    void answersToAddressesLocalhostAndTheNamesOfTheSettings(String host, int status) throws IOException {
        for (String path : new String[] {"/actuator/health/liveness", "/actuator/info", "/ops"}) {
            assertThat(call("GET " + path + " HTTP/1.1", "Host: " + host))
                    .as(path)
                    .startsWith("HTTP/1.1 " + status);
        }
    }

    @Test
    void whoOpensConnectionAfterConnectionGetsHalfOfThemAndOthersAreAnswered() throws IOException {
        List<Socket> opened = new ArrayList<>();
        try {
            int answered = 0;
            for (int i = 0; i < 140; i++) {
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
                opened.add(socket);
                // a silent one would be closed sooner or later, whoever has how many
                answered += isAnswered(socket) ? 1 : 0;
            }
            assertThat(answered).isBetween(64, 128);
            try (Socket other =
                    new Socket(InetAddress.getLoopbackAddress(), port, InetAddress.getByName("127.0.0.2"), 0)) {
                other.getOutputStream()
                        .write("GET /actuator/health/liveness HTTP/1.0\r\nHost: localhost\r\n\r\n"
                                .getBytes(StandardCharsets.US_ASCII));
                assertThat(new String(other.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                        .startsWith("HTTP/1.1 200");
            }
        } finally {
            for (Socket socket : opened) {
                socket.close();
            }
        }
    }

    private static boolean isAnswered(Socket socket) throws IOException {
        socket.setSoTimeout(20_000);
        try {
            socket.getOutputStream()
                    .write("GET /actuator/health/liveness HTTP/1.1\r\nHost: localhost\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            return socket.getInputStream().read() == 'H';
        } catch (SocketException closed) {
            return false;
        }
    }

    /** Tomcat's own limit begins anew with each byte. */
    @Test
    void cutsOffWhoSendsAHeadByteByByte() throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(50);
            socket.getOutputStream().write("GET /ops HTTP/1.1\r\nX: ".getBytes(StandardCharsets.US_ASCII));

            await().until(() -> isCutOffAtTheNextByte(socket));
        }
    }

    private static boolean isCutOffAtTheNextByte(Socket socket) throws IOException {
        try {
            socket.getOutputStream().write('a');
            return socket.getInputStream().read() < 0;
        } catch (SocketTimeoutException waiting) {
            return false;
        } catch (SocketException reset) {
            return true;
        }
    }

    /** A virtual one would not be interrupted in its work for a save. */
    @Test
    void isServedByThreadsOfThePlatform() throws IOException {
        call("GET /actuator/info HTTP/1.1", "Host: localhost");

        assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .anyMatch(name -> name.matches("http-nio-0\\.0\\.0\\.0-.*-exec-.*"));
    }

    @ParameterizedTest
    @CsvSource({
        "GET /actuator/info,                         200",
        "GET /actuator/deadletters,                  200",
        "GET /actuator/deadletters/1,                403",
        "GET //actuator/deadletters/1,               403",
        "GET /actuator/%64eadletters/1,              403",
        "GET /actuator/deadletters;x/1,              403",
        "GET /ops/../actuator/deadletters/1,         403",
        "HEAD /actuator/deadletters/1/,              403",
        "POST /actuator/deadletters,                 403",
        "POST /actuator/ledger,                      403",
        "POST /actuator/camelroutes/save-gift/stop,  403"
    })
    void withoutTokensOtherMachinesLookAndNoMore(String line, int status) throws IOException {
        String answer = call(line + " HTTP/1.1", "Host: localhost\r\nContent-Length: 0");

        assertThat(answer).startsWith("HTTP/1.1 " + status);
        if (status == 403 && !line.startsWith("HEAD")) {
            assertThat(answer).contains("application/problem+json", "MANAGEMENT_TOKENS");
        }
    }

    @Test
    void thePageOfOperatorsLoadsNothingFromElsewhereAndIsInNobodysFrame() throws IOException {
        assertThat(call("GET /ops HTTP/1.1", "Host: localhost"))
                .contains("Content-Security-Policy: default-src 'none'; script-src 'self';", "frame-ancestors 'none'");
    }

    @Test
    void aCallThatNamesNoHostIsNoBrowsers() throws IOException {
        assertThat(call("GET /actuator/health/liveness HTTP/1.0", "Accept: */*"))
                .startsWith("HTTP/1.1 200");
    }

    @Test
    void showsWhatTheProcessIsMadeOf() throws IOException {
        assumeTrue(
                getClass().getResource("/META-INF/sbom/application.cdx.json") != null,
                "no bill of materials: its plugin does not run with mvn --offline");

        assertThat(call("GET /actuator/sbom/application HTTP/1.1", "Host: localhost"))
                .startsWith("HTTP/1.1 200")
                .contains("CycloneDX", "pkg:maven/org.apache.camel/camel-kafka@");
    }

    @ParameterizedTest
    @CsvSource({"/, /ops", "/ops/, /ops"})
    void redirectsWithoutNamingAHost(String path, String location) throws IOException {
        assertThat(call("GET " + path + " HTTP/1.1", "Host: ops.example"))
                .startsWith("HTTP/1.1 302")
                .contains("Location: " + location + "\r\n");
    }

    @Test
    void speaksHttp11Alone() throws IOException {
        assertThat(call(
                        "GET /actuator/health/liveness HTTP/1.1",
                        "Host: localhost\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\nConnection: Upgrade"
                                + ", HTTP2-Settings"))
                .startsWith("HTTP/1.1 200");
        assertThat(call("PRI * HTTP/2.0", "")).doesNotStartWith("\0");
    }

    /** The whole answer, as text. */
    private String call(String line, String headers) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream()
                    .write((line + "\r\n" + headers + "\r\nConnection: close\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
