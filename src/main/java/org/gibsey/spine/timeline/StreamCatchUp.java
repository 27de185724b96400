package org.gibsey.spine.timeline;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.RejectedExecutionException;
import javax.sql.DataSource;
import org.gibsey.spine.identity.VaultReads;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;

/**
 * Sends a client that comes back what it missed: a page at a time, the next one when the client has read the one before. So
 * neither a client that was away for weeks nor a thousand that come back together exhaust memory or connection pool. Clients take
 * turns: a page for which the whole vault is looked through, and nothing found, takes its time. Thread-safe.
 */
@Component
final class StreamCatchUp implements DisposableBean {

    private static final Logger LOG = LoggerFactory.getLogger(StreamCatchUp.class);

    /** At most so many connections of the pool are used. */
    private static final int THREADS = 2;

    private final DataSource vaultReads;
    private final VaultHistory history;
    private final StreamTurns turns = new StreamTurns(THREADS, "timeline catch-up");

    StreamCatchUp(@Qualifier(VaultReads.NAME) DataSource vaultReads, VaultHistory history) {
        this.vaultReads = vaultReads;
        this.history = history;
    }

    /**
     * Sends everything between two positions, or that the first is none of this database; returns at once. Nothing is read for a
     * client whose connection takes nothing, or for which there is no room: a page can be a megabyte.
     *
     * @param then run when the connection has taken all of it
     */
    void send(StreamClient client, StreamPosition from, StreamPosition upTo, Runnable then) {
        client.whenDrained(() -> send(client, from, from, upTo, then));
    }

    /** @param begin the position the client came with: what it may have is judged by that */
    private void send(
            StreamClient client, StreamPosition begin, StreamPosition from, StreamPosition upTo, Runnable then) {
        try {
            turns.add(client, () -> sendPage(client, begin, from, upTo, then));
        } catch (RejectedExecutionException stopped) {
            client.end();
        }
    }

    private void sendPage(
            StreamClient client, StreamPosition begin, StreamPosition from, StreamPosition upTo, Runnable then) {
        if (!client.hasRoom()) {
            return;
        }
        VaultReads.bind(client.caller());
        try (Connection connection = vaultReads.getConnection()) {
            if (from.equals(begin) && !history.canTell(begin, client.filter().reader(), connection)) {
                client.send(StreamServlet.RESET);
                client.whenDrained(then);
                return;
            }
            VaultHistory.Page page = history.read(connection, from, upTo, client.filter());
            byte[] message = StreamedGift.message(page.gifts(), client.filter(), begin);
            if (message.length > 0) {
                client.send(message);
            }
            if (page.complete()) {
                client.whenDrained(then);
            } else {
                StreamPosition reached =
                        page.gifts().get(page.gifts().size() - 1).position();
                client.whenDrained(() -> send(client, begin, reached, upTo, then));
            }
        } catch (SQLException e) {
            LOG.warn("A timeline could not be given what it missed and was closed; it reconnects: {}", e.getMessage());
            client.end();
        } catch (RuntimeException e) {
            LOG.error("A timeline could not be given what it missed and was closed; it reconnects", e);
            client.end();
        } finally {
            VaultReads.bind(null);
        }
    }

    /** The client's stream has ended. */
    void left(StreamClient client) {
        turns.left(client);
    }

    @Override
    public void destroy() {
        turns.stop();
    }
}
