package org.gibsey.spine.health;

import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.MigrationInfo;
import org.gibsey.spine.ReadOnlySessions;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * Looks whether the database answers, with the schema this program was built for. Brings the schema up to date if that is
 * this process's job, and else waits for whoever does it. Used by one thread.
 */
final class SchemaLook implements Watch.Look {

    private static final int ANSWER_WITHIN_SECONDS = 2;

    private final DataSource vault;
    private final Flyway flyway;
    private final Adoption adoption;
    private final boolean migrate;
    private boolean current;

    SchemaLook(DataSource vault, Flyway flyway, Adoption adoption, boolean migrate) {
        this.vault = vault;
        this.flyway = flyway;
        this.adoption = adoption;
        this.migrate = migrate;
    }

    @Override
    public void look() throws SQLException {
        try {
            answers();
            if (!current) {
                requireUtf8();
                bringUpToDate();
                current = true;
            }
        } catch (SQLException | RuntimeException e) {
            // what comes back may be another database, or an older copy of this one
            current = false;
            throw e;
        }
    }

    private void answers() throws SQLException {
        try (Connection connection = vault.getConnection()) {
            if (!connection.isValid(ANSWER_WITHIN_SECONDS)) {
                throw new SQLException("does not answer within " + ANSWER_WITHIN_SECONDS + " s");
            }
            // what reads from such sessions would see old rows until they end
            if (ReadOnlySessions.isOne(connection) && vault.isWrapperFor(HikariDataSource.class)) {
                vault.unwrap(HikariDataSource.class).getHikariPoolMXBean().softEvictConnections();
            }
        }
    }

    /** Any other encoding lacks characters that readers write. */
    private void requireUtf8() {
        String encoding = JdbcClient.create(vault)
                .sql("show server_encoding")
                .query(String.class)
                .single();
        if (!encoding.equals("UTF8")) {
            throw new IllegalStateException(
                    "the database's encoding is " + encoding + " and must be UTF8: make the database anew");
        }
    }

    private void bringUpToDate() {
        if (adoption.isStopped()) {
            throw new IllegalStateException("the adoption of the old table was stopped, and nothing of it is left;"
                    + " it begins again when this process is started again");
        }
        if (migrate) {
            flyway.migrate();
            return;
        }
        MigrationInfo[] pending = flyway.info().pending();
        if (pending.length > 0) {
            throw new IllegalStateException("the schema is not current: " + pending.length
                    + " migrations are missing, the first is V" + pending[0].getVersion() + " "
                    + pending[0].getDescription());
        }
    }
}
