package org.gibsey.spine.persist;

import java.net.SocketTimeoutException;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.List;
import java.util.Set;
import org.gibsey.spine.gift.InvalidInput;
import org.gibsey.spine.gift.MalformedJson;
import org.gibsey.spine.persist.EventFormat.UndecodableGifts;
import org.gibsey.spine.persist.RefusalProof.RefusesEverything;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.PSQLState;
import org.postgresql.util.ServerErrorMessage;

/**
 * Why a batch failed: the one place that decides what is dead-lettered and what is waited out.
 *
 * <p>A message is at fault only if it cannot be decoded or PostgreSQL refuses it as data. Everything else is an outage, also
 * what is not known here: the consumer waits until it is over. So a mistake here costs time, never a gift.
 *
 * @param ofTheMessage whether the message is at fault; otherwise it is an outage
 * @param reason       class of the fault: {@code undecodable}, {@code invalid}, {@code refused}, {@code outage}, {@code slow}
 * @param message      what happened, without any content of a message
 * @param sqlState     as PostgreSQL gave it (Appendix A of its manual), or null
 */
record Fault(
        boolean ofTheMessage,
        String reason,
        String message,
        @Nullable String sqlState) {

    /**
     * SQLSTATEs, or the two characters of their class, for which the message is at fault: data exception, integrity
     * constraint violation, row beyond a limit of the database, raised by a trigger.
     */
    private static final List<String> OF_THE_MESSAGE = List.of("22", "23", "54000", "P0001");

    private static final Set<String> ROW_IDS = Set.of("vault_pkey", "dead_letter_pkey");

    /** PostgreSQL's execPartition.c, since 10; the state is that of a check (23514). */
    private static final String NO_PARTITION = "ExecFindPartition";

    private static final String SLOW = "slow";

    static Fault of(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof UndecodableGifts || cause instanceof MalformedJson) {
                return new Fault(true, "undecodable", text(cause), null);
            }
            if (cause instanceof InvalidInput) {
                return new Fault(true, "invalid", text(cause), null);
            }
            if (cause instanceof SQLTransientConnectionException && cause.getCause() != null) {
                // The pool has no connection, and its cause says why. No message was sent to the database, whatever the
                // state says: 22023 is a wrong setting of the session.
                Fault why = of(cause.getCause());
                return outage(why.message, why.sqlState);
            }
            if (cause instanceof RefusesEverything) {
                return outage(text(cause), null);
            }
            if (cause instanceof PSQLException refused && isOfTheTable(refused)) {
                return outage(text(refused), refused.getSQLState());
            }
            if (cause instanceof SQLException sql && sql.getCause() instanceof SocketTimeoutException) {
                return new Fault(false, SLOW, text(sql), sql.getSQLState());
            }
            if (cause instanceof SQLException sql && sql.getSQLState() != null) {
                return ofSqlState(sql.getSQLState(), text(sql));
            }
        }
        return outage(failure.getClass().getSimpleName() + ": " + text(failure), null);
    }

    /**
     * Whether the statement exceeded a time limit: the database's, or the driver's, which is for a database that does not keep its
     * own. Fewer rows may be stored in time.
     */
    boolean tooSlow() {
        return reason.equals(SLOW);
    }

    @Override
    public String toString() {
        return sqlState == null ? message : message + " (SQLSTATE " + sqlState + ")";
    }

    /**
     * Whether a constraint was violated through no fault of the message. The tables draw their row ids from sequences, which may lag
     * behind the rows after a restore: each attempt draws further ids, until the sequence has caught up. And a row may belong to a
     * partition that is not there, while others find theirs; the server names no constraint then, only its own function.
     */
    private static boolean isOfTheTable(PSQLException refused) {
        ServerErrorMessage said = refused.getServerErrorMessage();
        if (said == null) {
            return false;
        }
        boolean drewAnIdTwice = PSQLState.UNIQUE_VIOLATION.getState().equals(refused.getSQLState())
                && said.getConstraint() != null
                && ROW_IDS.contains(said.getConstraint());
        return drewAnIdTwice || NO_PARTITION.equals(said.getRoutine());
    }

    private static Fault ofSqlState(String state, String message) {
        if (state.equals(PSQLState.QUERY_CANCELED.getState())) {
            return new Fault(false, SLOW, message, state);
        }
        boolean ofTheMessage = OF_THE_MESSAGE.stream().anyMatch(state::startsWith);
        return ofTheMessage ? new Fault(true, "refused", message, state) : outage(message, state);
    }

    private static Fault outage(String message, @Nullable String sqlState) {
        return new Fault(false, "outage", message, sqlState);
    }

    private static String text(Throwable failure) {
        String message = failure.getMessage();
        return message == null
                ? failure.getClass().getSimpleName()
                : message.lines().findFirst().orElse("");
    }
}
