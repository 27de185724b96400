package org.gibsey.spine.deadletter;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Reads the table that indexes the dead letters, and notes replays in it. Thread-safe. */
@Component
class DeadLetterIndex {

    /** What became of a letter is derived, so that it cannot contradict the vault. */
    private static final String STATE_FROM_INDEX = """
            case
                     when exists (select from vault v where v.event_id = d.event_id) then 'stored'
                     when d.replayed_at is null then 'dead'
                     when d.replayed_at > d.last_failed_at then 'replaying'
                     else 'dead again' end as state
              from dead_letter d
            """;

    private static final String SELECT = "select d.*, " + STATE_FROM_INDEX;

    /** A page of large ones would fill the memory. */
    private static final String SELECT_WITHOUT_CONTENT = """
            select d.id, d.event_id, d.topic, d.partition, d.record_offset, null::bytea as key, null::bytea as value,
                   '[]' as headers, d.reason, d.message, d.sqlstate, d.attempts, d.first_failed_at, d.last_failed_at,
                   d.replayed_at, d.replays,\s""" + STATE_FROM_INDEX;

    private final JdbcClient vault;
    private final ObjectMapper json;

    DeadLetterIndex(JdbcClient vault, ObjectMapper json) {
        this.vault = vault;
        this.json = json;
    }

    /**
     * A dead letter.
     *
     * @param id            of the index row
     * @param eventId       of the gift
     * @param topic         it was consumed from
     * @param partition     of that topic
     * @param offset        in that partition
     * @param key           of the record, or null
     * @param value         of the record, or null
     * @param headers       of the dead letter, in their order
     * @param reason        class of the fault
     * @param message       what happened
     * @param sqlState      the database's code, or null
     * @param attempts      how often it died
     * @param firstFailedAt when it died first, UTC
     * @param lastFailedAt  when it died last, UTC
     * @param replayedAt    when it was last sent again, UTC, or null
     * @param replays       how often it was sent again
     * @param state         {@code dead}, {@code replaying}, {@code stored} or {@code dead again}
     */
    @SuppressWarnings("ArrayRecordComponent") // letters are shown and sent, never compared
    record Letter(
            long id,
            UUID eventId,
            String topic,
            int partition,
            long offset,
            byte @Nullable [] key,
            byte @Nullable [] value,
            List<StoredHeader> headers,
            String reason,
            String message,
            @Nullable String sqlState,
            int attempts,
            Instant firstFailedAt,
            Instant lastFailedAt,
            @Nullable Instant replayedAt,
            int replays,
            String state) {}

    /** A record header as indexed. */
    @SuppressWarnings("ArrayRecordComponent") // as above
    record StoredHeader(String name, byte @Nullable [] value) {}

    /**
     * Without key, value and headers.
     *
     * @param reason only of this class, or null for all; newest first
     */
    List<Letter> page(@Nullable String reason, int limit, long offset) {
        return vault.sql(SELECT_WITHOUT_CONTENT
                        + " where (:reason::text is null or d.reason = :reason)"
                        + " order by d.last_failed_at desc, d.id desc limit :limit offset :offset")
                .param("reason", reason)
                .param("limit", limit)
                .param("offset", offset)
                .query(this::letter)
                .list();
    }

    long count(@Nullable String reason) {
        return vault.sql("select count(*) from dead_letter where (:reason::text is null or reason = :reason)")
                .param("reason", reason)
                .query(Long.class)
                .single();
    }

    Optional<Letter> find(long id) {
        return vault.sql(SELECT + " where d.id = :id")
                .param("id", id)
                .query(this::letter)
                .optional();
    }

    /** Those of these ids that are not in the vault, by id. */
    List<Letter> dead(Collection<Long> ids, String topic) {
        return ids.isEmpty()
                ? List.of()
                : vault.sql(SELECT
                                + " where d.id in (:ids) and d.topic = :topic"
                                + " and not exists (select from vault v where v.event_id = d.event_id) order by d.id")
                        .param("ids", ids)
                        .param("topic", topic)
                        .query(this::letter)
                        .list();
    }

    /** Of these ids, those that are not in the vault, in their order. */
    List<Long> deadIds(Collection<Long> ids, String topic) {
        return ids.isEmpty()
                ? List.of()
                : vault.sql("select d.id from dead_letter d where d.id in (:ids) and d.topic = :topic"
                                + " and not exists (select from vault v where v.event_id = d.event_id) order by d.id")
                        .param("ids", ids)
                        .param("topic", topic)
                        .query(Long.class)
                        .list();
    }

    /** The ids of all letters of a class that are not in the vault and died before a time, in their order. */
    List<Long> deadIds(String reason, String topic, Instant before) {
        return vault.sql("select d.id from dead_letter d where d.reason = :reason and d.topic = :topic"
                        + " and d.last_failed_at < :before"
                        + " and not exists (select from vault v where v.event_id = d.event_id) order by d.id")
                .param("reason", reason)
                .param("topic", topic)
                .param("before", Timestamp.from(before))
                .query(Long.class)
                .list();
    }

    void replayed(Collection<Long> ids, Instant at) {
        vault.sql("update dead_letter set replayed_at = :at, replays = replays + 1 where id in (:ids)")
                .param("at", Timestamp.from(at))
                .param("ids", ids)
                .update();
    }

    private Letter letter(ResultSet row, int number) throws SQLException {
        Timestamp replayedAt = row.getTimestamp("replayed_at");
        return new Letter(
                row.getLong("id"),
                row.getObject("event_id", UUID.class),
                row.getString("topic"),
                row.getInt("partition"),
                row.getLong("record_offset"),
                row.getBytes("key"),
                row.getBytes("value"),
                headers(row.getString("headers")),
                row.getString("reason"),
                row.getString("message"),
                row.getString("sqlstate"),
                row.getInt("attempts"),
                row.getTimestamp("first_failed_at").toInstant(),
                row.getTimestamp("last_failed_at").toInstant(),
                replayedAt == null ? null : replayedAt.toInstant(),
                row.getInt("replays"),
                row.getString("state"));
    }

    private List<StoredHeader> headers(String text) throws SQLException {
        try {
            return List.of(json.readValue(text, StoredHeader[].class));
        } catch (JsonProcessingException e) {
            throw new SQLException("dead_letter.headers is not what index-dead-letters writes", e);
        }
    }
}
