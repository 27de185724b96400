package org.gibsey.spine.timeline;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializerBase;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.sql.Types;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.autoconfigure.jackson.Jackson2ObjectMapperBuilderCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.stereotype.Component;

/**
 * Reads the vault in the order in which streams deliver it, see {@link StreamPosition}. Thread-safe; the connections it is
 * given are used by one thread at a time.
 */
@Component
class VaultHistory {

    /** With {@code revision}, those of {@code GET /vault/list}: a gift looks the same in the list and in the stream. */
    private static final List<String> COLUMNS =
            List.of("id", "event_id", "user_id", "page_id", "question", "answer", "symbol_id", "lang", "created_at");

    /** Rows fetched at a time at most, and characters delivered: bounds the memory that long answers take. */
    private static final int FETCH_ROWS = 10;

    static final int PAGE_CHARS = 512 * 1024;

    /**
     * Rows past one position and not past another. Every part is a range of the index vault_stream, so the cost is that of
     * the rows found, however long a transaction has been open.
     *
     * <p>A row with a transaction id that this server has not reached was restored from another server's dump. It is old: if
     * it counted as new, every later row would count as delivered.
     *
     * <p>Changed gifts come whatever their symbol is, and also when they are deleted: a client may have them as they were before.
     */
    private static final String READ = String.format(Locale.ROOT, """
            select v.txid, v.%s, coalesce(v.revision, v.event_id) as text_revision, now.open_txids,
                   case when v.saved_txid >= now.next_txid then 0 else coalesce(v.saved_txid, v.txid) end as saved_txid,
                   v.deleted_at is not null or v.purged_at is not null as gone
              from (select pg_snapshot_xmax(s)::text::bigint as next_txid,
                           array(select x::text::bigint from pg_snapshot_xip(s) x) as open_txids
                      from pg_current_snapshot() s) now,
                   lateral (
                     select late.* from unnest(?::bigint[], ?::bigint[]) as open (txid, id)
                       join vault late on late.txid = open.txid and late.id > open.id
                     union all
                     select * from vault where (txid, id) > (?, ?)) v
             where (v.txid, v.id) <= (?, ?)
               and v.txid < now.next_txid
               and not exists (select from unnest(?::bigint[], ?::bigint[]) as later (txid, id)
                                where later.txid = v.txid and v.id > later.id)
               and (?::bigint is null or v.page_id = ?)
               and (v.saved_txid is not null or (v.deleted_at is null and (?::integer is null or v.symbol_id = ?)))
               and (?::uuid is null or v.user_id = ?)
             order by v.txid, v.id
            """, String.join(", v.", COLUMNS));

    private static final String LATEST = """
            select v.txid, v.id, now.next_txid, now.open_txids
              from (select pg_snapshot_xmax(s)::text::bigint as next_txid,
                           array(select x::text::bigint from pg_snapshot_xip(s) x) as open_txids
                      from pg_current_snapshot() s) now
              left join lateral (select txid, id from vault where txid < now.next_txid
                                  order by txid desc, id desc limit 1) v on true
            """;

    private static final String CAN_TELL = """
            select ? < pg_snapshot_xmax(pg_current_snapshot())::text::bigint
                   and not exists (select from gift_change where gift = ? and kind = 'erased') as can_tell
            """;

    private final ObjectMapper json;

    /** @param json the mapper the list is written with */
    VaultHistory(ObjectMapper json) {
        this.json = json;
    }

    /** The database's times in UTC to the microsecond, which Jackson by itself cuts to milliseconds. */
    @Bean
    static Jackson2ObjectMapperBuilderCustomizer timestamps() {
        return mapper -> mapper.serializerByType(Timestamp.class, new ToStringSerializerBase(Timestamp.class) {
            @Override
            public String valueToString(Object time) {
                return ((Timestamp) time).toInstant().toString();
            }
        });
    }

    /**
     * Some gifts, in order.
     *
     * @param gifts    the first ones past the position asked for
     * @param complete whether that is all there were
     */
    record Page(List<StreamedGift> gifts, boolean complete) {}

    /** The position after every row there is now. */
    StreamPosition latest(Connection connection) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(LATEST);
                ResultSet row = select.executeQuery()) {
            row.next();
            long txid = row.getLong("txid");
            return row.wasNull()
                    ? StreamPosition.START
                    : StreamPosition.START.after(txid, row.getLong("id"), openTransactions(row));
        }
    }

    /**
     * Whether what has happened since can be told: not if the server has not reached the position's transaction id, and not to a reader
     * who asked to be forgotten, since what was deleted is no longer theirs.
     *
     * @param reader whose gifts are wanted; null for those of all
     */
    boolean canTell(StreamPosition since, @Nullable UUID reader, Connection connection) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(CAN_TELL)) {
            select.setLong(1, since.txid());
            select.setObject(2, reader, Types.OTHER);
            try (ResultSet row = select.executeQuery()) {
                row.next();
                return row.getBoolean("can_tell");
            }
        }
    }

    /**
     * The next gifts, at least one if there is one; also changed ones that the filter does not let through any more.
     *
     * @param from   what was delivered already
     */
    Page read(Connection connection, StreamPosition from, StreamPosition upTo, StreamedGift.Filter filter)
            throws SQLException {
        // the driver fetches in portions only within a transaction
        connection.setAutoCommit(false);
        try (PreparedStatement select = connection.prepareStatement(READ)) {
            select.setFetchSize(1);
            // in threads of their own, for which nobody waits but timelines: up to what the pool allows
            select.setQueryTimeout(0);
            setArrays(select, 1, from.open());
            select.setLong(3, from.txid());
            select.setLong(4, from.id());
            select.setLong(5, upTo.txid());
            select.setLong(6, upTo.id());
            setArrays(select, 7, upTo.open());
            select.setObject(9, filter.pageId(), Types.BIGINT);
            select.setObject(10, filter.pageId(), Types.BIGINT);
            select.setObject(11, filter.symbolId(), Types.INTEGER);
            select.setObject(12, filter.symbolId(), Types.INTEGER);
            select.setObject(13, filter.reader(), Types.OTHER);
            select.setObject(14, filter.reader(), Types.OTHER);
            try (ResultSet rows = select.executeQuery()) {
                return page(rows, from);
            }
        } finally {
            connection.rollback();
            connection.setAutoCommit(true);
        }
    }

    private Page page(ResultSet rows, StreamPosition from) throws SQLException {
        List<StreamedGift> gifts = new ArrayList<>();
        StreamPosition position = from;
        int chars = 0;
        while (rows.next()) {
            if (chars >= PAGE_CHARS) {
                return new Page(gifts, false);
            }
            position = position.after(rows.getLong("txid"), rows.getLong("id"), openTransactions(rows));
            StreamedGift gift = gift(rows, position);
            gifts.add(gift);
            chars += gift.chars();
            // as many of that size as there is room for: of ten giant gifts nine would be fetched for nothing
            int more = (PAGE_CHARS - chars) / Math.max(1, chars / gifts.size());
            rows.setFetchSize(Math.max(1, Math.min(FETCH_ROWS, more)));
        }
        return new Page(gifts, true);
    }

    private StreamedGift gift(ResultSet rows, StreamPosition position) throws SQLException {
        Map<String, Object> row = new LinkedHashMap<>();
        for (String column : COLUMNS) {
            row.put(column, rows.getObject(column));
        }
        row.put("revision", rows.getObject("text_revision"));
        try {
            return new StreamedGift(
                    position,
                    rows.getLong("id"),
                    rows.getLong("saved_txid"),
                    rows.getObject("event_id", UUID.class),
                    rows.getLong("page_id"),
                    rows.getObject("symbol_id", Integer.class),
                    rows.getObject("user_id", UUID.class),
                    rows.getBoolean("gone") ? null : json.writeValueAsString(row));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a row of the vault is not JSON", e);
        }
    }

    private static List<Long> openTransactions(ResultSet row) throws SQLException {
        Array open = row.getArray("open_txids");
        return List.of((Long[]) open.getArray());
    }

    private static void setArrays(PreparedStatement select, int index, SortedMap<Long, Long> entries)
            throws SQLException {
        Connection connection = select.getConnection();
        select.setArray(
                index, connection.createArrayOf("bigint", entries.keySet().toArray()));
        select.setArray(
                index + 1, connection.createArrayOf("bigint", entries.values().toArray()));
    }
}
