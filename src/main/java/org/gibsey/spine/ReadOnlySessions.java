package org.gibsey.spine;

import com.zaxxer.hikari.SQLExceptionOverride;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * Takes a session out of the pool that turns out to be read-only: its server became a standby, and the name it was reached by
 * leads elsewhere by now. The pool would hand it out until its end of life, half an hour later, and nothing would be stored.
 * Made by the pool, by name. Thread-safe.
 */
public final class ReadOnlySessions implements SQLExceptionOverride {

    /** SQLSTATE (Appendix A of PostgreSQL's manual). */
    private static final String READ_ONLY_SQL_TRANSACTION = "25006";

    /** Whether a session takes no rows: its server may have been replaced, and would show old ones for ever. */
    public static boolean isOne(Connection session) throws SQLException {
        try (Statement statement = session.createStatement();
                ResultSet readOnly = statement.executeQuery("show transaction_read_only")) {
            return !readOnly.next() || readOnly.getBoolean(1);
        }
    }

    @java.lang.Override
    public Override adjudicate(SQLException failure) {
        return READ_ONLY_SQL_TRANSACTION.equals(failure.getSQLState()) ? Override.MUST_EVICT : Override.CONTINUE_EVICT;
    }
}
