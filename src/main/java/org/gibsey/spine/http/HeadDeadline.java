package org.gibsey.spine.http;

import java.io.IOException;
import java.net.InetAddress;
import java.util.function.Predicate;
import org.apache.coyote.ActionCode;
import org.apache.coyote.Processor;
import org.apache.coyote.UpgradeToken;
import org.apache.coyote.http11.Http11NioProtocol;
import org.apache.coyote.http11.Http11Processor;
import org.apache.coyote.http11.upgrade.InternalHttpUpgradeHandler;
import org.apache.tomcat.util.net.AbstractEndpoint.Handler.SocketState;
import org.apache.tomcat.util.net.NioChannel;
import org.apache.tomcat.util.net.SocketWrapperBase;
import org.jspecify.annotations.Nullable;

/**
 * HTTP/1.1 of Tomcat, with a limit on how long the head of a request may take as a whole. Tomcat's own limit begins anew
 * with each byte, so that clients which send one now and then (slow loris) hold every connection there is, for hours.
 */
public final class HeadDeadline extends Http11NioProtocol {

    /** Note of Tomcat's request with its socket: how long a read waits is set there. */
    static final int SOCKET_NOTE = 20;

    /** Note of Tomcat's request: how its connection is given away, a {@link BareAnswer.Handover}. */
    static final int HANDOVER_NOTE = 21;

    private long maxNanos = Long.MAX_VALUE;

    public HeadDeadline() {
        super(new ClientConnections());
        ConnectionHandler<NioChannel> handler = new ConnectionHandler<>(this) {
            @Override
            public void release(SocketWrapperBase<NioChannel> connection) {
                connections().ended(connection);
                super.release(connection);
            }
        };
        setHandler(handler);
        getEndpoint().setHandler(handler);
    }

    ClientConnections connections() {
        return (ClientConnections) getEndpoint();
    }

    /** @param maxNanos that a head may take; called once, before it is started */
    public void setMaxNanos(long maxNanos) {
        this.maxNanos = maxNanos;
    }

    /**
     * Called once, before it is started.
     *
     * @param most      connections there may be, of which nobody has all
     * @param unbounded who may have all of them nevertheless: proxies, which have those of many clients
     */
    public void shareConnections(int most, Predicate<InetAddress> unbounded) {
        setMaxConnections(most);
        connections().share(most, unbounded);
    }

    @Override
    protected Processor createProcessor() {
        return new TimedProcessor();
    }

    /** Of one connection at a time. */
    final class TimedProcessor extends Http11Processor {

        /** Whose head has begun and is not complete, and since when. */
        private @Nullable SocketWrapperBase<?> waiting;

        private long since;

        private final BareAnswer.Handover handover = new BareAnswer.Handover() {
            @Override
            public SocketWrapperBase<?> socket() {
                return getSocketWrapper();
            }

            @Override
            public void to(InternalHttpUpgradeHandler other, Runnable closed) {
                connections().whenClosed(socket(), closed);
                action(ActionCode.UPGRADE, new UpgradeToken(other, null, null, "bare"));
            }
        };

        TimedProcessor() {
            super(HeadDeadline.this, HeadDeadline.this.getAdapter());
        }

        /** Called whenever bytes have come. */
        @Override
        public SocketState service(SocketWrapperBase<?> socket) throws IOException {
            request.setNote(SOCKET_NOTE, socket);
            request.setNote(HANDOVER_NOTE, handover);
            SocketState state = super.service(socket);
            if (state != SocketState.LONG || isAsync()) {
                waiting = null;
            } else if (waiting != socket) {
                waiting = socket;
                since = System.nanoTime();
            } else if (System.nanoTime() - since > maxNanos) {
                waiting = null;
                return SocketState.CLOSED;
            }
            return state;
        }
    }
}
