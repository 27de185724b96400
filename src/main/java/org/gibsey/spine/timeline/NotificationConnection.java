package org.gibsey.spine.timeline;

import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import javax.sql.DataSource;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.postgresql.PGProperty;

/**
 * A connection that is notified of everything new or changed in the vault ({@code LISTEN vault}). It is not one of the pool, because
 * notifications belong to a session and it is kept for as long as anybody looks. Used by one thread.
 */
final class NotificationConnection implements AutoCloseable {

    /** Seconds. A query of the timeline takes milliseconds, so a server that is silent for this long is gone. */
    private static final String SOCKET_TIMEOUT = "10";

    private final Connection connection;
    private final PGConnection notifications;

    private NotificationConnection(Connection connection) throws SQLException {
        this.connection = connection;
        this.notifications = connection.unwrap(PGConnection.class);
    }

    /** Connects as the pool does and listens: whatever commits from now on is notified. */
    static NotificationConnection open(DataSource vault) throws SQLException {
        HikariDataSource pool = vault.unwrap(HikariDataSource.class);
        Properties properties = new Properties();
        properties.putAll(pool.getDataSourceProperties());
        PGProperty.USER.set(properties, pool.getUsername());
        PGProperty.PASSWORD.set(properties, pool.getPassword());
        PGProperty.APPLICATION_NAME.set(properties, "gift-spine timeline");
        PGProperty.SOCKET_TIMEOUT.set(properties, SOCKET_TIMEOUT);
        Connection connection = DriverManager.getConnection(pool.getJdbcUrl(), properties);
        try (Statement listen = connection.createStatement()) {
            listen.execute("listen vault");
            return new NotificationConnection(connection);
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
    }

    Connection connection() {
        return connection;
    }

    /**
     * Waits for a notification.
     *
     * @param timeoutMs at least 1
     */
    boolean await(int timeoutMs) throws SQLException {
        PGNotification[] heard = notifications.getNotifications(timeoutMs);
        return heard != null && heard.length > 0;
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
