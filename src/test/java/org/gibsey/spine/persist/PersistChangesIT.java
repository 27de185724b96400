package org.gibsey.spine.persist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.Statement;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.Route;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.SpineIT;
import org.gibsey.spine.embedded.TestTopic;
import org.gibsey.spine.gift.CloudEvent;
import org.gibsey.spine.gift.Gift;
import org.gibsey.spine.gift.GiftChange;
import org.gibsey.spine.gift.GiftChange.Field;
import org.gibsey.spine.gift.GiftChange.Kind;
import org.gibsey.spine.gift.GiftChangeJson;
import org.gibsey.spine.gift.GiftWriter;
import org.gibsey.spine.gift.ReaderErasure;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.client.TestRestTemplate;
import org.springframework.boot.test.web.server.LocalManagementPort;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.context.TestPropertySource;

/** Edits, deletes and restores on their way from the topic to the row. The application is that of {@link PersistGiftsIT}. */
@SpineIT
@TestPropertySource(
        properties = {
            "KAFKA_TOPIC=persist_it",
            "KAFKA_CHANGES_TOPIC=persist_it.changes",
            "KAFKA_DEAD_LETTER_TOPIC=persist_it.dlq",
            "KAFKA_GROUP=persist-it"
        })
class PersistChangesIT {

    private static final long PAGE = 87_500;
    /** Not so long ago that what is deleted then has to be taken away for good. */
    @SuppressWarnings("TimeInStaticInitializer") // days ago
    private static final Instant SAVED = Instant.now().minus(Duration.ofDays(7)).truncatedTo(ChronoUnit.MICROS);

    private static TestTopic gifts;
    private static TestTopic changes;

    @Autowired
    JdbcClient vault;

    @Autowired
    OutageLog outages;

    @Autowired
    ChangeEvents changeEvents;

    @Autowired
    TestRestTemplate http;

    @Autowired
    CamelContext camel;

    @LocalManagementPort
    int management;

    @BeforeAll
    static void connect() {
        String servers = SharedServices.get().kafka().bootstrapServers();
        gifts = new TestTopic("persist_it", servers);
        changes = new TestTopic("persist_it.changes", servers);
    }

    @AfterAll
    static void disconnect() {
        gifts.close();
        changes.close();
    }

    @Test
    void anEditSetsWhatItNamesAndItsHistoryHasWhatWasThere() throws Exception {
        UUID gift = saved("q", "a");
        GiftChange edit = edit(gift, 1, "new", "", Field.QUESTION);

        write(edit);

        awaitOutcome(edit, "applied");
        assertThat(row(gift))
                .containsEntry("question", "new")
                .containsEntry("answer", "a")
                .containsEntry("lang", "de")
                .containsEntry("revision", edit.id());
        assertThat(vault.sql("select before_question || '>' || question from gift_change where change_id = ?")
                        .param(edit.id())
                        .query(String.class)
                        .single())
                .isEqualTo("q>new");
        assertThat(http.getForObject("/vault/gifts/" + gift + "/history", String.class))
                .contains("[{\"change_id\":\"" + edit.id() + "\",\"kind\":\"edited\"")
                .contains("\"sets\":[\"question\"],\"question\":\"new\",\"answer\":null")
                .contains("{\"change_id\":\"" + gift + "\",\"kind\":\"saved\"")
                .contains("\"question\":\"q\",\"answer\":\"a\"")
                .doesNotContain("deleted_at");
    }

    /** A replay comes long after what it was overtaken by. */
    @Test
    void anEditThatDiedAndIsReplayedSetsOnlyWhatNoLaterOneHasSet() throws Exception {
        UUID gift = saved("q", "a");
        GiftChange dies = edit(gift, 1, "poisoned 87501", "of the first", Field.QUESTION, Field.ANSWER);
        GiftChange later = edit(gift, 2, "of the second", "a", Field.QUESTION);
        try (Connection connection = SharedServices.get().database().superuser();
                Statement statement = connection.createStatement()) {
            statement.execute("alter table vault add constraint no_edit check (question not like 'poisoned %')");
            try {
                write(dies, later);
                awaitOutcome(later, "applied");
                await().until(() -> letter(dies) != null);
            } finally {
                statement.execute("alter table vault drop constraint no_edit");
            }
        }

        replay(letter(dies));

        awaitOutcome(dies, "applied");
        assertThat(row(gift))
                .containsEntry("question", "of the second")
                .containsEntry("answer", "of the first")
                .containsEntry("revision", later.id());
        // back where it came from
        assertThat(changes.read(record -> dies.id().toString().equals(header(record.headers(), CloudEvent.ID))))
                .hasSize(2);
    }

    @Test
    void anEditWhoseSaveWasLostBringsTheGiftAndTheSaveChangesNothing() throws Exception {
        UUID gift = UUID.randomUUID();
        GiftChange edit = edit(gift, 1, "edited", "a", Field.QUESTION);

        write(edit);
        awaitOutcome(edit, "applied");
        save(gift, "q", "a");
        GiftChange behind = edit(saved("behind", "the save"), 1, "it", "", Field.QUESTION);
        write(behind);

        awaitOutcome(behind, "applied");
        assertThat(vault.sql("select question from vault where event_id = ?")
                        .param(gift)
                        .query(String.class)
                        .list())
                .containsExactly("edited");
        assertThat(conflicts(gift)).isZero();
    }

    @Test
    void aSaveThatComesAgainAfterItsEditIsNoConflict() throws Exception {
        UUID gift = saved("q", "a");
        GiftChange edit = edit(gift, 1, "edited", "", Field.QUESTION);
        write(edit);
        awaitOutcome(edit, "applied");

        save(gift, "q", "a");
        save(gift, "forged", "a");

        await().until(() -> conflicts(gift) == 1);
        assertThat(row(gift)).containsEntry("question", "edited");
    }

    /** Its statement has begun before what the successor stored, and does not see that by itself. */
    @Test
    void aWorkerThatWasFrozenInsideAnEditUndoesNothingOfItsSuccessor() throws Exception {
        UUID gift = saved("q", "a");
        GiftChange first = edit(gift, 1, "first", "", Field.QUESTION);
        GiftChange second = edit(gift, 2, "second", "", Field.QUESTION);
        String frozen = RouteSql.of(camel, "persist-changes", "set-change")
                .replace(
                        "where not exists (select from gift_change known",
                        "where (select pg_advisory_xact_lock(87502) is not null)"
                                + " and not exists (select from gift_change known");
        assertThat(frozen).contains("87502");
        CompletableFuture<List<Map<String, Object>>> thawed;
        try (Connection other = SharedServices.get().database().superuser();
                Statement statement = other.createStatement()) {
            statement.execute("select pg_advisory_lock(87502)");
            String parameter = changeEvents.json(List.of(ChangeEvents.Row.of(first)));
            thawed = CompletableFuture.supplyAsync(
                    () -> vault.sql(frozen).param("changes", parameter).query().listOfRows());
            awaitWaiting();
            write(first, second);
            awaitOutcome(first, "applied");
            awaitOutcome(second, "applied");
        }

        assertThat(thawed.get()).isEmpty();
        assertThat(row(gift)).containsEntry("question", "second").containsEntry("revision", second.id());
    }

    /** PostgreSQL writes no row twice in one statement; without waves the line would stop for ever. */
    @Test
    void severalChangesOfOneGiftInOnePollAreStoredInTheirOrderBesideARefusedOne() throws Exception {
        UUID gift = saved("q", "a");
        UUID other = saved("other", "a");
        GiftChange first = edit(gift, 1, "first", "", Field.QUESTION);
        GiftChange second = edit(gift, 2, "second", "", Field.QUESTION);
        GiftChange third = edit(gift, 3, "", "third", Field.ANSWER);
        GiftChange refused = edit(other, 1, "refused 87504", "", Field.QUESTION);
        try (Connection connection = SharedServices.get().database().superuser();
                Statement statement = connection.createStatement()) {
            statement.execute("alter table vault add constraint no_edit check (question not like 'refused %')");
            try {
                inOnePoll(first, refused, second, third, second);
                awaitOutcome(third, "applied");
                await().until(() -> letter(refused) != null);
            } finally {
                statement.execute("alter table vault drop constraint no_edit");
            }
        }

        assertThat(vault.sql("select change_id from gift_change where gift = ? order by stored_at")
                        .param(gift)
                        .query(UUID.class)
                        .list())
                .containsExactly(first.id(), second.id(), third.id());
        assertThat(row(gift)).containsEntry("question", "second").containsEntry("answer", "third");
        assertThat(row(other)).containsEntry("question", "other");
    }

    @Test
    void whatIsDeletedIsSeenNoMoreAndARestoreBringsItBackWithTheEditsMadeSince() throws Exception {
        UUID gift = saved("q", "a");
        GiftChange edit = edit(gift, 1, "edited", "", Field.QUESTION);
        GiftChange delete = change(Kind.DELETED, gift, 2);
        GiftChange restore = change(Kind.RESTORED, gift, 3);

        write(delete);
        awaitOutcome(delete, "applied");
        assertThat(shown(gift)).contains("\"status\":\"deleted\"").doesNotContain("question", "answer");
        assertThat(listed()).doesNotContain(gift.toString());
        assertThat(http.getForEntity("/vault/gifts/" + gift + "/history", String.class)
                        .getStatusCode()
                        .value())
                .isEqualTo(410);
        write(edit);
        awaitOutcome(edit, "applied");
        assertThat(shown(gift)).contains("\"status\":\"deleted\"").doesNotContain("edited");
        write(restore);
        awaitOutcome(restore, "applied");
        assertThat(shown(gift)).contains("\"status\":\"stored\"", "\"question\":\"edited\"");
        assertThat(listed()).contains(gift.toString());
        GiftChange again = change(Kind.DELETED, gift, 1);
        write(again);
        awaitOutcome(again, "superseded");
        assertThat(shown(gift)).contains("\"status\":\"stored\"");
    }

    @Test
    void nothingBringsBackWhatWasTakenAwayForGood() throws Exception {
        UUID gift = saved("told", "told");
        GiftChange edit = edit(gift, 1, "told again", "told", Field.QUESTION);
        write(edit);
        awaitOutcome(edit, "applied");
        deleted(gift, Instant.now().minus(Duration.ofDays(31)));
        UUID kept = saved("told", "told");
        GiftChange delete = change(Kind.DELETED, kept, 2);
        write(delete);
        awaitOutcome(delete, "applied");

        fire("purge-deleted");
        await().until(() -> row(gift).get("purged_at") != null);
        GiftChange older = edit(gift, 0, "told before", "told", Field.QUESTION, Field.ANSWER);
        GiftChange restore = change(Kind.RESTORED, gift, 3);
        write(older, restore);
        save(gift, "told", "told");

        awaitOutcome(older, "void");
        awaitOutcome(restore, "void");
        assertThat(texts(gift)).isEmpty();
        assertThat(shown(gift)).contains("Nothing is left of this gift.");
        assertThat(conflicts(gift)).isZero();
        assertThat(row(kept)).containsEntry("question", "told");
    }

    /** The statement's own view of the history is older than the lock it gets on the row. */
    @Test
    void whatIsStoredWhileThePurgeWaitsForItsRowIsTakenAwayAsWell() throws Exception {
        UUID gift = saved("told", "told");
        // not long ago: the timers of all applications that have this database would be first
        deleted(gift, Instant.now());
        String purge = RouteSql.of(camel, "purge-deleted", "set-purge")
                .replace(
                        "where deleted_at",
                        "where (select pg_advisory_xact_lock(87507) is not null) and event_id = '" + gift
                                + "' and deleted_at");
        CompletableFuture<Integer> purged;
        try (Connection other = SharedServices.get().database().superuser();
                Statement statement = other.createStatement()) {
            statement.execute("select pg_advisory_lock(87507)");
            purged = CompletableFuture.supplyAsync(() -> vault.sql(purge)
                    .param("before", Timestamp.from(Instant.now().plus(Duration.ofDays(1))))
                    .param("rows", 500)
                    .query(Integer.class)
                    .single());
            awaitWaiting();
            GiftChange superseded = edit(gift, 1, "told late", "told", Field.QUESTION);
            write(superseded);
            awaitOutcome(superseded, "applied");
        }

        assertThat(purged.get()).isPositive();
        assertThat(texts(gift)).isEmpty();
    }

    /** What is stored, what is dead, what waits and what comes afterwards. */
    @Test
    void ofAReaderWhoAskedToBeForgottenNothingIsLeftAndNothingComes() throws Exception {
        UUID reader = UUID.randomUUID();
        UUID stored = UUID.randomUUID();
        UUID dead = UUID.randomUUID();
        UUID waiting = UUID.randomUUID();
        UUID late = UUID.randomUUID();
        save(stored, reader, "told");
        awaitRow(stored);
        GiftChange edit = editBy(reader, stored, 1);
        write(edit);
        awaitOutcome(edit, "applied");
        ReaderErasure erasure = ReaderErasure.of(reader, SAVED);
        try (Connection connection = SharedServices.get().database().superuser();
                Statement statement = connection.createStatement()) {
            statement.execute("alter table vault add constraint no_gift check (question not like 'told to die')");
            save(dead, reader, "told to die");
            await().until(() -> letter(dead) != null);
            statement.execute("alter table vault drop constraint no_gift");
            statement.execute("create function no_insert() returns trigger language plpgsql as"
                    + " $$begin raise exception 'broken'; end$$");
            statement.execute(
                    "create trigger no_insert before insert on vault for each row execute function no_insert()");
            try {
                save(waiting, reader, "told");
                await().until(() ->
                        String.valueOf(outages.reason("persist-gifts")).contains("the database refuses any gift"));
                changes.write(record(erasure));
                awaitOutcome(erasure.id(), "applied");
            } finally {
                statement.execute("drop function no_insert cascade");
            }
        }
        awaitRow(waiting);
        save(late, reader, "told");
        awaitRow(late);
        GiftChange lateEdit = editBy(reader, stored, 2);
        write(lateEdit);
        awaitOutcome(lateEdit, "void");
        fire("erase-readers");

        await().untilAsserted(() ->
                assertThat(texts(stored) + texts(waiting) + texts(late)).isEmpty());
        await().until(() -> vault.sql("select key is null and value is null and user_id is null and headers = '[]'"
                        + " and message = '' and erased_at is not null from dead_letter where event_id = ?")
                .param(dead)
                .query(Boolean.class)
                .single());
        assertThat(replayed(letter(dead))).contains("\"replayed\":0");
        await().until(() -> vault.sql("select count(*) from gift_change where by_user = ?")
                        .param(reader)
                        .query(Integer.class)
                        .single()
                == 0);

        assertThat(proof(reader)).contains("\"sweptAt\":null", "\"cleanBy\":null");
        // as if a minute had passed
        vault.sql("update vault set purged_at = purged_at - interval '2 minutes' where user_id = ?")
                .param(reader)
                .update();
        vault.sql("update erased_reader set stored_at = stored_at - interval '2 minutes' where user_id = ?")
                .param(reader)
                .update();
        fire("erase-readers");
        await().untilAsserted(() -> assertThat(proof(reader))
                .contains(
                        "\"withText\":{\"gifts\":0,\"changes\":0,\"deadLetters\":0,\"oldTable\":0}", "\"clean\":false")
                .doesNotContain("\"sweptAt\":null", "\"cleanBy\":null"));
        for (UUID gift : List.of(stored, waiting, late)) {
            assertThat(row(gift)).containsEntry("user_id", new UUID(0, 0)).doesNotContainEntry("purged_at", null);
        }
        // with nobody left to sweep it
        UUID afterwards = UUID.randomUUID();
        save(afterwards, reader, "told");
        awaitRow(afterwards);
        assertThat(texts(afterwards)).isEmpty();
        assertThat(row(afterwards)).containsEntry("user_id", new UUID(0, 0));
    }

    /** Its id can be computed from the reader's, which everybody knows where all gifts are read by everybody. */
    @Test
    void thatAReaderAskedToBeForgottenIsSaidToThatReaderAlone() throws Exception {
        UUID reader = UUID.randomUUID();
        ReaderErasure erasure = ReaderErasure.of(reader, SAVED);
        changes.write(record(erasure));
        awaitOutcome(erasure.id(), "applied");

        assertThat(found(erasure.id(), reader)).hasSize(1);
        assertThat(found(erasure.id(), UUID.randomUUID())).isEmpty();
        assertThat(found(erasure.id(), null)).isEmpty();
    }

    /** What the route finds of a change where everybody reads all gifts. */
    private List<Map<String, Object>> found(UUID change, @Nullable UUID caller) {
        return vault.sql(RouteSql.of(camel, "show-change", "set-select-change"))
                .param("event_id", change)
                .param("reader", null)
                .param("caller", caller)
                .query()
                .listOfRows();
    }

    /** Ten are swept at a time, and each takes its place for a minute. */
    @Test
    void aReaderWhoWasForgottenAMinuteAgoKeepsNobodyWaiting() throws Exception {
        List<UUID> before = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            UUID reader = UUID.randomUUID();
            before.add(reader);
            vault.sql("insert into vault (event_id, user_id, page_id, question, answer, deleted_at, purged_at)"
                            + " values (gen_random_uuid(), ?, 1, '', '', now(), now())")
                    .param(reader)
                    .update();
            // not swept within this test
            vault.sql("insert into erased_reader (user_id, change_id, at, stored_at)"
                            + " values (?, gen_random_uuid(), '2001-01-01', now() + interval '1 hour')")
                    .param(reader)
                    .update();
        }
        UUID reader = UUID.randomUUID();
        UUID gift = UUID.randomUUID();
        save(gift, reader, "told");
        awaitRow(gift);
        ReaderErasure erasure = ReaderErasure.of(reader, SAVED);
        changes.write(record(erasure));
        awaitOutcome(erasure.id(), "applied");

        fire("erase-readers");

        // another application's turn may have its row at the moment
        await().until(() -> texts(gift).isEmpty());
        vault.sql("delete from erased_reader where user_id = any(?)")
                .param(before.toArray(UUID[]::new))
                .update();
    }

    /** Seven rows are what the database does within its time limit. */
    @Test
    void aReaderIsForgottenThroughASlowTriggerAFewRowsAtATime() throws Exception {
        UUID reader = UUID.randomUUID();
        vault.sql("insert into vault (event_id, user_id, page_id, question, answer, created_at)"
                        + " select gen_random_uuid(), ?, 84799, 'told', 'told', now() from generate_series(1, 40)")
                .param(reader)
                .update();
        vault.sql("""
                create function slow_blank() returns trigger language plpgsql as $$
                begin
                  if (select count(*) > 7 from changed where page_id = 84799) then
                    raise exception 'canceling statement due to statement timeout' using errcode = '57014';
                  end if;
                  return null;
                end $$""").update();
        vault.sql("create trigger slow_blank after update on vault referencing new table as changed"
                        + " for each statement execute function slow_blank()")
                .update();
        try {
            // not swept within this test
            vault.sql("insert into erased_reader (user_id, change_id, at, stored_at)"
                            + " values (?, gen_random_uuid(), '2001-01-01', now() + interval '1 hour')")
                    .param(reader)
                    .update();

            await().pollInSameThread().until(() -> {
                fire("erase-readers");
                return vault.sql("select count(*) from vault where page_id = 84799 and purged_at is null")
                                .query(Integer.class)
                                .single()
                        == 0;
            });
        } finally {
            vault.sql("drop function slow_blank cascade").update();
            vault.sql("delete from erased_reader where user_id = ?")
                    .param(reader)
                    .update();
        }
    }

    /** Somebody took the row away by hand: nothing that is done to rows of the vault reaches its history. */
    @Test
    void theHistoryOfAGiftWhoseRowIsGoneIsForgottenWithItsReader() throws Exception {
        UUID reader = UUID.randomUUID();
        UUID gift = UUID.randomUUID();
        vault.sql("insert into gift_change (change_id, kind, gift, by_user, at, sets, question, answer, lang,"
                        + " before_question, before_answer, before_lang, outcome)"
                        + " values (gen_random_uuid(), 'edited', ?, ?, now(), '{question}', 'told', 'told', 'de', 'told',"
                        + " 'told', 'de', 'applied')")
                .params(gift, reader)
                .update();
        ReaderErasure erasure = ReaderErasure.of(reader, SAVED);
        changes.write(record(erasure));
        awaitOutcome(erasure.id(), "applied");

        fire("erase-readers");

        await().untilAsserted(() -> assertThat(vault.sql("select * from gift_change where gift = ?")
                        .param(gift)
                        .query()
                        .singleRow())
                .containsEntry("question", "")
                .containsEntry("answer", "")
                .containsEntry("before_question", "")
                .containsEntry("before_answer", "")
                .containsEntry("lang", null)
                .containsEntry("before_lang", null)
                .containsEntry("by_user", null));
        assertThat(proof(reader)).contains("\"changes\":0,");
    }

    /** No route knows that table. */
    @Test
    void theProofCountsWhatTheTableOfTheOldWorkerHasOfTheReader() throws Exception {
        UUID reader = UUID.randomUUID();
        ReaderErasure erasure = ReaderErasure.of(reader, SAVED);
        changes.write(record(erasure));
        awaitOutcome(erasure.id(), "applied");
        vault.sql("create table vault_before_gift_spine (user_id text, question text)")
                .update();
        try {
            vault.sql("insert into vault_before_gift_spine values (upper(?), 'told'), (?, 'of another')")
                    .params(reader.toString(), UUID.randomUUID().toString())
                    .update();

            assertThat(proof(reader)).contains("\"oldTable\":1}");
        } finally {
            vault.sql("drop table vault_before_gift_spine").update();
        }
        assertThat(proof(reader)).contains("\"oldTable\":0}");
    }

    /** One statement would not see the erasure. */
    @Test
    void aChangeInOnePollWithTheErasureOfItsReaderStoresNothing() throws Exception {
        UUID reader = UUID.randomUUID();
        UUID gift = UUID.randomUUID();
        save(gift, reader, "told");
        awaitRow(gift);
        GiftChange edit = editBy(reader, gift, 1);

        inOnePoll(List.of(record(edit), record(ReaderErasure.of(reader, SAVED))));

        awaitOutcome(edit, "void");
    }

    /** With nobody left to sweep it. */
    @Test
    void ofALetterOfAReaderWhoWasForgottenOnlyThatItDiedIsKept() throws Exception {
        UUID reader = UUID.randomUUID();
        ReaderErasure erasure = ReaderErasure.of(reader, SAVED);
        changes.write(record(erasure));
        awaitOutcome(erasure.id(), "applied");
        vault.sql("update erased_reader set swept_at = now() where user_id = ?")
                .param(reader)
                .update();
        UUID dead = UUID.randomUUID();
        ProducerRecord<byte[], byte[]> invalid = new ProducerRecord<>(
                "persist_it", 0, bytes("told"), bytes("{\"question\":\"told\",\"user_id\":\"" + reader + "\"}"));
        invalid.headers().add(CloudEvent.ID, bytes(dead.toString()));

        gifts.write(invalid);

        await().until(() -> letter(dead) != null);
        assertThat(vault.sql("select * from dead_letter where event_id = ?")
                        .param(dead)
                        .query()
                        .singleRow())
                .containsEntry("reason", "invalid")
                .containsEntry("key", null)
                .containsEntry("value", null)
                .containsEntry("user_id", null)
                .containsEntry("message", "")
                .doesNotContainEntry("erased_at", null);
    }

    @Test
    void ofTwoEditsMadeForOneRevisionTheSecondIsAConflict() throws Exception {
        UUID gift = saved("q", "a");
        GiftChange first = edit(gift, 1, gift, "first", "", Field.QUESTION);
        GiftChange second = edit(gift, 2, gift, "second", "", Field.QUESTION);

        inOnePoll(first, second);

        awaitOutcome(second, "conflict");
        awaitOutcome(first, "applied");
        assertThat(row(gift)).containsEntry("question", "first");
    }

    @Test
    void aDatabaseThatRefusesEveryChangeIsAnOutage() throws Exception {
        UUID gift = saved("q", "a");
        GiftChange edit = edit(gift, 1, "edited", "", Field.QUESTION);
        try (Connection connection = SharedServices.get().database().superuser();
                Statement statement = connection.createStatement()) {
            statement.execute("create function no_update() returns trigger language plpgsql as"
                    + " $$begin raise exception 'broken'; end$$");
            statement.execute(
                    "create trigger no_update before update on vault for each row execute function no_update()");
            try {
                write(edit);
                await().until(() ->
                        String.valueOf(outages.reason("persist-changes")).contains("the database refuses any gift"));
            } finally {
                statement.execute("drop function no_update cascade");
            }
        }

        awaitOutcome(edit, "applied");
        assertThat(letter(edit)).isNull();
    }

    /** What refuses it ends before another one is tried. */
    @Test
    void aChangeThatIsRefusedOnceAndNotAgainIsNoDeadLetter() throws Exception {
        UUID gift = saved("q", "a");
        GiftChange edit = edit(gift, 1, "taken at the second attempt", "", Field.QUESTION);
        try (Connection connection = SharedServices.get().database().superuser();
                Statement statement = connection.createStatement()) {
            statement.execute("create sequence refusals; grant usage on sequence refusals to public");
            statement.execute("create function once() returns trigger language plpgsql as"
                    + " $$begin if nextval('refusals') = 1 then raise exception 'broken'; end if; return new; end$$");
            statement.execute("create trigger once before update on vault for each row"
                    + " when (new.question = 'taken at the second attempt') execute function once()");
            try {
                write(edit);
                await().until(() -> letter(edit) != null
                        || "taken at the second attempt".equals(row(gift).get("question")));
            } finally {
                statement.execute("drop function once cascade; drop sequence refusals");
            }
        }

        assertThat(letter(edit)).isNull();
        awaitOutcome(edit, "applied");
    }

    /** The statement itself is taken, also the one that is tried again. */
    @Test
    void aChangeThatOnlyTheCommitRefusesIsADeadLetter() throws Exception {
        UUID gift = saved("q", "a");
        GiftChange edit = edit(gift, 1, "refused at the commit", "", Field.QUESTION);
        try (Connection connection = SharedServices.get().database().superuser();
                Statement statement = connection.createStatement()) {
            statement.execute("create function late() returns trigger language plpgsql as"
                    + " $$begin raise exception using errcode = 'check_violation'; end$$");
            statement.execute("create constraint trigger late after update on vault deferrable initially deferred"
                    + " for each row when (new.question = 'refused at the commit') execute function late()");
            try {
                write(edit);
                await().until(() -> letter(edit) != null);
            } finally {
                statement.execute("drop function late cascade");
            }
        }

        assertThat(row(gift)).containsEntry("question", "q");
    }

    /** What is tried instead is like the last gift, which has a language. */
    @Test
    void aDatabaseThatRefusesEveryGiftWithALanguageIsAnOutage() throws Exception {
        saved("q", "a");
        UUID gift = UUID.randomUUID();
        try (Connection connection = SharedServices.get().database().superuser();
                Statement statement = connection.createStatement()) {
            statement.execute("create function no_lang() returns trigger language plpgsql as"
                    + " $$begin raise exception 'broken'; end$$");
            statement.execute("create trigger no_lang before insert on vault for each row"
                    + " when (new.lang is not null) execute function no_lang()");
            try {
                save(gift, "q", "a");
                await().until(() ->
                        String.valueOf(outages.reason("persist-gifts")).contains("the database refuses any gift"));
            } finally {
                statement.execute("drop function no_lang cascade");
            }
        }

        awaitRow(gift);
        assertThat(letter(gift)).isNull();
    }

    @Test
    void aChangeThatCannotBeDecodedIsADeadLetterOfItsTopic() throws Exception {
        UUID gift = saved("q", "a");
        GiftChange good = edit(gift, 1, "good", "", Field.QUESTION);
        GiftChange bad = edit(gift, 2, "bad", "", Field.QUESTION);

        changes.writeAll(List.of(record(bad, "{}".getBytes(StandardCharsets.UTF_8)), record(good)));

        awaitOutcome(good, "applied");
        await().until(() -> letter(bad) != null);
        assertThat(vault.sql("select topic || ' ' || reason from dead_letter where event_id = ?")
                        .param(bad.id())
                        .query(String.class)
                        .single())
                .isEqualTo("persist_it.changes invalid");
    }

    private static GiftChange edit(UUID gift, int microsecond, String question, String answer, Field... sets) {
        return edit(gift, microsecond, null, question, answer, sets);
    }

    private static GiftChange edit(
            UUID gift, int microsecond, @Nullable UUID base, String question, String answer, Field... sets) {
        return new GiftChange(
                UUID.randomUUID(),
                Kind.EDITED,
                gift,
                new Gift(PAGE, question, answer, null, "fr", null, SAVED),
                Set.of(sets),
                base,
                null,
                SAVED.plus(microsecond, ChronoUnit.MICROS));
    }

    private static GiftChange change(Kind kind, UUID gift, int microsecond) {
        Gift image = new Gift(PAGE, "q", "a", null, null, null, SAVED);
        return new GiftChange(
                UUID.randomUUID(), kind, gift, image, Set.of(), null, null, SAVED.plus(microsecond, ChronoUnit.MICROS));
    }

    private void deleted(UUID gift, Instant at) throws Exception {
        GiftChange delete = new GiftChange(
                UUID.randomUUID(),
                Kind.DELETED,
                gift,
                new Gift(PAGE, "told", "told", null, null, null, SAVED),
                Set.of(),
                null,
                null,
                at.truncatedTo(ChronoUnit.MICROS));
        write(delete);
        awaitOutcome(delete, "applied");
    }

    /** Until a statement waits for an advisory lock. */
    private void awaitWaiting() {
        await().until(() -> vault.sql("select count(*) from pg_locks where locktype = 'advisory' and not granted")
                        .query(Integer.class)
                        .single()
                > 0);
    }

    /** A turn of a timer's route, without waiting for it. */
    private void fire(String route) throws Exception {
        Route fired = camel.getRoute(route);
        Exchange turn = fired.getEndpoint().createExchange();
        turn.getExchangeExtension().setFromRouteId(route);
        fired.getProcessor().process(turn);
    }

    /** All that is left of the texts of a gift and of their language, in its row and its history. */
    private String texts(UUID gift) {
        return vault.sql("""
                        select (select question || answer || coalesce(lang, '') from vault where event_id = :gift)
                               || coalesce((select string_agg(question || answer || coalesce(lang, '')
                                                              || coalesce(before_question, '') || coalesce(before_answer, '')
                                                              || coalesce(before_lang, ''), '')
                                              from gift_change where gift = :gift), '')""").param("gift", gift).query(String.class).single();
    }

    private static GiftChange editBy(UUID reader, UUID gift, int microsecond) {
        return new GiftChange(
                UUID.randomUUID(),
                Kind.EDITED,
                gift,
                new Gift(PAGE, "told again", "told", null, "fr", reader, SAVED),
                Set.of(Field.QUESTION),
                null,
                reader,
                SAVED.plus(microsecond, ChronoUnit.MICROS));
    }

    private UUID saved(String question, String answer) throws Exception {
        UUID gift = UUID.randomUUID();
        save(gift, question, answer);
        awaitRow(gift);
        return gift;
    }

    private void awaitRow(UUID gift) {
        await().until(() -> vault.sql("select count(*) from vault where event_id = ?")
                        .param(gift)
                        .query(Integer.class)
                        .single()
                == 1);
    }

    private static void save(UUID gift, String question, String answer) throws Exception {
        save(gift, new Gift(PAGE, question, answer, null, "de", null, SAVED));
    }

    private static void save(UUID gift, UUID reader, String question) throws Exception {
        save(gift, new Gift(PAGE, question, "told", 1, "de", reader, SAVED));
    }

    private static void save(UUID id, Gift gift) throws Exception {
        ProducerRecord<byte[], byte[]> record =
                new ProducerRecord<>("persist_it", 0, null, GiftWriter.eventValue(gift));
        record.headers().add(CloudEvent.ID, bytes(id.toString()));
        gifts.write(record);
    }

    private static void write(GiftChange... events) throws Exception {
        changes.writeAll(Arrays.stream(events).map(PersistChangesIT::record).toList());
    }

    private void inOnePoll(GiftChange... events) throws Exception {
        inOnePoll(Arrays.stream(events).map(PersistChangesIT::record).toList());
    }

    private void inOnePoll(List<ProducerRecord<byte[], byte[]>> records) throws Exception {
        camel.getRouteController().stopRoute("persist-changes");
        changes.writeAll(records);
        camel.getRouteController().startRoute("persist-changes");
    }

    private static ProducerRecord<byte[], byte[]> record(GiftChange change) {
        return record(change, GiftChangeJson.eventValue(change));
    }

    private static ProducerRecord<byte[], byte[]> record(GiftChange change, byte[] value) {
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(
                "persist_it.changes", 0, bytes(change.gift().toString()), value);
        record.headers()
                .add(CloudEvent.ID, bytes(change.id().toString()))
                .add(CloudEvent.TYPE, bytes(change.kind().type()))
                .add(CloudEvent.SUBJECT, bytes(change.gift().toString()));
        return record;
    }

    private static ProducerRecord<byte[], byte[]> record(ReaderErasure erasure) {
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(
                "persist_it.changes", 0, bytes(erasure.reader().toString()), erasure.eventValue());
        record.headers()
                .add(CloudEvent.ID, bytes(erasure.id().toString()))
                .add(CloudEvent.TYPE, bytes(ReaderErasure.TYPE));
        return record;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static @Nullable String header(org.apache.kafka.common.header.Headers headers, String name) {
        var header = headers.lastHeader(name);
        return header == null ? null : new String(header.value(), StandardCharsets.UTF_8);
    }

    private void awaitOutcome(GiftChange change, String outcome) {
        awaitOutcome(change.id(), outcome);
    }

    private void awaitOutcome(UUID change, String outcome) {
        await().untilAsserted(() -> assertThat(vault.sql("select outcome from gift_change where change_id = ?")
                        .param(change)
                        .query(String.class)
                        .list())
                .containsExactly(outcome));
    }

    private Map<String, Object> row(UUID gift) {
        return vault.sql("select * from vault where event_id = ?")
                .param(gift)
                .query()
                .singleRow();
    }

    private @Nullable Long letter(GiftChange change) {
        return letter(change.id());
    }

    private @Nullable Long letter(UUID event) {
        return vault.sql("select id from dead_letter where event_id = ?")
                .param(event)
                .query(Long.class)
                .optional()
                .orElse(null);
    }

    private int conflicts(UUID gift) {
        return vault.sql("select count(*) from dead_letter where reason = 'conflict' and message like ?")
                .param("%" + gift + "%")
                .query(Integer.class)
                .single();
    }

    private void replay(@Nullable Long letter) {
        assertThat(replayed(letter)).contains("\"replayed\":1");
    }

    private String replayed(@Nullable Long letter) {
        return http.postForObject(
                "http://localhost:" + management + "/actuator/deadletters",
                Map.of("ids", String.valueOf(letter), "dryRun", false),
                String.class);
    }

    private String proof(UUID reader) {
        return http.getForObject("http://localhost:" + management + "/actuator/erasures/" + reader, String.class);
    }

    private String shown(UUID gift) {
        return http.getForObject("/vault/gifts/" + gift, String.class);
    }

    private String listed() {
        return http.getForObject("/vault/list?limit=100&page_id=" + PAGE, String.class);
    }
}
