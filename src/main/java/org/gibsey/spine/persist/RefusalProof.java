package org.gibsey.spine.persist;

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.apache.camel.Exchange;
import org.apache.camel.ExchangePropertyKey;
import org.apache.camel.component.jdbc.JdbcConstants;
import org.apache.camel.component.jdbc.JdbcEndpoint;
import org.gibsey.spine.deadletter.DeadLetters;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.namedparam.NamedParameterJdbcTemplate;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Proves that a refusal is the gift's own fault: the database has to take another gift with the same statement. A sequence at
 * its end or a broken trigger refuse with the very codes that bad data gets, and would dead-letter every gift there is. The other
 * gift is like the last one that was stored, and is rolled back. For a change two others of its kind are tried: of the last gift that
 * is not the one it is about, and of a gift that does not exist; for an erasure that of a reader nobody knows; for a dead letter, which
 * would be missing in the index, another. Then it is tried once more itself: what refused it may have ended before the others were
 * tried. Thread-safe.
 */
@Component
final class RefusalProof {

    private static final String LAST = """
            select array[user_id]::text[] as user_id, array[coalesce(page_id, 1)] as page_id,
                   array[symbol_id] as symbol_id, array[lang] as lang
              from (values (1)) as always
              left join lateral (select * from vault order by id desc limit 1) as last on true
            """;

    /** The changes to try. Newer than any, so that they are not superseded. */
    private static final String CHANGES = """
            select jsonb_agg(probe)::text as changes
              from (select gen_random_uuid() as change_id, kind, gift, 'infinity'::timestamptz as at,
                           case kind when 'edited' then array['question', 'answer'] else '{}' end as sets,
                           'Would it take this one? ' || gift as question, 'It is taken back. ' || gift as answer,
                           symbol_id, lang, user_id, coalesce(page_id, 1) as page_id, now() as created_at
                      from (values (:changes::jsonb -> 0 ->> 'kind', gen_random_uuid())) as missing(kind, new_gift)
                      left join lateral (select * from vault
                                          where purged_at is null and kind <> 'erased'
                                            and not exists (select from jsonb_array_elements(:changes::jsonb) as failed
                                                             where failed ->> 'gift' = event_id::text)
                                          order by id desc limit 1) as last on true,
                           lateral unnest(array[new_gift, last.event_id]) as gift
                     where gift is not null) as probe
            """;

    /** The letter to try. */
    private static final String LETTERS = """
            select jsonb_build_array(jsonb_build_object('event_id', gen_random_uuid(), 'topic', 'gift_events',
                   'partition', 0, 'record_offset', 0, 'record_timestamp', 0, 'headers', '[]'::jsonb, 'reason', 'refused',
                   'message', 'Would it take this one?', 'attempts', 1, 'first_failed_at', now(), 'last_failed_at', now()))::text
                   as letters
            """;

    private static final String GIFT = "event_id";

    /** What tells by its name what a statement stores. */
    private static final Set<String> PROBED = Set.of(GIFT, ChangeEvents.PARAMETER, DeadLetters.LETTERS);

    private static final String JUDGED = RefusalProof.class.getName();

    /** The database takes no gift at all, or this one after all. */
    static final class RefusesEverything extends RuntimeException {

        RefusesEverything(Throwable cause) {
            super("the database refuses any gift: " + Fault.of(cause), cause);
        }

        RefusesEverything(String message) {
            super(message);
        }
    }

    /** The fault of an exchange, and the failure that it was found for: Camel asks several times about each. */
    private record Judged(Throwable failure, Fault fault) {}

    /** Why an exchange failed; asked before Camel decides what to do about it. */
    Fault fault(Exchange failed) {
        Throwable failure = failed.getProperty(ExchangePropertyKey.EXCEPTION_CAUGHT, Throwable.class);
        Judged known = failed.getProperty(JUDGED, Judged.class);
        if (known != null && known.failure == failure) {
            return known.fault;
        }
        Fault fault = Fault.of(failure);
        if (fault.ofTheMessage() && GiftBatch.inHand(failed).size() == 1) {
            try {
                check(failed);
            } catch (RefusesEverything e) {
                fault = Fault.of(e);
            }
        }
        failed.setProperty(JUDGED, new Judged(failure, fault));
        return fault;
    }

    /**
     * Tries another gift, and then this one again.
     *
     * @param failed whose last statement was refused; one that is about nothing of these proves nothing and passes
     * @throws RefusesEverything if the other is refused as well, for whatever reason, or this one no more
     */
    private static void check(Exchange failed) {
        DataSource vault = dataSource(failed);
        String sql = failed.getMessage().getBody(String.class);
        @SuppressWarnings("unchecked")
        Map<String, ?> parameters = failed.getMessage().getHeader(JdbcConstants.JDBC_PARAMETERS, Map.of(), Map.class);
        if (vault == null || sql == null || PROBED.stream().noneMatch(parameters::containsKey)) {
            return;
        }
        NamedParameterJdbcTemplate jdbc = new NamedParameterJdbcTemplate(vault);
        try {
            attempt(jdbc, vault, sql, () -> another(jdbc, parameters));
        } catch (DataAccessException | TransactionException e) {
            throw new RefusesEverything(e);
        }
        try {
            attempt(jdbc, vault, sql, () -> parameters);
        } catch (DataAccessException | TransactionException e) {
            if (Fault.of(e).ofTheMessage()) {
                return;
            }
            throw new RefusesEverything(e);
        }
        throw new RefusesEverything("what the database refused it does not refuse any more");
    }

    /** Executes the statement, and takes it back. */
    private static void attempt(
            NamedParameterJdbcTemplate jdbc, DataSource vault, String sql, Supplier<Map<String, ?>> parameters) {
        new TransactionTemplate(new DataSourceTransactionManager(vault)).executeWithoutResult(rolledBack -> {
            rolledBack.setRollbackOnly();
            // Camel marks a parameter with ":?"
            jdbc.execute(sql.replace(":?", ":"), parameters.get(), statement -> {
                statement.execute();
                return statement;
            });
            // what a commit would find wrong
            jdbc.getJdbcOperations().execute("set constraints all immediate");
        });
    }

    private static @Nullable DataSource dataSource(Exchange failed) {
        String uri = failed.getProperty(ExchangePropertyKey.TO_ENDPOINT, String.class);
        return uri != null && failed.getContext().hasEndpoint(uri) instanceof JdbcEndpoint jdbc
                ? jdbc.getDataSource()
                : null;
    }

    /** What is tried in place of what was refused. */
    private static Map<String, Object> another(NamedParameterJdbcTemplate jdbc, Map<String, ?> refused) {
        if (refused.containsKey(GIFT)) {
            return gift(jdbc);
        }
        Object changes = refused.get(ChangeEvents.PARAMETER);
        return changes == null
                ? jdbc.queryForMap(LETTERS, Map.of())
                : jdbc.queryForMap(CHANGES, Map.of(ChangeEvents.PARAMETER, changes));
    }

    /** Texts of its own, should the table want them unique; all else as the database took it before. */
    private static Map<String, Object> gift(NamedParameterJdbcTemplate jdbc) {
        Map<String, Object> gift = new HashMap<>();
        jdbc.query(LAST, last -> {
            for (String column : List.of("user_id", "page_id", "symbol_id", "lang")) {
                gift.put(column, last.getArray(column).getArray());
            }
        });
        UUID id = UUID.randomUUID();
        gift.put(GIFT, new String[] {id.toString()});
        gift.put("question", new String[] {"Would it take this one? " + id});
        gift.put("answer", new String[] {"It is taken back. " + id});
        gift.put("created_at", new String[] {Instant.now().toString()});
        return gift;
    }
}
