package org.gibsey.spine.health;

import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationVersion;
import org.flywaydb.core.api.callback.BaseCallback;
import org.flywaydb.core.api.callback.Context;
import org.flywaydb.core.api.callback.Event;
import org.gibsey.spine.LongActs;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;
import org.springframework.stereotype.Component;

/**
 * Lets a migration take its time, which a statement of the routes may not, and shows the one that copies the table of the old worker
 * as a {@link LongActs long act}. Stopped, it is undone as a whole: the old table is as it was, and this process does not begin again.
 * Of one statement nobody outside sees how far it is, so that is told by how the database grows. Used by one thread.
 */
@Component
final class Adoption extends BaseCallback {

    private static final MigrationVersion FIRST = MigrationVersion.fromVersion("1");
    private static final int MB = 1_000_000;
    /** Of a row, beside the text it had before: its own id and time, and its entries in three indexes. */
    private static final int MORE_BYTES_A_ROW = 150;

    private final LongActs acts;
    private final JdbcClient vault;
    private LongActs.@Nullable Act act;
    private volatile boolean stopped;

    Adoption(LongActs acts, DataSource vault) {
        this.acts = acts;
        this.vault = JdbcClient.create(vault);
    }

    /** Whether somebody stopped it. */
    boolean isStopped() {
        return stopped;
    }

    @Override
    public boolean supports(Event event, @Nullable Context context) {
        return event == Event.BEFORE_EACH_MIGRATE
                || event == Event.AFTER_EACH_MIGRATE
                || event == Event.AFTER_EACH_MIGRATE_ERROR;
    }

    @Override
    public void handle(Event event, Context context) {
        if (act != null) {
            act.close();
            act = null;
        }
        if (event == Event.BEFORE_EACH_MIGRATE) {
            try {
                begin(context.getConnection(), context.getMigrationInfo());
            } catch (SQLException | DataAccessException e) {
                throw new FlywayException("cannot begin the migration", e);
            }
        }
    }

    private void begin(Connection migrating, MigrationInfo migration) throws SQLException {
        // whoever waits for an answer longer than that would take the connection for dead
        migrating.setNetworkTimeout(Runnable::run, 0);
        JdbcClient here = JdbcClient.create(new SingleConnectionDataSource(migrating, true));
        here.sql("set local statement_timeout = 0").update();
        if (!FIRST.equals(migration.getVersion())
                || !here.sql("select to_regclass('vault') is not null")
                        .query(Boolean.class)
                        .single()) {
            return;
        }
        long before = size(here);
        long growth = here.sql("select pg_table_size('vault') + count(*) * ? from vault")
                .param(MORE_BYTES_A_ROW)
                .query(Long.class)
                .single();
        PGConnection copying = migrating.unwrap(PGConnection.class);
        act = acts.begin(
                "adoption", growth / MB, () -> Math.min(growth, size(vault) - before) / MB, () -> stop(copying));
    }

    private static long size(JdbcClient database) {
        return database.sql("select pg_database_size(current_database())")
                .query(Long.class)
                .single();
    }

    private void stop(PGConnection copying) {
        stopped = true;
        try {
            copying.cancelQuery();
        } catch (SQLException e) {
            throw new IllegalStateException("cannot be stopped now", e);
        }
    }
}
