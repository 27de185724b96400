package org.gibsey.spine.timeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.model.ProcessorDefinitionHelper;
import org.apache.camel.model.RouteDefinition;
import org.apache.camel.model.SetBodyDefinition;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.SignedInIT;
import org.gibsey.spine.embedded.TestTopic;
import org.gibsey.spine.identity.Caller;
import org.gibsey.spine.identity.VaultReads;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.core.io.ClassPathResource;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.yaml.snakeyaml.Yaml;

/** What a reader sees of gifts that are not his: nothing, wherever he looks. */
@SignedInIT
class SignedInReadsIT {

    private static final UUID ANNA = UUID.fromString("aaaaaaaa-0000-4000-8000-00000000000a");
    private static final UUID BERT = UUID.fromString("bbbbbbbb-0000-4000-8000-00000000000b");
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final Pattern WALL = Pattern.compile("and \\(:\\?reader::uuid is null or [^\n]+\\)");

    @LocalServerPort
    int port;

    @Autowired
    JdbcClient vault;

    @Autowired
    ObjectMapper json;

    @Autowired
    ModelCamelContext camel;

    @Autowired
    @Qualifier(VaultReads.NAME)
    VaultReads reads;

    @Test
    void answersEveryCallOfReadersThatNobodyMakesAsTheContractSays() throws Exception {
        JsonNode contract;
        try (InputStream file = new ClassPathResource("openapi.yaml").getInputStream()) {
            contract = json.valueToTree(new Yaml().load(file));
        }
        String unknown = contract.at("/components/responses/Unknown/headers/WWW-Authenticate/schema/pattern")
                .asText();

        for (Map.Entry<String, JsonNode> path : contract.get("paths").properties()) {
            for (Map.Entry<String, JsonNode> operation : path.getValue().properties()) {
                boolean isOfReaders = !operation.getValue().has("security");
                assertThat(operation.getValue().get("responses").has("401"))
                        .as("%s %s says 401", operation.getKey(), path.getKey())
                        .isEqualTo(isOfReaders);
                if (isOfReaders) {
                    URI target = URI.create("http://localhost:" + port
                            + path.getKey()
                                    .replaceAll("\\{[^}]*}", UUID.randomUUID().toString()));
                    HttpRequest.Builder call = HttpRequest.newBuilder(target)
                            .method(operation.getKey().toUpperCase(Locale.ROOT), BodyPublishers.noBody());
                    HttpResponse<String> nobody = HTTP.send(call.build(), BodyHandlers.ofString());
                    HttpResponse<String> bad =
                            HTTP.send(call.header("Authorization", "Bearer x").build(), BodyHandlers.ofString());

                    assertThat(List.of(nobody, bad)).allSatisfy(answer -> {
                        assertThat(answer.statusCode()).isEqualTo(401);
                        assertThat(answer.headers()
                                        .firstValue("WWW-Authenticate")
                                        .orElseThrow())
                                .matches(unknown);
                    });
                }
            }
        }
    }

    @Test
    void listsTheReadersOwnGiftsOnEveryPageOfTheList() throws Exception {
        int page = 71_001;
        for (int i = 0; i < 7; i++) {
            store(ANNA, page, "anna " + i);
            store(BERT, page, "bert " + i);
        }

        List<String> seen = new ArrayList<>();
        String next = "/vault/list?limit=2&page_id=" + page;
        while (next != null) {
            HttpResponse<String> answer = get(ANNA, next);
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.headers().allValues("Cache-Control")).containsExactly("no-store");
            seen.addAll(questions(answer));
            next = answer.headers()
                    .firstValue("Link")
                    .map(link -> link.replaceFirst("<([^>]*)>.*", "$1"))
                    .orElse(null);
        }

        assertThat(seen).hasSize(7).allMatch(question -> question.startsWith("anna"));
        assertThat(questions(get(BERT, "/vault/list?limit=100&page=1&page_id=" + page)))
                .hasSize(7)
                .allMatch(question -> question.startsWith("bert"));
    }

    @Test
    void feedsTheReadersOwnGiftsOnly() throws Exception {
        int page = 71_010;
        store(ANNA, page, "anna");
        store(BERT, page, "bert");

        HttpResponse<String> feed = get(ANNA, "/feed?page_id=" + page);

        assertThat(feed.statusCode()).isEqualTo(200);
        assertThat(feed.headers().allValues("Cache-Control")).containsExactly("no-store");
        assertThat(feed.body()).contains("anna").doesNotContain("bert");
    }

    @Test
    void answersForAnothersGiftAsForOneThatIsNotThere() throws Exception {
        UUID stored = store(ANNA, 71_002, "stored");
        UUID dead = die(ANNA, 71_002);
        UUID absent = UUID.fromString("cccccccc-0000-4000-8000-00000000000c");

        assertThat(get(ANNA, "/vault/gifts/" + stored).body()).contains("\"status\":\"stored\"");
        await().untilAsserted(() ->
                assertThat(get(ANNA, "/vault/gifts/" + dead).body()).contains("\"status\":\"dead\""));
        HttpResponse<String> none = get(BERT, "/vault/gifts/" + absent);
        assertThat(none.statusCode()).isEqualTo(404);
        for (UUID foreign : List.of(stored, dead)) {
            HttpResponse<String> answer = get(BERT, "/vault/gifts/" + foreign);
            assertThat(answer.statusCode()).isEqualTo(404);
            assertThat(answer.body().replace(foreign.toString(), "ID"))
                    .isEqualTo(none.body().replace(absent.toString(), "ID"));
            assertThat(answer.headers().map().keySet())
                    .isEqualTo(none.headers().map().keySet());
        }
    }

    /** An address is opened without a token, by programs that preview links, too. */
    @Test
    void givesThePageOfAGiftAwayToNobody() throws Exception {
        UUID stored = store(ANNA, 71_008, "stored");

        HttpResponse<String> page = page(stored);

        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.body()).contains("noindex").doesNotContain("stored");
        assertThat(page.body()).isEqualTo(page(UUID.randomUUID()).body());
    }

    private HttpResponse<String> page(UUID id) throws Exception {
        return HTTP.send(
                HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/gifts/" + id))
                        .build(),
                BodyHandlers.ofString());
    }

    @Test
    void streamsTheReadersOwnGiftsOnly() throws Exception {
        int page = 71_003;
        try (TestStream anna = TestStream.open(port, "?page_id=" + page, null, token(ANNA));
                TestStream bert = TestStream.open(port, "?page_id=" + page, null, token(BERT))) {
            for (int i = 0; i < 20; i++) {
                store(i % 2 == 0 ? ANNA : BERT, page, (i % 2 == 0 ? "anna " : "bert ") + i);
            }

            anna.awaitGifts(10);
            bert.awaitGifts(10);
            assertThat(anna.questions()).hasSize(10).allMatch(question -> question.startsWith("anna"));
            assertThat(bert.questions()).hasSize(10).allMatch(question -> question.startsWith("bert"));
        }
    }

    /** The recent ones come from memory, the others from the database. */
    @ParameterizedTest
    @ValueSource(ints = {5, 250})
    void catchesUpWithTheReadersOwnGiftsOnceEach(int gifts) throws Exception {
        int page = 72_000 + gifts;
        String text = "x".repeat(40_000);
        TestStream before = TestStream.open(port, "?page_id=" + page, null, token(ANNA));
        String lastId = before.lastId();
        before.close();
        for (int i = 0; i < gifts; i++) {
            store(ANNA, page, "anna " + i, text);
            store(BERT, page, "bert " + i, text);
        }

        try (TestStream anna = TestStream.open(port, "?page_id=" + page, lastId, token(ANNA))) {
            anna.awaitGifts(gifts);
            assertThat(anna.questions())
                    .containsExactlyElementsOf(
                            IntStream.range(0, gifts).mapToObj(i -> "anna " + i).toList());
        }
    }

    /** Where the database hides everything from readers, only what comes after it in the feed is left. */
    @Test
    void catchesUpAsTheReaderAndNotAsTheOwner() throws Exception {
        int page = 71_010;
        TestStream before = TestStream.open(port, "?page_id=" + page, null, token(ANNA));
        String lastId = before.lastId();
        before.close();
        store(ANNA, page, "missed");
        try (TestStream bert = TestStream.open(port, "?page_id=" + (page + 1), null, token(BERT))) {
            // more than is kept in memory
            for (int i = 0; i < 60; i++) {
                store(BERT, page + 2, "much", "x".repeat(90_000));
            }
            store(BERT, page + 1, "the feed has come so far");
            bert.awaitGifts(1);
        }
        vault.sql("alter policy own on vault using (false)").update();
        try (TestStream anna = TestStream.open(port, "?page_id=" + page, lastId, token(ANNA))) {
            store(ANNA, page, "live");
            anna.awaitGifts(1);

            assertThat(anna.questions()).containsExactly("live");
        } finally {
            vault.sql("alter policy own on vault using (user_id = (select vault_reader()))")
                    .update();
        }
    }

    /** Live, from memory and from the database. */
    @Test
    void streamsWhatBecomesOfTheReadersOwnGiftsOnly() throws Exception {
        int page = 71_009;
        List<UUID> gifts = List.of(store(ANNA, page, "edited"), store(ANNA, page, "deleted"));
        try (TestStream anna = TestStream.open(port, "?page_id=" + page, null, token(ANNA));
                TestStream bert = TestStream.open(port, "?page_id=" + page, null, token(BERT))) {
            String from = anna.lastId();
            vault.sql("update vault set answer = 'b' where event_id = ?")
                    .param(gifts.get(0))
                    .update();
            vault.sql("update vault set deleted_at = now() where event_id = ?")
                    .param(gifts.get(1))
                    .update();
            store(ANNA, page, "end");
            store(BERT, page, "end");
            anna.awaitGifts(1);
            bert.awaitGifts(1);

            assertThat(news(anna)).containsExactly("gift-changed", "gift-gone", "gift");
            assertThat(news(bert)).containsExactly("gift");
            for (String lastId : List.of(from, from + ",1:9223372036854775807")) {
                try (TestStream again = TestStream.open(port, "?page_id=" + page, lastId, token(ANNA));
                        TestStream foreign = TestStream.open(port, "?page_id=" + page, lastId, token(BERT))) {
                    assertThat(news(again)).containsExactly("gift-changed", "gift-gone", "gift");
                    assertThat(news(foreign)).containsExactly("gift");
                }
            }
        }
    }

    /** Live, from memory and from the database: nobody but the reader has these gifts before the eyes. */
    @Test
    void tellsTheOpenPagesOfAReaderWhoIsForgottenThatTheGiftsAreGone() throws Exception {
        int page = 71_011;
        UUID carla = UUID.randomUUID();
        UUID gift = store(carla, page, "told");
        try (TestStream mine = TestStream.open(port, "?page_id=" + page, null, token(carla));
                TestStream bert = TestStream.open(port, "?page_id=" + page, null, token(BERT))) {
            String from = mine.lastId();
            vault.sql("insert into erased_reader (user_id, change_id, at) values (?, gen_random_uuid(), now())")
                    .param(carla)
                    .update();

            await().untilAsserted(() -> assertThat(news(mine)).containsExactly("gift-gone"));
            assertThat(mine.events().toString()).contains(gift.toString());
            for (String lastId : List.of(from, from + ",1:9223372036854775807")) {
                try (TestStream again = TestStream.open(port, "?page_id=" + page, lastId, token(carla))) {
                    assertThat(news(again)).containsExactly("gift-gone");
                }
            }
            assertThat(news(bert)).isEmpty();
        }
    }

    private static List<String> news(TestStream stream) {
        return stream.events().stream()
                .map(TestStream.Event::name)
                .filter(name -> name.startsWith("gift"))
                .toList();
    }

    @Test
    void endsTheStreamOfATokenWhoseTimeIsOverAndGoesOnWithAnother() throws Exception {
        int page = 71_004;
        // over for the clocks, and just within what they may differ
        String late = SignedInIT.Readers.issuer()
                .sign(SignedInIT.Readers.issuer()
                        .claims(ANNA)
                        .expirationTime(Date.from(Instant.now().minusSeconds(22)))
                        .build());
        TestStream stream = TestStream.open(port, "?page_id=" + page, null, late);
        store(ANNA, page, "before");

        stream.awaitEnd();

        assertThat(stream.events().get(stream.events().size() - 1).name()).isEqualTo("expired");
        store(ANNA, page, "after");
        store(BERT, page, "another's");
        List<String> seen = new ArrayList<>(stream.questions());
        try (TestStream again = TestStream.open(port, "?page_id=" + page, stream.lastId(), token(ANNA))) {
            await().until(() -> again.questions().contains("after"));
            seen.addAll(again.questions());
        }
        assertThat(seen).containsExactly("before", "after");
    }

    @Test
    void hidesAnothersRowsInTheDatabaseItselfAndLeavesNoReaderBehind() throws Exception {
        int page = 71_005;
        store(ANNA, page, "anna");
        store(BERT, page, "bert");

        for (int i = 0; i < 100; i++) {
            UUID reader = i % 2 == 0 ? ANNA : BERT;
            assertThat(userIds(reader, "select distinct user_id from vault where page_id = " + page))
                    .containsExactly(reader);
        }
        VaultReads.bind(new Caller(ANNA, Instant.MAX));
        try (Connection connection = reads.getConnection();
                Statement statement = connection.createStatement()) {
            assertThatThrownBy(() -> statement.execute("select pg_terminate_backend(pg_backend_pid())"))
                    .isInstanceOf(SQLException.class);
        } finally {
            VaultReads.bind(null);
        }

        assertThat(userIds(BERT, "select distinct user_id from vault where page_id = " + page))
                .containsExactly(BERT);
        for (int i = 0; i < 20; i++) {
            assertThat(vault.sql("select current_user || current_setting('request.jwt.claims', true)")
                            .query(String.class)
                            .single())
                    .isEqualTo("gibsey");
        }
    }

    /**
     * The wall before that of the database, which a login with all rights does not meet: in each statement, and in each place of it,
     * since without it there another's row is found.
     */
    @Test
    void showsTheReadersOwnByTheSqlOfTheRoutesAlone() {
        int page = 71_006;
        UUID gift = store(ANNA, page, "anna");
        UUID other = store(BERT, page, "bert");
        UUID dead = bury(ANNA, 0);
        UUID deadChange = bury(ANNA, 1);
        UUID change = vault.sql("insert into gift_change (change_id, kind, gift, at, question, answer, outcome)"
                        + " values (gen_random_uuid(), 'edited', ?, now(), 'q', 'a', 'applied') returning change_id")
                .param(gift)
                .query(UUID.class)
                .single();
        vault.sql("update vault set searchable = true where page_id = ?")
                .param(page)
                .update();
        Map<String, String> statements = statements();
        assertThat(statements).hasSizeGreaterThanOrEqualTo(11);

        statements.forEach((id, sql) -> {
            List<MatchResult> walls = WALL.matcher(sql).results().toList();
            assertThat(walls).as(id).isNotEmpty();
            List<UUID> ids = List.of(gift, dead, change, deadChange);
            assertThat(rows(sql, ANNA, page, ids))
                    .as(id)
                    .isNotEmpty()
                    .allMatch(row -> owner(row, other).equals(ANNA));
            assertThat(rows(sql, BERT, page, ids))
                    .as(id)
                    .allMatch(row -> owner(row, other).equals(BERT));
            for (MatchResult wall : walls) {
                String without = sql.substring(0, wall.start()) + sql.substring(wall.end());
                assertThat(rows(without, BERT, page, ids))
                        .as("%s without its %s", id, wall.group())
                        .anyMatch(row -> owner(row, other).equals(ANNA));
            }
        });
    }

    /** Where it is not said: the other gift is the other reader's, and all else that was asked for is the first one's. */
    private static UUID owner(Map<String, Object> row, UUID other) {
        return (UUID) row.getOrDefault("user_id", other.equals(row.get("event_id")) ? BERT : ANNA);
    }

    /** By its id, each that reads the vault for the public. */
    private Map<String, String> statements() {
        Map<String, String> found = new TreeMap<>();
        for (RouteDefinition route : camel.getRouteDefinitions()) {
            if (route.getInput().getUri().startsWith("platform-http")) {
                for (SetBodyDefinition step :
                        ProcessorDefinitionHelper.filterTypeInOutputs(route.getOutputs(), SetBodyDefinition.class)) {
                    String sql = step.getExpression().getExpression();
                    // an address is opened without a token: where readers see their own, it says nothing of the gift
                    if (sql.matches("(?s).*\\sfrom (vault|gift_change|dead_letter)\\s.*")
                            && !route.getId().equals("show-gift-page")) {
                        found.put(step.getId(), sql);
                    }
                }
            }
        }
        return found;
    }

    /** What a reader gets who asks for each of these, and also what a search says that finds very many. */
    private List<Map<String, Object>> rows(String sql, UUID reader, int page, List<UUID> ids) {
        List<Map<String, Object>> found = new ArrayList<>();
        for (String variant : List.of(sql, sql.replace("10000", "0"))) {
            for (UUID id : ids) {
                Map<String, Object> parameters = new HashMap<>();
                parameters.put("reader", reader);
                parameters.put("caller", reader);
                parameters.put("event_id", id);
                parameters.put("id", null);
                parameters.put("q", "a");
                parameters.put("before_time", "infinity");
                parameters.put("before_id", Long.MAX_VALUE);
                parameters.put("after_time", null);
                parameters.put("after_id", null);
                parameters.put("page_id", page);
                parameters.put("symbol_id", null);
                parameters.put("limit", 10);
                parameters.put("offset", 0);
                found.addAll(vault.sql(variant.replace(":?", ":"))
                        .params(parameters)
                        .query()
                        .listOfRows());
            }
        }
        return found;
    }

    private UUID bury(UUID reader, int offset) {
        return vault.sql(
                        "insert into dead_letter (event_id, topic, partition, record_offset, record_timestamp, reason,"
                                + " message, first_failed_at, last_failed_at, user_id)"
                                + " values (gen_random_uuid(), 't', 0, ?, 0, 'invalid', '', now(), now(), ?) returning event_id")
                .params(offset, reader)
                .query(UUID.class)
                .single();
    }

    private List<UUID> userIds(UUID reader, String sql) throws SQLException {
        VaultReads.bind(new Caller(reader, Instant.MAX));
        try (Connection connection = reads.getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            List<UUID> found = new ArrayList<>();
            while (rows.next()) {
                found.add(rows.getObject(1, UUID.class));
            }
            return found;
        } finally {
            VaultReads.bind(null);
        }
    }

    /** As a worker stores it. */
    private UUID store(UUID reader, int page, String question) {
        return store(reader, page, question, "a");
    }

    private UUID store(UUID reader, int page, String question, String answer) {
        return vault.sql(
                        "insert into vault (user_id, page_id, question, answer) values (?, ?, ?, ?) returning event_id")
                .params(reader, page, question, answer)
                .query(UUID.class)
                .single();
    }

    /** A gift that says whose it is, and cannot be stored. */
    private UUID die(UUID reader, int page) throws Exception {
        try (TestTopic topic =
                new TestTopic("signed_in", SharedServices.get().kafka().bootstrapServers())) {
            topic.write("{\"page_id\":%d,\"question\":7,\"answer\":\"a\",\"user_id\":\"%s\"}".formatted(page, reader));
        }
        return await().until(
                        () -> vault.sql("select event_id from dead_letter where topic = 'signed_in' and user_id = ?")
                                .param(reader)
                                .query(UUID.class)
                                .optional(),
                        found -> found.isPresent())
                .orElseThrow();
    }

    private List<String> questions(HttpResponse<String> answer) throws Exception {
        return StreamSupport.stream(json.readTree(answer.body()).spliterator(), false)
                .map((JsonNode gift) -> gift.get("question").textValue())
                .toList();
    }

    private HttpResponse<String> get(UUID reader, String path) throws Exception {
        return HTTP.send(request(path, reader).GET().build(), BodyHandlers.ofString());
    }

    private HttpRequest.Builder request(String path, UUID reader) {
        return HttpRequest.newBuilder(URI.create("http://localhost:" + port + path))
                .header("Authorization", "Bearer " + token(reader));
    }

    private static String token(UUID reader) {
        return SignedInIT.Readers.issuer().token(reader);
    }
}
