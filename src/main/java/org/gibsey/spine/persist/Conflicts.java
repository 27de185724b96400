package org.gibsey.spine.persist;

import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.gibsey.spine.deadletter.DeadLetters.DeadLetter;
import org.gibsey.spine.gift.EventId;
import org.gibsey.spine.persist.GiftBatch.PartlyKnown;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.SqlArrayValue;
import org.springframework.stereotype.Component;

/**
 * Tells a gift that was delivered again from another gift under the same id. The insert leaves out both; the second would be lost
 * without a word, and an id can be forged or computed before its owner saves. It becomes a dead letter of its own reason. Costs
 * a statement only where rows were there already. Thread-safe.
 */
@Component
class Conflicts {

    static final String REASON = "conflict";

    /**
     * Positions, from 1, of the gifts that differ from their row as it is and as it was before its first changes. What a save said
     * was there before the first; the others are for two workers that stored changes at the same moment. With thousands of long
     * changes of a gift each of its duplicates took a tenth of a second. Not compared are the time, which a resend may not have; the language,
     * which a worker that knew of none has stored the gift without; and texts that are no longer known: of a row that was made from
     * a change, and of one whose texts were taken away for good.
     */
    private static final String SQL = """
            with gift as (
              select *
                from unnest(?::uuid[], ?::uuid[], ?::bigint[], ?::text[], ?::text[], ?::integer[]) with ordinality
                     as gift(event_id, user_id, page_id, question, answer, symbol_id, position)
            ), before as materialized (
              select first.*
                from (select distinct event_id from gift) as known
               cross join lateral (select gift, before_question, before_answer, before_symbol_id
                                     from gift_change
                                    where gift_change.gift = known.event_id
                                    order by gift_change.id limit 10) as first
            )
            select gift.position
              from gift
              join vault on vault.event_id = gift.event_id
             where vault.purged_at is null
               and ((vault.user_id, vault.page_id) is distinct from
                    (coalesce(gift.user_id, '00000000-0000-0000-0000-000000000000'), gift.page_id)
                    or (vault.question, vault.answer, vault.symbol_id) is distinct from
                       (gift.question, gift.answer, gift.symbol_id)
                       and not exists (
                         select from before
                          where before.gift = gift.event_id
                            and (before_question is null
                                 or (before_question, before_answer, before_symbol_id) is not distinct from
                                    (gift.question, gift.answer, gift.symbol_id))))
            """;

    private final JdbcClient vault;
    private final BatchIsolation isolation;
    private final PersistMetrics metrics;

    Conflicts(JdbcClient vault, BatchIsolation isolation, PersistMetrics metrics) {
        this.vault = vault;
        this.isolation = isolation;
        this.metrics = metrics;
    }

    /**
     * Dead-letters those of a batch that is stored.
     *
     * @throws RuntimeException if database or broker are away; what was sent is the same letter when it is sent again
     */
    void deadLetter(GiftBatch batch) throws InterruptedException {
        for (PartlyKnown slice : batch.partlyKnown()) {
            List<DeadLetter> letters = of(slice.parameters()).stream()
                    .map(position -> letter(slice.records().get(position - 1)))
                    .toList();
            if (!letters.isEmpty()) {
                isolation.deadLetter(letters);
            }
            metrics.duplicates(slice.known() - letters.size());
        }
    }

    /** @param gifts as the insert takes them */
    List<Integer> of(Map<String, Object> gifts) {
        return vault.sql(SQL)
                .params(
                        array("text", gifts, "event_id"),
                        array("text", gifts, "user_id"),
                        array("bigint", gifts, "page_id"),
                        array("text", gifts, "question"),
                        array("text", gifts, "answer"),
                        array("integer", gifts, "symbol_id"))
                .query(Integer.class)
                .list();
    }

    private static SqlArrayValue array(String type, Map<String, Object> gifts, String column) {
        return new SqlArrayValue(type, (Object[]) gifts.get(column));
    }

    private static DeadLetter letter(ConsumerRecord<byte[], byte[]> record) {
        return new DeadLetter(
                record,
                EventId.ofConflict(record),
                REASON,
                "the event id " + EventId.of(record) + " is that of another gift, with other content",
                null);
    }
}
