package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.gibsey.spine.embedded.EmbeddedDatabase;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.embedded.Ports;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.TestCaller;
import org.gibsey.spine.embedded.TestDatabase;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Gifts as long as they may be, and readers who do not read them, against a process with the heap of a small container. */
@Tag("slow")
class LongAnswersIT {

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final Pattern NEXT = Pattern.compile("<(/vault/list[^>]*)>; rel=\"next\"");
    private static final int HARMFUL = 2;
    /** More than a megabyte. */
    private static final String FILE = "/webjars/swagger-ui/swagger-ui-bundle.js";

    private final ObjectMapper json = new ObjectMapper();
    private final HttpClient http = HttpClient.newHttpClient();
    private final int port = Ports.free();
    private final int management = Ports.free();

    @TempDir
    Path folder;

    @Test
    void areListedAndHarmNobodyHoweverTheyAreRead() throws Exception {
        try (TestDatabase database = TestDatabase.create();
                JavaProcess api = start(database)) {
            TestCaller caller = new TestCaller(port, management);
            await().atMost(PATIENCE).until(() -> {
                api.assertAlive();
                return caller.isReady();
            });
            JdbcClient vault = JdbcClient.create(database.dataSource());
            vault.sql("insert into vault (page_id, question, answer) select 1, 'q', repeat('漢', 200000)"
                            + " from generate_series(1, 100)")
                    .update();

            assertThat(idsByLinks("/vault/list?limit=100"))
                    .containsExactlyElementsOf(LongStream.iterate(100, id -> id - 1)
                            .limit(100)
                            .boxed()
                            .toList());
            HttpResponse<String> counted = get("/vault/list?limit=100&page=1");
            assertThat(counted.statusCode()).isEqualTo(422);
            assertThat(json.readTree(counted.body()).at("/errors/0/pointer").textValue())
                    .isEqualTo("limit");
            assertThat(json.readTree(get("/vault/list?limit=1&page=100").body())
                            .at("/0/id")
                            .longValue())
                    .isEqualTo(1);

            othersReadWhileWindowsStayClosed();

            aTimelineEndsWhoseWindowStaysClosed();

            // six bytes of JSON each
            vault.sql("insert into vault (page_id, question, answer) select 2, 'q', repeat(chr(1), 100000)"
                            + " from generate_series(1, 10)")
                    .update();
            aSlowReaderIsCutOff("/vault/list?page_id=2");
            aSlowReaderIsCutOff(FILE);
            aSlowReaderOverHttp2IsCutOff();
            assertThat(get("/vault/list?page_id=1").statusCode()).isEqualTo(200);
            api.assertAlive();
        }
    }

    private void othersReadWhileWindowsStayClosed() throws Exception {
        try (RawHttp2 deaf = RawHttp2.open(port, HARMFUL, 0)) {
            int calls = 100;
            for (int i = 0; i < calls; i++) {
                deaf.get("/vault/list?limit=100");
            }
            for (int i = 0; i < 20; i++) {
                assertThat(get("/vault/list?limit=100").statusCode()).isEqualTo(200);
            }
            // each of its streams ends, without a byte of a body
            for (int ended = 0; ended < calls; ) {
                if (deaf.read().isLast()) {
                    ended++;
                }
            }
        }
    }

    private void aTimelineEndsWhoseWindowStaysClosed() throws IOException {
        try (RawHttp2 deaf = RawHttp2.open(port, HARMFUL, 0)) {
            deaf.get("/vault/stream");
            await().atMost(PATIENCE).until(() -> deaf.read().isLast());
        }
    }

    private void aSlowReaderOverHttp2IsCutOff() throws Exception {
        int some = 8 << 10;
        try (RawHttp2 slow = RawHttp2.open(port, HARMFUL, some)) {
            int file = slow.get(FILE);
            int[] read = {0};
            await().atMost(PATIENCE).pollInterval(Duration.ofMillis(100)).until(() -> {
                RawHttp2.Frame frame = slow.read();
                read[0] += frame.type() == RawHttp2.DATA ? frame.payload().length() : 0;
                slow.widen(file, some);
                return frame.isLast();
            });
            assertThat(read[0]).isPositive().isLessThan(get(FILE).body().length());
        }
    }

    private void aSlowReaderIsCutOff(String path) throws IOException {
        try (Socket slow = new Socket()) {
            slow.setReceiveBufferSize(16 << 10);
            slow.setSoTimeout(20_000);
            slow.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            slow.getOutputStream()
                    .write(("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            InputStream answer = slow.getInputStream();
            StringBuilder head = new StringBuilder();
            while (head.indexOf("\r\n\r\n") < 0) {
                head.append((char) answer.read());
            }
            Matcher length = Pattern.compile("(?i)content-length: (\\d+)").matcher(head);
            assertThat(length.find()).as(head.toString()).isTrue();
            int all = Integer.parseInt(length.group(1));
            int[] read = {0};
            byte[] some = new byte[16 << 10];
            await().atMost(PATIENCE).pollInterval(Duration.ofMillis(100)).until(() -> {
                try {
                    int count = answer.read(some);
                    read[0] += Math.max(count, 0);
                    return count < 0 || read[0] == all;
                } catch (SocketException reset) {
                    return true;
                }
            });
            assertThat(read[0]).isLessThan(all);
        }
    }

    private List<Long> idsByLinks(String first) throws Exception {
        List<Long> ids = new ArrayList<>();
        String path = first;
        while (path != null && ids.size() <= 100) {
            HttpResponse<String> page = get(path);
            assertThat(page.statusCode()).isEqualTo(200);
            for (JsonNode row : json.readTree(page.body())) {
                assertThat(row.get("answer").textValue()).hasSize(200_000);
                ids.add(row.get("id").longValue());
            }
            Matcher next = NEXT.matcher(page.headers().firstValue("Link").orElse(""));
            path = next.matches() ? next.group(1) : null;
        }
        return ids;
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return http.send(
                HttpRequest.newBuilder(URI.create("http://localhost:" + port + path))
                        .build(),
                BodyHandlers.ofString());
    }

    private JavaProcess start(TestDatabase database) throws IOException {
        Map<String, String> environment = new HashMap<>();
        environment.put("VAULT_ROUTES", "file:routes/list-gifts.camel.yaml");
        environment.put("SERVER_PORT", Integer.toString(port));
        environment.put("MANAGEMENT_SERVER_PORT", Integer.toString(management));
        environment.put("MAX_ANSWER_TIME", "3s");
        environment.put("KAFKA_BOOTSTRAP_SERVERS", SharedServices.get().kafka().bootstrapServers());
        environment.put("VAULT_DB_URL", database.url());
        environment.put("VAULT_DB_USER", EmbeddedDatabase.USER);
        environment.put("VAULT_DB_PASSWORD", EmbeddedDatabase.PASSWORD);
        return JavaProcess.application(
                environment, folder.resolve("api.log"), "-Xmx256m", "-XX:+ExitOnOutOfMemoryError");
    }
}
