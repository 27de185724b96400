package org.gibsey.spine.persist;

import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.List;
import org.gibsey.spine.gift.InvalidInput;
import org.gibsey.spine.gift.MalformedJson;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.PSQLState;
import org.postgresql.util.ServerErrorMessage;

/**
 * Whose fault a failure is: the one place that decides what is dead-lettered and what is waited out.
 *
 * <p>Only what PostgreSQL refuses as data, or what cannot be decoded, is the message's. Everything else, whatever is not
 * known included, is the world's: it stops the line and passes. So a mistake here costs time, never a gift.
 *
 * @param kind     whose fault
 * @param reason   short class of it: {@code undecodable}, {@code invalid}, {@code refused}, {@code world}
 * @param message  what happened, without any content of a message
 * @param sqlState as PostgreSQL gave it (Appendix A of its manual), or null
 */
record Fault(
        Kind kind, String reason, String message, @Nullable String sqlState) {

    enum Kind {
        MESSAGE,
        WORLD
    }

    /**
     * SQLSTATEs, or the two characters of their class, that lay the fault on the message: data exception, integrity
     * constraint violation, row beyond a limit of the database, raised by a trigger.
     */
    private static final List<String> OF_THE_MESSAGE = List.of("22", "23", "54000", "P0001");

    static Fault of(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof UndecodableGifts || cause instanceof MalformedJson) {
                return new Fault(Kind.MESSAGE, "undecodable", text(cause), null);
            }
            if (cause instanceof InvalidInput) {
                return new Fault(Kind.MESSAGE, "invalid", text(cause), null);
            }
            if (cause instanceof SQLTransientConnectionException && cause.getCause() != null) {
                // The pool says how long it waited, and inside why there is no connection. No message was looked at,
                // whatever the state says: 22023 is a wrong setting of the session.
                Fault why = of(cause.getCause());
                return new Fault(Kind.WORLD, "world", why.message, why.sqlState);
            }
            if (cause instanceof PSQLException refused && drewAnIdTwice(refused)) {
                return new Fault(Kind.WORLD, "world", text(refused), refused.getSQLState());
            }
            if (cause instanceof SQLException sql && sql.getSQLState() != null) {
                return ofSqlState(sql.getSQLState(), text(sql));
            }
        }
        return new Fault(Kind.WORLD, "world", failure.getClass().getSimpleName() + ": " + text(failure), null);
    }

    boolean ofTheMessage() {
        return kind == Kind.MESSAGE;
    }

    @Override
    public String toString() {
        return sqlState == null ? message : message + " (SQLSTATE " + sqlState + ")";
    }

    /**
     * The one violation of a constraint that no message can be blamed for: the vault draws its row ids from a sequence, which
     * may lag behind the rows after a restore. Each attempt draws further ones.
     */
    private static boolean drewAnIdTwice(PSQLException refused) {
        ServerErrorMessage said = refused.getServerErrorMessage();
        return said != null
                && PSQLState.UNIQUE_VIOLATION.getState().equals(refused.getSQLState())
                && "vault_pkey".equals(said.getConstraint());
    }

    private static Fault ofSqlState(String state, String message) {
        boolean ofTheMessage = OF_THE_MESSAGE.stream().anyMatch(state::startsWith);
        return ofTheMessage
                ? new Fault(Kind.MESSAGE, "refused", message, state)
                : new Fault(Kind.WORLD, "world", message, state);
    }

    private static String text(Throwable failure) {
        String message = failure.getMessage();
        return message == null
                ? failure.getClass().getSimpleName()
                : message.lines().findFirst().orElse("");
    }
}
