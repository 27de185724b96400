package org.gibsey.spine.timeline;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.SpineIT;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
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
     * Several instances follow the vault, each in its own rhythm; a client moves between them, breaking off anywhere, while
     * transactions open, store, commit and roll back at random.
     */
    @Test
    void aClientThatMovesBetweenInstancesSeesEachRowOnce() throws Exception {
        Random random = new Random(42);
        StreamPosition start = history.latest(reader);
        List<Connection> writers = new ArrayList<>();
        Map<Connection, List<Long>> uncommitted = new HashMap<>();
        for (int i = 0; i < 6; i++) {
            Connection writer = transaction();
            writers.add(writer);
            uncommitted.put(writer, new ArrayList<>());
        }
        List<Long> committed = new ArrayList<>();
        StreamPosition[] instances = {start, start, start};
        StreamPosition client = start;
        List<Long> seen = new ArrayList<>();

        for (int step = 0; step < 1_500; step++) {
            Connection writer = writers.get(random.nextInt(writers.size()));
            List<Long> rows = uncommitted.get(writer);
            int action = random.nextInt(20);
            if (action < 11) {
                rows.add(insert(writer, PAGE));
            } else if (action < 14) {
                writer.commit();
                committed.addAll(rows);
                rows.clear();
            } else if (action == 14) {
                writer.rollback();
                rows.clear();
            } else if (action < 18) {
                // an instance reads on while the client is elsewhere
                int instance = random.nextInt(instances.length);
                instances[instance] = follow(instances[instance], Integer.MAX_VALUE, new ArrayList<>());
            } else {
                // the client comes to an instance, which reads on, hands it what it missed, then goes on with it
                int instance = random.nextInt(instances.length);
                instances[instance] = follow(instances[instance], Integer.MAX_VALUE, new ArrayList<>());
                List<StreamedGift> missed = history.read(
                                reader, client, instances[instance], new StreamedGift.Filter(PAGE, null))
                        .gifts();
                int taken = random.nextInt(missed.size() + 1);
                client = take(missed, taken, client, seen);
                if (taken == missed.size()) {
                    client = follow(instances[instance], random.nextInt(5), seen);
                    instances[instance] = client;
                }
            }
        }
        for (Connection writer : writers) {
            writer.commit();
            committed.addAll(uncommitted.get(writer));
        }
        follow(client, Integer.MAX_VALUE, seen);

        assertThat(committed).hasSizeGreaterThan(500);
        assertThat(seen).doesNotHaveDuplicates().containsExactlyInAnyOrderElementsOf(committed);
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
        assertThat(history.knows(history.latest(reader), reader)).isTrue();
        assertThat(history.knows(StreamPosition.parse("4000000000000:1").orElseThrow(), reader))
                .isFalse();
    }

    @Test
    void filtersByPageSymbolAndReader() throws Exception {
        StreamPosition start = history.latest(reader);
        Connection writer = transaction();
        insert(writer, PAGE);
        long wanted = insert(writer, PAGE + 1);
        writer.commit();

        assertThat(ids(history.read(reader, start, StreamPosition.END, new StreamedGift.Filter(PAGE + 1, null))
                        .gifts()))
                .containsExactly(wanted);
        assertThat(history.read(reader, start, StreamPosition.END, new StreamedGift.Filter(null, 1_234))
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

    /** Reads on from a position, up to a number of rows, and gives the position then. */
    private StreamPosition follow(StreamPosition from, int most, List<Long> seen) throws SQLException {
        List<StreamedGift> gifts = read(from);
        return take(gifts, Math.min(most, gifts.size()), from, seen);
    }

    private static StreamPosition take(List<StreamedGift> gifts, int count, StreamPosition from, List<Long> seen) {
        List<StreamedGift> taken = gifts.subList(0, count);
        seen.addAll(ids(taken));
        // through its text, as a client brings it
        return count == 0
                ? from
                : StreamPosition.parse(taken.get(count - 1).position().toString())
                        .orElseThrow();
    }

    private List<StreamedGift> read(StreamPosition from) throws SQLException {
        VaultHistory.Page page = history.read(reader, from, StreamPosition.END, new StreamedGift.Filter(PAGE, null));
        assertThat(page.complete()).isTrue();
        return page.gifts();
    }

    private static List<Long> ids(List<StreamedGift> gifts) {
        return gifts.stream().map(StreamedGift::id).toList();
    }

    private static long insert(Connection writer, long page) throws SQLException {
        try (PreparedStatement insert = writer.prepareStatement(
                "insert into vault (page_id, question, answer) values (?, 'q', 'a') returning id")) {
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
