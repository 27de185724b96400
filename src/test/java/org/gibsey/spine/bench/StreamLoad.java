package org.gibsey.spine.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Iterator;
import org.HdrHistogram.Histogram;

/** Many open timelines, read by one thread. Not thread-safe. */
final class StreamLoad implements AutoCloseable {

    private static final byte[] REQUEST =
            "GET /vault/stream HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final String GIFT = "event: gift";
    private static final String POSITION = "event: position";
    private static final long PATIENCE_NANOS = Duration.ofSeconds(60).toNanos();

    /** What makes a gift visible. */
    interface Insert {
        void run() throws Exception;
    }

    private final Selector selector = Selector.open();
    private final ByteBuffer in = ByteBuffer.allocate(64 * 1024);
    private final Histogram latency = new Histogram(3);
    private final int clients;

    /** Opens them and waits until all are live. */
    StreamLoad(int port, int clients) throws IOException {
        this.clients = clients;
        for (int i = 0; i < clients; i++) {
            // of many clients: one alone may not have so many
            SocketChannel channel = SocketChannel.open()
                    .bind(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 1, (byte) (i / 100)}), 0));
            channel.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            channel.write(ByteBuffer.wrap(REQUEST));
            channel.configureBlocking(false);
            channel.register(selector, SelectionKey.OP_READ);
        }
        awaitAll(POSITION, null);
    }

    /** Makes one gift visible and waits until every client has it. */
    void deliver(Insert insert) throws Exception {
        insert.run();
        long visible = System.nanoTime();
        awaitAll(GIFT, visible);
    }

    /** From the end of the insert until a client had read the gift, ns. */
    Histogram latency() {
        return latency;
    }

    @Override
    public void close() throws IOException {
        for (SelectionKey key : selector.keys()) {
            key.channel().close();
        }
        selector.close();
    }

    private void awaitAll(String event, Long since) throws IOException {
        long end = System.nanoTime() + PATIENCE_NANOS;
        for (int got = 0; got < clients; ) {
            if (System.nanoTime() > end) {
                throw new IllegalStateException("%d of %d streams got an %s".formatted(got, clients, event));
            }
            selector.select(1000);
            for (Iterator<SelectionKey> ready = selector.selectedKeys().iterator(); ready.hasNext(); ) {
                SocketChannel channel = (SocketChannel) ready.next().channel();
                ready.remove();
                in.clear();
                if (channel.read(in) < 0) {
                    throw new IOException("the server closed a stream");
                }
                if (new String(in.array(), 0, in.position(), StandardCharsets.UTF_8).contains(event)) {
                    got++;
                    if (since != null) {
                        latency.recordValue(Math.max(0, System.nanoTime() - since));
                    }
                }
            }
        }
    }
}
