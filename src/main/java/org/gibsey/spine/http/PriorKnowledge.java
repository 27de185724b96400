package org.gibsey.spine.http;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.apache.catalina.connector.CoyoteAdapter;
import org.apache.coyote.ActionCode;
import org.apache.coyote.Adapter;
import org.apache.coyote.Request;
import org.apache.coyote.Response;
import org.apache.coyote.http11.upgrade.InternalHttpUpgradeHandler;
import org.apache.coyote.http2.AcknowledgedWindowHandler;
import org.apache.coyote.http2.Http2Protocol;
import org.apache.tomcat.util.net.SocketEvent;
import org.apache.tomcat.util.net.SocketWrapperBase;
import org.gibsey.spine.ClientShares;

/**
 * HTTP/2 in clear text for clients that begin with it, such as a proxy in front. No connection is upgraded to it later: a
 * proxy that lets {@code Upgrade: h2c} pass would not see the calls that follow. Thread-safe.
 */
final class PriorKnowledge extends Http2Protocol {

    /** Calls and timelines that one connection may have open. */
    private static final int STREAMS = 128;

    /**
     * Calls of one connection that are served at a time, the others wait; timelines do not count. On Java 17 each has a thread, also
     * one that is refused, whose answer waits for its turn on the connection: all streams of ten connections were seen to
     * take 100 MiB.
     */
    private static final int CALLS = 32;

    /**
     * Bytes of a body that may come before they are read. Tomcat keeps twice as many for each body that is waited for, of which
     * there are as many as saves: 16 MiB of 512, where its default would be 64.
     */
    private static final int WINDOW = 16 << 10;

    private static final double OF_THE_HEAP = 0.25;

    /** What an open stream takes, and what one that is served takes beside it: Tomcat's buffers of a request. */
    private static final int BYTES_A_STREAM = 16 << 10;

    private static final int BYTES_A_CALL = 64 << 10;

    /** From its opening: calls of a connection that has ended may still wait for their turn. */
    private static final long COUNTS_AT_LEAST_NANOS = TimeUnit.SECONDS.toNanos(5);

    /** How many connections there may be, if each has all its streams open. */
    private final long room;

    private final LongSupplier nanoTime;
    private final List<Connection> connections = new ArrayList<>();

    PriorKnowledge() {
        this(Runtime.getRuntime().maxMemory(), System::nanoTime);
    }

    /** @param heap bytes */
    PriorKnowledge(long heap, LongSupplier nanoTime) {
        this.room = Math.max(2, (long) (heap * OF_THE_HEAP) / (STREAMS * BYTES_A_STREAM + CALLS * BYTES_A_CALL));
        this.nanoTime = nanoTime;
        setMaxConcurrentStreams(STREAMS);
        setMaxConcurrentStreamExecution(CALLS);
        // Tomcat would keep the buffers of as many calls as there ever were at a time, for good
        setDiscardRequestsAndResponses(true);
    }

    /** Asked for a request with {@code Upgrade: h2c}, which is answered in HTTP/1.1 then. */
    @Override
    public boolean accept(Request request) {
        return false;
    }

    @Override
    public InternalHttpUpgradeHandler getInternalUpgradeHandler(
            SocketWrapperBase<?> socket, Adapter adapter, Request request) {
        if (!admit(socket)) {
            socket.close();
        }
        return new AcknowledgedWindowHandler(this, new Calls(adapter, socket), request, socket, WINDOW);
    }

    /** Nobody has more than half of them. */
    private synchronized boolean admit(SocketWrapperBase<?> socket) {
        long now = nanoTime.getAsLong();
        connections.removeIf(
                connection -> connection.socket.isClosed() && now - connection.since > COUNTS_AT_LEAST_NANOS);
        String client = ClientShares.client(socket.getRemoteAddr());
        long own = connections.stream()
                .filter(connection -> connection.client.equals(client))
                .count();
        return connections.size() < room
                && own < (room + 1) / 2
                && connections.add(new Connection(socket, client, now));
    }

    /** @param since {@link System#nanoTime} */
    private record Connection(SocketWrapperBase<?> socket, String client, long since) {}

    /**
     * The calls of one connection. Tomcat keeps all streams of a connection until the last of them has ended, and serves those of
     * one that is gone: a client that opened connections, filled them and left was seen to hold 1,400 sets of buffers, 70 MB of 243,
     * and each collection became a full one. A call that nobody waits for any more is not begun, and one that has ended gives its
     * buffers back.
     */
    record Calls(Adapter server, SocketWrapperBase<?> connection) implements Adapter {

        @Override
        public void service(Request request, Response response) throws Exception {
            if (connection.isClosed()) {
                response.action(ActionCode.CLOSE_NOW, null);
                return;
            }
            try {
                server.service(request, response);
            } finally {
                forgetIfEnded(request, response);
            }
        }

        @Override
        public boolean asyncDispatch(Request request, Response response, SocketEvent event) throws Exception {
            try {
                return server.asyncDispatch(request, response, event);
            } finally {
                forgetIfEnded(request, response);
            }
        }

        private static void forgetIfEnded(Request request, Response response) {
            AtomicBoolean goesOn = new AtomicBoolean();
            request.action(ActionCode.ASYNC_IS_ASYNC, goesOn);
            if (!goesOn.get()) {
                request.setNote(CoyoteAdapter.ADAPTER_NOTES, null);
                response.setNote(CoyoteAdapter.ADAPTER_NOTES, null);
            }
        }

        @Override
        public boolean prepare(Request request, Response response) throws Exception {
            return server.prepare(request, response);
        }

        @Override
        public void log(Request request, Response response, long millis) {
            server.log(request, response, millis);
        }

        @Override
        public void checkRecycled(Request request, Response response) {
            server.checkRecycled(request, response);
        }

        @Override
        public String getDomain() {
            return server.getDomain();
        }
    }
}
