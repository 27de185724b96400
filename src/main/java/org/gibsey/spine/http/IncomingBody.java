package org.gibsey.spine.http;

import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.tomcat.util.net.SocketWrapperBase;
import org.gibsey.spine.ClientShares;
import org.gibsey.spine.SpineSettings;
import org.jspecify.annotations.Nullable;

/**
 * One request body on its way in. It ends the call when it turns out larger or slower than allowed, while it is read and not
 * after. Its memory is taken from the room as its bytes come: what a client announces costs nothing. Not thread-safe.
 */
final class IncomingBody {

    /**
     * Request attribute: the socket of an HTTP/1.1 request, whose read timeout can be set; not there for HTTP/2, where Tomcat
     * has one timeout for all streams, and resets the stream without an answer.
     */
    static final String SOCKET = IncomingBody.class.getName() + ".socket";

    private static final int STEP = 16 * 1024;
    static final long SHORTEST_PAUSE = TimeUnit.MICROSECONDS.toNanos(50);
    static final long LONGEST_PAUSE = TimeUnit.MILLISECONDS.toNanos(100);

    private final ServletInputStream in;
    private final @Nullable SocketWrapperBase<?> socket;
    private final long announced;
    private final int maxBytes;
    private final Duration maxTime;
    private final long end;
    private final String client;
    private final ClientShares coming;
    private final ClientShares bytes;
    private boolean waits;
    private int held;

    /**
     * @param client whose share of both it takes
     * @param coming bodies that are waited for
     * @param bytes  of bodies that are there
     */
    IncomingBody(
            HttpServletRequest request, String client, SpineSettings settings, ClientShares coming, ClientShares bytes)
            throws IOException {
        this.in = request.getInputStream();
        this.socket = (SocketWrapperBase<?>) request.getAttribute(SOCKET);
        this.announced = request.getContentLengthLong();
        this.maxBytes = settings.limits().bodyBytes();
        this.maxTime = settings.http().bodyTime();
        this.end = System.nanoTime() + maxTime.toNanos();
        this.client = client;
        this.coming = coming;
        this.bytes = bytes;
    }

    /**
     * Reads all of it. What it holds is counted until {@link #forget}, which has to be called in any case.
     *
     * @throws Refused if it is too large, too slow or broken, or there is no room for it
     */
    byte[] read() throws IOException {
        long patience = socket == null ? 0 : socket.getReadTimeout();
        try {
            return readAll(patience);
        } catch (SocketTimeoutException e) {
            throw slow();
        } catch (Refused e) {
            throw e;
        } catch (IOException e) {
            // the caller is gone, or its chunks are none
            throw new Refused(Problem.malformed("The body ends before its end."));
        } finally {
            if (socket != null) {
                socket.setReadTimeout(patience);
            }
            if (waits) {
                coming.leave(client, 1);
            }
        }
    }

    /** Its bytes are no longer used. */
    void forget() {
        bytes.leave(client, held);
    }

    private byte[] readAll(long patience) throws IOException {
        if (announced > maxBytes) {
            throw large();
        }
        byte[] body = new byte[0];
        byte[] last = new byte[1];
        for (int size = 0; ; ) {
            if (size == body.length && size != announced && size < maxBytes) {
                body = grow(body);
            }
            awaitMore(patience);
            // reads on to the end of the stream: Tomcat's HTTP/2 treats a request that is not read to its end as
            // unwanted
            boolean full = size == body.length;
            int count = full ? in.read(last, 0, 1) : in.read(body, size, body.length - size);
            if (count < 0) {
                return size == body.length ? body : Arrays.copyOf(body, size);
            }
            if (full) {
                throw large();
            }
            size += count;
            if (System.nanoTime() > end) {
                throw slow();
            }
        }
    }

    private byte[] grow(byte[] body) throws Refused {
        int length = (int) Math.min(Math.max(STEP, 2L * body.length), announced < 0 ? maxBytes : announced);
        Refused.unlessTaken(bytes.take(client, length - body.length), coming);
        held = length;
        return Arrays.copyOf(body, length);
    }

    /** Returns when a read would not block, or would block no longer than this body may take. */
    private void awaitMore(long patience) throws IOException {
        // without a length (chunked), the bytes there may be only a part of the line with the next chunk's size
        if (in.isFinished() || (announced >= 0 && in.available() > 0)) {
            return;
        }
        if (!waits) {
            Refused.unlessTaken(coming.take(client, 1), coming);
            waits = true;
        }
        if (socket != null) {
            long rest = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
            socket.setReadTimeout(Math.max(1, patience > 0 ? Math.min(patience, rest) : rest));
            return;
        }
        // each pause is twice as long as the one before, so a body is seen late by no more than it took
        for (long pause = SHORTEST_PAUSE; in.available() == 0 && !in.isFinished(); pause = longer(pause)) {
            if (System.nanoTime() > end) {
                throw slow();
            }
            LockSupport.parkNanos(pause);
        }
    }

    /**
     * The pause before the next look. Bounded, so that it never overflows into no pause at all: the threads that wait for
     * bodies would then use up the processors.
     *
     * @param pause nanoseconds
     */
    static long longer(long pause) {
        return Math.min(2 * pause, LONGEST_PAUSE);
    }

    private Refused large() {
        return new Refused(Problem.large("The body must be at most " + maxBytes + " bytes."));
    }

    private Refused slow() {
        return new Refused(Problem.slow("The body must arrive within " + maxTime.toMillis() + " ms."));
    }
}
