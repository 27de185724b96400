package org.gibsey.spine.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntPredicate;
import java.util.function.LongFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.HdrHistogram.Histogram;

/**
 * Requests to a port of this machine over HTTP/1.1 connections that stay open. One thread, which reads of an answer no more
 * than its head, so that on two cores it takes little from what it measures, and the same from every candidate. Not
 * thread-safe.
 */
public final class HttpLoad implements AutoCloseable {

    private static final int EXPECTED = 202;
    private static final long PATIENCE_NANOS = Duration.ofSeconds(30).toNanos();
    private static final Pattern LENGTH = Pattern.compile("(?i)\r\ncontent-length: *([0-9]+)");

    private final Selector selector = Selector.open();
    private final List<Connection> connections = new ArrayList<>();
    private final List<Connection> complete = new ArrayList<>();
    private final IntPredicate expected;

    /** Opens them. */
    HttpLoad(int port, int connections) throws IOException {
        this(port, connections, EXPECTED);
    }

    /** @param expected the status that is no failure */
    HttpLoad(int port, int connections, int expected) throws IOException {
        this(port, connections, status -> status == expected);
    }

    /** @param expected the statuses that are no failure */
    public HttpLoad(int port, int connections, IntPredicate expected) throws IOException {
        this.expected = expected;
        for (int i = 0; i < connections; i++) {
            this.connections.add(new Connection(port));
        }
    }

    /**
     * What was seen.
     *
     * @param perSecond  answers a second
     * @param eachSecond answers in each whole second
     * @param latency    ns from when a request was due to its answer
     */
    public record Seen(double perSecond, List<Long> eachSecond, Histogram latency) {

        double millis(double percentile) {
            return latency.getValueAtPercentile(percentile) / 1e6;
        }
    }

    /**
     * Closed loop: each connection sends its next request when it has the answer to the last. Tells what a server can do.
     *
     * @param requests by number; the same buffers may come again, each is sent from its beginning
     * @param lead     not counted
     */
    public Seen closed(LongFunction<ByteBuffer> requests, Duration lead, Duration measured) throws IOException {
        long from = System.nanoTime() + lead.toNanos();
        long end = from + measured.toNanos();
        Tally tally = new Tally(from, measured);
        long number = 0;
        for (Connection connection : connections) {
            connection.send(requests.apply(number++), System.nanoTime());
        }
        int busy = connections.size();
        while (busy > 0) {
            for (Connection connection : answered(100)) {
                long now = System.nanoTime();
                tally.add(connection.due, now);
                if (now < end) {
                    connection.send(requests.apply(number++), now);
                } else {
                    busy--;
                }
            }
            failWhenStuck(end);
        }
        return tally.seen();
    }

    /**
     * Open loop: requests are due at a steady rate, whatever the server does. One that finds no connection free waits, and
     * its wait counts: nothing is left out because the server was slow (no coordinated omission).
     *
     * @param requests by the {@link System#nanoTime} they are due at
     * @param lead     not counted
     */
    Seen open(LongFunction<ByteBuffer> requests, double perSecond, Duration lead, Duration measured)
            throws IOException, InterruptedException {
        long start = System.nanoTime();
        Tally tally = new Tally(start + lead.toNanos(), measured);
        long total = (long) (perSecond * (lead.toNanos() + measured.toNanos()) / 1e9);
        BlockingQueue<Connection> idle = new ArrayBlockingQueue<>(connections.size(), false, connections);
        Thread sender = Thread.currentThread();
        List<Exception> failures = new ArrayList<>();
        Thread receiver = new Thread(
                () -> {
                    try {
                        for (long answers = 0; answers < total; ) {
                            for (Connection connection : answered(100)) {
                                tally.add(connection.due, System.nanoTime());
                                idle.add(connection);
                                answers++;
                            }
                            failWhenStuck(start + lead.toNanos() + measured.toNanos());
                        }
                    } catch (IOException | RuntimeException e) {
                        failures.add(e);
                        sender.interrupt();
                    }
                },
                "answers");
        receiver.start();
        try {
            for (long i = 0; i < total; i++) {
                long due = start + (long) (i * 1e9 / perSecond);
                for (long ahead = due - System.nanoTime(); ahead > 0; ahead = due - System.nanoTime()) {
                    LockSupport.parkNanos(ahead);
                }
                idle.take().send(requests.apply(due), due);
            }
            receiver.join();
        } catch (InterruptedException e) {
            receiver.join();
            if (failures.isEmpty()) {
                throw e;
            }
        }
        if (!failures.isEmpty()) {
            throw new IOException("the load failed", failures.get(0));
        }
        return tally.seen();
    }

    @Override
    public void close() throws IOException {
        for (Connection connection : connections) {
            connection.channel.close();
        }
        selector.close();
    }

    /** Those whose answer is complete now; waits for some, but no longer than that. */
    private List<Connection> answered(long waitMs) throws IOException {
        complete.clear();
        selector.select(waitMs);
        for (Iterator<SelectionKey> ready = selector.selectedKeys().iterator(); ready.hasNext(); ) {
            Connection connection = (Connection) ready.next().attachment();
            ready.remove();
            if (connection.receive()) {
                complete.add(connection);
            }
        }
        return complete;
    }

    private static void failWhenStuck(long end) {
        if (System.nanoTime() > end + PATIENCE_NANOS) {
            throw new IllegalStateException("no answer within half a minute");
        }
    }

    /** Counts answers from a moment on, and how long those took that were due after it. For one thread, read when it is done. */
    private static final class Tally {

        private final Histogram latency = new Histogram(3);
        private final long[] eachSecond;
        private final long from;
        private final Duration measured;
        private long answers;

        Tally(long from, Duration measured) {
            this.from = from;
            this.measured = measured;
            this.eachSecond = new long[(int) measured.toSeconds()];
        }

        void add(long due, long now) {
            if (due >= from) {
                latency.recordValue(now - due);
            }
            if (now < from || now >= from + measured.toNanos()) {
                return;
            }
            answers++;
            int second = (int) ((now - from) / 1_000_000_000L);
            if (second < eachSecond.length) {
                eachSecond[second]++;
            }
        }

        Seen seen() {
            return new Seen(
                    answers / (measured.toNanos() / 1e9),
                    LongStream.of(eachSecond).boxed().toList(),
                    latency);
        }
    }

    private final class Connection {

        private final SocketChannel channel;
        private final ByteBuffer in = ByteBuffer.allocate(64 * 1024);
        /** Bytes of the answer's body that are still to come; -1 before its head has. */
        private long rest = -1;
        /** Written before the request goes out, read after the answer has come. */
        private volatile long due;

        Connection(int port) throws IOException {
            channel = SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.configureBlocking(false);
            channel.register(selector, SelectionKey.OP_READ, this);
        }

        void send(ByteBuffer request, long dueNanos) throws IOException {
            due = dueNanos;
            ByteBuffer bytes = request.duplicate().rewind();
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        }

        /** @return whether the answer is complete */
        boolean receive() throws IOException {
            if (channel.read(in) < 0) {
                throw new IOException("the server closed a connection");
            }
            if (rest < 0) {
                int head = headLength();
                if (head < 0) {
                    return false;
                }
                rest = bodyLength(head) - (in.position() - head);
            } else {
                rest -= in.position();
            }
            in.clear();
            if (rest > 0) {
                return false;
            }
            rest = -1;
            return true;
        }

        private int headLength() {
            byte[] bytes = in.array();
            for (int i = 3; i < in.position(); i++) {
                if (bytes[i] == '\n' && bytes[i - 1] == '\r' && bytes[i - 2] == '\n') {
                    return i + 1;
                }
            }
            return -1;
        }

        private long bodyLength(int head) throws IOException {
            String text = new String(in.array(), 0, head, StandardCharsets.ISO_8859_1);
            int status = Integer.parseInt(text.substring(9, 12));
            if (!expected.test(status)) {
                throw new IOException("answered " + status + ": "
                        + new String(in.array(), head, in.position() - head, StandardCharsets.UTF_8));
            }
            Matcher length = LENGTH.matcher(text);
            if (!length.find()) {
                throw new IOException("an answer without Content-Length");
            }
            return Long.parseLong(length.group(1));
        }
    }
}
