package org.gibsey.spine.hostile;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;
import org.gibsey.spine.embedded.Patience;

/**
 * People of another address who go on as ever: they save at a steady rate, partly on connections that stay open and partly on new
 * ones, and look at the list. A save is timed from the moment it was due, so that one that is late makes no room for the next
 * ones to look fast. Thread-safe.
 */
final class HonestReaders {

    private static final byte[] ADDRESS = {127, 0, 0, 2};
    private static final int SAVES_PER_SECOND = 20;
    private static final int READS_PER_SECOND = 2;
    private static final int ON_A_NEW_CONNECTION = 8;
    private static final int THREADS = 16;

    private final int port;
    private final long page;
    private final Set<UUID> accepted = ConcurrentHashMap.newKeySet();

    /** @param page page id of their gifts, by which they are found again */
    HonestReaders(int port, long page) {
        this.port = port;
        this.page = page;
    }

    /**
     * What was answered in a while.
     *
     * @param saves   nanoseconds of those that were answered 202
     * @param reads   nanoseconds of those that were answered 200
     * @param refused each other answer or failure with its number
     */
    record Answers(Histogram saves, Histogram reads, Map<String, Integer> refused) {

        double savesP99Ms() {
            return saves.getValueAtPercentile(99) / 1e6;
        }

        double slowestSaveMs() {
            return saves.getMaxValue() / 1e6;
        }

        double slowestReadMs() {
            return reads.getMaxValue() / 1e6;
        }
    }

    long page() {
        return page;
    }

    /** Gifts whose saves were answered 202. */
    Set<UUID> accepted() {
        return accepted;
    }

    /** Goes on for so long, and waits for the last answer. */
    Answers goOn(Duration length) throws Exception {
        Recorder saves = new Recorder(3);
        Recorder reads = new Recorder(3);
        Map<String, Integer> refused = new ConcurrentHashMap<>();
        ExecutorService threads = Executors.newFixedThreadPool(THREADS + 1);
        try {
            long end = System.nanoTime() + length.toNanos();
            List<Future<?>> all = new ArrayList<>();
            Schedule toSave = new Schedule(SAVES_PER_SECOND, end);
            for (int i = 0; i < THREADS; i++) {
                all.add(threads.submit(() -> work(toSave, this::save, 202, saves, refused)));
            }
            Schedule toRead = new Schedule(READS_PER_SECOND, end);
            all.add(threads.submit(() -> work(toRead, this::read, 200, reads, refused)));
            for (Future<?> one : all) {
                one.get(Patience.LIMIT.toSeconds(), TimeUnit.SECONDS);
            }
        } finally {
            threads.shutdownNow();
        }
        return new Answers(saves.getIntervalHistogram(), reads.getIntervalHistogram(), new TreeMap<>(refused));
    }

    /** When the next call is due, whoever makes it. */
    private static final class Schedule {

        private final AtomicLong next = new AtomicLong();
        private final long begin = System.nanoTime();
        private final long pause;
        private final long end;

        Schedule(int perSecond, long end) {
            this.pause = TimeUnit.SECONDS.toNanos(1) / perSecond;
            this.end = end;
        }

        /** Number of the next call; -1 when there is none any more. */
        long take() {
            long number = next.getAndIncrement();
            if (due(number) > end) {
                return -1;
            }
            LockSupport.parkNanos(due(number) - System.nanoTime());
            return number;
        }

        long due(long number) {
            return begin + number * pause;
        }
    }

    private interface Call {
        int on(Connection connection) throws IOException;
    }

    private Void work(Schedule schedule, Call call, int wanted, Recorder times, Map<String, Integer> refused) {
        Connection kept = new Connection();
        for (long number = schedule.take(); number >= 0; number = schedule.take()) {
            Connection connection = number % ON_A_NEW_CONNECTION == 0 ? new Connection() : kept;
            try {
                int status = call.on(connection);
                if (status == wanted) {
                    times.recordValue(Math.max(0, System.nanoTime() - schedule.due(number)));
                } else {
                    refused.merge(Integer.toString(status), 1, Integer::sum);
                }
            } catch (IOException e) {
                refused.merge(e.getClass().getSimpleName(), 1, Integer::sum);
                connection.close();
            }
            if (connection != kept) {
                connection.close();
            }
        }
        kept.close();
        return null;
    }

    private int save(Connection connection) throws IOException {
        String body = "{\"page_id\":%d,\"question\":\"%s\",\"answer\":\"An answer of some length.\"}"
                .formatted(page, UUID.randomUUID());
        int status =
                connection.call("POST /vault/save HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                        + "Content-Length: " + body.length() + "\r\n\r\n" + body);
        if (status == 202) {
            String gift = connection.header("location");
            accepted.add(UUID.fromString(gift.substring(gift.lastIndexOf('/') + 1)));
        }
        return status;
    }

    private int read(Connection connection) throws IOException {
        return connection.call(
                "GET /vault/list?limit=5&page_id=%d HTTP/1.1\r\nHost: localhost\r\n\r\n".formatted(page));
    }

    /** Opened when first needed, and again after a failure. */
    private final class Connection {

        private Socket socket = new Socket();
        private InputStream in = InputStream.nullInputStream();
        private final Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);

        /** @return the status */
        int call(String request) throws IOException {
            boolean kept = socket.isConnected() && !socket.isClosed();
            if (!kept) {
                open();
            }
            try {
                return answer(request);
            } catch (EOFException | SocketException e) {
                if (!kept) {
                    throw e;
                }
                // one that stayed open may be closed between two calls
                open();
                return answer(request);
            }
        }

        private void open() throws IOException {
            close();
            socket = new Socket(InetAddress.getLoopbackAddress(), port, InetAddress.getByAddress(ADDRESS), 0);
            socket.setTcpNoDelay(true);
            socket.setSoTimeout((int) Duration.ofSeconds(30).toMillis());
            in = new BufferedInputStream(socket.getInputStream());
        }

        private int answer(String request) throws IOException {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            String status = line();
            headers.clear();
            for (String line = line(); !line.isEmpty(); line = line()) {
                String[] field = line.split(": ", 2);
                headers.put(field[0], field[1]);
            }
            in.skipNBytes(Long.parseLong(header("content-length")));
            if ("close".equalsIgnoreCase(headers.get("connection"))) {
                close();
            }
            return Integer.parseInt(status.split(" ", 3)[1]);
        }

        String header(String name) throws IOException {
            String value = headers.get(name);
            if (value == null) {
                throw new IOException("no " + name);
            }
            return value;
        }

        private String line() throws IOException {
            StringBuilder line = new StringBuilder();
            for (int next = in.read(); next != '\n'; next = in.read()) {
                if (next < 0) {
                    throw new EOFException();
                }
                line.append((char) next);
            }
            return line.toString().strip();
        }

        void close() {
            try {
                socket.close();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
