package org.gibsey.spine.timeline;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Function;
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
 * turns: a page for which the whole vault is looked through, and nothing found, takes its time, and so does one that is only made
 * of what is in memory. Thread-safe.
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
     * @param recent what came first after a position, without a query; empty where that is not at hand
     * @param then   told how far it came when the connection has taken all of it, or all that was at hand for the moment
     */
    void send(
            StreamClient client,
            StreamPosition from,
            StreamPosition upTo,
            Function<StreamPosition, Optional<List<StreamedGift>>> recent,
            Consumer<StreamPosition> then) {
        sendOn(new Missed(client, from, upTo, recent, then), from);
    }

    /** @param begin the position the client came with: what it may have is judged by that */
    private record Missed(
            StreamClient client,
            StreamPosition begin,
            StreamPosition upTo,
            Function<StreamPosition, Optional<List<StreamedGift>>> recent,
            Consumer<StreamPosition> then) {

        void send(List<StreamedGift> gifts) {
            byte[] message = StreamedGift.message(gifts, client.filter(), begin);
            if (message.length > 0) {
                client.send(message);
            }
        }

        /** All is sent, as far as this. */
        void end(StreamPosition reached) {
            client.whenDrained(() -> then.accept(reached));
        }
    }

    private void sendOn(Missed missed, StreamPosition from) {
        StreamClient client = missed.client();
        client.whenDrained(() -> {
            try {
                turns.add(client, () -> sendPage(missed, from));
            } catch (RejectedExecutionException stopped) {
                client.end();
            }
        });
    }

    private void sendPage(Missed missed, StreamPosition from) {
        StreamClient client = missed.client();
        if (!client.hasRoom()) {
            return;
        }
        try {
            Optional<List<StreamedGift>> recent = missed.recent().apply(from);
            if (recent.isPresent()) {
                missed.send(recent.get());
                missed.end(last(recent.get(), from));
            } else {
                readPage(missed, from);
            }
        } catch (SQLException e) {
            LOG.warn("A timeline could not be given what it missed and was closed; it reconnects: {}", e.getMessage());
            client.end();
        } catch (RuntimeException e) {
            LOG.error("A timeline could not be given what it missed and was closed; it reconnects", e);
            client.end();
        }
    }

    private void readPage(Missed missed, StreamPosition from) throws SQLException {
        StreamClient client = missed.client();
        VaultReads.bind(client.caller());
        try (Connection connection = vaultReads.getConnection()) {
            if (from.equals(missed.begin())
                    && !history.canTell(from, client.filter().reader(), connection)) {
                client.send(StreamServlet.RESET);
                missed.end(missed.upTo());
                return;
            }
            VaultHistory.Page page = history.read(connection, from, missed.upTo(), client.filter());
            missed.send(page.gifts());
            if (page.complete()) {
                missed.end(missed.upTo());
            } else {
                sendOn(missed, last(page.gifts(), from));
            }
        } finally {
            VaultReads.bind(null);
        }
    }

    private static StreamPosition last(List<StreamedGift> gifts, StreamPosition none) {
        return gifts.isEmpty() ? none : gifts.get(gifts.size() - 1).position();
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
