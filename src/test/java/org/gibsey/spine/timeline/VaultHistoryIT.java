package org.gibsey.spine.timeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import javax.sql.DataSource;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.SpineIT;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.test.web.client.TestRestTemplate;

/** The order of the stream, against transactions that commit as they like. */
@SpineIT
class VaultHistoryIT {

    private static final long PAGE = 55_001;

    @Autowired
    VaultHistory history;

    @Autowired
    ObjectMapper json;

    @Autowired
    TestRestTemplate http;

    @Autowired
    @Qualifier("vaultReads")
    DataSource vaultReads;

    private final List<Connection> opened = new ArrayList<>();
    private Connection reader;

    @BeforeEach
    void connect() throws SQLException {
        reader = open();
    }

    @AfterEach
    void disconnect() throws SQLException {
        for (Connection connection : opened) {
            connection.close();
        }
    }

    @Test
    void deliversWhatCommitsInReverseOrderOnceAndWithoutGap() throws Exception {
        Connection first = transaction();
        Connection second = transaction();
        StreamPosition start = history.latest(reader);
        long early = insert(first, PAGE);
        long late = insert(second, PAGE);

        second.commit();
        List<StreamedGift> before = read(start);
        StreamPosition between = before.get(0).position();
        List<StreamedGift> nothing = read(between);
        first.commit();
        List<StreamedGift> after = read(between);

        assertThat(early).isLessThan(late);
        assertThat(ids(before)).containsExactly(late);
        assertThat(nothing).isEmpty();
        assertThat(ids(after)).containsExactly(early);
        assertThat(read(after.get(0).position())).isEmpty();
        assertThat(ids(read(start))).containsExactly(early, late);
    }

    @Test
    void resumesWithinATransactionOfManyRows() throws Exception {
        Connection slow = transaction();
        StreamPosition start = history.latest(reader);
        List<Long> expected = new ArrayList<>(List.of(insert(slow, PAGE), insert(slow, PAGE), insert(slow, PAGE)));
        Connection fast = transaction();
        insert(fast, PAGE);
        fast.commit();
        StreamPosition between = read(start).get(0).position();
        slow.commit();

        List<StreamedGift> late = read(between);

        assertThat(ids(late)).isEqualTo(expected);
        assertThat(ids(read(late.get(0).position()))).isEqualTo(expected.subList(1, 3));
        assertThat(ids(read(late.get(1).position()))).isEqualTo(expected.subList(2, 3));
    }

    /** A timeline that was away for long has much to catch up on, and holds up no other reader. */
    @Test
    void mayTakeLongerThanAnotherRead() throws Exception {
        StreamPosition start = history.latest(reader);
        Connection writer = transaction();
        long missed = insert(writer, PAGE);
        writer.commit();
        Connection locks = transaction();
        CompletableFuture<List<StreamedGift>> read;
        try (Statement statement = locks.createStatement();
                Connection limited = vaultReads.getConnection()) {
            statement.execute("lock table vault in access exclusive mode");
            read = CompletableFuture.supplyAsync(() -> {
                try {
                    return history.read(limited, start, StreamPosition.END, StreamedGift.Filter.ALL)
                            .gifts();
                } catch (SQLException e) {
                    throw new IllegalStateException(e);
                }
            });
            await().until(() -> read.isDone() || isWaitingForLongerThanARead());
            locks.rollback();
            assertThat(ids(read.join())).contains(missed);
        }
    }

    private boolean isWaitingForLongerThanARead() throws SQLException {
        try (Statement statement = reader.createStatement();
                ResultSet row = statement.executeQuery("select exists (select from pg_stat_activity"
                        + " where wait_event_type = 'Lock' and query like '%text_revision%'"
                        + " and clock_timestamp() - query_start > interval '4 s')")) {
            row.next();
            return row.getBoolean(1);
        }
    }

    /** However many were missed: a client that was away must not take the memory of the others. */
    @Test
    void aPageOfLongGiftsEndsBeforeItIsLarge() throws Exception {
        StreamPosition start = history.latest(reader);
        List<Long> expected = new ArrayList<>();
        Connection writer = transaction();
        for (int i = 0; i < 10; i++) {
            expected.add(insert(writer, PAGE));
            change(writer, expected.get(i), "answer = repeat('a', 200000)");
        }
        writer.commit();

        List<Long> read = new ArrayList<>();
        StreamPosition position = start;
        boolean isComplete = false;
        while (!isComplete) {
            VaultHistory.Page page =
                    history.read(reader, position, StreamPosition.END, new StreamedGift.Filter(PAGE, null, null));
            assertThat(page.gifts()).hasSizeLessThanOrEqualTo(3);
            read.addAll(ids(page.gifts()));
            position = end(page.gifts(), position);
            isComplete = page.complete();
        }
        assertThat(read).isEqualTo(expected);
    }

    @Test
    void anOpenTransactionHoldsUpNobodyElse() throws Exception {
        Connection forgotten = transaction();
        insert(forgotten, PAGE);
        StreamPosition position = history.latest(reader);

        for (int i = 0; i < 3; i++) {
            Connection writer = transaction();
            long id = insert(writer, PAGE);
            writer.commit();
            List<StreamedGift> seen = read(position);
            assertThat(ids(seen)).containsExactly(id);
            position = seen.get(0).position();
        }
        forgotten.rollback();

        assertThat(read(position)).isEmpty();
    }

    /**
     * Several instances follow the vault, each in its own rhythm; a client of one symbol moves between them, breaking off anywhere,
     * while transactions open, store, change, delete, bring back, commit and roll back at random.
     */
    @ParameterizedTest
    @ValueSource(longs = {42, 43})
    void aClientThatMovesBetweenInstancesHasEachRowAsItIsAndIsGivenItOnce(long seed) throws Exception {
        Random random = new Random(seed);
        StreamPosition start = history.latest(reader);
        List<Connection> writers = new ArrayList<>();
        Map<Connection, List<Long>> uncommitted = new HashMap<>();
        for (int i = 0; i < 6; i++) {
            Connection writer = transaction();
            writers.add(writer);
            uncommitted.put(writer, new ArrayList<>());
        }
        List<Long> committed = new ArrayList<>();
        Map<Long, Connection> locked = new HashMap<>();
        StreamPosition[] instances = {start, start, start};
        Client client = new Client(start);

        for (int step = 0; step < 1_500; step++) {
            Connection writer = writers.get(random.nextInt(writers.size()));
            List<Long> rows = uncommitted.get(writer);
            int action = random.nextInt(20);
            if (action < 11) {
                rows.add(insert(writer, PAGE));
                if (random.nextInt(10) == 0 && !committed.isEmpty()) {
                    long changed = committed.get(random.nextInt(committed.size()));
                    if (locked.getOrDefault(changed, writer) == writer) {
                        locked.put(changed, writer);
                        change(writer, changed, anyChange(random, step));
                    }
                }
            } else if (action < 15) {
                if (action < 14) {
                    writer.commit();
                    committed.addAll(rows);
                } else {
                    writer.rollback();
                }
                rows.clear();
                locked.values().removeIf(writer::equals);
            } else if (action < 18) {
                // an instance reads on while the client is elsewhere
                int instance = random.nextInt(instances.length);
                instances[instance] = end(read(instances[instance]), instances[instance]);
            } else {
                // the client comes to an instance, which reads on, hands it what it missed, then goes on with it
                int instance = random.nextInt(instances.length);
                instances[instance] = end(read(instances[instance]), instances[instance]);
                StreamPosition from = client.position;
                List<StreamedGift> missed = history.read(reader, from, instances[instance], Client.FILTER)
                        .gifts();
                int taken = random.nextInt(missed.size() + 1);
                client.take(missed.subList(0, taken), from);
                if (taken == missed.size()) {
                    client.position = instances[instance];
                    List<StreamedGift> next = read(instances[instance]);
                    client.take(next.subList(0, Math.min(next.size(), random.nextInt(5))), instances[instance]);
                    instances[instance] = client.position;
                }
            }
        }
        for (Connection writer : writers) {
            writer.commit();
            committed.addAll(uncommitted.get(writer));
        }
        client.take(read(client.position), client.position);

        assertThat(committed).hasSizeGreaterThan(500);
        assertThat(client.given).doesNotHaveDuplicates().hasSizeGreaterThan(200);
        assertThat(client.shown).isEqualTo(shown(start));
    }

    /** Its transaction began first, and waited: the gift moves to a place before that of its save. */
    @Test
    void aChangeThatIsOlderThanTheSaveGivesTheGiftOnceToo() throws Exception {
        Client client = new Client(history.latest(reader));
        Connection change = transaction();
        insert(change, PAGE);
        Connection save = transaction();
        long id = insert(save, PAGE);
        save.commit();
        change(change, id, "answer = 'first'");
        change.commit();
        // and here it breaks off
        client.take(read(client.position).subList(1, 2), client.position);
        assertThat(client.shown).containsExactly(Map.entry(id, "first"));

        change(save, id, "answer = 'second'");
        save.commit();
        client.take(read(client.position), client.position);

        assertThat(client.given).isEmpty();
        assertThat(client.shown).containsExactly(Map.entry(id, "second"));
    }

    /** What comes to a page of one symbol: its place, what it shows, and what was new to it. */
    private static final class Client {

        static final StreamedGift.Filter FILTER = new StreamedGift.Filter(PAGE, 3, null);

        private StreamPosition position;
        private final Map<Long, String> shown = new HashMap<>();
        private final List<Long> given = new ArrayList<>();

        Client(StreamPosition start) {
            this.position = start;
        }

        /** @param from its position when it came, or that of the instance before it read these */
        void take(List<StreamedGift> gifts, StreamPosition from) {
            for (StreamedGift gift : gifts) {
                String event = gift.event(FILTER, from);
                if (event.startsWith("event: gift\n")) {
                    given.add(gift.id());
                }
                if (event.startsWith("event: gift-gone")) {
                    shown.remove(gift.id());
                } else if (!event.isEmpty()) {
                    shown.put(gift.id(), event.replaceFirst("(?s).*\"answer\":\"([^\"]*)\".*", "$1"));
                }
                // through its text, as a client brings it
                position = StreamPosition.parse(gift.position().toString()).orElseThrow();
            }
        }
    }

    private static String anyChange(Random random, int step) {
        return switch (random.nextInt(4)) {
            case 0 -> "symbol_id = 8 - symbol_id";
            case 1 -> "deleted_at = case when deleted_at is null then now() end";
            default -> "answer = '" + step + "'";
        };
    }

    private static void change(Connection writer, long id, String set) throws SQLException {
        try (Statement update = writer.createStatement()) {
            update.executeUpdate("update vault set " + set + " where id = " + id);
        }
    }

    private Map<Long, String> shown(StreamPosition start) throws SQLException {
        Map<Long, String> rows = new HashMap<>();
        try (PreparedStatement select = reader.prepareStatement(
                "select id, answer from vault where page_id = ? and symbol_id = 3 and deleted_at is null and txid > ?")) {
            select.setLong(1, PAGE);
            select.setLong(2, start.txid());
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    rows.put(row.getLong("id"), row.getString("answer"));
                }
            }
        }
        return rows;
    }

    private static StreamPosition end(List<StreamedGift> gifts, StreamPosition from) {
        return gifts.isEmpty() ? from : gifts.get(gifts.size() - 1).position();
    }

    @Test
    void rowsRestoredFromAnotherServerHideNoNewOnes() throws Exception {
        StreamPosition start = history.latest(reader);
        try (PreparedStatement restored = reader.prepareStatement(
                "insert into vault (page_id, question, answer, txid) values (?, 'q', 'a', 4000000000000)")) {
            restored.setLong(1, PAGE);
            restored.executeUpdate();
        }
        Connection writer = transaction();
        long fresh = insert(writer, PAGE);
        writer.commit();

        assertThat(ids(read(start))).containsExactly(fresh);
        assertThat(history.latest(reader).txid()).isLessThan(4_000_000_000_000L);
        assertThat(history.canTell(history.latest(reader), null, reader)).isTrue();
        assertThat(history.canTell(StreamPosition.parse("4000000000000:1").orElseThrow(), null, reader))
                .isFalse();
    }

    /** Their gifts are nobody's by now: a page that was away would keep them. */
    @Test
    void aReaderWhoWasForgottenCannotBeToldWhatIsGone() throws Exception {
        UUID forgotten = UUID.randomUUID();
        Connection writer = transaction();
        try (PreparedStatement erasure =
                writer.prepareStatement("insert into gift_change (change_id, gift, kind, outcome,"
                        + " question, answer, at) values (gen_random_uuid(), ?, 'erased', 'applied', '', '', now())")) {
            erasure.setObject(1, forgotten);
            erasure.executeUpdate();
        }
        writer.commit();

        assertThat(history.canTell(history.latest(reader), forgotten, reader)).isFalse();
        assertThat(history.canTell(history.latest(reader), UUID.randomUUID(), reader))
                .isTrue();
    }

    @Test
    void filtersByPageSymbolAndReader() throws Exception {
        StreamPosition start = history.latest(reader);
        Connection writer = transaction();
        insert(writer, PAGE);
        long wanted = insert(writer, PAGE + 1);
        writer.commit();

        assertThat(ids(history.read(reader, start, StreamPosition.END, new StreamedGift.Filter(PAGE + 1, null, null))
                        .gifts()))
                .containsExactly(wanted);
        assertThat(history.read(reader, start, StreamPosition.END, new StreamedGift.Filter(null, 1_234, null))
                        .gifts())
                .isEmpty();
        assertThat(history.read(
                                reader,
                                start,
                                StreamPosition.END,
                                new StreamedGift.Filter(PAGE + 1, null, UUID.randomUUID()))
                        .gifts())
                .isEmpty();
    }

    @Test
    void aGiftIsTheSameInTheListAndInTheStream() throws Exception {
        StreamPosition start = history.latest(reader);
        try (PreparedStatement insert = reader.prepareStatement("""
                insert into vault (page_id, question, answer, symbol_id, created_at)
                values (?, E'a "question"\\n', 'répondu', 7, timestamptz '2999-01-01 00:00:00.000001+00')
                """)) {
            insert.setLong(1, PAGE);
            insert.executeUpdate();
        }

        JsonNode listed = json.readTree(http.getForObject("/vault/list?limit=1", String.class))
                .get(0);
        String event = read(start).get(0).event(StreamedGift.Filter.ALL, start);

        assertThat(event).startsWith("event: gift\nid: ").endsWith("}\n\n");
        assertThat(event.substring(event.indexOf("data: ") + 6).strip()).isEqualTo(listed.toString());
        try (PreparedStatement delete = reader.prepareStatement("delete from vault where page_id = ?")) {
            delete.setLong(1, PAGE);
            delete.executeUpdate();
        }
    }

    private List<StreamedGift> read(StreamPosition from) throws SQLException {
        VaultHistory.Page page =
                history.read(reader, from, StreamPosition.END, new StreamedGift.Filter(PAGE, null, null));
        assertThat(page.complete()).isTrue();
        return page.gifts();
    }

    private static List<Long> ids(List<StreamedGift> gifts) {
        return gifts.stream().map(StreamedGift::id).toList();
    }

    private static long insert(Connection writer, long page) throws SQLException {
        try (PreparedStatement insert = writer.prepareStatement(
                "insert into vault (page_id, question, answer, symbol_id) values (?, 'q', 'a', 3) returning id")) {
            insert.setLong(1, page);
            try (ResultSet row = insert.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }

    private Connection transaction() throws SQLException {
        Connection connection = open();
        connection.setAutoCommit(false);
        return connection;
    }

    private Connection open() throws SQLException {
        Connection connection = SharedServices.get().database().superuser();
        opened.add(connection);
        return connection;
    }
}
