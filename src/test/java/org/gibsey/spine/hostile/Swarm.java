package org.gibsey.spine.hostile;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;

/**
 * The connections of one attacker, in one thread: each sends what it was told, at the pace it was told, reads as fast or as
 * slowly as it was told, and is opened again when the server ends it, 200 of them a second at most. Counts what the server answers. Ends when closed. Of its
 * methods only {@link #got} and {@link #close} are for other threads.
 */
final class Swarm implements AutoCloseable {

    static final int ALL = Integer.MAX_VALUE;

    private static final byte[] ATTACKER = {127, 0, 0, 1};
    private static final Duration LOOK_EVERY = Duration.ofMillis(50);
    private static final int OPENED_AT_A_LOOK = 100;
    /** 200 a second. */
    private static final int OPENED_AGAIN_AT_A_LOOK = 10;

    private static final int MOST_AT_A_LOOK = 256 << 10;
    private static final String[] ERRORS = {
        "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
        "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM"
    };

    /**
     * What each connection does.
     *
     * @param connections open at a time
     * @param first       sent at once
     * @param then        sent again and again after it; nothing when empty
     * @param every       the pause before each {@code then}
     * @param readBytes   a second
     * @param http2       how its answers are counted
     */
    record Conduct(int connections, ByteBuffer first, ByteBuffer then, Duration every, int readBytes, boolean http2) {

        static Conduct http1(int connections, String request) {
            return http1(connections, request.replace("\n", "\r\n").getBytes(StandardCharsets.ISO_8859_1));
        }

        static Conduct http1(int connections, byte[] bytes) {
            return new Conduct(connections, ByteBuffer.wrap(bytes), ByteBuffer.allocate(0), Duration.ZERO, ALL, false);
        }

        static Conduct http2(int connections, Http2Frames frames) {
            return new Conduct(
                    connections, ByteBuffer.wrap(frames.bytes()), ByteBuffer.allocate(0), Duration.ZERO, ALL, true);
        }

        Conduct then(byte[] bytes, Duration pause) {
            return new Conduct(connections, first, ByteBuffer.wrap(bytes), pause, readBytes, http2);
        }

        Conduct then(String text, Duration pause) {
            return then(text.replace("\n", "\r\n").getBytes(StandardCharsets.ISO_8859_1), pause);
        }

        Conduct reading(int bytesPerSecond) {
            return new Conduct(connections, first, then, every, bytesPerSecond, http2);
        }
    }

    private final int port;
    private final Conduct conduct;
    private final Selector selector = Selector.open();
    private final Map<String, LongAdder> got = new ConcurrentHashMap<>();
    private final LongAdder read = new LongAdder();
    private final ByteBuffer in = ByteBuffer.allocate(64 << 10);
    private final Thread thread;
    private int opened;
    private volatile boolean closed;
    private volatile IOException broken;

    Swarm(int port, Conduct conduct) throws IOException {
        this.port = port;
        this.conduct = conduct;
        this.thread = new Thread(this::run, "attacker");
        thread.start();
    }

    /** What came back so far: each kind of answer with its number, and the bytes. */
    String got() {
        return new TreeMap<>(got)
                        .entrySet().stream()
                                .map(entry -> "%s × %,d"
                                        .formatted(
                                                entry.getKey(), entry.getValue().sum()))
                                .collect(Collectors.joining(", ", "", got.isEmpty() ? "nothing" : ""))
                + ", %,d KiB".formatted(read.sum() >> 10);
    }

    @Override
    public void close() throws IOException {
        closed = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (broken != null) {
            throw broken;
        }
    }

    /** Its own work is done on another machine in life: here it gets the processor when the others leave it. */
    private static void letOthersPass() throws IOException {
        Path thread = Files.readSymbolicLink(Path.of("/proc/thread-self")).getFileName();
        new ProcessBuilder("renice", "-n", "19", "-p", thread.toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    private void run() {
        try {
            letOthersPass();
            long look = System.nanoTime();
            while (!closed) {
                selector.select(Math.max(1, TimeUnit.NANOSECONDS.toMillis(look - System.nanoTime())));
                for (SelectionKey key : selector.selectedKeys()) {
                    ready(key);
                }
                selector.selectedKeys().clear();
                if (System.nanoTime() >= look) {
                    look = System.nanoTime() + LOOK_EVERY.toNanos();
                    lookAtAll();
                }
            }
        } catch (IOException e) {
            broken = e;
        } finally {
            closeAll();
        }
    }

    private void closeAll() {
        try {
            for (SelectionKey key : selector.keys()) {
                key.channel().close();
            }
            selector.close();
        } catch (IOException e) {
            broken = e;
        }
    }

    private void lookAtAll() throws IOException {
        int missing = conduct.connections;
        for (SelectionKey key : selector.keys()) {
            if (key.isValid()) {
                missing--;
                ((Connection) key.attachment()).look();
            }
        }
        int most = opened < conduct.connections ? OPENED_AT_A_LOOK : OPENED_AGAIN_AT_A_LOOK;
        for (int i = 0; i < Math.min(missing, most); i++) {
            opened++;
            SocketChannel channel = SocketChannel.open();
            if (conduct.readBytes != ALL) {
                channel.socket().setReceiveBufferSize(16 << 10);
            }
            channel.bind(new InetSocketAddress(InetAddress.getByAddress(ATTACKER), 0));
            channel.configureBlocking(false);
            channel.connect(new InetSocketAddress(InetAddress.getByAddress(ATTACKER), port));
            SelectionKey key = channel.register(selector, SelectionKey.OP_CONNECT);
            key.attach(new Connection(channel, key));
        }
    }

    private void ready(SelectionKey key) {
        Connection connection = (Connection) key.attachment();
        try {
            if (key.isValid() && key.isConnectable() && ((SocketChannel) key.channel()).finishConnect()) {
                key.interestOps(conduct.readBytes == ALL ? SelectionKey.OP_READ : 0);
                connection.begin();
            } else if (key.isValid() && key.isReadable()) {
                connection.read(MOST_AT_A_LOOK);
            }
        } catch (IOException e) {
            connection.end();
        }
    }

    private void count(String what) {
        got.computeIfAbsent(what, any -> new LongAdder()).increment();
    }

    /** One of them. */
    private final class Connection {

        private final SocketChannel channel;
        private final SelectionKey key;
        private final byte[] payload = new byte[8];
        private final byte[] head = new byte[9];
        private ByteBuffer out = ByteBuffer.allocate(0);
        private boolean begun;
        private long nextSend;
        private int headBytes;
        private int payloadBytes;
        private int payloadLength;
        private int matched;

        Connection(SocketChannel channel, SelectionKey key) {
            this.channel = channel;
            this.key = key;
        }

        void begin() throws IOException {
            begun = true;
            out = conduct.first.duplicate();
            nextSend = System.nanoTime() + conduct.every.toNanos();
            channel.write(out);
        }

        void look() {
            if (!begun) {
                return;
            }
            try {
                if (!out.hasRemaining() && conduct.then.hasRemaining() && System.nanoTime() >= nextSend) {
                    out = conduct.then.duplicate();
                    nextSend = System.nanoTime() + conduct.every.toNanos();
                }
                if (out.hasRemaining()) {
                    channel.write(out);
                }
                if (conduct.readBytes != ALL) {
                    read((int) Math.max(1, conduct.readBytes * LOOK_EVERY.toMillis() / 1_000));
                }
            } catch (IOException e) {
                end();
            }
        }

        void read(int most) throws IOException {
            for (int rest = most; rest > 0; ) {
                in.clear().limit(Math.min(in.capacity(), rest));
                int count = channel.read(in);
                if (count < 0) {
                    end();
                }
                if (count <= 0) {
                    return;
                }
                rest -= count;
                read.add(count);
                for (int i = 0; i < count; i++) {
                    if (conduct.http2) {
                        frame(in.get(i));
                    } else {
                        statusLine(in.get(i));
                    }
                }
            }
        }

        private void statusLine(byte next) {
            String before = "HTTP/1.1 ";
            if (matched < before.length()) {
                matched = next == before.charAt(matched) ? matched + 1 : next == 'H' ? 1 : 0;
                return;
            }
            payload[matched - before.length()] = next;
            if (++matched == before.length() + 3) {
                count(new String(payload, 0, 3, StandardCharsets.US_ASCII));
                matched = 0;
            }
        }

        private void frame(byte next) {
            if (headBytes < head.length) {
                head[headBytes++] = next;
                payloadBytes = 0;
                payloadLength = ByteBuffer.wrap(head).getInt() >>> 8;
            } else {
                if (payloadBytes < payload.length) {
                    payload[payloadBytes] = next;
                }
                payloadBytes++;
            }
            if (headBytes == head.length && payloadBytes == payloadLength) {
                countFrame();
                headBytes = 0;
            }
        }

        private void countFrame() {
            switch (head[3]) {
                // the status is the first field of Tomcat's answers; only some have a number of their own
                case Http2Frames.HEADERS -> count(payload[0] == (byte) 0x88 ? "200" : "other answers");
                case Http2Frames.RESET -> count("reset " + error(0));
                case Http2Frames.GO_AWAY -> count("go away " + error(4));
                default -> {
                    // nothing that tells how the attack fares
                }
            }
        }

        private String error(int at) {
            int code = ByteBuffer.wrap(payload).getInt(at);
            return code >= 0 && code < ERRORS.length ? ERRORS[code] : Integer.toString(code);
        }

        void end() {
            count(begun ? "closed" : "not connected");
            key.cancel();
            try {
                channel.close();
            } catch (IOException e) {
                count("closed twice");
            }
        }
    }
}
