package org.gibsey.spine;

import com.zaxxer.hikari.SQLExceptionOverride;
import java.sql.SQLException;

/**
 * Takes a session out of the pool that turns out to be read-only: its server became a standby, and the name it was reached by
 * leads elsewhere by now. The pool would hand it out until its end of life, half an hour later, and nothing would be stored.
 * Made by the pool, by name. Thread-safe.
 */
public final class ReadOnlySessions implements SQLExceptionOverride {

    /** SQLSTATE (Appendix A of PostgreSQL's manual). */
    private static final String READ_ONLY_SQL_TRANSACTION = "25006";

    @java.lang.Override
    public Override adjudicate(SQLException failure) {
        return READ_ONLY_SQL_TRANSACTION.equals(failure.getSQLState()) ? Override.MUST_EVICT : Override.CONTINUE_EVICT;
    }
}
