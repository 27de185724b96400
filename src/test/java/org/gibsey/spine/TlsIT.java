package org.gibsey.spine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.MeterRegistry;
import java.io.BufferedReader;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.gibsey.spine.embedded.Patience;
import org.gibsey.spine.embedded.SpineIT;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalManagementPort;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.context.ActiveProfiles;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import org.springframework.util.FileSystemUtils;

/** Both ports with TLS, and certificates that are exchanged as the kubelet does it with a Secret. */
@SpineIT
@ActiveProfiles("tls")
class TlsIT {

    private static final char[] PASSWORD = "changeit".toCharArray();

    @TempDir
    static Path folder;

    private static KeyStore first;
    private static KeyStore second;
    private static KeyStore operator;

    @Autowired
    MeterRegistry meters;

    @LocalServerPort
    int port;

    @LocalManagementPort
    int management;

    @DynamicPropertySource
    static void certificates(DynamicPropertyRegistry settings) throws Exception {
        first = newKey("first");
        second = newKey("second");
        operator = newKey("operator");
        for (String file : new String[] {"tls.crt", "tls.key"}) {
            Files.createSymbolicLink(folder.resolve(file), Path.of("..data", file));
        }
        publish("first", first);
        Path authority = Files.writeString(folder.resolve("operators.crt"), certificatePem(operator));
        settings.add("WARM_UP_TIME", () -> "2s");
        settings.add("TLS_CERTIFICATE", () -> folder.resolve("tls.crt").toString());
        settings.add("TLS_KEY", () -> folder.resolve("tls.key").toString());
        settings.add("MANAGEMENT_CLIENT_CA", authority::toString);
    }

    @Test
    void bothPortsSpeakTlsAloneAndThePublicOneHttp2() throws Exception {
        HttpResponse<String> status = get(null, port, "/kafka/status");

        assertThat(status.statusCode()).isEqualTo(200);
        assertThat(status.version()).isEqualTo(HttpClient.Version.HTTP_2);
        assertThat(status.headers().firstValue("strict-transport-security")).contains("max-age=31536000");
        assertThat(get(null, management, "/actuator/health/liveness").statusCode())
                .isEqualTo(200);
        for (int clear : new int[] {port, management}) {
            HttpRequest request = HttpRequest.newBuilder(URI.create("http://localhost:" + clear + "/"))
                    .timeout(Patience.LIMIT)
                    .build();
            assertThat(HttpClient.newBuilder()
                            .version(HttpClient.Version.HTTP_1_1)
                            .build()
                            .send(request, BodyHandlers.ofString())
                            .statusCode())
                    .isEqualTo(400);
        }
    }

    /** With its own certificate, which need not name the address it calls. */
    @Test
    void warmsUpOverTls() {
        assertThat(meters.get("camel.exchanges.succeeded")
                        .tag("routeId", "save-gift")
                        .counter()
                        .count())
                .isPositive();
    }

    /**
     * Also one that is larger than what TLS packs at once, and than what the kernel takes. Read by curl: the client of Java 17 was seen
     * to stop reading in the middle of it.
     */
    @ParameterizedTest
    @CsvSource({"--http1.1, HTTP/1.1, 48001", "--http2, HTTP/2, 48002"})
    void aTimelineShowsEveryGift(String option, String version, int page) throws Exception {
        Assumptions.assumeTrue(hasCurl(), "skipped: no curl with HTTP2 on the PATH (Debian: apt install curl)");
        Process stream = new ProcessBuilder(
                        "curl",
                        "--silent",
                        "--no-buffer",
                        "--include",
                        "--insecure",
                        option,
                        onPublicPort("/vault/stream?page_id=" + page).toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        // not closed: that would wait for who still reads
        BufferedReader lines = stream.inputReader(StandardCharsets.UTF_8);
        try {
            assertThat(next(lines, version)).startsWith(version + " 200");
            assertThat(next(lines, "data: ")).contains("\"live\":true");
            for (String answer : List.of("short", "long ".repeat(39_000), "last")) {
                String gift = "{\"page_id\":%d,\"question\":\"q\",\"answer\":\"%s\"}".formatted(page, answer);
                await().until(() -> save(gift) == 202);

                assertThat(next(lines, "data: {\"id\"")).contains("\"answer\":\"" + answer + "\"");
            }
        } finally {
            stream.destroy();
        }

        await().until(() -> meters.get("gifts.stream.clients").gauge().value() == 0);
    }

    private static boolean hasCurl() throws InterruptedException {
        try {
            Process curl = new ProcessBuilder("curl", "--version").start();
            String said = new String(curl.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return curl.waitFor() == 0 && said.contains("HTTP2");
        } catch (IOException isNotThere) {
            return false;
        }
    }

    /** The next line that begins so. */
    private static String next(BufferedReader lines, String begin) throws Exception {
        return CompletableFuture.supplyAsync(() -> lines.lines()
                        .filter(line -> line.startsWith(begin))
                        .findFirst()
                        .orElse("ended"))
                .get(Patience.LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    }

    private int save(String gift) throws Exception {
        return HttpClient.newBuilder()
                .sslContext(tls(null))
                .build()
                .send(
                        HttpRequest.newBuilder(onPublicPort("/vault/save"))
                                .header("Content-Type", "application/json")
                                .POST(BodyPublishers.ofString(gift))
                                .build(),
                        BodyHandlers.discarding())
                .statusCode();
    }

    private URI onPublicPort(String path) {
        return URI.create("https://localhost:" + port + path);
    }

    @Test
    void whatNeedsARoleNeedsACertificateWhereAnAuthorityIsNamed() throws Exception {
        assertThat(get(null, management, "/actuator/health/readiness").statusCode())
                .isEqualTo(200);
        assertThat(get(null, management, "/ops").headers().firstValue("strict-transport-security"))
                .isPresent();
        HttpResponse<String> refused = get(null, management, "/actuator/deadletters");
        assertThat(refused.statusCode()).isEqualTo(403);
        assertThat(refused.body()).contains("MANAGEMENT_CLIENT_CA");
        assertThat(get(operator, management, "/actuator/deadletters").statusCode())
                .isEqualTo(200);
    }

    @Test
    void aCertificateThatIsExchangedIsShownToWhoConnectsNext() throws Exception {
        publish("second", second);

        for (int at : new int[] {port, management}) {
            await().until(() -> serial(at).equals(certificate(second).getSerialNumber()));
        }
        assertThat(get(null, port, "/kafka/status").statusCode()).isEqualTo(200);

        publish("third", first);
        for (int at : new int[] {port, management}) {
            await().until(() -> serial(at).equals(certificate(first).getSerialNumber()));
        }
    }

    /** What is mounted is a link to a folder of the version, which is exchanged in one step; the old folder is removed. */
    private static void publish(String version, KeyStore key) throws Exception {
        Path data = folder.resolve("..data");
        Path before = Files.exists(data) ? data.toRealPath() : null;
        Path now = Files.createDirectory(folder.resolve(".." + version));
        Files.writeString(now.resolve("tls.crt"), certificatePem(key));
        Files.writeString(
                now.resolve("tls.key"),
                pem("PRIVATE KEY", key.getKey("key", PASSWORD).getEncoded()));
        Path link = Files.createSymbolicLink(folder.resolve("..data_tmp"), now.getFileName());
        Files.move(link, data, StandardCopyOption.ATOMIC_MOVE);
        if (before != null) {
            FileSystemUtils.deleteRecursively(before);
        }
    }

    private static HttpResponse<String> get(KeyStore own, int port, String path) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("https://localhost:" + port + path))
                .timeout(Patience.LIMIT)
                .build();
        return HttpClient.newBuilder().sslContext(tls(own)).build().send(request, BodyHandlers.ofString());
    }

    /** Of the certificate the port shows. */
    private static BigInteger serial(int port) throws Exception {
        try (SSLSocket socket =
                (SSLSocket) tls(null).getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout((int) Patience.LIMIT.toMillis());
            socket.startHandshake();
            return ((X509Certificate) socket.getSession().getPeerCertificates()[0]).getSerialNumber();
        }
    }

    private static SSLContext tls(KeyStore own) throws GeneralSecurityException, IOException {
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        trusted.setCertificateEntry("first", certificate(first));
        trusted.setCertificateEntry("second", certificate(second));
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(own, PASSWORD);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    /** A key with a certificate of its own for localhost. */
    private static KeyStore newKey(String name) throws Exception {
        Path file = folder.resolve(name + ".p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "key",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=" + name,
                        "-ext",
                        "san=dns:localhost,ip:127.0.0.1",
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        new String(PASSWORD),
                        "-keystore",
                        file.toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve(name + ".log").toFile())
                .start();
        assertThat(keytool.waitFor()).isZero();
        return KeyStore.getInstance(file.toFile(), PASSWORD);
    }

    private static X509Certificate certificate(KeyStore key) throws GeneralSecurityException {
        return (X509Certificate) key.getCertificate("key");
    }

    private static String certificatePem(KeyStore key) throws GeneralSecurityException {
        return pem("CERTIFICATE", certificate(key).getEncoded());
    }

    private static String pem(String kind, byte[] content) {
        String lines = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
        return "-----BEGIN " + kind + "-----\n" + lines + "\n-----END " + kind + "-----\n";
    }
}
