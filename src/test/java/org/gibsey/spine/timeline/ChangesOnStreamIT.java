package org.gibsey.spine.timeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.awaitility.core.ConditionFactory;
import org.gibsey.spine.embedded.AnonymousChangesIT;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.timeline.TestStream.Event;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.client.TestRestTemplate;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.http.HttpEntity;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;

/** Edits, deletes and restores as open pages hear of them. */
@AnonymousChangesIT
class ChangesOnStreamIT {

    private static long lastPage = 55_900;

    @LocalServerPort
    int port;

    @Autowired
    TestRestTemplate http;

    @Autowired
    ObjectMapper json;

    private final long page = ++lastPage;

    @Test
    void anOpenPageHearsOfAnEditADeleteAndARestore() throws Exception {
        try (TestStream stream = TestStream.open(port, "?page_id=" + page, null);
                TestStream elsewhere = TestStream.open(port, "?page_id=" + (page + 1_000_000), null)) {
            // what comes in between two looks of the feed is shown as it ended
            String gift = save("first", null);
            await().until(() -> news(stream).size() == 1);
            edit(gift, "{\"question\":\"second\"}");
            await().until(() -> news(stream).size() == 2);
            delete(gift);
            await().until(() -> news(stream).size() == 3);
            restore(gift);
            await().until(() -> news(stream).size() == 4);
            assertThat(news(stream).stream().map(Event::name))
                    .containsExactly("gift", "gift-changed", "gift-gone", "gift-changed");
            JsonNode edited = json.readTree(news(stream).get(1).data());
            assertThat(edited.get("question").textValue()).isEqualTo("second");
            assertThat(edited.get("revision").textValue()).isNotEqualTo(gift);
            assertThat(edited).isEqualTo(listed().get(0));
            assertThat(news(stream).get(2).data())
                    .isEqualTo("{\"id\":%s,\"event_id\":\"%s\"}".formatted(edited.get("id"), gift));
            assertThat(json.readTree(news(stream).get(3).data())).isEqualTo(edited);
            assertThat(news(elsewhere)).isEmpty();
        }
    }

    /** What the words of gifts are found by is written into the row, and changes nothing that a page shows. */
    @Test
    void whatIsNotShownIsNoNews() throws Exception {
        try (TestStream stream = TestStream.open(port, "?page_id=" + page, null)) {
            String gift = save("q", null);
            await().until(() -> news(stream).size() == 1);
            execute("update vault set searchable = not searchable where event_id = '%s'".formatted(gift));
            delete(gift);
            await().until(() -> news(stream).size() == 2);
            execute("update vault set question = '', answer = '', purged_at = now() where event_id = '%s'"
                    .formatted(gift));
            save("afterwards", null);

            await().until(() -> stream.questions().contains("afterwards"));
            assertThat(news(stream).stream().map(Event::name)).containsExactly("gift", "gift-gone", "gift");
        }
    }

    /**
     * A page of one symbol is away while gifts get and lose that symbol, are deleted and come back, and an older transaction is open. It
     * comes back to what the feed has in memory, or to the table, and breaks off again after any event.
     */
    @ParameterizedTest
    @ValueSource(strings = {"", ",1:9223372036854775807"})
    void aPageOfOneSymbolThatWasAwayHasExactlyWhatTheListHas(String notInMemory) throws Exception {
        try (Connection older = SharedServices.get().database().superuser();
                TestStream everything = TestStream.open(port, "?page_id=" + page, null)) {
            older.setAutoCommit(false);
            execute(older, "select pg_current_xact_id()");
            Map<String, String> shown = new HashMap<>();
            String there = save("there, away, and back", 3);
            String deleted = save("deleted and restored", 3);
            String gone = save("deleted for good", 3);
            String left = save("another symbol now", 3);
            String comes = save("this symbol now", 5);
            String late = save("changed by the older transaction", 3);
            String lastId;
            try (TestStream stream = TestStream.open(port, "?symbol_id=3&page_id=" + page, "0")) {
                apply(news(stream), shown);
                lastId = stream.lastId() + notInMemory;
            }
            assertThat(shown).hasSize(5);

            edit(there, "{\"symbol_id\":5}");
            edit(there, "{\"symbol_id\":3}");
            delete(deleted);
            restore(deleted);
            delete(gone);
            edit(left, "{\"symbol_id\":5}");
            edit(comes, "{\"symbol_id\":3}");
            edit(save("new, with this symbol in the end", 5), "{\"symbol_id\":3}");
            edit(save("new, with another in the end", 3), "{\"symbol_id\":5}");
            delete(save("nobody has seen this", 3));
            save("new", 3);
            execute(older, "update vault set answer = 'late' where event_id = '%s'".formatted(late));
            execute(
                    older,
                    "insert into vault (page_id, question, answer, symbol_id) values (%d, 'older', 'a', 3)"
                            .formatted(page));
            await().until(() -> everything.questions().contains("new"));

            List<Event> missed = new ArrayList<>();
            List<Map<String, String>> onTheWay = new ArrayList<>(List.of(Map.copyOf(shown)));
            try (TestStream stream = TestStream.open(port, "?symbol_id=3&page_id=" + page, lastId)) {
                missed.addAll(news(stream));
                for (Event event : missed) {
                    apply(List.of(event), shown);
                    onTheWay.add(Map.copyOf(shown));
                }
                assertThat(shown).isEqualTo(expected());
                older.commit();
                await().until(() -> news(stream).size() == missed.size() + 2);
                apply(news(stream).subList(missed.size(), missed.size() + 2), shown);
                assertThat(shown).isEqualTo(expected());
            }

            // who had the symbol and has it again is one change, whatever was between
            assertThat(missed.stream().map(event -> event.name() + " " + event.field("event_id")))
                    .doesNotHaveDuplicates()
                    .contains("gift-changed " + there, "gift-changed " + deleted, "gift-gone " + gone)
                    .contains("gift-gone " + left, "gift-changed " + comes)
                    .hasSize(7);
            assertThat(missed).extracting(Event::data).noneMatch(data -> data.contains("nobody has seen this"));
            for (int i = 0; i < missed.size(); i++) {
                Map<String, String> again = new HashMap<>(onTheWay.get(i + 1));
                String from = missed.get(i).id() + notInMemory;
                try (TestStream stream = TestStream.open(port, "?symbol_id=3&page_id=" + page, from)) {
                    apply(news(stream), again);
                    assertThat(again).as("after %s", missed.get(i)).isEqualTo(expected());
                }
            }
        }
    }

    /** As a page does; what it cannot have is new to it. */
    private void apply(List<Event> events, Map<String, String> shown) {
        for (Event event : events) {
            switch (event.name()) {
                case "gift" ->
                    assertThat(shown.put(event.field("event_id"), event.data()))
                            .as("repeated")
                            .isNull();
                case "gift-changed" -> shown.put(event.field("event_id"), event.data());
                default -> shown.remove(event.field("event_id"));
            }
        }
    }

    private Map<String, String> expected() {
        Map<String, String> rows = new HashMap<>();
        listed("&symbol_id=3").forEach(row -> rows.put(row.get("event_id").textValue(), row.toString()));
        return rows;
    }

    private JsonNode listed() {
        return listed("");
    }

    private JsonNode listed(String filter) {
        return http.getForObject("/vault/list?limit=100&page_id=" + page + filter, JsonNode.class);
    }

    private static List<Event> news(TestStream stream) {
        return stream.events().stream()
                .filter(event -> event.name().startsWith("gift"))
                .toList();
    }

    private String save(String question, Integer symbol) {
        Map<String, Object> gift = new HashMap<>(Map.of("page_id", page, "question", question, "answer", "a"));
        gift.put("symbol_id", symbol);
        String location = String.valueOf(http.postForLocation("/vault/save", gift));
        soon().until(() ->
                http.getForEntity(location, String.class).getStatusCode().is2xxSuccessful());
        return location.replaceFirst(".*/", "");
    }

    /** There are many of these. */
    private static ConditionFactory soon() {
        return await().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(10));
    }

    private void edit(String gift, String fields) {
        change(HttpMethod.PUT, gift, "", fields);
    }

    private void delete(String gift) {
        change(HttpMethod.DELETE, gift, "", "");
    }

    private void restore(String gift) {
        change(HttpMethod.POST, gift, "/restore", "");
    }

    private void change(HttpMethod method, String gift, String path, String body) {
        HttpHeaders headers = new HttpHeaders();
        headers.setContentType(MediaType.APPLICATION_JSON);
        // a producer that has just begun may not find its topic, which has just been made
        ResponseEntity<String> answer = soon().until(
                        () -> http.exchange(
                                "/vault/gifts/" + gift + path, method, new HttpEntity<>(body, headers), String.class),
                        found -> found.getStatusCode().value() != 503);
        assertThat(answer.getStatusCode().value()).as(answer.getBody()).isEqualTo(202);
        soon().until(() -> String.valueOf(
                        http.getForObject(String.valueOf(answer.getHeaders().getLocation()), String.class))
                .contains("\"status\":\"applied\""));
    }

    private static void execute(String sql) throws SQLException {
        try (Connection psql = SharedServices.get().database().superuser()) {
            execute(psql, sql);
        }
    }

    private static void execute(Connection psql, String sql) throws SQLException {
        try (Statement statement = psql.createStatement()) {
            statement.execute(sql);
        }
    }
}
