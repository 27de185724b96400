package org.gibsey.spine.embedded;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * TCP ports of this machine. They lie below those that Linux, macOS and Windows give to outgoing connections, which would
 * take one between the moment it is found free and the moment its server listens.
 */
public final class Ports {

    private static final int FIRST = 10_000;
    private static final int COUNT = 22_000;

    /** Each JVM begins elsewhere: the ids of those that run at once lie close together. */
    private static final AtomicInteger NEXT =
            new AtomicInteger((int) (ProcessHandle.current().pid() * 97 % COUNT));

    private Ports() {}

    /** One that nobody uses at the moment, and that this process was not given before: two servers need two. */
    public static int free() {
        for (int tries = 0; tries < COUNT; tries++) {
            int port = FIRST + NEXT.getAndIncrement() % COUNT;
            if (!inUse(port)) {
                return port;
            }
        }
        throw new IllegalStateException("no free port from " + FIRST + " to " + (FIRST + COUNT - 1));
    }

    /** Whether something listens on it already. */
    static boolean inUse(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(port));
            return false;
        } catch (IOException e) {
            return true;
        }
    }
}
