package org.gibsey.spine.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.gibsey.spine.hostile.Http2Frames.END_HEADERS;
import static org.gibsey.spine.hostile.Http2Frames.END_STREAM;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.gibsey.spine.hostile.HostileBench.Attack;
import org.gibsey.spine.hostile.Swarm.Conduct;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What one client can do to an API over its public port. The attacker comes from 127.0.0.1, the honest readers from
 * 127.0.0.2. Beside each attack their saves are answered 202 nearly as fast as without it, what was answered 202 is stored
 * once, and the processes live on in the memory they are given.
 */
@Tag("slow")
class HostileIT {

    private static final int GIANTS_PAGE = 70_001;
    private static final int GIANTS = 100;
    private static final int LONG_PAGE = 70_003;
    private static final int DEAF = 20;
    private static final String SAVE = """
            POST /vault/save HTTP/1.1
            Host: x
            Content-Type: application/json
            """;

    private static HostileBench bench;

    @BeforeAll
    static void start() throws Exception {
        bench = new HostileBench("hostile");
        // of the longest answer there may be, three bytes a character
        bench.vault()
                .sql("insert into vault (page_id, question, answer) select ?, 'q', repeat('漢', 200000)"
                        + " from generate_series(1, ?)")
                .params(GIANTS_PAGE, GIANTS)
                .update();
    }

    @AfterAll
    static void stop() throws Exception {
        bench.close();
    }

    @BeforeEach
    void revive() throws Exception {
        bench.revive();
    }

    // answers

    @ParameterizedTest
    @ValueSource(strings = {"", "Accept-Encoding: gzip\n"})
    void giantGiftsAreReadGreedily(String more) throws Exception {
        endure(
                "30 connections read lists of giant gifts%s".formatted(more.isEmpty() ? "" : ", compressed"),
                Conduct.http1(30, get("/vault/list?limit=100&page_id=" + GIANTS_PAGE, more))
                        .then(get("/vault/list?limit=100&page_id=" + GIANTS_PAGE, more), Duration.ofMillis(50)));
    }

    @ParameterizedTest
    @ValueSource(ints = {DEAF, 40_000})
    void giantGiftsAreReadSlowly(int bytesPerSecond) throws Exception {
        endure(
                "200 connections read lists of giant gifts at %,d B/s".formatted(bytesPerSecond),
                Conduct.http1(200, get("/vault/list?limit=30", "")).reading(bytesPerSecond));
    }

    @Test
    void oneGiantGiftIsAskedForAndNotRead() throws Exception {
        String gift = bench.vault()
                .sql("select event_id::text from vault where page_id = ? limit 1")
                .param(GIANTS_PAGE)
                .query(String.class)
                .single();
        endure(
                "400 connections ask for one giant gift and do not read it",
                Conduct.http1(400, get("/vault/gifts/" + gift, "")).reading(DEAF));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void windowsOfHttp2StayClosed(int window) throws Exception {
        endure(
                "10 HTTP/2 connections, 500 lists each, a window of %d bytes".formatted(window),
                Conduct.http2(10, Http2Frames.begin(window).get("/vault/list?limit=100", 500)));
    }

    @Test
    void windowsOfHttp2OpenByteByByte() throws Exception {
        Http2Frames first = Http2Frames.begin(1).get("/vault/list?limit=100", 100);
        Http2Frames then = Http2Frames.more();
        for (int stream = 1; stream < 200; stream += 2) {
            then.frame(Http2Frames.WINDOW_UPDATE, 0, stream, Http2Frames.number(1));
        }
        endure(
                "10 HTTP/2 connections, 100 lists each, windows that open a byte at a time",
                Conduct.http2(10, first).then(then.bytes(), Duration.ofMillis(100)));
    }

    @Test
    void aPageOfFilesIsNotRead() throws Exception {
        endure(
                "400 connections ask for the page and its files and do not read them",
                Conduct.http1(
                                400,
                                get("/webjars/swagger-ui/swagger-ui-bundle.js", "")
                                        + get("/openapi.yaml", "")
                                        + get("/", ""))
                        .reading(DEAF));
    }

    // bodies

    @ParameterizedTest
    @ValueSource(strings = {"/vault/save", "/vault/list", "/docs", "/", "/nowhere"})
    void bodiesComeByteByByte(String path) throws Exception {
        endure(
                "600 chunked bodies to %s, a byte each second".formatted(path),
                Conduct.http1(600, SAVE.replace("/vault/save", path) + "Transfer-Encoding: chunked\n\n")
                        .then("1\n \n", Duration.ofSeconds(1)));
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 1 << 20})
    void announcedBodiesDoNotCome(int length) throws Exception {
        endure(
                "1,000 connections announce a body of %,d bytes and send none".formatted(length),
                Conduct.http1(1_000, SAVE + "Content-Length: " + length + "\n\n"));
    }

    @Test
    void announcedBodiesAreAskedToContinue() throws Exception {
        endure(
                "600 connections expect 100-continue and send nothing",
                Conduct.http1(600, SAVE + "Expect: 100-continue\nContent-Length: 100\n\n"));
    }

    @Test
    void largeBodiesLackTheirEnd() throws Exception {
        int length = 1 << 20;
        endure(
                "200 bodies of 1 MiB that lack their last byte",
                Conduct.http1(200, SAVE + "Content-Length: " + length + "\n\n" + " ".repeat(length - 1)));
    }

    @Test
    void largeBodiesAreSentAgainAndAgain() throws Exception {
        int length = 1 << 20;
        String body = SAVE + "Content-Length: " + length + "\n\n{\"page_id\":0" + " ".repeat(length - 12);
        endure(
                "40 connections send invalid bodies of 1 MiB, 5 a second each",
                Conduct.http1(40, body).then(body, Duration.ofMillis(200)));
    }

    @Test
    void bodiesOfHttp2DoNotCome() throws Exception {
        endure(
                "10 HTTP/2 connections, 120 bodies of 1 MiB announced on each",
                Conduct.http2(10, Http2Frames.begin(65_535).announce("/vault/save", 120, 1 << 20, new byte[0])));
    }

    @Test
    void bodiesOfHttp2Begin() throws Exception {
        endure(
                "10 HTTP/2 connections, 120 bodies of 1 MiB on each that stop after 500 bytes",
                Conduct.http2(10, Http2Frames.begin(65_535).announce("/vault/save", 120, 1 << 20, new byte[500])));
    }

    @Test
    void aRouteIsEditedWhileBodiesAreSlow() throws Exception {
        endureAnEdit(
                "300 bodies, a byte each second, while the route of saves is edited",
                "save-gift",
                Conduct.http1(300, SAVE + "Content-Length: 100\n\n").then(" ", Duration.ofSeconds(1)));
    }

    @Test
    void aRouteIsEditedWhileItsAnswersAreReadSlowly() throws Exception {
        endureAnEdit(
                "200 connections read lists of giant gifts at 20 B/s, while the route of lists is edited",
                "list-gifts",
                Conduct.http1(200, get("/vault/list?limit=30", "")).reading(DEAF));
    }

    private static void endureAnEdit(String name, String route, Conduct conduct) throws Exception {
        Path file = bench.routes().resolve(route + ".camel.yaml");
        String before = Files.readString(file);
        String runs = revision(route);
        Swarm slow = new Swarm(bench.port(), conduct);
        int[] edits = {0};
        bench.endure(name, () -> {
            Files.writeString(file, before + "\n# edited\n");
            return new Attack() {
                @Override
                public String got() throws Exception {
                    String edited = revision(route);
                    assertThat(edited).isNotEqualTo(runs);
                    edits[0]++;
                    return slow.got() + "; the edit is live";
                }

                @Override
                public void close() throws IOException {
                    slow.close();
                    Files.writeString(file, before);
                }
            };
        });
        assertThat(edits[0]).isOne();
        await().until(() -> revision(route).equals(runs));
    }

    private static String revision(String route) throws Exception {
        return bench.liveFile(route).get("revision").textValue();
    }

    // timelines

    @Test
    void timelinesAreHoarded() throws Exception {
        endure(
                "10 HTTP/2 connections, 500 timelines each",
                Conduct.http2(10, Http2Frames.begin(65_535).get("/vault/stream", 500)));
    }

    @Test
    void timelinesAreHoardedOnConnectionsOfTheirOwn() throws Exception {
        endure(
                "1,000 connections with a timeline each that is not read",
                Conduct.http1(1_000, get("/vault/stream", "")).reading(DEAF));
    }

    @Test
    void timelinesCatchUpAndAreNotRead() throws Exception {
        endure(
                "300 timelines that missed all the giant gifts, and do not read them",
                Conduct.http1(300, get("/vault/stream", "Last-Event-ID: 0\n")).reading(DEAF));
    }

    @Test
    void timelinesOfHttp2CatchUpAndAreNotRead() throws Exception {
        endure(
                "10 HTTP/2 connections, 120 timelines each that missed all, windows closed",
                Conduct.http2(10, Http2Frames.begin(0).get("/vault/stream?after=0", 120)));
    }

    @Test
    void timelinesComeAndGo() throws Exception {
        endure(
                "10 HTTP/2 connections open 100 timelines that missed all and leave them, 10 times a second",
                Conduct.http2(10, Http2Frames.begin(65_535))
                        .then(
                                Http2Frames.more()
                                        .getAndReset("/vault/stream?after=0", 100)
                                        .bytes(),
                                Duration.ofMillis(100)));
    }

    /** As one who was there while 128 transactions were open, that of the giant gifts among them. */
    @Test
    void positionsOfTimelinesAreMadeUp() throws Exception {
        String position =
                bench.vault().sql("""
                        select (select txid || ':' || id from vault order by txid desc, id desc limit 1)
                               || (select string_agg(',' || open, '')
                                     from (select min(txid) as txid from vault where page_id = ?) as giants,
                                          generate_series(giants.txid - 127, giants.txid) as open)""").param(GIANTS_PAGE).query(String.class).single();
        endure(
                "300 timelines from a made-up position before all the giant gifts, of 128 open transactions",
                Conduct.http1(300, get("/vault/stream", "Last-Event-ID: " + position + "\n")));
    }

    // heads and connections

    @Test
    void headsComeByteByByte() throws Exception {
        endure(
                "600 heads, a byte each second",
                Conduct.http1(600, "GET /vault/list HTTP/1.1\nHost: x\nX-Long: ")
                        .then("a", Duration.ofSeconds(1)));
    }

    @Test
    void connectionsDoNothing() throws Exception {
        endure("3,000 connections that send nothing", Conduct.http1(3_000, ""));
    }

    @Test
    void connectionsStayOpenBetweenCalls() throws Exception {
        endure("3,000 connections that stay open after a call", Conduct.http1(3_000, get("/openapi.yaml", "")));
    }

    @Test
    void connectionsOfHttp2StayOpen() throws Exception {
        endure("3,000 HTTP/2 connections without a call", Conduct.http2(3_000, Http2Frames.begin(65_535)));
    }

    @Test
    void connectionsComeAndGo() throws Exception {
        endure(
                "connections that end after a call, 2,000 a second",
                Conduct.http1(100, get("/", "Connection: close\n")));
    }

    @Test
    void headsAreHuge() throws Exception {
        endure(
                "100 connections with heads of 10 MB",
                Conduct.http1(100, "GET / HTTP/1.1\nHost: x\n")
                        .then("X-Header: " + "a".repeat(1_000) + "\n", Duration.ofMillis(50)));
    }

    @Test
    void garbageIsSent() throws Exception {
        byte[] garbage = new byte[4_096];
        new Random(1).nextBytes(garbage);
        endure("200 connections that send noise", Conduct.http1(200, garbage).then(garbage, Duration.ofMillis(50)));
    }

    // frames

    @Test
    void callsOfHttp2AreTakenBack() throws Exception {
        endure(
                "4 HTTP/2 connections that take back 2,000 calls every 50 ms",
                Conduct.http2(4, Http2Frames.begin(65_535).getAndReset("/vault/list?limit=100", 2_000)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"PING", "SETTINGS", "PRIORITY", "WINDOW_UPDATE", "empty DATA"})
    void framesFlood(String kind) throws Exception {
        Http2Frames flood = Http2Frames.more();
        for (int i = 0; i < 2_000; i++) {
            switch (kind) {
                case "PING" -> flood.frame(Http2Frames.PING, 0, 0, new byte[8]);
                case "SETTINGS" -> flood.frame(Http2Frames.SETTINGS, 0, 0, new byte[] {0, 3, 0, 0, 0, 1});
                case "PRIORITY" -> flood.frame(Http2Frames.PRIORITY, 0, 2 * i + 1, new byte[] {0, 0, 0, 0, 1});
                case "WINDOW_UPDATE" -> flood.frame(Http2Frames.WINDOW_UPDATE, 0, 0, Http2Frames.number(1));
                default -> flood.frame(Http2Frames.DATA, 0, 1, new byte[0]);
            }
        }
        endure(
                "8 HTTP/2 connections, 2,000 frames each 50 ms: " + kind,
                Conduct.http2(8, Http2Frames.begin(65_535).announce("/vault/save", 1, 1 << 20, new byte[0]))
                        .then(flood.bytes(), Duration.ofMillis(50)));
    }

    @Test
    void aHeadOfHttp2HasNoEnd() throws Exception {
        byte[] field = field("x-header", "a".repeat(1_000));
        Http2Frames first = Http2Frames.begin(65_535)
                .frame(Http2Frames.HEADERS, END_STREAM, 1, Http2Frames.head("GET", "/", Map.of()));
        Http2Frames then = Http2Frames.more();
        for (int i = 0; i < 200; i++) {
            then.frame(Http2Frames.CONTINUATION, 0, 1, field);
        }
        endure(
                "20 HTTP/2 connections, a head that goes on in CONTINUATION frames without end",
                Conduct.http2(20, first).then(then.bytes(), Duration.ofMillis(50)));
    }

    @Test
    void headsOfHttp2ComeByteByByte() throws Exception {
        endure(
                "600 HTTP/2 connections whose head has no end, a frame each second",
                Conduct.http2(
                                600,
                                Http2Frames.begin(65_535)
                                        .frame(
                                                Http2Frames.HEADERS,
                                                END_STREAM,
                                                1,
                                                Http2Frames.head("GET", "/", Map.of())))
                        .then(
                                Http2Frames.more()
                                        .frame(Http2Frames.CONTINUATION, 0, 1, new byte[0])
                                        .bytes(),
                                Duration.ofSeconds(1)));
    }

    /** One long field is put into the table of HPACK, and then named again and again by a byte. */
    @Test
    void headsOfHttp2Unpack() throws Exception {
        ByteArrayOutputStream named = new ByteArrayOutputStream();
        named.write(0x40);
        Http2Frames.text(named, "x-header");
        Http2Frames.text(named, "a".repeat(4_000));
        byte[] again = new byte[8_000];
        Arrays.fill(again, (byte) (0x80 | 62));
        named.writeBytes(again);
        byte[] head = Http2Frames.head("GET", "/", Map.of());
        named.writeBytes(new byte[0]);
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        block.writeBytes(head);
        block.writeBytes(named.toByteArray());
        Http2Frames frames = Http2Frames.begin(65_535);
        for (int i = 0; i < 100; i++) {
            frames.frame(Http2Frames.HEADERS, END_HEADERS | END_STREAM, frames.stream(), block.toByteArray());
        }
        endure("20 HTTP/2 connections, 100 heads of 12 KB each that unpack to 32 MB", Conduct.http2(20, frames));
    }

    // work

    @Test
    void listsAreAskedForAsOftenAsTheyAreAnswered() throws Exception {
        endure(
                "64 connections, a list of 100 gifts every 50 ms each",
                Conduct.http1(64, get("/vault/list?limit=100&page_id=1", ""))
                        .then(get("/vault/list?limit=100&page=9000&page_id=71000", ""), Duration.ofMillis(50)));
    }

    /** Its words are in all of them, and in none of them one after the other. */
    @Test
    void aPhraseOfManyLongGiftsIsSearchedFor() throws Exception {
        bench.vault()
                .sql(
                        "insert into vault (page_id, question, answer, searchable)"
                                + " select ?, 'quick', repeat('filler ', 7000) || 'brown fox', true from generate_series(1, 400)")
                .param(LONG_PAGE)
                .update();
        String search = get("/vault/search?q=%22quick+fox%22", "");
        try {
            endure(
                    "20 connections search for a phrase whose words 400 long gifts have, 10 times a second each",
                    Conduct.http1(20, search).then(search, Duration.ofMillis(100)));
        } finally {
            bench.vault()
                    .sql("delete from vault where page_id = ?")
                    .param(LONG_PAGE)
                    .update();
        }
    }

    @Test
    void aLongHistoryIsAskedForAsOftenAsItIsAnswered() throws Exception {
        String gift = bench.vault()
                .sql("insert into vault (page_id, question, answer) values (70004, 'q', 'a') returning event_id::text")
                .query(String.class)
                .single();
        bench.vault()
                .sql(
                        "insert into gift_change (change_id, kind, gift, at, sets, question, answer, before_question, before_answer, outcome)"
                                + " select gen_random_uuid(), 'edited', ?::uuid, now() + n * interval '1 s', '{answer}', 'q',"
                                + " repeat('edited ', 2000), 'q', repeat('edited ', 2000), 'applied' from generate_series(1, 5000) n")
                .param(gift)
                .update();
        String history = get("/vault/gifts/" + gift + "/history", "");
        endure(
                "64 connections, the history of a gift with 5,000 edits every 50 ms each",
                Conduct.http1(64, history).then(history, Duration.ofMillis(50)));
    }

    @Test
    void feedsAndChangesAreAskedForAsOftenAsTheyAreAnswered() throws Exception {
        String reads = get("/feed?limit=100&page_id=" + GIANTS_PAGE, "")
                + get("/vault/changes/00000000-0000-4000-8000-000000000000", "");
        endure(
                "64 connections, a feed of 100 giant gifts and a change that is not there every 50 ms each",
                Conduct.http1(64, reads).then(reads, Duration.ofMillis(50)));
    }

    @Test
    void gibberishIsSaved() throws Exception {
        String gift = "{\"page_id\":70002,\"question\":\"q\",\"answer\":\"a\"}";
        String save = SAVE + "Content-Length: " + gift.length() + "\n\n" + gift;
        endure(
                "64 connections, a save every 50 ms each",
                Conduct.http1(64, save).then(save, Duration.ofMillis(50)));
    }

    @Test
    void managementIsHammered() throws Exception {
        String paths = String.join(
                        "",
                        List.of(
                                get("/actuator/prometheus", ""),
                                get("/actuator/deadletters?limit=100", ""),
                                get("/actuator/ledger", ""),
                                get("/ops", ""),
                                get("/actuator/health", "")))
                // the port answers to no other name
                .replace("Host: x", "Host: localhost");
        endure(
                bench.management(),
                "the operators' port: 20 connections, 5 calls every 100 ms each",
                Conduct.http1(20, paths).then(paths, Duration.ofMillis(100)));
    }

    @Test
    void managementIsHoarded() throws Exception {
        endure(
                bench.management(),
                "the operators' port: 600 connections, a body that does not come",
                Conduct.http1(
                        600,
                        SAVE.replace("/vault/save", "/actuator/ledger").replace("Host: x", "Host: localhost")
                                + "Content-Length: 10\n\n"));
    }

    private static void endure(String name, Conduct conduct) throws Exception {
        endure(bench.port(), name, conduct);
    }

    private static void endure(int port, String name, Conduct conduct) throws Exception {
        bench.endure(name, () -> {
            Swarm swarm = new Swarm(port, conduct);
            return new Attack() {
                @Override
                public String got() {
                    return swarm.got();
                }

                @Override
                public void close() throws IOException {
                    swarm.close();
                }
            };
        });
    }

    private static String get(String path, String more) {
        return "GET %s HTTP/1.1\nHost: x\n%s\n".formatted(path, more);
    }

    private static byte[] field(String name, String value) {
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        block.write(0);
        Http2Frames.text(block, name);
        Http2Frames.text(block, value);
        return block.toByteArray();
    }
}
