package org.gibsey.spine.timeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Scanner;
import java.util.stream.IntStream;
import org.gibsey.spine.SpineApplication;
import org.gibsey.spine.embedded.LiveObjects;
import org.gibsey.spine.embedded.Promise;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.SignedInCalls;
import org.gibsey.spine.embedded.SpineIT;
import org.gibsey.spine.http.HeadDeadline;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.boot.web.servlet.context.ServletWebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.test.context.TestPropertySource;

@SpineIT
// a test waits for one to know that nothing more comes
@TestPropertySource(properties = "STREAM_HEARTBEAT=1s")
class StreamIT {

    private static final long PAGE = 55_101;
    /** Written until those who left are noticed; no test waits for it. */
    private static final String NOBODY = "is anybody there?";

    private static final String OF_PAGE = "?page_id=" + PAGE;

    @LocalServerPort
    int port;

    @Autowired
    MeterRegistry meters;

    private Connection psql;

    @BeforeEach
    void connect() throws SQLException {
        psql = SharedServices.get().database().superuser();
    }

    @AfterEach
    void disconnect() throws SQLException {
        psql.close();
    }

    @Test
    void streamsWhatAnybodyStores() throws Exception {
        try (TestStream stream = TestStream.open(port, OF_PAGE, null)) {
            store("by hand");

            assertThat(stream.awaitGifts(1).questions()).containsExactly("by hand");
        }
    }

    @Test
    void resumesAfterTheLastIdSeen() throws Exception {
        String seen;
        try (TestStream stream = TestStream.open(port, OF_PAGE, null);
                TestStream other = TestStream.open(port, "", null)) {
            store("one", "two", "three");
            seen = stream.awaitGifts(3).idOfGift(2);
            stream.leave();
            store("four");
            other.awaitGifts(4);

            // while the feed still knows what it delivered
            try (TestStream again = TestStream.open(port, OF_PAGE, seen)) {
                assertThat(again.questions()).containsExactly("three", "four");
            }
        }
        awaitNobody();
        store("five");

        // from the table, also where the header cannot be set
        try (TestStream again = TestStream.open(port, OF_PAGE + "&after=" + seen, null)) {
            assertThat(again.questions())
                    .filteredOn(question -> !question.equals(NOBODY))
                    .containsExactly("three", "four", "five");
            store("six");
            await().until(() -> again.questions().contains("six"));
        }
    }

    @Test
    void catchesUpPageByPage() throws Exception {
        String start;
        try (TestStream stream = TestStream.open(port, OF_PAGE, null)) {
            start = stream.lastId();
        }
        try (Statement many = psql.createStatement()) {
            many.execute("""
                    insert into vault (page_id, question, answer)
                    select %d, 'long ' || n, repeat('x', 20000) from generate_series(1, 100) n
                    """.formatted(PAGE));
        }

        try (TestStream again = TestStream.open(port, OF_PAGE, start)) {
            assertThat(again.questions())
                    .isEqualTo(IntStream.rangeClosed(1, 100)
                            .mapToObj(n -> "long " + n)
                            .toList());
        }
    }

    @Test
    void twoTransactionsThatCommitInReverseOrderLeaveNoGapAndNoRepeat() throws Exception {
        try (Connection slow = SharedServices.get().database().superuser();
                TestStream stream = TestStream.open(port, OF_PAGE, null)) {
            slow.setAutoCommit(false);
            store(slow, "drawn first");
            store("drawn second");
            String between = stream.awaitGifts(1).idOfGift(1);
            stream.leave();
            slow.commit();

            try (TestStream again = TestStream.open(port, OF_PAGE, between)) {
                store("third");
                assertThat(again.awaitGifts(2).questions()).containsExactly("drawn first", "third");
            }
        }
    }

    @Test
    @ExtendWith(OutputCaptureExtension.class)
    void goesOnThroughAnotherInstanceAndThroughAShutdown(CapturedOutput output) throws Exception {
        String seen;
        ConfigurableApplicationContext other = anotherInstance();
        int otherPort =
                ((ServletWebServerApplicationContext) other).getWebServer().getPort();
        try (TestStream stream = TestStream.open(otherPort, OF_PAGE, null)) {
            store("one");
            stream.awaitGifts(1);
            await("heartbeat").until(() -> stream.comments().size() > 2);

            long began = System.nanoTime();
            other.close();
            stream.awaitEnd();
            Promise.kept("a server with an open stream ends", Promise.since(began), Duration.ofSeconds(20));
            // the stream ended by itself, not when the time for a shutdown was over
            assertThat(output).contains("Graceful shutdown complete").doesNotContain("Graceful shutdown aborted");
            seen = stream.lastId();
        } finally {
            other.close();
        }
        store("two");

        try (TestStream stream = TestStream.open(port, OF_PAGE, seen)) {
            assertThat(stream.questions()).containsExactly("two");
        }
    }

    @Test
    void listensAgainWhenItsConnectionIsCut() throws Exception {
        try (TestStream stream = TestStream.open(port, OF_PAGE, null)) {
            try (Statement terminate = psql.createStatement()) {
                terminate.execute(
                        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'gift-spine timeline'");
            }
            store("meanwhile");

            assertThat(stream.awaitGifts(1).questions()).containsExactly("meanwhile");
            await().until(() -> stream.events().stream()
                    .map(TestStream.Event::data)
                    .toList()
                    .containsAll(List.of("{\"live\":false}", "{\"live\":true}")));
            store("afterwards");
            assertThat(stream.awaitGifts(2).questions()).endsWith("afterwards");
        }
    }

    @Test
    void findsByItselfWhatNobodyNotified() throws Exception {
        try (Statement statement = psql.createStatement();
                TestStream stream = TestStream.open(port, OF_PAGE, null)) {
            statement.execute("alter table vault disable trigger vault_notify");
            store("quietly");
            statement.execute("alter table vault enable trigger vault_notify");

            assertThat(stream.awaitGifts(1).questions()).containsExactly("quietly");
        }
    }

    @Test
    void dropsWhoDoesNotReadAndServesTheOthers() throws Exception {
        double before = dropped();
        try (Socket deaf = new Socket("localhost", port);
                TestStream stream = TestStream.open(port, "?symbol_id=9", null)) {
            // and from there on it reads nothing any more
            awaitLive(deaf, "");

            try (Statement much = psql.createStatement()) {
                for (int i = 0; i < 40; i++) {
                    much.execute("""
                            insert into vault (page_id, question, answer, symbol_id)
                            values (%d, 'big %d', repeat('x', 500000), 8), (%d, 'small %d', 'a', 9)
                            """.formatted(PAGE, i, PAGE, i));
                }
            }

            assertThat(stream.awaitGifts(40).questions())
                    .isEqualTo(
                            IntStream.range(0, 40).mapToObj(n -> "small " + n).toList());
            await().until(() -> dropped() == before + 1);
        }
    }

    /** They are most of what a connection takes: a timeline would hold them for hours. */
    @Test
    void holdsNoneOfTheBuffersOfItsRequest() throws Exception {
        int timelines = 200;
        long before = processors();
        List<Socket> open = new ArrayList<>();
        try {
            for (int i = 0; i < timelines; i++) {
                Socket client = new Socket("localhost", port);
                open.add(client);
                awaitLive(client, "");
            }

            assertThat(processors() - before).isLessThan(timelines / 2);
        } finally {
            for (Socket timeline : open) {
                timeline.close();
            }
        }
    }

    @Test
    void endsWhenTheClientSaysMoreThanItsRequest() throws Exception {
        awaitNobody();
        try (Socket client = new Socket("localhost", port)) {
            awaitLive(client, "");
            client.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));

            await().until(() -> open() == 0);
        }
    }

    /** Its connection is not given away before the body is there. */
    @Test
    void isSentToWhoAnnouncesABodyTooAndItsPlaceIsFreeAgain() throws Exception {
        try (Socket client = new Socket("localhost", port)) {
            awaitLive(client, "Content-Length: 5\r\n");
        }
        awaitNobody();
    }

    /** The second one is of a database that has had more transactions, before this one took its place. */
    @ParameterizedTest
    @ValueSource(strings = {"what?", "4000000000000:1"})
    void beginsAnewForAnIdThatMeansNothing(String lastId) {
        try (TestStream stream = TestStream.open(port, OF_PAGE, lastId)) {
            assertThat(stream.events().get(0).name()).isEqualTo("reset");
        }
    }

    @Test
    void namesEveryFilterThatIsWrong() throws Exception {
        HttpResponse<String> answer = TestStream.answer(port, "?page_id=x&symbol_id=99999999999");

        assertThat(answer.statusCode()).isEqualTo(422);
        assertThat(answer.headers().firstValue("content-type")).contains("application/problem+json");
        assertThat(answer.body()).contains("\"page_id\"", "\"symbol_id\"");
    }

    @Test
    void isOnlyForReading() throws Exception {
        HttpClient http = HttpClient.newHttpClient();

        HttpResponse<Void> head = http.send(
                TestStream.request(port, "")
                        .method("HEAD", BodyPublishers.noBody())
                        .build(),
                BodyHandlers.discarding());
        HttpResponse<Void> post = http.send(
                TestStream.request(port, "").POST(BodyPublishers.noBody()).build(), BodyHandlers.discarding());

        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(head.headers().firstValue("content-type").orElseThrow()).startsWith("text/event-stream");
        assertThat(post.statusCode()).isEqualTo(405);
    }

    /** Tomcat's processors of HTTP/1.1 that anybody holds, those it keeps for the next connection included. */
    private static long processors() throws Exception {
        return LiveObjects.count().entrySet().stream()
                .filter(entry -> entry.getKey().startsWith(HeadDeadline.class.getName() + "$"))
                .mapToLong(Map.Entry::getValue)
                .max()
                .orElse(0);
    }

    /** @param header more of it, with its end of line */
    private static void awaitLive(Socket client, String header) throws IOException {
        client.getOutputStream()
                .write(("GET /vault/stream HTTP/1.1\r\nHost: localhost\r\n" + header + "\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
        Scanner heard = new Scanner(client.getInputStream(), StandardCharsets.UTF_8);
        while (!heard.nextLine().equals("event: position")) {
            // until it is live
        }
    }

    private void store(String... questions) throws SQLException {
        store(psql, questions);
    }

    private static void store(Connection connection, String... questions) throws SQLException {
        for (String question : questions) {
            try (PreparedStatement insert =
                    connection.prepareStatement("insert into vault (page_id, question, answer) values (?, ?, 'a')")) {
                insert.setLong(1, PAGE);
                insert.setString(2, question);
                insert.executeUpdate();
            }
        }
    }

    private void awaitNobody() {
        // a stream whose client has left is noticed when something is written to it
        await().until(() -> {
            store(NOBODY);
            return open() == 0;
        });
    }

    private double open() {
        return meters.get("gifts.stream.clients").gauge().value();
    }

    private double dropped() {
        return meters.get("gifts.stream.dropped").counter().count();
    }

    private static ConfigurableApplicationContext anotherInstance() {
        SharedServices services = new SharedServices();
        return SignedInCalls.in(new SpringApplicationBuilder(SpineApplication.class))
                .initializers(services)
                .run(
                        "--server.port=0",
                        "--management.server.port=0",
                        "--spring.jmx.enabled=false",
                        "--camel.main.jmx-enabled=false",
                        "--logging.level.org.springframework.boot.web.embedded.tomcat.GracefulShutdown=INFO",
                        "--VAULT_ROUTES=file:routes/list-gifts.camel.yaml",
                        "--STREAM_HEARTBEAT=1s");
    }
}
