package org.gibsey.spine.timeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.model.ProcessorDefinitionHelper;
import org.apache.camel.model.SetBodyDefinition;
import org.flywaydb.core.Flyway;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.SpineIT;
import org.gibsey.spine.embedded.TestDatabase;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.client.TestRestTemplate;
import org.springframework.http.ResponseEntity;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Gifts found by their words, in the real database. */
@SpineIT
class SearchIT {

    private static final Pattern PARAMETER = Pattern.compile(":\\?(\\w+)");
    private static final Pattern NEXT = Pattern.compile("<(/vault/search[^>]*)>; rel=\"next\"");
    private static final String WORDS = "ÉTÉ «Привет» “Hello” foo-bar https://example.org/path 漢字を見た。"
            + " ΟΔΟΣ हिन्दी it’s ｆｕｌｌ สวัสดี \\ ' \" & | ! :*";

    private static int lastPage = 46_300;
    private static final Map<String, TestDatabase> LOCALES = new TreeMap<>();

    private final int page = ++lastPage;

    @Autowired
    TestRestTemplate http;

    @Autowired
    ObjectMapper json;

    @Autowired
    JdbcClient vault;

    @Autowired
    ModelCamelContext camel;

    /** One that knows letters, and one that knows A to Z only. */
    @BeforeAll
    static void makeDatabasesOfOtherLocales() throws SQLException {
        for (String locale : List.of("C.utf8", "C")) {
            TestDatabase database = TestDatabase.create(
                    "encoding 'UTF8' lc_collate '%1$s' lc_ctype '%1$s' template template0".formatted(locale));
            LOCALES.put(locale, database);
            Flyway.configure().dataSource(database.dataSource()).load().migrate();
        }
    }

    @AfterAll
    static void drop() throws SQLException {
        for (TestDatabase database : LOCALES.values()) {
            database.close();
        }
    }

    @Test
    void findsWhatWasSavedAMomentAgo() {
        http.postForLocation(
                "/vault/save", Map.of("page_id", page, "question", "Where is the Periwinkle?", "answer", "Here."));

        await().until(() -> questions("periwinkle").equals(List.of("Where is the Periwinkle?")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "été",
                "e\u0301te\u0301",
                "ПРИВЕТ",
                "hello",
                "foo-bar",
                "\"foo bar\"",
                "“foo bar”",
                "example",
                "example.org",
                "漢字",
                "見",
                "οδος",
                "हिन्दी",
                "it's",
                "full",
                "สวัสดี",
                "nowhere or hello",
                "hello -nowhere",
                "hello - привет",
                "hello & | ! ( :* <->"
            })
    void findsWordsOfEveryScriptWhateverTheirCase(String words) throws Exception {
        storeInIndex(WORDS);

        assertThat(questions(words)).hasSize(1);
        assertThat(foundIn(words)).containsExactly("C", "C.utf8");
    }

    @ParameterizedTest
    @ValueSource(strings = {"nowhere", "字漢", "\"bar foo\"", "hello -foo", "hell", "';drop table vault --"})
    void findsNothingElse(String words) {
        storeInIndex(WORDS);

        assertThat(questions(words)).isEmpty();
        assertThat(foundIn(words)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"-hello", "-\"foo bar\"", "foo or -bar", "😀", "!!! ???", "-", "\"\"", "\\"})
    void refusesWhatNoIndexAnswers(String words) {
        ResponseEntity<JsonNode> answer = http.getForEntity("/vault/search?q={words}", JsonNode.class, words);

        assertThat(answer.getStatusCode().value()).isEqualTo(422);
        assertThat(answer.getBody().at("/errors/0/pointer").textValue()).isEqualTo("q");
    }

    @Test
    void findsNoDeletedGift() {
        storeInIndex("ephemeral");
        assertThat(questions("ephemeral")).hasSize(1);

        vault.sql("update vault set deleted_at = now() where page_id = ?")
                .param(page)
                .update();

        assertThat(questions("ephemeral")).isEmpty();
    }

    @Test
    void leadsThroughAllThatIsFoundWithoutGapOrRepeat() throws Exception {
        vault.sql("""
                        insert into vault (page_id, question, answer, symbol_id, created_at, searchable)
                        select ?, 'gift ' || n, case when n % 2 = 0 then 'even' else 'odd' end, n % 3, now() - n / 4 * interval '1 s', true
                          from generate_series(0, 29) n""").param(page).update();

        List<String> all = new ArrayList<>();
        String path = "/vault/search?q=EVEN&limit=4&symbol_id=0&page_id=" + page;
        while (path != null && all.size() < 100) {
            ResponseEntity<String> found = http.getForEntity(URI.create(path), String.class);
            all.addAll(json.readTree(found.getBody()).findValuesAsText("question"));
            Matcher next = NEXT.matcher(String.valueOf(found.getHeaders().getFirst("Link")));
            path = next.matches() ? next.group(1) : null;
        }

        assertThat(all).containsExactly("gift 0", "gift 6", "gift 12", "gift 18", "gift 24");
    }

    /** More gifts than are sorted: they are met on a walk from the newest on. */
    @Test
    void showsTheNewestOfAWordThatVeryManyHave() {
        vault.sql("""
                        insert into vault (page_id, question, answer, created_at, searchable)
                        select ?, 'q' || n, 'ubiquitous', now() - n * interval '1 s', true from generate_series(1, 10050) n""").param(page).update();

        List<String> found = questions("ubiquitous");
        vault.sql("delete from vault where page_id = ?").param(page).update();

        assertThat(found).startsWith("q1", "q2", "q3").hasSize(20);
    }

    /** The index knows no phrases: each text in question is taken apart again, long ones for 10 ms and more. */
    @Test
    void takesApartNoMoreTextsForAPhraseThanAPageShows() throws Exception {
        vault.sql("""
                        insert into vault (page_id, question, answer, created_at, searchable)
                        select ?, 'q' || n, case when n % 3 = 0 then 'chase the mermaid' else 'the mermaid, a chase' end,
                               now() - n * interval '1 s', true
                          from generate_series(1, 60) n""").param(page).update();
        Map<String, String> values = Map.of(
                "q", "'\"the mermaid\" or \"chase the mermaid\"'",
                "before_time", "'infinity'",
                "before_id", "9223372036854775807",
                "page_id", Integer.toString(page),
                "limit", "4");
        String sql = PARAMETER
                .matcher(select("set-select-found"))
                .replaceAll(parameter -> Matcher.quoteReplacement(values.getOrDefault(parameter.group(1), "null")));

        List<String> plan = new ArrayList<>();
        try (Connection psql = SharedServices.get().database().superuser();
                Statement statement = psql.createStatement()) {
            statement.execute("set enable_seqscan = off");
            ResultSet lines = statement.executeQuery("explain (analyze, costs off, timing off) " + sql);
            while (lines.next()) {
                plan.add(lines.getString(1));
            }
        }

        assertThat(String.join("\n", plan))
                .containsPattern("SubPlan \\d+\n *->  Index Scan using vault_pkey on vault .*loops=5\\)");
        assertThat(questions("\"chase the mermaid\""))
                .startsWith("q3", "q6", "q9")
                .hasSize(20);
        assertThat(questions("\"mermaid chase\"")).isEmpty();
        assertThat(questions("\"the mermaid\" -\"chase the\""))
                .startsWith("q1", "q2", "q4")
                .hasSize(20);
    }

    private String select(String step) {
        return ProcessorDefinitionHelper.filterTypeInOutputs(
                        camel.getRouteDefinition("search-gifts").getOutputs(), SetBodyDefinition.class)
                .stream()
                .filter(setBody -> step.equals(setBody.getId()))
                .findFirst()
                .orElseThrow()
                .getExpression()
                .getExpression();
    }

    /** Of the largest texts there are: none can be kept from the vault by its words. */
    @ParameterizedTest
    @CsvSource({"4000", "300000"})
    void takesInATextOfOnlyDifferentWords(int words) {
        vault.sql("""
                        insert into vault (page_id, question, answer)
                        select ?, 'beginning', (select string_agg(chr(19968 + n % 20000) || to_hex(n), ' ') from generate_series(1, ?) n)""").param(page).param(words).update();

        await().until(() -> !questions("beginning").isEmpty());
    }

    /** Their order costs the square of their number; beside them, others waited for ever. */
    @Test
    void takesInTextsOfNothingButAccentsAndOthersBesideThem() {
        vault.sql("""
                        insert into vault (page_id, question, answer)
                        select ?, 'beside ' || n, case n when 0 then 'plain'
                                                         else repeat(U&'\\0344', 25000) || repeat(U&'\\0323', 24980) end
                          from generate_series(0, 20) n""").param(page).update();

        await().until(() -> vault.sql("select bool_and(searchable) from vault where page_id = ?")
                .param(page)
                .query(Boolean.class)
                .single());
        assertThat(questions("plain")).containsExactly("beside 0");
    }

    private void storeInIndex(String question) {
        vault.sql("insert into vault (page_id, question, answer, searchable) values (?, ?, 'a', true)")
                .param(page)
                .param(question)
                .update();
    }

    /** Locales in which the words find the text. */
    private static List<String> foundIn(String words) {
        return LOCALES.entrySet().stream()
                .filter(locale -> JdbcClient.create(locale.getValue().dataSource())
                        .sql("select vault_words(?, '') @@ vault_query(?)")
                        .param(WORDS)
                        .param(words)
                        .query(Boolean.class)
                        .single())
                .map(Map.Entry::getKey)
                .toList();
    }

    private List<String> questions(String words) {
        JsonNode found = http.getForObject("/vault/search?q={words}&page_id={page}", JsonNode.class, words, page);
        assertThat(found.isArray()).as(found.toString()).isTrue();
        return found.findValuesAsText("question");
    }
}
