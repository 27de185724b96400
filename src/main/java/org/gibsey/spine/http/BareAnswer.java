package org.gibsey.spine.http;

import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.WebConnection;
import java.io.EOFException;
import java.io.IOException;
import java.util.Objects;
import org.apache.coyote.http11.upgrade.InternalHttpUpgradeHandler;
import org.apache.tomcat.util.net.AbstractEndpoint.Handler.SocketState;
import org.apache.tomcat.util.net.SSLSupport;
import org.apache.tomcat.util.net.SocketEvent;
import org.apache.tomcat.util.net.SocketWrapperBase;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpHeaders;

/**
 * An answer in HTTP/1.1 that has its connection to itself. When its head is sent, Tomcat takes the request for done, and uses its
 * buffers, most of what a connection takes, for the next one; that is how it serves what a client has upgraded to, such as
 * WebSocket. To the client it is a common answer, whose body ends with the connection (RFC 9112, 6.3).
 *
 * <p>A client that leaves is noticed at once, and not when the next thing is written to it. Thread-safe.
 */
final class BareAnswer implements EndlessAnswer, InternalHttpUpgradeHandler {

    /** Request attribute: the {@link Handover} of a request in HTTP/1.1. */
    static final String HANDOVER = BareAnswer.class.getName() + ".handover";

    private static final Logger LOG = LoggerFactory.getLogger(BareAnswer.class);

    /** Gives a connection away, once the request in work on it is done. */
    interface Handover {

        SocketWrapperBase<?> socket();

        /** @param closed run when the connection is closed, also if the other never gets it */
        void to(InternalHttpUpgradeHandler other, Runnable closed);
    }

    private final SocketWrapperBase<?> socket;
    /** How long the rest of an answer that was ended may take, ms. */
    private final long restMs;

    /** Gone once it was used: it holds Tomcat's buffers. */
    private @Nullable Handover handover;

    private @Nullable WriteListener writer;
    /** Whether the connection was handed over. */
    private boolean open;
    /** Whether it is closed, or is about to be. Tomcat may give its buffers to another, whose client must not get what is written here. */
    private boolean closed;
    /** Whether nothing is written until Tomcat says that the connection takes more. */
    private boolean waits;
    /** Whether the connection is closed when all is sent. */
    private boolean ending;

    private BareAnswer(Handover handover) {
        this.handover = handover;
        this.socket = handover.socket();
        this.restMs = socket.getWriteTimeout();
    }

    /** @return null where there is none: in HTTP/2, and for a request with a body, which somebody has to wait for */
    static @Nullable Handover handover(HttpServletRequest request) {
        boolean hasBody =
                request.getContentLengthLong() > 0 || request.getHeader(HttpHeaders.TRANSFER_ENCODING) != null;
        return hasBody ? null : (Handover) request.getAttribute(HANDOVER);
    }

    static BareAnswer begin(Handover handover, HttpServletResponse response) throws IOException {
        // or Tomcat would send the body in chunks, of which it would have to be told the last
        response.setHeader(HttpHeaders.CONNECTION, "close");
        response.flushBuffer();
        return new BareAnswer(handover);
    }

    @Override
    public void open(WriteListener writer, Runnable ended) {
        Handover begin = Objects.requireNonNull(handover, "opened before");
        synchronized (this) {
            this.writer = writer;
            handover = null;
        }
        begin.to(this, () -> {
            synchronized (this) {
                closed = true;
            }
            ended.run();
        });
    }

    @Override
    public synchronized boolean isReady() {
        if (!open || closed || waits) {
            return false;
        }
        // if it is not, Tomcat asks for the event by itself
        waits = !socket.isReadyForWrite();
        return !waits;
    }

    @Override
    public synchronized void write(byte[] bytes, int offset, int length) throws IOException {
        try {
            requireOpen();
            socket.write(false, bytes, offset, length);
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    @Override
    public synchronized void flush() throws IOException {
        try {
            requireOpen();
            waits = socket.flush(false);
        } catch (IOException e) {
            close();
            throw e;
        }
        if (waits) {
            socket.registerWriteInterest();
        }
    }

    private void requireOpen() throws IOException {
        if (closed) {
            throw new EOFException("the connection is closed");
        }
    }

    @Override
    public synchronized void end(boolean givenUp) {
        if (waits && !givenUp && !closed) {
            ending = true;
            socket.setWriteTimeout(restMs);
        } else {
            close();
        }
    }

    /** In a thread of Tomcat, which may be at work on the connection. */
    private void close() {
        if (!closed) {
            socket.processSocket(SocketEvent.ERROR, true);
        }
    }

    @Override
    public void later(Runnable end) {
        end.run();
    }

    /** The connection is this one's from here on. */
    @Override
    public void init(WebConnection connection) {
        synchronized (this) {
            open = true;
        }
        try {
            writeOn();
        } catch (IOException e) {
            LOG.debug("A client went away", e);
            close();
        }
    }

    @Override
    public SocketState upgradeDispatch(SocketEvent event) {
        try {
            boolean goesOn = switch (event) {
                case OPEN_READ -> hasNothingToSay();
                case OPEN_WRITE -> sendRest();
                default -> false;
            };
            return goesOn ? SocketState.UPGRADED : SocketState.CLOSED;
        } catch (IOException e) {
            LOG.debug("A client went away", e);
            return SocketState.CLOSED;
        }
    }

    /** A client that sends anything behind its request expects what it will not get; mostly it has left. */
    private boolean hasNothingToSay() throws IOException {
        return socket.read(false, new byte[1], 0, 1) == 0;
    }

    private boolean sendRest() throws IOException {
        synchronized (this) {
            flush();
            if (waits || ending) {
                return waits;
            }
        }
        writeOn();
        return true;
    }

    private void writeOn() throws IOException {
        WriteListener listener;
        synchronized (this) {
            listener = writer;
        }
        if (listener != null) {
            listener.onWritePossible();
        }
    }

    @Override
    public void setSocketWrapper(SocketWrapperBase<?> wrapper) {
        // it is that of the request
    }

    @Override
    public void setSslSupport(SSLSupport sslSupport) {
        // nobody asks
    }

    @Override
    public void timeoutAsync(long now) {
        // nothing is waited for
    }

    @Override
    public void pause() {
        // whoever writes ends it
    }

    @Override
    public void destroy() {
        // the handover tells it
    }
}
