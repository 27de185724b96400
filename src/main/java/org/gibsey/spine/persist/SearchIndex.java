package org.gibsey.spine.persist;

import java.time.Clock;
import java.time.Duration;
import java.util.Set;
import org.gibsey.spine.Outage;
import org.gibsey.spine.Repeating;
import org.gibsey.spine.SpineSettings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.TransientDataAccessException;
import org.springframework.jdbc.BadSqlGrammarException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/**
 * Takes gifts into the index of words a moment after they were stored, the newest first: taking words apart costs ten times what
 * the row costs, and a backlog would drain so much slower. What fails here holds up no gift and dead-letters none. Each worker does it,
 * about 800 gifts a second at most. Looks from one thread.
 */
@Component
final class SearchIndex {

    private static final Duration PAUSE = Duration.ofMillis(500);

    private static final Logger LOG = LoggerFactory.getLogger(SearchIndex.class);

    /** What another worker takes in is left to it. */
    private static final String SQL = """
            update vault set searchable = true
             where id in (select id from vault where not searchable order by id desc limit ? for update skip locked)
            """;

    /** Gifts of a statement. */
    private static final int MOST = 400;

    private final JdbcClient vault;
    private final BatchConsumerFactory consumers;
    private final String group;
    private final Outage trouble;

    /** Fewer for a while after a statement that took too long: texts may cost a hundred times what others cost. */
    private int atOnce = MOST;

    SearchIndex(JdbcClient vault, BatchConsumerFactory consumers, SpineSettings settings, Clock steadyClock) {
        this.vault = vault;
        this.consumers = consumers;
        this.group = settings.topic().group();
        this.trouble = new Outage(steadyClock);
    }

    @Bean
    static Repeating searchIndexThread(SearchIndex index) {
        return new Repeating("search index", PAUSE, index::look);
    }

    /** Takes in the next ones, where this process stores gifts: one that only brings them elsewhere may have no vault. */
    void look() {
        if (consumers.memberships().stream().noneMatch(member -> member.group().equals(group))) {
            return;
        }
        try {
            vault.sql(SQL).param(atOnce).update();
            atOnce = Math.min(MOST, 2 * atOnce);
            trouble.end().ifPresent(lasted -> LOG.info("Gifts are taken into the index of words again"));
        } catch (DataAccessException e) {
            fails(e);
        }
    }

    private void fails(DataAccessException e) {
        if (Fault.of(e).tooSlow()) {
            atOnce = Math.max(1, atOnce / 2);
            if (trouble.isToBeLogged()) {
                LOG.warn(
                        "Gifts are taken into the index of words {} at a time: {}",
                        atOnce,
                        String.valueOf(e.getCause()));
            }
        } else if (e instanceof DataAccessResourceFailureException || e instanceof TransientDataAccessException) {
            // health says that the database is away; what was not taken in is tried again
            LOG.debug("The index of words waits", e);
        } else if (isMissing(e)) {
            // before the migrations: health says that the schema is not current
            LOG.debug("The index of words waits for its table", e);
        } else if (trouble.isToBeLogged()) {
            LOG.warn("No gifts are taken into the index of words at the moment: {}", String.valueOf(e.getCause()));
        }
    }

    /** Undefined table or column; a missing right is no part of it, and is logged. */
    private static boolean isMissing(DataAccessException e) {
        return e instanceof BadSqlGrammarException grammar
                && Set.of("42P01", "42703").contains(grammar.getSQLException().getSQLState());
    }
}
