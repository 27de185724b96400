package org.gibsey.spine.timeline;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One open stream. Writing never blocks: bytes wait in a bounded queue until the connection can take them, so a client that
 * stops reading holds up no thread and no other client. When its queue is full it is dropped; it reconnects with the last id
 * it has seen.
 *
 * <p>Spring's {@code SseEmitter} writes to a blocking stream: a few clients that stop reading would block every sending
 * thread, and with them the timeline of everybody. Thread-safe.
 */
final class StreamClient implements WriteListener {

    private static final Logger LOG = LoggerFactory.getLogger(StreamClient.class);

    private final AsyncContext async;
    private final ServletOutputStream out;
    private final StreamedGift.Filter filter;
    private final int maxWaiting;

    private final Deque<byte[]> waiting = new ArrayDeque<>();
    private int waitingBytes;
    private long lastSentNanos = System.nanoTime();
    private boolean unflushed;
    private boolean dropped;
    private boolean gone;
    private boolean completed;
    private @Nullable Runnable whenDrained;

    /**
     * @param async      the started request, without a timeout
     * @param out        its body, of which this becomes the write listener
     * @param filter     what the client wants
     * @param maxWaiting bytes that may wait; a single message may be larger
     */
    StreamClient(AsyncContext async, ServletOutputStream out, StreamedGift.Filter filter, int maxWaiting) {
        this.async = async;
        this.out = out;
        this.filter = filter;
        this.maxWaiting = maxWaiting;
    }

    StreamedGift.Filter filter() {
        return filter;
    }

    /**
     * Sends, now or when the connection can take it. Never blocks.
     *
     * @return false when the client reads too slowly and therefore gets nothing any more
     */
    synchronized boolean send(byte[] bytes) {
        if (gone || dropped) {
            return !dropped;
        }
        if (!waiting.isEmpty() && waitingBytes + bytes.length > maxWaiting) {
            // completing it here could block: the container ends it when the connection takes bytes again or times out
            dropped = true;
            forget();
            return false;
        }
        waiting.add(bytes);
        waitingBytes += bytes.length;
        lastSentNanos = System.nanoTime();
        write();
        return true;
    }

    /** Runs something when the queue is empty: at once, or later in a thread of the container. At most one at a time. */
    synchronized void whenDrained(Runnable next) {
        whenDrained = next;
        runWhenDrained();
    }

    /** Time since something was sent, ns. */
    synchronized long quietNanos() {
        return System.nanoTime() - lastSentNanos;
    }

    /** Whether the stream has ended, from either side. */
    synchronized boolean gone() {
        return gone || dropped;
    }

    /** Ends the stream from this side. */
    synchronized void end() {
        gone = true;
        forget();
        if (!completed) {
            completed = true;
            try {
                async.complete();
            } catch (IllegalStateException e) {
                LOG.debug("The container ended the stream first", e);
            }
        }
    }

    @Override
    public synchronized void onWritePossible() {
        if (dropped) {
            end();
        } else {
            write();
        }
    }

    /** The client went away; the request is completed when the container says so. */
    @Override
    public synchronized void onError(Throwable cause) {
        LOG.debug("A client went away", cause);
        gone = true;
        forget();
    }

    private void write() {
        try {
            // when it is not ready, the container calls onWritePossible later
            while (!gone && out.isReady()) {
                byte[] next = waiting.poll();
                if (next != null) {
                    waitingBytes -= next.length;
                    unflushed = true;
                    out.write(next);
                } else if (unflushed) {
                    unflushed = false;
                    out.flush();
                } else {
                    break;
                }
            }
            runWhenDrained();
        } catch (IOException | RuntimeException e) {
            // one client's failure must not stop the others; the container calls onError for it
            LOG.debug("A stream broke", e);
            gone = true;
            forget();
        }
    }

    private void runWhenDrained() {
        Runnable next = whenDrained;
        if (next != null && waiting.isEmpty()) {
            whenDrained = null;
            next.run();
        }
    }

    private void forget() {
        waiting.clear();
        waitingBytes = 0;
        whenDrained = null;
    }
}
