package org.gibsey.spine.timeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.model.ProcessorDefinitionHelper;
import org.apache.camel.model.SetBodyDefinition;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.SpineIT;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.client.TestRestTemplate;
import org.springframework.http.ResponseEntity;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What can be read: one gift, the list, the state of the broker. */
@SpineIT
class ReadsIT {

    private static final Pattern PARAMETER = Pattern.compile(":\\?(\\w+)");
    private static final Pattern NEXT = Pattern.compile("<(/vault/list[^>]*)>; rel=\"next\"");
    /** Rows that no other test's come between: from a time of their own. */
    private static final Instant LONG_AGO = Instant.parse("1969-07-20T20:17:40.000001Z");

    @Autowired
    TestRestTemplate http;

    @Autowired
    ObjectMapper json;

    @Autowired
    JdbcClient vault;

    @Autowired
    ModelCamelContext camel;

    @Test
    void theFeedHasTheGiftsOfAPageAsTheyAreNow() {
        vault.sql("insert into vault (page_id, question, answer, created_at, deleted_at, changed_at) values"
                        + " (46901, 'first', 'a', '2024-05-21', null, '2024-06-01'),"
                        + " (46901, 'second', 'b', '2024-05-22', null, null),"
                        + " (46901, 'deleted', 'c', '2024-05-23', now(), null),"
                        + " (46902, 'elsewhere', 'd', '2024-05-24', null, null)")
                .update();

        String feed = http.getForObject("/feed?page_id=46901", String.class);

        assertThat(feed)
                .containsSubsequence("<updated>2024-06-01T", "second", "<updated>2024-05-22T", "first", "2024-06-01T")
                .doesNotContain("deleted", "elsewhere");
    }

    @Test
    void showsAStoredGiftAtTheLocationThatTheSaveGave() throws Exception {
        Map<String, Object> gift =
                Map.of("page_id", 46_001, "question", "Q?", "answer", "A", "symbol_id", 3, "unknown", true);
        String location =
                String.valueOf(http.postForLocation("/vault/save", gift)).replaceFirst("^http://[^/]*", "");

        JsonNode found = await().until(() -> get(location), answer -> answer.has("id"));

        assertThat(found.fieldNames())
                .toIterable()
                .containsExactlyInAnyOrder(
                        "status",
                        "id",
                        "event_id",
                        "user_id",
                        "page_id",
                        "question",
                        "answer",
                        "symbol_id",
                        "lang",
                        "created_at");
        assertThat(found.get("status").textValue()).isEqualTo("stored");
        assertThat(found.get("question").textValue()).isEqualTo("Q?");
        assertThat(location).endsWith(found.get("event_id").textValue());
    }

    @Test
    void theEntityTagOfAGiftIsItsSaveUntilItIsEdited() {
        UUID id = gift();
        UUID edit = UUID.randomUUID();

        String saved = http.getForEntity("/vault/gifts/" + id, String.class)
                .getHeaders()
                .getETag();
        vault.sql("update vault set revision = ? where event_id = ?")
                .params(edit, id)
                .update();
        String edited = http.getForEntity("/vault/gifts/" + id, String.class)
                .getHeaders()
                .getETag();

        assertThat(saved).isEqualTo("\"" + id + "\"");
        assertThat(edited).isEqualTo("\"" + edit + "\"");
    }

    @Test
    void showsNothingThatWasInADeletedGift() throws Exception {
        UUID id = gift();
        Instant deletedAt = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        vault.sql("update vault set deleted_at = ? where event_id = ?")
                .param(Timestamp.from(deletedAt))
                .param(id)
                .update();

        JsonNode deleted = get("/vault/gifts/" + id);
        ResponseEntity<String> page = http.getForEntity("/gifts/" + id, String.class);
        vault.sql("update vault set question = '', answer = '', purged_at = now() where event_id = ?")
                .param(id)
                .update();
        ResponseEntity<String> purged = http.getForEntity("/vault/gifts/" + id, String.class);

        assertThat(deleted.get("status").textValue()).isEqualTo("deleted");
        assertThat(Instant.parse(deleted.get("restorable_until").textValue()))
                .isEqualTo(deletedAt.plus(Duration.ofDays(30)));
        assertThat(deleted.toString()).doesNotContain("of 46005");
        assertThat(page.getStatusCode().value()).isEqualTo(404);
        assertThat(page.getBody()).doesNotContain("of 46005");
        assertThat(purged.getStatusCode().value()).isEqualTo(410);
    }

    private UUID gift() {
        return vault.sql("insert into vault (page_id, question, answer) values (46005, 'q of 46005', 'a of 46005')"
                        + " returning event_id")
                .query(UUID.class)
                .single();
    }

    @Test
    void saysWhyAGiftIsDeadUntilItIsReplayed() throws Exception {
        UUID id = UUID.randomUUID();
        vault.sql("""
                        insert into dead_letter (event_id, topic, partition, record_offset, record_timestamp, reason,
                                                 message, sqlstate, first_failed_at, last_failed_at)
                        values (?, 'gift_events', 0, 46002, 0, 'refused', 'secret of the database', '22003',
                                now() - interval '1 minute', now() - interval '1 minute')""").param(id).update();

        JsonNode dead = get("/vault/gifts/" + id);
        vault.sql("update dead_letter set replayed_at = now() where event_id = ?")
                .param(id)
                .update();
        ResponseEntity<String> replayed = http.getForEntity("/vault/gifts/" + id, String.class);
        vault.sql("delete from dead_letter where event_id = ?").param(id).update();

        assertThat(dead.get("status").textValue()).isEqualTo("dead");
        assertThat(dead.get("reason").textValue()).isEqualTo("refused");
        assertThat(dead.get("sqlstate").textValue()).isEqualTo("22003");
        assertThat(dead.toString()).doesNotContain("secret");
        assertThat(replayed.getStatusCode().value()).isEqualTo(404);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "01a20833-fcc0-7814-9237-a92a179db37f",
                "me",
                "' or true --",
                "01a20833-fcc0-7814-9237-a92a179db37f%20",
                "%7Bx%7D"
            })
    void knowsNoGiftOfAnotherId(String id) {
        ResponseEntity<String> answer =
                http.getForEntity(URI.create("/vault/gifts/" + id.replace(" ", "%20")), String.class);

        assertThat(answer.getStatusCode().value()).isEqualTo(404);
        assertThat(answer.getHeaders().getContentType()).hasToString("application/problem+json");
    }

    @Test
    void leadsThroughTheWholeListByItsLinksWithoutGapOrRepeat() throws Exception {
        // several of one time, so that the time alone does not tell where a page ends
        List<Long> ids = new ArrayList<>();
        for (int i = 0; i < 25; i++) {
            ids.add(insert(LONG_AGO.minusSeconds(i / 4)));
        }

        List<Long> listed = idsByLinks("/vault/list?limit=4&before=" + LONG_AGO.plusSeconds(1) + "_1", 25);
        List<Long> oldestFirst = idsByLinks("/vault/list?limit=4&after=0001-01-01T00:00:00Z_0", 25);

        List<Long> newestFirst = vault.sql(
                        "select id from vault where created_at <= ? order by created_at desc, id desc limit 25")
                .param(Timestamp.from(LONG_AGO))
                .query(Long.class)
                .list();
        assertThat(listed).containsExactlyElementsOf(newestFirst).containsExactlyInAnyOrderElementsOf(ids);
        Collections.reverse(newestFirst);
        assertThat(oldestFirst.subList(0, 25)).isEqualTo(newestFirst);
    }

    /** The texts of the oldest are there, and those of the next page are not. */
    @Test
    void leadsThroughLongGiftsFromTheOldestOn() throws Exception {
        List<Long> ids = vault.sql("insert into vault (page_id, question, answer)"
                        + " select 46007, 'q', repeat('a', 600000) from generate_series(1, 3) returning id")
                .query(Long.class)
                .list();

        assertThat(idsByLinks("/vault/list?page_id=46007&after=0001-01-01T00:00:00Z_0", 3))
                .containsExactlyElementsOf(ids);
        assertThat(get("/vault/list?page_id=46007&limit=2&after=0001-01-01T00:00:00Z_0"))
                .hasSize(1);
    }

    @Test
    void theFeedIsReadFromTheOldestOnToo() {
        vault.sql("insert into vault (page_id, question, answer) values (46006, 'first', 'a'), (46006, 'second', 'a')")
                .update();

        ResponseEntity<String> feed =
                http.getForEntity("/feed?page_id=46006&limit=1&after=0001-01-01T00:00:00Z_0", String.class);

        assertThat(feed.getBody()).contains("first").doesNotContain("second");
        assertThat(feed.getHeaders().getFirst("Link")).startsWith("</feed?limit=1&after=20");
    }

    /** Whatever the vault has grown to: nothing is sorted but the rows of a page. */
    @ParameterizedTest
    @CsvSource({
        "list-gifts, null, Index Scan using",
        "list-gifts, 7, Index Scan Backward using",
        "feed-gifts, null, Index Scan using",
        "feed-gifts, 7, Index Scan Backward using"
    })
    void theIndexServesTheListEitherWay(String route, String after, String expected) throws Exception {
        String select = ProcessorDefinitionHelper.filterTypeInOutputs(
                        camel.getRouteDefinition(route).getOutputs(), SetBodyDefinition.class)
                .iterator()
                .next()
                .getExpression()
                .getExpression();
        Map<String, String> values = Map.of(
                "before_time", "'infinity'",
                "before_id", "9223372036854775807",
                "after_time", "'2026-01-01T00:00:00Z'",
                "after_id", after,
                "page_id", "46003",
                "limit", "20",
                "offset", "0");
        String sql = PARAMETER.matcher(select).replaceAll(parameter -> values.getOrDefault(parameter.group(1), "null"));

        List<String> plan = new ArrayList<>();
        try (Connection psql = SharedServices.get().database().superuser();
                Statement statement = psql.createStatement()) {
            // of few rows it would rather sort all
            statement.execute("set enable_seqscan = off; set enable_bitmapscan = off; set enable_sort = off");
            ResultSet lines = statement.executeQuery("explain (costs off) " + sql);
            while (lines.next()) {
                plan.add(lines.getString(1));
            }
        }

        assertThat(String.join("\n", plan))
                .containsPattern("Limit\n *->  " + expected + " vault_(page|timeline) on vault");
    }

    @Test
    void givesTheSamePagesByNumber() throws Exception {
        // what earlier tests saved may still arrive in between
        await().untilAsserted(() -> {
            JsonNode firstTwo = get("/vault/list?limit=2");
            JsonNode second = get("/vault/list?limit=1&page=2");

            assertThat(second).hasSize(1);
            assertThat(second.get(0)).isEqualTo(firstTwo.get(1));
        });
    }

    @Test
    void listsOnePageOrOneSymbolAndKeepsToItInTheLink() throws Exception {
        for (int i = 0; i < 3; i++) {
            vault.sql("insert into vault (page_id, question, answer, symbol_id) values (46004, ?, 'a', ?)")
                    .param("q" + i)
                    .param(i == 1 ? null : 46)
                    .update();
        }

        ResponseEntity<String> page = http.getForEntity("/vault/list?page_id=46004&limit=2", String.class);
        ResponseEntity<String> both = http.getForEntity("/vault/list?page_id=46004&symbol_id=46&limit=1", String.class);

        assertThat(json.readTree(page.getBody()).findValuesAsText("question")).containsExactly("q2", "q1");
        Matcher next = NEXT.matcher(String.valueOf(both.getHeaders().getFirst("Link")));
        assertThat(next.matches()).isTrue();
        assertThat(get(next.group(1)).findValuesAsText("question")).containsExactly("q0");
    }

    @Test
    void hasNoLinkOnTheLastPage() throws Exception {
        ResponseEntity<String> beyond = http.getForEntity("/vault/list?before=0001-01-01T00:00:00Z_1", String.class);

        assertThat(beyond.getBody()).isEqualTo("[]");
        assertThat(beyond.getHeaders()).doesNotContainKey("Link");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "limit=0",
                "limit=101",
                "limit=abc",
                "limit=",
                "limit=1&limit=2",
                "page=0",
                "page=-1",
                "page=abc",
                "page=2147483648",
                // a digit, but not one of ASCII
                "page=%D9%A3",
                "page_id=%D9%A3",
                "before=2026-11-23T10:00:00Z_%D9%A3",
                "before=",
                "before=yesterday",
                "before=2026-11-23T10:00:00Z",
                "before=_1",
                "before=2026-11-23T10:00:00Z_x",
                "before=2026-11-23T10:00:00Z_1&page=1",
                "after=2026-11-23T10:00:00Z_1&page=1",
                "after=2026-11-23T10:00:00Z_1&before=2026-11-23T10:00:00Z_1",
                "after=0000-12-31T23:59:59Z_1",
                "before=%2B1000000000-12-31T23:59:59Z_1",
                "page_id=one",
                "page_id=9223372036854775808",
                "symbol_id=1.5"
            })
    void refusesOtherQueries(String query) {
        ResponseEntity<JsonNode> answer = http.getForEntity(URI.create("/vault/list?" + query), JsonNode.class);

        assertThat(answer.getStatusCode().value()).isEqualTo(422);
        assertThat(answer.getBody().get("errors")).hasSize(1);
        assertThat(query).startsWith(answer.getBody().at("/errors/0/pointer").textValue());
    }

    @Test
    void takesTheWidestLimits() throws Exception {
        assertThat(get("/vault/list?limit=1").size()).isLessThanOrEqualTo(1);
        assertThat(get("/vault/list?limit=100").size()).isLessThanOrEqualTo(100);
        assertThat(get("/vault/list?page=2147483647&limit=100")).isEmpty();
    }

    @Test
    void saysThatTheBrokerTakesGifts() throws Exception {
        await().untilAsserted(() -> assertThat(http.getForObject("/kafka/status", String.class))
                .isEqualTo("{\"brokers\":1,\"topic\":\"gift_events\",\"ok\":true}"));
    }

    /** @param most after so many it ends */
    private List<Long> idsByLinks(String first, int most) throws Exception {
        List<Long> ids = new ArrayList<>();
        String path = first;
        while (path != null && ids.size() < most) {
            ResponseEntity<String> page = http.getForEntity(path, String.class);
            json.readTree(page.getBody()).forEach(row -> ids.add(row.get("id").longValue()));
            Matcher next = NEXT.matcher(String.valueOf(page.getHeaders().getFirst("Link")));
            path = next.matches() ? next.group(1) : null;
        }
        return ids;
    }

    private JsonNode get(String path) throws Exception {
        return json.readTree(http.getForObject(path, String.class));
    }

    private long insert(Instant createdAt) {
        return vault.sql(
                        "insert into vault (page_id, question, answer, created_at) values (46003, 'q', 'a', ?) returning id")
                .param(Timestamp.from(createdAt))
                .query(Long.class)
                .single();
    }
}
