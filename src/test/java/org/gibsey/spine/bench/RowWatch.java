package org.gibsey.spine.bench;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.HdrHistogram.Histogram;
import org.gibsey.spine.embedded.EmbeddedDatabase;
import org.postgresql.PGConnection;

/**
 * Sees rows become visible to another connection, when the database notifies of their transaction. Each gift has for its page
 * id the {@link System#nanoTime} its save was due at.
 */
final class RowWatch implements AutoCloseable {

    private final Connection vault;
    private final Thread thread;
    private final Histogram latency = new Histogram(3);
    private final long from;
    private volatile long counted;
    private volatile boolean closed;

    /** @param from gifts due earlier are not counted */
    RowWatch(EmbeddedDatabase database, long from) throws SQLException {
        this.from = from;
        this.vault = DriverManager.getConnection(database.url(), EmbeddedDatabase.USER, EmbeddedDatabase.PASSWORD);
        try (Statement statement = vault.createStatement()) {
            statement.execute("listen vault");
        }
        thread = new Thread(this::watch, "rows");
        thread.start();
    }

    /** Rows counted so far. */
    long counted() {
        return counted;
    }

    /** Ends the watch. From when a save was due until its row was seen, in ns. */
    Histogram latency() throws InterruptedException {
        closed = true;
        thread.join();
        return latency;
    }

    @Override
    public void close() throws SQLException {
        closed = true;
        vault.close();
    }

    private void watch() {
        try (PreparedStatement news =
                vault.prepareStatement("select id, page_id from vault where id > ? order by id")) {
            PGConnection notifications = vault.unwrap(PGConnection.class);
            long seen = 0;
            while (!closed) {
                notifications.getNotifications(20);
                news.setLong(1, seen);
                try (ResultSet rows = news.executeQuery()) {
                    long now = System.nanoTime();
                    while (rows.next()) {
                        seen = rows.getLong(1);
                        long due = rows.getLong(2);
                        if (due >= from) {
                            latency.recordValue(now - due);
                        }
                    }
                }
                counted = latency.getTotalCount();
            }
        } catch (SQLException e) {
            if (closed) {
                return;
            }
            throw new IllegalStateException("the rows cannot be watched", e);
        }
    }
}
