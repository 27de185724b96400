package org.gibsey.spine.timeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.gibsey.spine.embedded.AnonymousChangesIT;
import org.gibsey.spine.embedded.Patience;
import org.gibsey.spine.embedded.Promise;
import org.gibsey.spine.timeline.TestStream.Event;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Open pages while gifts are saved, edited, deleted and brought back. */
@AnonymousChangesIT
@Tag("slow")
class ChangesUnderLoadIT {

    private static final long PAGE = 55_601;
    private static final int SAVES = 1_200;
    private static final int PER_SECOND = 20;

    /** What is changed was saved so many saves before, so it is stored. */
    private static final int LATER = 40;

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    /** When a gift was saved, by its id, and when a change was made, by its own. */
    private final Map<String, Long> made = new ConcurrentHashMap<>();

    @LocalServerPort
    int port;

    @Autowired
    JdbcClient vault;

    /** Each gift is edited once, and one in ten deleted and brought back; one page breaks off and comes back all the time. */
    @Test
    void anEditIsOnEveryOpenPageAsSoonAsASaveAndNoneIsMissedOrRepeated() throws Exception {
        List<CompletableFuture<String>> gifts = new ArrayList<>();
        List<CompletableFuture<String>> changes = new ArrayList<>();
        List<Event> broken = new ArrayList<>();
        TestStream away = open(null);
        try (TestStream stream = open(null);
                TestStream ofSymbol = TestStream.open(port, "?symbol_id=3&page_id=" + PAGE, null)) {
            long begin = System.nanoTime();
            for (int i = 0; i < SAVES; i++) {
                LockSupport.parkNanos(begin + i * TimeUnit.SECONDS.toNanos(1) / PER_SECOND - System.nanoTime());
                gifts.add(send(
                        "POST",
                        "/vault/save",
                        "{\"page_id\":%d,\"question\":\"%d\",\"answer\":\"a\",\"symbol_id\":%d}"
                                .formatted(PAGE, i, 3 + i % 2)));
                if (i >= LATER) {
                    // half of them change their symbol
                    changes.add(send(
                            "PUT",
                            of(gifts, i - LATER),
                            "{\"answer\":\"%d\"%s}".formatted(i, i % 4 < 2 ? "" : ",\"symbol_id\":" + (4 - i % 2))));
                }
                if (i >= 2 * LATER && i % 10 == 0) {
                    changes.add(send("DELETE", of(gifts, i - 2 * LATER), ""));
                }
                if (i >= 3 * LATER && i % 10 == 0) {
                    changes.add(send("POST", of(gifts, i - 3 * LATER) + "/restore", ""));
                }
                if (i % 25 == 24) {
                    away.leave();
                    List<Event> seen = List.copyOf(away.events());
                    broken.addAll(seen);
                    away = open(lastId(seen));
                }
            }
            changes.forEach(CompletableFuture::join);
            await().until(() -> applied() == changes.size());

            TestStream last = away;
            assertThat(rows()).hasSize(SAVES - LATER / 10);
            await().untilAsserted(() -> assertThat(pageAfter(stream.events())).isEqualTo(rows()));
            await().untilAsserted(() -> assertThat(pageAfter(ofSymbol.events())).isEqualTo(rowsOfSymbol()));
            await().untilAsserted(() ->
                    assertThat(pageAfter(concat(broken, last.events()))).isEqualTo(rows()));
            report(stream.events());
        } finally {
            away.close();
        }
    }

    private void report(List<Event> events) {
        List<Double> saves = new ArrayList<>();
        List<Double> edits = new ArrayList<>();
        for (Event event : events) {
            if (event.name().equals("gift")) {
                saves.add((event.cameAt() - made.get(event.field("event_id"))) / 1e6);
            } else if (event.name().equals("gift-changed") && made.containsKey(event.field("revision"))) {
                // the first event that has the edit
                edits.add((event.cameAt() - made.remove(event.field("revision"))) / 1e6);
            }
        }
        saves.sort(null);
        edits.sort(null);
        double save = SteadySaves.percentile(saves, 0.99);
        double edit = SteadySaves.percentile(edits, 0.99);
        System.out.printf(
                "on an open page, at %d of each a second: %,d saves after %.0f ms, 99 of 100 within %.0f ms;"
                        + " %,d edits after %.0f ms, 99 of 100 within %.0f ms%n",
                PER_SECOND,
                saves.size(),
                SteadySaves.percentile(saves, 0.5),
                save,
                edits.size(),
                SteadySaves.percentile(edits, 0.5),
                edit);
        Promise.kept("what an edit takes longer than a save, p99", edit - save, 50, "ms");
    }

    /** What a page shows after these; it was given none twice. */
    private static Map<String, String> pageAfter(List<Event> events) {
        Map<String, String> shown = new HashMap<>();
        List<String> given = new ArrayList<>();
        for (Event event : events) {
            String gift = event.field("event_id");
            switch (event.name()) {
                case "gift" -> {
                    given.add(gift);
                    shown.put(gift, event.field("answer"));
                }
                case "gift-changed" -> shown.put(gift, event.field("answer"));
                case "gift-gone" -> shown.remove(gift);
                default -> {}
            }
        }
        assertThat(given).doesNotHaveDuplicates();
        return shown;
    }

    private static String lastId(List<Event> events) {
        return events.stream()
                .map(Event::id)
                .filter(id -> !id.isEmpty())
                .reduce((earlier, later) -> later)
                .orElseThrow();
    }

    private int applied() {
        return vault.sql(
                        "select count(*) from gift_change join vault on gift = event_id where outcome = 'applied' and page_id = ?")
                .param(PAGE)
                .query(Integer.class)
                .single();
    }

    private Map<String, String> rows() {
        return rows("");
    }

    private Map<String, String> rowsOfSymbol() {
        return rows(" and symbol_id = 3");
    }

    private Map<String, String> rows(String more) {
        Map<String, String> rows = new HashMap<>();
        vault.sql("select event_id, answer from vault where deleted_at is null and page_id = " + PAGE + more)
                .query(row -> {
                    rows.put(row.getString(1), row.getString(2));
                });
        return rows;
    }

    private static List<Event> concat(List<Event> first, List<Event> second) {
        List<Event> all = new ArrayList<>(first);
        all.addAll(second);
        return all;
    }

    private TestStream open(String lastId) {
        return TestStream.open(port, "?page_id=" + PAGE, lastId);
    }

    private static String of(List<CompletableFuture<String>> gifts, int number) {
        return "/vault/gifts/" + gifts.get(number).join();
    }

    /** @return the id of the gift or change, once it is accepted */
    private CompletableFuture<String> send(String method, String path, String body) {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://localhost:" + port + path))
                .header("Content-Type", "application/json")
                .timeout(Patience.LIMIT)
                .method(method, BodyPublishers.ofString(body))
                .build();
        long sent = System.nanoTime();
        return http.sendAsync(request, BodyHandlers.ofString()).thenApply(answer -> id(answer, sent));
    }

    private String id(HttpResponse<String> answer, long sent) {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
        String id = answer.headers().firstValue("Location").orElseThrow().replaceFirst(".*/", "");
        made.put(id, sent);
        return id;
    }
}
