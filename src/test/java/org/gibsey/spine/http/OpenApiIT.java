package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Stream;
import javax.sql.DataSource;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.BeforeProperty;
import net.jqwik.api.statistics.Statistics;
import org.apache.camel.CamelContext;
import org.gibsey.spine.embedded.Patience;
import org.gibsey.spine.embedded.SpineIT;
import org.gibsey.spine.http.RawHttp.Answer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.context.TestContextManager;
import org.springframework.test.context.TestPropertySource;

/** Every call and status that openapi.yaml describes, driven, and nothing beside it. */
@SpineIT
@TestPropertySource(
        properties = {
            "ANONYMOUS_CHANGES=true",
            "spine.stream.clients=2",
            "spine.http.concurrent-saves=2",
            "spine.http.concurrent-reads=2"
        })
class OpenApiIT {

    private static final String GIFT = "{\"page_id\":49101,\"question\":\"q\",\"answer\":\"a\"}";
    private static final String EDIT = "{\"answer\":\"b\"}";
    private static final String OTHER = "If-Match: \"other\"\n";
    private static final String NO_NUMBER = "/vault/999999999999";
    private static final ObjectMapper JSON = new ObjectMapper();

    @LocalServerPort
    int port;

    @Autowired
    CamelContext camel;

    @Autowired
    JdbcClient vault;

    @Autowired
    DataSource database;

    private final Contract contract = new Contract();

    /** An answer to a call, by operation id and status. */
    private interface Call {
        Answer make() throws Exception;
    }

    @Test
    void isWhatTheServerDoes() throws Exception {
        Map<String, Call> calls = calls();
        List<String> described = described();
        assertThat(calls.keySet()).containsExactlyInAnyOrderElementsOf(described);

        List<String> deviations = new ArrayList<>();
        for (Map.Entry<String, Call> call : calls.entrySet()) {
            deviations(call.getKey(), call.getValue().make())
                    .forEach(deviation -> deviations.add(call.getKey() + ": " + deviation));
        }
        assertThat(deviations).isEmpty();
    }

    @Test
    void describesEveryPublicRoute() {
        List<String> served = Stream.concat(
                        camel.getRoutes().stream()
                                .map(route -> route.getEndpoint().getEndpointUri())
                                .filter(uri -> uri.startsWith("platform-http:"))
                                .map(uri -> uri.replaceFirst("^platform-http:/*", "/")
                                        .replaceFirst("\\?.*", ""))
                                .map(uri -> URLDecoder.decode(uri, StandardCharsets.UTF_8)),
                        // not a route of its own either
                        Stream.of("/vault/stream", "/vault/{id}"))
                // a path has a route for each method
                .distinct()
                .toList();

        assertThat(contract.document().get("paths").fieldNames())
                .toIterable()
                .containsExactlyInAnyOrderElementsOf(served);
    }

    @Test
    void isServedToProgramsAndToPeople() throws Exception {
        Answer yaml = get("/openapi.yaml");
        assertThat(yaml.status()).isEqualTo(200);
        assertThat(yaml.headers().get("Content-Type")).startsWith("application/yaml");
        assertThat(yaml.body()).startsWith("openapi: 3.1.0");

        Answer page = get("/docs");
        assertThat(page.status()).isEqualTo(200);
        assertThat(page.headers().get("Content-Security-Policy")).contains("script-src 'self'");
        assertThat(page.body()).doesNotContain("http:", "https:");
        for (String part : List.of(
                "/docs/docs.js", "/webjars/swagger-ui/swagger-ui.css", "/webjars/swagger-ui/swagger-ui-bundle.js")) {
            assertThat(page.body() + get("/docs/docs.js").body()).contains(part.substring(part.lastIndexOf('/')));
            assertThat(get(part).status()).as(part).isEqualTo(200);
        }
    }

    // Of requests that nobody thought of, the schemas say which are taken: those that fit, and no others.

    @BeforeProperty
    void connect() throws Exception {
        new TestContextManager(getClass()).prepareTestInstance(this);
    }

    @Provide
    Arbitrary<ObjectNode> gifts() {
        return GeneratedRequests.gifts();
    }

    @Property(seed = GeneratedRequests.SEED)
    void takesTheGiftsThatFitAndRefusesAllOthers(@ForAll("gifts") ObjectNode gift) throws IOException {
        judge(contract.bodySchema("saveGift"), gift, 202, 422, save(GeneratedRequests.written(gift)));
    }

    @Provide
    Arbitrary<ObjectNode> edits() {
        return GeneratedRequests.edits();
    }

    @Property(seed = GeneratedRequests.SEED)
    void takesTheEditsThatFitAndRefusesAllOthers(@ForAll("edits") ObjectNode edit) throws IOException {
        String body = GeneratedRequests.written(edit);
        judge(contract.bodySchema("editGift"), edit, 202, 422, change("PUT " + stored(""), "", body));
    }

    @Provide
    Arbitrary<String> keys() {
        return GeneratedRequests.idempotencyKeys();
    }

    @Property(seed = GeneratedRequests.SEED)
    void takesTheIdempotencyKeysThatFitAndRefusesAllOthers(@ForAll("keys") String key) throws IOException {
        JsonNode schema = contract.document().at("/components/parameters/IdempotencyKey/schema");
        Answer answer = change("POST /vault/save", "Idempotency-Key: " + key + "\n", GIFT);
        judge(schema, TextNode.valueOf(key.strip()), 202, 400, answer);
    }

    @Provide
    Arbitrary<Map<String, String>> queries() {
        return GeneratedRequests.queries();
    }

    @Property(seed = GeneratedRequests.SEED)
    void takesTheQueriesThatFitAndRefusesAllOthers(@ForAll("queries") Map<String, String> query) throws IOException {
        for (String call : List.of("listGifts /vault/list?", "feedGifts /feed?", "searchGifts /vault/search?")) {
            JsonNode schema = contract.querySchema(call.substring(0, call.indexOf(' ')));
            Answer answer = get(call.substring(call.indexOf('/')) + GeneratedRequests.encoded(query));
            judge(schema, GeneratedRequests.read(query), 200, 422, answer);
        }
    }

    /**
     * A call of the document and what is sent with it.
     *
     * @param operation method, path and operation id
     * @param gift      what holds of the gift that its path names: an assignment of its row, or one of the words below
     * @param headers   header fields, each with its end
     */
    private record Attempt(
            String operation, String gift, String query, List<String> headers, String type, String body) {}

    private static final String DEAD = "dead";
    private static final String ABSENT = "absent";
    private static final String NO_ID = "no id";

    @Provide
    Arbitrary<Attempt> attempts() {
        List<String> operations = new ArrayList<>();
        contract.document()
                .get("paths")
                .properties()
                .forEach(path -> path.getValue()
                        .properties()
                        .forEach(operation -> operations.add("%s %s %s"
                                .formatted(
                                        operation.getKey().toUpperCase(Locale.ROOT),
                                        path.getKey(),
                                        operation.getValue().get("operationId").textValue()))));
        // which has no end
        operations.removeIf(operation -> operation.endsWith(" streamGifts"));
        return Combinators.combine(
                        Arbitraries.of(operations),
                        Arbitraries.of("", "deleted_at = now()", "purged_at = now()", DEAD, ABSENT, NO_ID),
                        Arbitraries.frequency(Tuple.of(9, ""), Tuple.of(1, "?page_id=%zz")),
                        Arbitraries.of(
                                        "Idempotency-Key: k\n",
                                        "Idempotency-Key: a b\n",
                                        "If-Match: *\n",
                                        OTHER,
                                        "If-Match: no tag\n",
                                        "Accept: application/json\n",
                                        "Accept: text/html\n",
                                        "If-None-Match: *\n")
                                .list()
                                .uniqueElements(header -> header.substring(0, header.indexOf(':')))
                                .ofMaxSize(2),
                        Arbitraries.frequency(Tuple.of(4, "application/json"), Tuple.of(1, "text/plain")),
                        Arbitraries.of("", GIFT, EDIT, "{}", "[]", "{\"answer\":7}"))
                .as(Attempt::new);
    }

    @Property(seed = GeneratedRequests.SEED)
    void answersNothingButWhatItDescribes(@ForAll("attempts") Attempt attempt) throws IOException {
        String[] operation = attempt.operation.split(" ", 3);
        String target = operation[0] + " " + path(operation[1], attempt.gift) + attempt.query;

        Answer answer = RawHttp.send(
                port,
                "%s HTTP/1.1\nHost: x\nConnection: close\nContent-Type: %s\n%sContent-Length: %d\n\n%s"
                        .formatted(
                                target,
                                attempt.type,
                                String.join("", attempt.headers),
                                attempt.body.length(),
                                attempt.body));

        String status = Integer.toString(answer.status());
        assertThat(contract.operation(operation[2]).get("responses").fieldNames())
                .toIterable()
                .as(answer.body())
                .contains(status);
        assertThat(deviations(operation[2] + " " + status, answer)).isEmpty();
    }

    private String path(String template, String gift) {
        boolean isNumber = template.endsWith("{id}");
        String absent = isNumber ? NO_NUMBER : "/" + UUID.randomUUID();
        String path = switch (gift) {
            case ABSENT -> absent;
            case NO_ID -> "/7x";
            case DEAD -> isNumber ? absent : dead();
            default -> isNumber ? numbered(gift) : stored(gift);
        };
        return template.replaceFirst("\\{\\w+}", path.substring(path.lastIndexOf('/') + 1));
    }

    private void judge(JsonNode schema, JsonNode made, int taken, int refused, Answer answer) {
        List<String> breaches = contract.breaches(schema, made);
        assertThat(answer.status())
                .as("%s, %s", breaches, answer.body())
                .isEqualTo(breaches.isEmpty() ? taken : refused);
        // of one kind alone they would show little
        Statistics.label("fits").collect(breaches.isEmpty()).coverage(seen -> {
            seen.check(true).count(count -> count > 0);
            seen.check(false).count(count -> count > 0);
        });
    }

    private Map<String, Call> calls() {
        Map<String, Call> calls = new LinkedHashMap<>();
        calls.put("saveGift 202", () -> save(GIFT));
        calls.put("saveGift 400", () -> save("[]"));
        calls.put("saveGift 405", () -> send("PUT", "/vault/save"));
        calls.put("saveGift 408", () -> sendBody("POST /vault/save", "application/json", 9, "{"));
        calls.put("saveGift 413", () -> sendBody("POST /vault/save", "application/json", 9_999_999, ""));
        calls.put("saveGift 415", () -> sendBody("POST /vault/save", "text/plain", 2, "{}"));
        calls.put("saveGift 422", () -> save("{}"));
        calls.put("saveGift 429", () -> besideASlowBody("POST /vault/save"));
        calls.put("saveGift 503", () -> suspended("save-gift", () -> save(GIFT)));
        calls.put("showGift 200", () -> {
            String location = save(GIFT).headers().get("Location");
            return await().until(() -> get(location), answer -> answer.status() == 200);
        });
        calls.put("showGift 400", () -> get("/vault/gifts/1?page=%zz"));
        calls.put("showGift 404", () -> get("/vault/gifts/" + UUID.randomUUID()));
        calls.put("showGift 405", () -> send("PATCH", "/vault/gifts/1"));
        calls.put("showGift 406", () -> get("/vault/gifts/1", "Accept: text/html"));
        calls.put("showGift 410", () -> {
            UUID gift = storedGift();
            vault.sql("update vault set purged_at = now() where event_id = ?")
                    .param(gift)
                    .update();
            return get("/vault/gifts/" + gift);
        });
        calls.put("showGift 429", () -> besideAReadThatWaits("/vault/gifts/" + UUID.randomUUID()));
        calls.put("showGift 503", () -> suspended("show-gift", () -> get("/vault/gifts/" + UUID.randomUUID())));
        String absent = "/vault/gifts/" + UUID.randomUUID();
        calls.put("editGift 202", () -> change("PUT " + stored(""), "", EDIT));
        calls.put("editGift 400", () -> change("PUT " + stored(""), "", "[]"));
        calls.put("editGift 404", () -> change("PUT " + absent, "", EDIT));
        calls.put("editGift 405", () -> send("PATCH", absent));
        calls.put("editGift 408", () -> sendBody("PUT " + absent, "application/json", 9, "{"));
        calls.put("editGift 409", () -> change("PUT " + dead(), "", EDIT));
        calls.put("editGift 410", () -> change("PUT " + stored("deleted_at = now()"), "", EDIT));
        calls.put("editGift 412", () -> change("PUT " + stored(""), OTHER, EDIT));
        calls.put("editGift 413", () -> sendBody("PUT " + absent, "application/json", 9_999_999, ""));
        calls.put("editGift 415", () -> sendBody("PUT " + absent, "text/plain", 2, "{}"));
        calls.put("editGift 422", () -> change("PUT " + stored(""), "", "{}"));
        calls.put("editGift 429", () -> besideASlowBody("PUT " + absent));
        calls.put("editGift 503", () -> suspended("edit-gift", () -> change("PUT " + absent, "", EDIT)));
        calls.put("editGiftByNumber 202", () -> change("PUT " + numbered(""), "", EDIT));
        calls.put("editGiftByNumber 400", () -> change("PUT " + numbered(""), "", "[]"));
        calls.put("editGiftByNumber 404", () -> change("PUT " + NO_NUMBER, "", EDIT));
        calls.put("editGiftByNumber 408", () -> sendBody("PUT " + NO_NUMBER, "application/json", 9, "{"));
        calls.put("editGiftByNumber 410", () -> change("PUT " + numbered("deleted_at = now()"), "", EDIT));
        calls.put("editGiftByNumber 412", () -> change("PUT " + numbered(""), OTHER, EDIT));
        calls.put("editGiftByNumber 413", () -> sendBody("PUT " + NO_NUMBER, "application/json", 9_999_999, ""));
        calls.put("editGiftByNumber 415", () -> sendBody("PUT " + NO_NUMBER, "text/plain", 2, "{}"));
        calls.put("editGiftByNumber 422", () -> change("PUT " + numbered(""), "", "{}"));
        calls.put("editGiftByNumber 429", () -> besideASlowBody("PUT " + NO_NUMBER));
        calls.put("editGiftByNumber 503", () -> suspended("edit-gift", () -> change("PUT " + NO_NUMBER, "", EDIT)));
        calls.put("deleteGiftByNumber 202", () -> change("DELETE " + numbered(""), "", ""));
        calls.put("deleteGiftByNumber 400", () -> change("DELETE " + numbered(""), "Idempotency-Key: a b\n", ""));
        calls.put("deleteGiftByNumber 404", () -> change("DELETE " + NO_NUMBER, "", ""));
        calls.put("deleteGiftByNumber 410", () -> change("DELETE " + numbered("deleted_at = now()"), "", ""));
        calls.put("deleteGiftByNumber 412", () -> change("DELETE " + numbered(""), OTHER, ""));
        calls.put("deleteGiftByNumber 429", () -> besideASlowBody("DELETE " + NO_NUMBER));
        calls.put(
                "deleteGiftByNumber 503", () -> suspended("delete-gift", () -> change("DELETE " + NO_NUMBER, "", "")));
        for (String operation : List.of("deleteGift", "restoreGift")) {
            boolean deletes = operation.equals("deleteGift");
            String method = deletes ? "DELETE " : "POST ";
            String rest = deletes ? "" : "/restore";
            String there = deletes ? "" : "deleted_at = now()";
            String notThere = deletes ? "deleted_at = now()" : "purged_at = now()";
            calls.put(operation + " 202", () -> change(method + stored(there) + rest, "", ""));
            calls.put(operation + " 400", () -> change(method + stored(there) + rest, "Idempotency-Key: a b\n", ""));
            calls.put(operation + " 404", () -> change(method + absent + rest, "", ""));
            calls.put(operation + " 405", () -> send("PATCH", absent + rest));
            calls.put(operation + " 409", () -> change(method + (deletes ? dead() : stored("")) + rest, "", ""));
            calls.put(operation + " 410", () -> change(method + stored(notThere) + rest, "", ""));
            calls.put(operation + " 412", () -> change(method + stored(there) + rest, OTHER, ""));
            calls.put(operation + " 429", () -> besideASlowBody(method + absent + rest));
            calls.put(
                    operation + " 503",
                    () -> suspended(
                            deletes ? "delete-gift" : "restore-gift", () -> change(method + absent + rest, "", "")));
        }
        calls.put("eraseReader 400", () -> change("POST /delete-account?page=%zz", "", ""));
        calls.put("eraseReader 405", () -> send("GET", "/delete-account"));
        calls.put("eraseReader 429", () -> besideASlowBody("POST /delete-account"));
        calls.put("eraseReader 503", () -> suspended("erase-reader", () -> change("POST /delete-account", "", "")));
        calls.put("showChange 200", () -> {
            UUID change = UUID.randomUUID();
            vault.sql("insert into gift_change (change_id, kind, gift, at, question, answer, outcome)"
                            + " values (?, 'deleted', ?, now(), 'q', 'a', 'applied')")
                    .params(change, storedGift())
                    .update();
            return get("/vault/changes/" + change);
        });
        calls.put("showChange 400", () -> get("/vault/changes/1?page=%zz"));
        calls.put("showChange 404", () -> get("/vault/changes/" + UUID.randomUUID()));
        calls.put("showChange 405", () -> send("DELETE", "/vault/changes/1"));
        calls.put("showChange 406", () -> get("/vault/changes/1", "Accept: text/html"));
        calls.put("showChange 429", () -> besideAReadThatWaits("/vault/changes/" + UUID.randomUUID()));
        calls.put("showChange 503", () -> suspended("show-change", () -> get("/vault/changes/" + UUID.randomUUID())));
        calls.put("showHistory 200", () -> get("/vault/gifts/" + storedGift() + "/history"));
        calls.put("showHistory 400", () -> get("/vault/gifts/1/history?page=%zz"));
        calls.put("showHistory 404", () -> get("/vault/gifts/" + UUID.randomUUID() + "/history"));
        calls.put("showHistory 405", () -> send("DELETE", "/vault/gifts/1/history"));
        calls.put("showHistory 406", () -> get("/vault/gifts/1/history", "Accept: text/html"));
        calls.put("showHistory 410", () -> {
            UUID gift = storedGift();
            vault.sql("update vault set deleted_at = now() where event_id = ?")
                    .param(gift)
                    .update();
            return get("/vault/gifts/" + gift + "/history");
        });
        calls.put("showHistory 429", () -> besideAReadThatWaits("/vault/gifts/" + UUID.randomUUID() + "/history"));
        calls.put(
                "showHistory 503",
                () -> suspended("show-history", () -> get("/vault/gifts/" + UUID.randomUUID() + "/history")));
        calls.put("showGiftPage 200", () -> get("/gifts/" + storedGift()));
        calls.put("showGiftPage 400", () -> get("/gifts/1?page=%zz"));
        calls.put("showGiftPage 404", () -> get("/gifts/" + UUID.randomUUID()));
        calls.put("showGiftPage 405", () -> send("DELETE", "/gifts/1"));
        calls.put("showGiftPage 406", () -> get("/gifts/1", "Accept: application/json"));
        calls.put("showGiftPage 429", () -> besideAReadThatWaits("/gifts/" + UUID.randomUUID()));
        calls.put("showGiftPage 503", () -> suspended("show-gift-page", () -> get("/gifts/" + UUID.randomUUID())));
        calls.put("feedGifts 200", () -> get("/feed?page_id=" + Integer.MAX_VALUE));
        calls.put("feedGifts 304", () -> {
            String path = "/feed?page_id=" + Integer.MAX_VALUE;
            return get(path, "If-None-Match: " + get(path).headers().get("ETag"));
        });
        calls.put("feedGifts 400", () -> get("/feed?limit=%zz"));
        calls.put("feedGifts 405", () -> send("DELETE", "/feed"));
        calls.put("feedGifts 406", () -> get("/feed", "Accept: application/json"));
        calls.put("feedGifts 422", () -> get("/feed?limit=0"));
        calls.put("feedGifts 429", () -> besideAReadThatWaits("/feed"));
        calls.put("feedGifts 503", () -> suspended("feed-gifts", () -> get("/feed")));
        calls.put("listGifts 200", () -> {
            vault.sql("insert into vault (page_id, question, answer) values (49102, 'q', 'a'), (49102, 'r', 'a')")
                    .update();
            return get("/vault/list?limit=1");
        });
        calls.put("listGifts 400", () -> get("/vault/list?limit=%zz"));
        calls.put("listGifts 405", () -> send("DELETE", "/vault/list"));
        calls.put("listGifts 406", () -> get("/vault/list", "Accept: text/html"));
        calls.put("listGifts 422", () -> get("/vault/list?limit=0"));
        calls.put("listGifts 429", () -> besideAReadThatWaits("/vault/list"));
        calls.put("listGifts 503", () -> suspended("list-gifts", () -> get("/vault/list")));
        calls.put("searchGifts 200", () -> {
            vault.sql(
                            "insert into vault (page_id, question, answer, searchable) values (49104, 'contractual', 'a', true),"
                                    + " (49104, 'contractual', 'a', true)")
                    .update();
            return get("/vault/search?q=contractual&limit=1");
        });
        calls.put("searchGifts 400", () -> get("/vault/search?q=%zz"));
        calls.put("searchGifts 405", () -> send("DELETE", "/vault/search"));
        calls.put("searchGifts 406", () -> get("/vault/search?q=a", "Accept: text/html"));
        calls.put("searchGifts 422", () -> get("/vault/search"));
        calls.put("searchGifts 429", () -> besideAReadThatWaits("/vault/search?q=a"));
        calls.put("searchGifts 503", () -> suspended("search-gifts", () -> get("/vault/search?q=a")));
        calls.put("streamGifts 200", this::openStream);
        calls.put("streamGifts 400", () -> get("/vault/stream?page_id=%zz"));
        calls.put("streamGifts 405", () -> send("DELETE", "/vault/stream"));
        calls.put("streamGifts 422", () -> get("/vault/stream?page_id=one"));
        // of two places, one client gets one when the other is taken
        calls.put("streamGifts 429", () -> besideStreamsOf(1));
        calls.put("streamGifts 503", () -> besideStreamsOf(1, 2));
        // also while reads wait for the database: it needs no place among them
        calls.put("showKafkaStatus 200", () -> besideAReadThatWaits("/kafka/status"));
        calls.put("showKafkaStatus 400", () -> get("/kafka/status?page=%zz"));
        calls.put("showKafkaStatus 405", () -> send("POST", "/kafka/status"));
        calls.put("showKafkaStatus 406", () -> get("/kafka/status", "Accept: text/html"));
        calls.put("showKafkaStatus 503", () -> suspended("show-kafka-status", () -> get("/kafka/status")));
        return calls;
    }

    /** The path of a gift that is stored, and of which something else holds besides. */
    private String stored(String set) {
        UUID gift = storedGift();
        if (!set.isEmpty()) {
            vault.sql("update vault set " + set + " where event_id = ?")
                    .param(gift)
                    .update();
        }
        return "/vault/gifts/" + gift;
    }

    /** The same by the number of its row. */
    private String numbered(String set) {
        return "/vault/"
                + vault.sql("select id from vault where event_id = cast(? as uuid)")
                        .param(stored(set).replaceFirst(".*/", ""))
                        .query(Long.class)
                        .single();
    }

    private String dead() {
        UUID gift = UUID.randomUUID();
        vault.sql("""
                        insert into dead_letter (event_id, topic, partition, record_offset, record_timestamp, reason, message,
                                                 first_failed_at, last_failed_at)
                        values (?, 'other', 0, ?, 0, 'refused', '', now(), now())""").params(gift, gift.getMostSignificantBits() >>> 1).update();
        return "/vault/gifts/" + gift;
    }

    private Answer change(String target, String headers, String body) throws IOException {
        return RawHttp.send(
                port,
                "%s HTTP/1.1\nHost: x\nConnection: close\nContent-Type: application/json\n%sContent-Length: %d\n\n%s"
                        .formatted(target, headers, body.length(), body));
    }

    private UUID storedGift() {
        return vault.sql("insert into vault (page_id, question, answer) values (49103, 'q', 'a') returning event_id")
                .query(UUID.class)
                .single();
    }

    /** Without 401 and 403, which this process never answers: SignedInReadsIT and AcceptChangeTest see to them. */
    private List<String> described() {
        List<String> described = new ArrayList<>();
        contract.document()
                .get("paths")
                .forEach(path -> path.forEach(operation -> operation
                        .get("responses")
                        .fieldNames()
                        .forEachRemaining(status ->
                                described.add(operation.get("operationId").textValue() + " " + status))));
        described.removeIf(answer -> answer.endsWith(" 401") || answer.endsWith(" 403"));
        // nobody is known here who could be forgotten
        described.remove("eraseReader 202");
        return described;
    }

    private List<String> deviations(String key, Answer answer) throws IOException {
        String status = key.substring(key.indexOf(' ') + 1);
        List<String> deviations = new ArrayList<>();
        if (!status.equals(Integer.toString(answer.status()))) {
            deviations.add("status " + answer.status() + " " + answer.body());
            return deviations;
        }
        String operationId = key.substring(0, key.indexOf(' '));
        JsonNode response = contract.resolve(
                contract.operation(operationId).get("responses").get(status));
        response.path("headers").properties().forEach(header -> {
            String value = answer.headers().get(header.getKey());
            if (value == null && header.getValue().path("required").asBoolean()) {
                deviations.add("no header " + header.getKey());
            }
            String pattern = header.getValue().at("/schema/pattern").asText(".*");
            if (value != null && !value.matches(pattern)) {
                deviations.add(header.getKey() + " is " + value);
            }
        });
        String type = answer.headers().getOrDefault("Content-Type", "").replaceFirst(";.*", "");
        JsonNode content = response.path("content").path(type);
        if (content.isMissingNode()) {
            // without content there is none to describe
            if (response.has("content") || !answer.body().isEmpty()) {
                deviations.add("type " + type);
            }
        } else if (type.endsWith("json")) {
            deviations.addAll(contract.breaches(content.get("schema"), JSON.readTree(answer.body())));
        }
        return deviations;
    }

    private Answer suspended(String route, Call call) throws Exception {
        camel.getRouteController().suspendRoute(route);
        try {
            return call.make();
        } finally {
            camel.getRouteController().resumeRoute(route);
        }
    }

    private Answer save(String body) throws IOException {
        return sendBody("POST /vault/save", "application/json", body.length(), body);
    }

    private Answer sendBody(String target, String type, int length, String body) throws IOException {
        String head = "%s HTTP/1.1\nHost: x\nConnection: close\nContent-Type: %s\nContent-Length: %d\n\n";
        return RawHttp.send(port, head.formatted(target, type, length) + body);
    }

    /** Of two bodies that are coming, one client has one. */
    private Answer besideASlowBody(String target) {
        return await().until(() -> sendBesideASlowBody(target), answer -> answer.status() == 429);
    }

    private Answer sendBesideASlowBody(String target) throws IOException {
        String head = target + """
                 HTTP/1.1
                Host: x
                Connection: close
                Content-Type: application/json
                Transfer-Encoding: chunked

                """;
        try (Socket slow = new Socket("localhost", port)) {
            slow.getOutputStream().write(head.replace("\n", "\r\n").getBytes(StandardCharsets.US_ASCII));
            return RawHttp.send(port, head);
        }
    }

    /** Of two places for reads, one client gets one while the other is taken. */
    private Answer besideAReadThatWaits(String target) throws Exception {
        try (Connection other = database.getConnection();
                Statement lock = other.createStatement()) {
            other.setAutoCommit(false);
            lock.execute("lock table vault");
            Answer answer;
            try (Socket waits = new Socket("localhost", port)) {
                byte[] list = "GET /vault/list HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
                waits.getOutputStream().write(list);
                await().pollDelay(Duration.ZERO).until(() -> {
                    int answered = waits.getInputStream().available();
                    if (answered > 0) {
                        // refused: the call before gives its place back a moment after it is answered
                        waits.getInputStream().skipNBytes(answered);
                        waits.getOutputStream().write(list);
                    }
                    return waitForLocks() == 1;
                });
                answer = get(target);
            } finally {
                other.rollback();
            }
            // what waited gives its place back when it has been answered
            await().until(() -> get("/vault/list").status() == 200);
            return answer;
        }
    }

    /** In a transaction of its own: within one PostgreSQL tells the same of the sessions again and again. */
    private int waitForLocks() {
        return vault.sql("""
                        select count(*) from pg_stat_activity
                        where wait_event_type = 'Lock' and query like '%over places%from vault%'
                        """).query(Integer.class).single();
    }

    private Answer get(String target, String... headers) throws IOException {
        String more = headers.length == 0 ? "" : String.join("\n", headers) + "\n";
        return RawHttp.send(port, "GET " + target + " HTTP/1.1\nHost: x\nConnection: close\n" + more + "\n");
    }

    private Answer send(String method, String target) throws IOException {
        return RawHttp.send(port, method + " " + target + " HTTP/1.1\nHost: x\nConnection: close\n\n");
    }

    private Answer openStream() throws IOException {
        try (Socket socket = stream(1)) {
            return Answer.parse(awaitHead(socket).getBytes(StandardCharsets.UTF_8));
        }
    }

    /** The answer to who wants a stream beside those of others, by the last number of their addresses. */
    private Answer besideStreamsOf(Integer... clients) throws IOException {
        List<Socket> open = Stream.of(clients).map(this::firstStream).toList();
        try {
            return get("/vault/stream");
        } finally {
            for (Socket socket : open) {
                socket.close();
            }
        }
    }

    /** A stream before it whose reader has left is noticed a moment later. */
    private Socket firstStream(int from) {
        return await().until(() -> openedStream(from), Objects::nonNull);
    }

    private @Nullable Socket openedStream(int from) throws IOException {
        Socket socket = stream(from);
        if (awaitHead(socket).startsWith("HTTP/1.1 200")) {
            return socket;
        }
        socket.close();
        return null;
    }

    private Socket stream(int from) throws IOException {
        Socket socket = new Socket(
                InetAddress.getLoopbackAddress(),
                port,
                InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) from}),
                0);
        socket.setSoTimeout((int) Patience.LIMIT.toMillis());
        socket.getOutputStream()
                .write("GET /vault/stream HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    private static String awaitHead(Socket socket) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = socket.getInputStream().read();
            assertThat(next).as(head.toString()).isNotNegative();
            head.append((char) next);
        }
        return head.toString();
    }
}
