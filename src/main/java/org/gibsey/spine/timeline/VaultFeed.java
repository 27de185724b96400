package org.gibsey.spine.timeline;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.gibsey.spine.Outage;
import org.gibsey.spine.ReadOnlySessions;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.identity.TokenVerifier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.stereotype.Component;

/**
 * Sends every new row of the vault and every change of one, whoever wrote it, to every open stream. One thread is notified, reads each once
 * and hands it to all clients; it never waits for one of them. Without clients it has no connection to the database.
 *
 * <p>A client that comes back is first sent what it missed, up to the position of this feed, and then follows the feed. The
 * feed reads once more before it names that position, so it is never behind what another process has delivered.
 *
 * <p>During an outage of the database the streams stay open, say so, and go on where they were.
 */
@Component
final class VaultFeed implements SmartLifecycle {

    private static final Logger LOG = LoggerFactory.getLogger(VaultFeed.class);

    /** How soon a new client is noticed while no row comes. */
    private static final int SLICE_MS = 50;

    private static final long RECONNECT_MS = 1_000;

    /**
     * The pause after rows were read and sent is as long as that took, between these two: the feed uses half a core at most,
     * and under load sends rows in larger groups.
     */
    private static final long SHORTEST_REST_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private static final long LONGEST_REST_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    /**
     * Characters of what a client missed that this thread makes a message of by itself, in a quarter of a millisecond at most. Whatever
     * is more is made in another: three hundred clients that had missed 4 MiB held up the gifts of all others by 1 to 4 s.
     */
    private static final int FEW_CHARS = 128 * 1024;

    private static final byte[] HEARTBEAT = ": still here\n\n".getBytes(StandardCharsets.UTF_8);
    private static final byte[] EXPIRED = "event: expired\ndata: {}\n\n".getBytes(StandardCharsets.UTF_8);

    /** A client that joins, as {@link #join} says. */
    private record Arrival(StreamClient client, @Nullable StreamPosition from) {}

    private final DataSource vault;
    private final VaultHistory history;
    private final StreamCatchUp catchUp;
    private final SpineSettings.Stream settings;
    private final long maxReadNanos;
    private final Counter dropped;

    private final Set<StreamClient> open = ConcurrentHashMap.newKeySet();
    private final BlockingQueue<Arrival> arrivals = new LinkedBlockingQueue<>();
    private @Nullable Thread thread;
    private volatile boolean running;

    // what follows is used by the thread of the feed alone
    private final Set<StreamClient> live = new HashSet<>();
    private final List<Arrival> newcomers = new ArrayList<>();

    /** Null until the feed has found its position; set by its thread alone. */
    private volatile @Nullable RecentGifts recent;

    private final Clock clock;
    private final Outage away;
    private long nextBeat = System.nanoTime();

    VaultFeed(
            DataSource vault,
            VaultHistory history,
            StreamCatchUp catchUp,
            SpineSettings settings,
            Clock clock,
            Clock steadyClock,
            MeterRegistry meters) {
        this.vault = vault;
        this.history = history;
        this.catchUp = catchUp;
        this.settings = settings.stream();
        this.maxReadNanos = settings.http().answerTime().toNanos();
        this.clock = clock;
        this.away = new Outage(steadyClock);
        this.dropped = Counter.builder("gifts.stream.dropped")
                .description(
                        "Streams ended because their client read too slowly, or because there was no room for what waited for it")
                .register(meters);
        Gauge.builder("gifts.stream.clients", open, Set::size)
                .description("Open streams")
                .register(meters);
    }

    @Bean
    static ServletRegistrationBean<StreamServlet> vaultStream(VaultFeed feed, Visible visible, SpineSettings settings) {
        ServletRegistrationBean<StreamServlet> stream =
                new ServletRegistrationBean<>(new StreamServlet(feed, visible, settings), StreamServlet.PATH);
        stream.setName("vault-stream");
        stream.setAsyncSupported(true);
        return stream;
    }

    /**
     * Lets a client join.
     *
     * @param from what was delivered to it before, or null when it begins now
     */
    void join(StreamClient client, @Nullable StreamPosition from) {
        open.add(client);
        arrivals.add(new Arrival(client, from));
        if (!running) {
            client.end();
        } else if (client.gone()) {
            // its connection ended meanwhile
            left(client);
        }
    }

    /** The client's stream has ended. */
    void left(StreamClient client) {
        if (open.remove(client) && client.isDropped()) {
            dropped.increment();
        }
        catchUp.left(client);
    }

    @Override
    public synchronized void start() {
        running = true;
        thread = new Thread(this::run, "timeline feed");
        thread.setDaemon(true);
        thread.start();
    }

    /** Ends all streams: they are the first to go at a shutdown, which would wait for them otherwise. */
    @Override
    public synchronized void stop() {
        running = false;
        if (thread != null) {
            thread.interrupt();
            thread = null;
        }
        open.forEach(StreamClient::end);
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    private void run() {
        while (running) {
            try {
                if (open.isEmpty()) {
                    recent = null;
                    newcomers.add(arrivals.take());
                }
                try (NotificationConnection connection = NotificationConnection.open(vault)) {
                    follow(connection);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            } catch (SQLException e) {
                boolean begins = !away.lasts();
                if (away.isToBeLogged()) {
                    LOG.warn("The timelines wait for the database: {}", e.getMessage());
                }
                if (begins) {
                    tell(live);
                }
                restUntil(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(RECONNECT_MS));
            } catch (RuntimeException e) {
                LOG.error("The timeline feed failed and is started again", e);
                restUntil(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(RECONNECT_MS));
            }
        }
    }

    /**
     * Follows the vault until the last client is gone, or until the server takes no more rows: its name may lead to
     * another, and it would never notify again.
     */
    private void follow(NotificationConnection notifications) throws SQLException {
        Connection connection = notifications.connection();
        findPosition(connection);
        boolean news;
        do {
            long begin = System.nanoTime();
            arrivals.drainTo(newcomers);
            readOn(connection);
            Optional<Duration> wasAway = away.end();
            if (wasAway.isPresent()) {
                LOG.info("The timelines go on after {} s", wasAway.get().toSeconds());
                tell(live);
            }
            newcomers.forEach(this::admit);
            newcomers.clear();
            long end = System.nanoTime();
            news = awaitNews(notifications, end);
            long rest = Math.min(Math.max(end - begin, SHORTEST_REST_NANOS), LONGEST_REST_NANOS);
            restUntil(end + rest);
        } while (running && !open.isEmpty() && (news || !ReadOnlySessions.isOne(connection)));
    }

    private void findPosition(Connection connection) throws SQLException {
        if (recent == null) {
            recent = new RecentGifts(history.latest(connection));
        } else if (!history.canTell(recent.position(), null, connection)) {
            recent = new RecentGifts(history.latest(connection));
            LOG.warn("The database is another server than before; the timelines start again from what it has");
            live.forEach(client -> client.send(StreamServlet.RESET));
            // after a reset a page shows nothing until it is told a position, at which it loads the vault again
            tell(live);
        }
    }

    /** Everything that is visible by now goes to all clients. */
    private void readOn(Connection connection) throws SQLException {
        VaultHistory.Page page;
        do {
            StreamPosition from = position();
            page = history.read(connection, from, StreamPosition.END, StreamedGift.Filter.ALL);
            recent = recent().with(page.gifts());
            if (!page.gifts().isEmpty()) {
                handOut(page.gifts(), from);
            }
        } while (!page.complete());
    }

    private void handOut(List<StreamedGift> gifts, StreamPosition from) {
        Map<StreamedGift.Filter, byte[]> messages = new HashMap<>();
        for (StreamClient client : live) {
            byte[] message =
                    messages.computeIfAbsent(client.filter(), filter -> StreamedGift.message(gifts, filter, from));
            if (message.length > 0) {
                client.send(message);
            }
        }
        live.removeIf(StreamClient::gone);
    }

    private void admit(Arrival arrival) {
        StreamClient client = arrival.client();
        StreamPosition from = arrival.from() == null ? position() : arrival.from();
        Optional<List<StreamedGift>> missed = recent().after(from, FEW_CHARS);
        if (missed.isEmpty()) {
            // when it has caught up it joins again, and has missed little
            catchUp.send(client, from, position(), this::keptAfter, upTo -> arrivals.add(new Arrival(client, upTo)));
            return;
        }
        if (client.hasRoom()) {
            byte[] message = StreamedGift.message(missed.get(), client.filter(), from);
            if (message.length > 0) {
                client.send(message);
            }
            client.send(positionEvent());
            live.add(client);
        }
    }

    /** In any thread. */
    private Optional<List<StreamedGift>> keptAfter(StreamPosition position) {
        RecentGifts kept = recent;
        return kept == null ? Optional.empty() : kept.pageAfter(position);
    }

    /** @return whether there is a notification or a new client; false when the next read is due without either */
    private boolean awaitNews(NotificationConnection notifications, long lastRead) throws SQLException {
        long nextLook = lastRead + settings.poll().toNanos();
        while (running && !open.isEmpty() && System.nanoTime() - nextLook < 0) {
            if (notifications.await(SLICE_MS) || !arrivals.isEmpty()) {
                return true;
            }
            beat();
        }
        return false;
    }

    private void restUntil(long nanos) {
        try {
            beat();
            TimeUnit.NANOSECONDS.sleep(nanos - System.nanoTime());
        } catch (InterruptedException e) {
            // only at shutdown, which the loops check for
            Thread.currentThread().interrupt();
        }
    }

    /** Heartbeat for each stream on which nothing was sent for some time. */
    private void beat() {
        long now = System.nanoTime();
        if (now - nextBeat < 0) {
            return;
        }
        nextBeat = now + TimeUnit.SECONDS.toNanos(1);
        Instant expired = clock.instant().minus(TokenVerifier.SKEW);
        for (StreamClient client : open) {
            client.expire(expired, EXPIRED);
            client.cutOff(maxReadNanos);
        }
        live.removeIf(StreamClient::gone);
        List<StreamClient> quiet = new ArrayList<>();
        for (StreamClient client : open) {
            if (client.quietNanos() < settings.heartbeat().toNanos()) {
                continue;
            }
            if (live.contains(client)) {
                quiet.add(client);
            } else {
                client.send(HEARTBEAT);
            }
        }
        tell(quiet);
    }

    /**
     * Position and state of the database, so that a client whose filter lets nothing through resumes from here, too. Before the
     * feed has found its position there is nobody to tell.
     */
    private void tell(Iterable<StreamClient> clients) {
        if (recent != null) {
            byte[] event = positionEvent();
            clients.forEach(client -> client.send(event));
        }
    }

    private byte[] positionEvent() {
        return (": still here\nevent: position\nid: " + position() + "\ndata: {\"live\":" + !away.lasts() + "}\n\n")
                .getBytes(StandardCharsets.UTF_8);
    }

    private StreamPosition position() {
        return recent().position();
    }

    private RecentGifts recent() {
        RecentGifts found = recent;
        if (found == null) {
            throw new IllegalStateException("the feed has no position yet");
        }
        return found;
    }
}
