package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import org.apache.camel.CamelContext;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.gibsey.spine.embedded.AnonymousChangesIT;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.TestTopic;
import org.gibsey.spine.http.RawHttp.Answer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What a change is answered, and the event that it becomes, on the real broker and database. */
@AnonymousChangesIT
class ChangesIT {

    @LocalServerPort
    int port;

    @Autowired
    JdbcClient vault;

    @Autowired
    CamelContext camel;

    private static boolean known;

    /** A producer that has just begun may not find its topic, which has just been made, as fast as a caller is answered. */
    @BeforeEach
    void producersKnowTheTopic() throws IOException {
        if (!known) {
            UUID gift = gift(81_000);
            await().until(() ->
                    call("PUT /vault/gifts/" + gift, "", "{\"answer\":\"b\"}").status() == 202);
            await().until(() -> call("DELETE /vault/gifts/" + gift, "", "").status() == 202);
            await().until(() ->
                    call("POST /vault/gifts/" + gift + "/restore", "", "").status() == 202);
            known = true;
        }
    }

    @Test
    void anEditOfTheAnswerBecomesAnEventWithTheWholeGift() throws IOException {
        UUID gift = gift(81_001);

        Answer answer = call("PUT /vault/gifts/" + gift, "", "{\"answer\":\"other\",\"page_id\":7}");

        assertThat(answer.status()).as(answer.body()).isEqualTo(202);
        assertThat(answer.body()).isEqualTo("{\"queued\":true}");
        assertThat(events(gift)).singleElement().satisfies(event -> {
            assertThat(answer.headers().get("Location")).isEqualTo("/vault/changes/" + header(event, "ce_id"));
            assertThat(header(event, "ce_type")).isEqualTo("org.gibsey.vault.gift.edited");
            assertThat(header(event, "ce_subject")).isEqualTo(gift.toString());
            assertThat(text(event.key())).isEqualTo(gift.toString());
            assertThat(text(event.value()))
                    .contains(
                            "\"page_id\":81001", "\"question\":\"q\"", "\"answer\":\"other\"", "\"sets\":[\"answer\"]")
                    .doesNotContain("base");
        });
    }

    @Test
    void theListShowsWhatWasEditedDeletedAndRestored() throws IOException {
        UUID gift = gift(81_010);
        Answer edit = call("PUT /vault/gifts/" + gift, "", "{\"answer\":\"edited\"}");
        String revision = edit.headers().get("Location").replaceFirst(".*/", "");

        await().until(() -> list(81_010).contains("\"answer\":\"edited\""));
        assertThat(call("GET /vault/gifts/" + gift, "", "").headers()).containsEntry("ETag", "\"" + revision + "\"");
        assertThat(call("DELETE /vault/gifts/" + gift, "If-Match: \"" + revision + "\"\n", "")
                        .status())
                .isEqualTo(202);
        await().until(() -> list(81_010).equals("[]"));
        assertThat(call("GET /vault/gifts/" + gift, "", "").body())
                .contains("\"status\":\"deleted\"", "restorable_until")
                .doesNotContain("edited");
        assertThat(call("POST /vault/gifts/" + gift + "/restore", "", "").status())
                .isEqualTo(202);
        await().until(() -> list(81_010).contains("\"answer\":\"edited\""));
    }

    private String list(int page) throws IOException {
        return call("GET /vault/list?page_id=" + page, "", "").body();
    }

    @Test
    void theNumberOfTheRowNamesItToo() throws IOException {
        UUID gift = gift(81_002);
        long id = rowNumber(gift);

        assertThat(call("PUT /vault/" + id, "", "{\"question\":\"other\"}").status())
                .isEqualTo(202);
        assertThat(call("DELETE /vault/" + id, "", "").status()).isEqualTo(202);

        assertThat(events(gift)).hasSize(2);
    }

    @Test
    void noOtherPathIsTakenForTheNumberOfARow() throws IOException {
        for (String target :
                List.of("PUT /vault/save", "DELETE /vault/save", "PUT /vault/list", "DELETE /vault/stream")) {
            assertThat(call(target, "", "{\"answer\":\"other\"}").status())
                    .as(target)
                    .isEqualTo(405);
        }
        for (String target : List.of("PUT /vault/7x", "PUT /vault/-7", "DELETE /vault/7/8", "GET /vault/7")) {
            assertThat(call(target, "", "{\"answer\":\"other\"}").status())
                    .as(target)
                    .isEqualTo(404);
        }
    }

    /** RFC 3986, 6.2.2.2: what need not be encoded may be all the same. */
    @Test
    void aPathIsTheSameHoweverItsCharactersAreWritten() throws IOException {
        UUID gift = gift(81_013);
        String id = "%%%02x%s"
                .formatted((int) gift.toString().charAt(0), gift.toString().substring(1));
        String number = Long.toString(rowNumber(gift)).replaceAll("[0-9]", "%3$0");

        for (String path : List.of("/gifts/" + id, "/vault/gifts/" + id, "/vault/gifts/" + id + "/history")) {
            assertThat(call("GET " + path, "", "").status()).as(path).isEqualTo(200);
        }
        assertThat(call("PUT /vault/gifts/" + id, "", "{\"answer\":\"b\"}").status())
                .isEqualTo(202);
        assertThat(call("PUT /vault/" + number, "", "{\"answer\":\"c\"}").status())
                .isEqualTo(202);
        assertThat(call("DELETE /vault/" + number, "", "").status()).isEqualTo(202);
        assertThat(events(gift)).hasSize(3);
        assertThat(call("GET /%67ifts/" + id, "", "").headers().get("Content-Security-Policy"))
                .isEqualTo(call("GET /gifts/" + gift, "", "").headers().get("Content-Security-Policy"));
    }

    @Test
    void aKeyMakesTheSameChangeOfItHoweverTheGiftIsNamed() throws IOException {
        UUID gift = gift(81_003);
        List<String> names = List.of(
                "/vault/gifts/" + gift,
                "/vault/gifts/" + gift.toString().toUpperCase(Locale.ROOT),
                "/vault/" + rowNumber(gift));

        Set<String> same = new HashSet<>();
        for (String name : names) {
            same.add(location(call("PUT " + name, "Idempotency-Key: k\n", "{\"answer\":\"b\"}")));
        }
        String other = location(call("PUT " + names.get(0), "Idempotency-Key: k\n", "{\"question\":\"b\"}"));
        String delete = location(call("DELETE " + names.get(0), "Idempotency-Key: k\n", ""));

        assertThat(same).singleElement().asString().startsWith("/vault/changes/");
        assertThat(Set.of(other, delete)).hasSize(2).doesNotContainAnyElementsOf(same);
    }

    @Test
    void withAnyIfMatchTheWorkerNeedNotCheckAgain() throws IOException {
        UUID gift = gift(81_009);

        assertThat(call("DELETE /vault/gifts/" + gift, "If-Match: *\n", "").status())
                .isEqualTo(202);

        assertThat(events(gift))
                .singleElement()
                .satisfies(event -> assertThat(text(event.value())).doesNotContain("base"));
    }

    /** The row that both were judged by has no other revision yet. */
    @Test
    void ofTwoEditsOfOneRevisionThatWaitBothAreAcceptedAndTheSecondIsAConflict() throws Exception {
        UUID gift = gift(81_011);
        String ifMatch = "If-Match: \"" + gift + "\"\n";
        camel.getRouteController().stopRoute("persist-changes");
        String first;
        String second;
        try {
            first = location(call("PUT /vault/gifts/" + gift, ifMatch, "{\"answer\":\"first\"}"));
            second = location(call("PUT /vault/gifts/" + gift, ifMatch, "{\"answer\":\"second\"}"));
        } finally {
            camel.getRouteController().startRoute("persist-changes");
        }

        await().until(() -> call("GET " + second, "", "").body().contains("\"status\":\"conflict\""));
        assertThat(call("GET " + first, "", "").body()).contains("\"status\":\"applied\"");
        assertThat(list(81_011)).contains("\"answer\":\"first\"").doesNotContain("second");
    }

    @Test
    void aChangeThatIsStoredIsAnsweredBeforeAnythingElseIsLookedAtAndIsNotSentAgain() throws IOException {
        UUID gift = gift(81_004);
        Answer first = call("DELETE /vault/gifts/" + gift, "Idempotency-Key: k\n", "");
        String change = first.headers().get("Location").replaceFirst(".*/", "");
        await().until(() -> vault.sql("select count(*) from gift_change where change_id = ?::uuid")
                        .param(change)
                        .query(Integer.class)
                        .single()
                == 1);

        Answer again = call("DELETE /vault/gifts/" + gift, "Idempotency-Key: k\nIf-Match: \"old\"\n", "");

        assertThat(again.status()).isEqualTo(202);
        assertThat(again.body()).isEqualTo("{\"queued\":true}");
        assertThat(again.headers().get("Location")).isEqualTo("/vault/changes/" + change);
        assertThat(events(gift)).hasSize(1);
        assertThat(call("DELETE /vault/gifts/" + gift, "", "").status()).isEqualTo(410);
    }

    @Test
    void aChangeComesAfterTheOnesItHasSeenWhateverTheClocksSay() throws IOException {
        UUID gift = gift(81_005);
        vault.sql("update vault set changed_at = '2100-01-01T00:00:00Z' where event_id = ?")
                .param(gift)
                .update();

        assertThat(call("PUT /vault/gifts/" + gift, "", "{\"symbol_id\":null}").status())
                .isEqualTo(202);

        assertThat(events(gift))
                .singleElement()
                .satisfies(event -> assertThat(text(event.value()))
                        .contains("\"ts\":4102444800.000001", "\"sets\":[\"symbol_id\"]"));
    }

    @Test
    void saysWhyNot() throws IOException {
        UUID gift = gift(81_006);
        UUID deleted = gift(81_007);
        UUID purged = gift(81_008);
        vault.sql("update vault set deleted_at = now() where event_id = ?")
                .param(deleted)
                .update();
        vault.sql("update vault set deleted_at = now(), purged_at = now() where event_id = ?")
                .param(purged)
                .update();

        assertThat(call("PUT /vault/gifts/" + gift, "", "{\"question\":null,\"answer\":\" \"}")
                        .body())
                .contains("\"status\":422", "/question", "/answer");
        assertThat(call("PUT /vault/gifts/" + gift, "", "{}").status()).isEqualTo(422);
        for (String other : List.of("none", "", "\"\"", "W/\"" + gift + "\"", "\"" + deleted + "\"")) {
            assertThat(call("PUT /vault/gifts/" + gift, "If-Match: " + other + "\n", "{\"answer\":\"b\"}")
                            .status())
                    .as(other)
                    .isEqualTo(412);
        }
        assertThat(call("PUT /vault/gifts/" + gift, "If-Match: \"x\", \"" + gift + "\"\n", "{\"answer\":\"b\"}")
                        .status())
                .isEqualTo(202);
        assertThat(call("POST /vault/gifts/" + gift + "/restore", "", "").status())
                .isEqualTo(409);
        assertThat(call("DELETE /vault/gifts/" + deleted, "", "").status()).isEqualTo(410);
        assertThat(call("POST /vault/gifts/" + deleted + "/restore", "", "").status())
                .isEqualTo(202);
        assertThat(call("POST /vault/gifts/" + purged + "/restore", "", "").status())
                .isEqualTo(410);
        assertThat(call("DELETE /vault/gifts/" + UUID.randomUUID(), "", "").status())
                .isEqualTo(404);
        assertThat(call("DELETE /vault/gifts/x", "", "").status()).isEqualTo(404);
        assertThat(events(gift))
                .singleElement()
                .satisfies(event -> assertThat(text(event.value())).contains("\"base\":\"" + gift + "\""));
    }

    private UUID gift(int page) throws IOException {
        Answer saved =
                call("POST /vault/save", "", "{\"page_id\":%d,\"question\":\"q\",\"answer\":\"a\"}".formatted(page));
        UUID id = UUID.fromString(saved.headers().get("Location").replaceFirst(".*/", ""));
        await().until(() -> vault.sql("select count(*) from vault where event_id = ?")
                        .param(id)
                        .query(Integer.class)
                        .single()
                == 1);
        return id;
    }

    private long rowNumber(UUID gift) {
        return vault.sql("select id from vault where event_id = ?")
                .param(gift)
                .query(Long.class)
                .single();
    }

    private static String location(Answer answer) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(202);
        return answer.headers().get("Location");
    }

    private Answer call(String target, String headers, String body) throws IOException {
        return RawHttp.send(
                port,
                "%s HTTP/1.1\nHost: x\nConnection: close\nContent-Type: application/json\n%sContent-Length: %d\n\n%s"
                        .formatted(target, headers, body.length(), body));
    }

    private static List<ConsumerRecord<byte[], byte[]>> events(UUID gift) {
        try (TestTopic topic =
                new TestTopic("changes_of_gifts", SharedServices.get().kafka().bootstrapServers())) {
            return topic.read(event -> text(event.key()).equals(gift.toString()));
        }
    }

    private static String header(ConsumerRecord<byte[], byte[]> event, String name) {
        return text(event.headers().lastHeader(name).value());
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
