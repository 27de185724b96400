package org.gibsey.spine.timeline;

import jakarta.servlet.WriteListener;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import org.gibsey.spine.ClientShares;
import org.gibsey.spine.ClientShares.Outcome;
import org.gibsey.spine.http.EndlessAnswer;
import org.gibsey.spine.identity.Caller;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One open stream. Writing never blocks: bytes wait in a bounded queue until the connection can take them, so a client that
 * stops reading holds up no thread and no other client. It is dropped when its queue is full, when those of all clients are,
 * or when it takes too long to read a message; it reconnects with the last id it has seen.
 *
 * <p>Spring's {@code SseEmitter} writes to a blocking stream: a few clients that stop reading would block every sending
 * thread, and with them the timeline of everybody. Thread-safe.
 */
final class StreamClient implements WriteListener {

    private static final Logger LOG = LoggerFactory.getLogger(StreamClient.class);

    /** Written at a time. The container copies what the connection does not take; messages are shared by clients. */
    private static final int PIECE_BYTES = 16 << 10;

    private final EndlessAnswer out;
    private final StreamedGift.Filter filter;
    private final @Nullable Caller caller;
    private final int maxWaiting;
    private final ClientShares room;
    private final String sharer;

    private final Deque<byte[]> waiting = new ArrayDeque<>();
    private int waitingBytes;
    /** What it has of the room: its waiting bytes, outside of a method. */
    private int held;
    /** Bytes of the first message that are written, and since when it is the first. */
    private int firstWritten;

    private long firstSinceNanos;

    private long lastSentNanos = System.nanoTime();
    private boolean unflushed;
    private boolean dropped;
    private boolean expired;
    private boolean gone;
    private boolean cutOff;
    private @Nullable Runnable whenDrained;

    /**
     * @param out        where it is written to; this becomes its write listener
     * @param filter     what the client wants, and may have
     * @param caller     whose stream it is; null for anybody's
     * @param maxWaiting bytes that may wait behind the message that is being written
     * @param room       bytes that may wait for all clients
     * @param sharer     whose share of the room it takes
     */
    StreamClient(
            EndlessAnswer out,
            StreamedGift.Filter filter,
            @Nullable Caller caller,
            int maxWaiting,
            ClientShares room,
            String sharer) {
        this.out = out;
        this.filter = filter;
        this.caller = caller;
        this.maxWaiting = maxWaiting;
        this.room = room;
        this.sharer = sharer;
    }

    /** Null for anybody's. */
    @Nullable
    Caller caller() {
        return caller;
    }

    /** Whose it is: a reader, or an address. */
    String sharer() {
        return sharer;
    }

    StreamedGift.Filter filter() {
        return filter;
    }

    /** Sends, now or when the connection can take it; never blocks. A client that reads too slowly gets nothing any more. */
    synchronized void send(byte[] bytes) {
        if (gone()) {
            return;
        }
        if (waiting.isEmpty()) {
            firstSinceNanos = System.nanoTime();
        }
        waiting.add(bytes);
        waitingBytes += bytes.length;
        lastSentNanos = System.nanoTime();
        write();
        if (behindTheFirst() > maxWaiting || !hold()) {
            drop();
        }
    }

    /** It is ended by {@link #cutOff}: completing it here could block. */
    private void drop() {
        dropped = true;
        forget();
    }

    /**
     * Whether anything may wait. When nothing may, the client is dropped, as it would be by sending it something long: what is made
     * for it in vain costs more than what it may have.
     */
    synchronized boolean hasRoom() {
        if (gone()) {
            return false;
        }
        if (room.take(sharer, PIECE_BYTES) != Outcome.TAKEN) {
            drop();
            return false;
        }
        room.leave(sharer, PIECE_BYTES);
        return true;
    }

    /**
     * Runs something when the connection has taken all that was sent: at once, or later in a thread of the container. At most one at
     * a time.
     */
    synchronized void whenDrained(Runnable next) {
        // what runs next on a stream that has expired is its end, and nothing takes its place
        if (!expired) {
            whenDrained = next;
            write();
        }
    }

    /** Time since something was sent, ns. */
    synchronized long quietNanos() {
        return System.nanoTime() - lastSentNanos;
    }

    /** Ends the stream of a client that was dropped or has not read a message in time; in a thread of the container. */
    synchronized void cutOff(long maxNanos) {
        boolean late = !dropped && !waiting.isEmpty() && System.nanoTime() - firstSinceNanos > maxNanos;
        if ((late || dropped) && !cutOff && !gone) {
            cutOff = true;
            drop();
            out.later(this::end);
        }
    }

    /**
     * Ends the stream of a reader whose token does not count any more, once the client has read what was sent so far; in a
     * thread of the container.
     *
     * @param now  with what clocks may differ taken off
     * @param last what the client is told at the end
     */
    synchronized void expire(Instant now, byte[] last) {
        if (caller == null || gone() || now.isBefore(caller.expires())) {
            return;
        }
        send(last);
        whenDrained = () -> out.later(this::end);
        expired = true;
        write();
    }

    /** Whether it gets nothing any more for having read too slowly, or for want of room. */
    synchronized boolean isDropped() {
        return dropped;
    }

    /** Whether the stream has ended, from either side. */
    synchronized boolean gone() {
        return gone || dropped || expired;
    }

    /** Ends the stream from this side. */
    synchronized void end() {
        left();
        out.end(dropped);
    }

    /** The stream has ended, or is about to. */
    synchronized void left() {
        gone = true;
        forget();
    }

    @Override
    public synchronized void onWritePossible() {
        if (dropped) {
            end();
        } else {
            write();
            hold();
        }
    }

    /** The client went away; the answer ends when the container says so. */
    @Override
    public void onError(Throwable cause) {
        LOG.debug("A client went away", cause);
        left();
    }

    private void write() {
        try {
            // when it is not ready, the container calls onWritePossible later
            boolean takes = !gone && out.isReady();
            while (takes) {
                byte[] next = waiting.peek();
                if (next != null) {
                    int length = Math.min(PIECE_BYTES, next.length - firstWritten);
                    unflushed = true;
                    out.write(next, firstWritten, length);
                    firstWritten += length;
                    waitingBytes -= length;
                    if (firstWritten == next.length) {
                        waiting.remove();
                        firstWritten = 0;
                        firstSinceNanos = System.nanoTime();
                    }
                } else if (unflushed) {
                    unflushed = false;
                    out.flush();
                } else {
                    break;
                }
                takes = !gone && out.isReady();
            }
            // the container may hold what was written for as long as a window of HTTP/2 is closed; what ends a stream
            // does not wait for that
            if (takes || expired) {
                runWhenDrained();
            }
        } catch (IOException | RuntimeException e) {
            // one client's failure must not stop the others; the container calls onError for it
            LOG.debug("A stream broke", e);
            left();
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
        firstWritten = 0;
        whenDrained = null;
        hold();
    }

    private int behindTheFirst() {
        byte[] first = waiting.peek();
        return first == null ? 0 : waitingBytes - (first.length - firstWritten);
    }

    /** Takes room for what waits now, or gives it back; false when there is no more. */
    private boolean hold() {
        int more = waitingBytes - held;
        if (more > 0 && room.take(sharer, more) != Outcome.TAKEN) {
            return false;
        }
        if (more < 0) {
            room.leave(sharer, -more);
        }
        held = waitingBytes;
        return true;
    }
}
