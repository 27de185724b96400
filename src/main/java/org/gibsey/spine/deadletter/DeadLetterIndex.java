package org.gibsey.spine.deadletter;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.RowMapper;
import org.springframework.jdbc.core.SimplePropertyRowMapper;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Reads the table that indexes the dead letters, and notes in it what operators do to them. Thread-safe. */
@Component
class DeadLetterIndex {

    /** As a row of the vault, or as a change in the history. */
    private static final String IS_STORED = "(exists (select from vault v where v.event_id = d.event_id)"
            + " or exists (select from gift_change c where c.change_id = d.event_id))";

    /** The gift of a stub is not in it: see {@link DeadLetters}. */
    private static final String IS_STUB = "d.headers @> '[{\"name\":\"" + DeadLetterHeaders.STUB_BYTES + "\"}]'";

    private static final String IS_DISMISSED =
            "coalesce(d.dismissed_at > greatest(d.last_failed_at, d.replayed_at), false)";

    /** Neither stored nor on its way again, and somebody may still do something about it. */
    private static final String WAITS =
            "d.erased_at is null and (d.replayed_at is null or d.replayed_at <= d.last_failed_at) and not "
                    + IS_DISMISSED + " and not " + IS_STORED;

    /** Named as {@link Letter} names them. The state is derived, so that it cannot contradict the vault. */
    private static final String COLUMNS = String.format(Locale.ROOT, """
            d.id, d.event_id, d.topic, d.partition, d.record_offset as offset, d.reason, d.message, d.sqlstate, d.attempts,
                   d.first_failed_at, d.last_failed_at, d.replayed_at, d.replays,
                   d.dismissed_at, d.dismissed_by, d.dismissed_why,
                   case
                     when d.erased_at is not null then 'erased'
                     when %s then 'stored'
                     when %s then 'dismissed'
                     when d.replayed_at is null then 'dead'
                     when d.replayed_at > d.last_failed_at then 'replaying'
                     else 'dead again' end as state,
                   %s as stub
            """, IS_STORED, IS_DISMISSED, IS_STUB);

    private static final String SELECT = "select " + COLUMNS + " from dead_letter d";
    private static final String SELECT_WITH_CONTENT =
            "select d.key, d.value, d.headers, " + COLUMNS + " from dead_letter d";
    private static final String REPLAYABLE =
            " and d.erased_at is null and not " + IS_STUB + " and not " + IS_STORED + " order by d.id";
    /** Ids read at once: the driver holds some 80 bytes of each row until the last is there, beside the 20 that are kept. */
    private static final int IDS = 10_000;

    private static final RowMapper<Letter> LETTER = new SimplePropertyRowMapper<>(Letter.class);
    private static final RowMapper<Waiting> WAITING = new SimplePropertyRowMapper<>(Waiting.class);

    private final JdbcClient vault;
    private final ObjectMapper json;

    DeadLetterIndex(JdbcClient vault, ObjectMapper json) {
        this.vault = vault;
        this.json = json;
    }

    /**
     * A dead letter without its content, as {@code /actuator/deadletters} shows it.
     *
     * @param id            of the index row; topic, partition and offset are those that the gift was consumed from
     * @param reason        class of the fault
     * @param attempts      how often it died
     * @param lastFailedAt  UTC, as all times here
     * @param dismissedAt   when an operator last dismissed it, in the words {@code dismissedWhy}; counts while the state says so
     * @param state         {@code dead}, {@code replaying}, {@code stored}, {@code dead again}, "dismissed", or
     *                      {@code erased} with its reader: nothing is left to send
     * @param stub          whether only the beginning of its gift was kept, so that it cannot be sent again
     */
    record Letter(
            long id,
            UUID eventId,
            String topic,
            int partition,
            long offset,
            String reason,
            String message,
            @Nullable String sqlState,
            int attempts,
            Instant firstFailedAt,
            Instant lastFailedAt,
            @Nullable Instant replayedAt,
            int replays,
            @Nullable Instant dismissedAt,
            @Nullable String dismissedBy,
            @Nullable String dismissedWhy,
            String state,
            boolean stub) {}

    /**
     * A dead letter with its content.
     *
     * @param headers of the dead letter, in their order
     */
    @SuppressWarnings("ArrayRecordComponent") // letters are shown and sent, never compared
    record WholeLetter(Letter letter, byte @Nullable [] key, byte @Nullable [] value, List<StoredHeader> headers) {}

    /** A record header as indexed. */
    @SuppressWarnings("ArrayRecordComponent") // as above
    record StoredHeader(String name, byte @Nullable [] value) {}

    /**
     * Letters of one class that are neither stored nor on their way again nor dismissed.
     *
     * @param since when the one that has waited longest died last, UTC
     */
    record Waiting(String reason, long letters, Instant since) {}

    List<Waiting> waiting() {
        return vault.sql("select d.reason, count(*) as letters, min(d.last_failed_at) as since from dead_letter d"
                        + " where " + WAITS + " group by d.reason order by d.reason")
                .query(WAITING)
                .list();
    }

    /** @param reason only of this class, or null for all; newest first */
    List<Letter> page(@Nullable String reason, int limit, long offset) {
        return vault.sql(SELECT
                        + " where (:reason::text is null or d.reason = :reason)"
                        + " order by d.last_failed_at desc, d.id desc limit :limit offset :offset")
                .param("reason", reason)
                .param("limit", limit)
                .param("offset", offset)
                .query(LETTER)
                .list();
    }

    long count(@Nullable String reason) {
        return vault.sql("select count(*) from dead_letter where (:reason::text is null or reason = :reason)")
                .param("reason", reason)
                .query(Long.class)
                .single();
    }

    Optional<WholeLetter> find(long id) {
        return vault.sql(SELECT_WITH_CONTENT + " where d.id = :id")
                .param("id", id)
                .query(this::wholeLetter)
                .optional();
    }

    /** Those of these ids that are stubs, in their order. */
    List<Long> stubs(Collection<Long> ids) {
        return vault.sql("select d.id from dead_letter d where d.id in (:ids) and " + IS_STUB + " order by d.id")
                .param("ids", ids)
                .query(Long.class)
                .list();
    }

    /** Those of these ids that are not in the vault, by id; no stubs. */
    List<WholeLetter> dead(Collection<Long> ids, Collection<String> topics) {
        return vault.sql(SELECT_WITH_CONTENT + " where d.id in (:ids) and d.topic in (:topics)" + REPLAYABLE)
                .param("ids", ids)
                .param("topics", topics)
                .query(this::wholeLetter)
                .list();
    }

    /** How many bytes key, value and headers of each of these have here; ids that there are not are left out. */
    Map<Long, Long> sizes(Collection<Long> ids) {
        Map<Long, Long> sizes = new HashMap<>();
        vault.sql("select id, coalesce(octet_length(key), 0) + coalesce(octet_length(value), 0)::bigint"
                        + " + octet_length(headers::text) as bytes from dead_letter where id in (:ids)")
                .param("ids", ids)
                .query(row -> {
                    sizes.put(row.getLong("id"), row.getLong("bytes"));
                });
        return sizes;
    }

    /** Of these ids, those that are not in the vault, in their order; no stubs. */
    List<Long> deadIds(Collection<Long> ids, Collection<String> topics) {
        return vault.sql("select d.id from dead_letter d where d.id in (:ids) and d.topic in (:topics)" + REPLAYABLE)
                .param("ids", ids)
                .param("topics", topics)
                .query(Long.class)
                .list();
    }

    /**
     * The ids of all letters of a class that are not in the vault and died before a time, in their order; no stubs, none dismissed. A
     * million take some 20 MB of memory.
     */
    List<Long> deadIds(String reason, Collection<String> topics, Instant before) {
        return inPages(
                after -> vault.sql("select d.id from dead_letter d where d.reason = :reason and d.topic in (:topics)"
                                + " and d.last_failed_at < :before and d.id > :after and not " + IS_DISMISSED
                                + REPLAYABLE + " limit " + IDS)
                        .param("reason", reason)
                        .param("topics", topics)
                        .param("before", Timestamp.from(before))
                        .param("after", after)
                        .query(Long.class)
                        .list());
    }

    /** The ids of all letters of a class that wait for somebody, up to one, in their order. A million take some 20 MB of memory. */
    List<Long> waitingIds(String reason, long upTo) {
        return inPages(after -> vault.sql(
                        "select d.id from dead_letter d where d.reason = :reason and d.id <= :upTo and d.id > :after and "
                                + WAITS + " order by d.id limit " + IDS)
                .param("reason", reason)
                .param("upTo", upTo)
                .param("after", after)
                .query(Long.class)
                .list());
    }

    private static List<Long> inPages(LongFunction<List<Long>> idsAfter) {
        List<Long> all = new ArrayList<>();
        List<Long> page = idsAfter.apply(Long.MIN_VALUE);
        while (!page.isEmpty()) {
            all.addAll(page);
            page = page.size() < IDS ? List.of() : idsAfter.apply(page.get(page.size() - 1));
        }
        return all;
    }

    void replayed(Collection<Long> ids, Instant at) {
        // locked in the order of route index-dead-letters, which writes those that die again meanwhile; otherwise each
        // of the two could have a row that the other waits for
        vault.sql("with locked as (select id from dead_letter where id in (:ids) order by event_id for no key update)"
                        + " update dead_letter d set replayed_at = :at, replays = d.replays + 1 from locked"
                        + " where d.id = locked.id")
                .param("at", Timestamp.from(at))
                .param("ids", ids)
                .update();
    }

    /** @return how many of them waited, and do not any more */
    int dismiss(Collection<Long> ids, String by, String why, Instant at) {
        // later than its death, also by the clock of the worker where it died; locked in the order of replayed()
        return vault.sql(
                        "with locked as (select id from dead_letter where id in (:ids) order by event_id for no key update)"
                                + " update dead_letter d"
                                + " set dismissed_at = greatest(:at, d.last_failed_at + interval '1 microsecond'),"
                                + " dismissed_by = :by, dismissed_why = :why from locked where d.id = locked.id and "
                                + WAITS)
                .param("at", Timestamp.from(at))
                .param("by", by)
                .param("why", why)
                .param("ids", ids)
                .update();
    }

    private WholeLetter wholeLetter(ResultSet row, int number) throws SQLException {
        return new WholeLetter(
                LETTER.mapRow(row, number),
                row.getBytes("key"),
                row.getBytes("value"),
                headers(row.getString("headers")));
    }

    private List<StoredHeader> headers(String text) throws SQLException {
        try {
            return List.of(json.readValue(text, StoredHeader[].class));
        } catch (JsonProcessingException e) {
            throw new SQLException("dead_letter.headers is not what index-dead-letters writes", e);
        }
    }
}
