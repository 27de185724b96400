package org.gibsey.spine.http;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Predicate;
import org.apache.tomcat.util.net.NioChannel;
import org.apache.tomcat.util.net.NioEndpoint;
import org.apache.tomcat.util.net.SocketWrapperBase;
import org.gibsey.spine.ClientShares;
import org.jspecify.annotations.Nullable;

/**
 * Where connections arrive. Tomcat bounds how many there are; this bounds how many of them are one client's. Otherwise a client
 * that opens all of them and sends nothing shuts everybody out. One connection too many is closed at once, before anything is
 * read: an answer would cost what is to be saved. Thread-safe.
 */
final class ClientConnections extends NioEndpoint {

    private final Map<SocketChannel, String> clients = new ConcurrentHashMap<>();
    private final Map<SocketWrapperBase<?>, Runnable> closed = new ConcurrentHashMap<>();
    private final LongAdder refused = new LongAdder();
    private @Nullable ClientShares places;
    private Predicate<InetAddress> unbounded = address -> true;

    /**
     * Called once, before it is started.
     *
     * @param most      connections there may be
     * @param unbounded who may have all of them: proxies, which have those of many clients
     */
    void share(int most, Predicate<InetAddress> unbounded) {
        this.places = new ClientShares(most);
        this.unbounded = unbounded;
    }

    /** Connections that were closed at once, since the start. */
    long refused() {
        return refused.sum();
    }

    /** Runs something when a connection is closed, whoever closes it; once, and at once if it is closed already. */
    void whenClosed(SocketWrapperBase<?> connection, Runnable then) {
        closed.put(connection, then);
        if (connection.isClosed()) {
            runWhenClosed(connection);
        }
    }

    /** Called for each that has ended. */
    void ended(SocketWrapperBase<NioChannel> connection) {
        leave(connection.getSocket().getIOChannel());
        runWhenClosed(connection);
    }

    private void runWhenClosed(SocketWrapperBase<?> connection) {
        Runnable then = closed.remove(connection);
        if (then != null) {
            then.run();
        }
    }

    /** Called for each that was accepted. */
    @Override
    protected boolean setSocketOptions(SocketChannel socket) {
        Optional<InetAddress> address = address(socket).filter(unbounded.negate());
        if (address.isPresent() && places != null) {
            String client = ClientShares.client(address.get());
            if (places.take(client, 1) != ClientShares.Outcome.TAKEN) {
                refused.increment();
                destroySocket(socket);
                return true;
            }
            clients.put(socket, client);
        }
        boolean isServed = super.setSocketOptions(socket);
        if (!isServed) {
            leave(socket);
        }
        return isServed;
    }

    private static Optional<InetAddress> address(SocketChannel socket) {
        try {
            return socket.getRemoteAddress() instanceof InetSocketAddress peer
                    ? Optional.of(peer.getAddress())
                    : Optional.empty();
        } catch (IOException e) {
            // it has closed; whoever reads from it will notice
            return Optional.empty();
        }
    }

    private void leave(SocketChannel socket) {
        String client = clients.remove(socket);
        if (client != null && places != null) {
            places.leave(client, 1);
        }
    }
}
