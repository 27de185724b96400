package org.gibsey.spine.faults;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The network between two programs of a test: passes bytes on from a port of its own to another, and can be made to fail. While
 * it holds, nothing gets through and nobody is told, as when a firewall forgets a connection or a cable is pulled: what was
 * sent arrives afterwards, or never. Thread-safe.
 */
final class TcpProxy implements AutoCloseable {

    private final ServerSocket server;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final Set<Socket> forgotten = ConcurrentHashMap.newKeySet();
    private volatile int target;
    private boolean holding;
    private boolean closed;

    /** @param target port on localhost; may be changed */
    TcpProxy(int target) throws IOException {
        this.target = target;
        this.server = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
        run("accepts", this::accept);
    }

    int port() {
        return server.getLocalPort();
    }

    /** Where connections lead that are made from now on; those there are stay where they are. */
    void leadTo(int port) {
        target = port;
    }

    /** From now on nothing gets through. */
    synchronized void hold() {
        holding = true;
    }

    /** What was held gets through. */
    synchronized void release() {
        holding = false;
        notifyAll();
    }

    /** Nothing gets through the connections there are, for ever; new ones work. */
    void forget() {
        forgotten.addAll(open);
    }

    @Override
    public void close() throws IOException {
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        server.close();
        open.forEach(TcpProxy::close);
    }

    private synchronized void awaitRelease(Socket from) throws InterruptedException {
        while ((holding || forgotten.contains(from)) && !closed) {
            wait();
        }
    }

    private void accept() throws IOException, InterruptedException {
        while (true) {
            Socket client = server.accept();
            open.add(client);
            run("connects", () -> connect(client));
        }
    }

    private void connect(Socket client) throws IOException, InterruptedException {
        awaitRelease(client);
        Socket far;
        try {
            far = new Socket(InetAddress.getLoopbackAddress(), target);
        } catch (IOException refused) {
            end(client, null);
            return;
        }
        open.add(far);
        run("there", () -> pass(client, far));
        run("back", () -> pass(far, client));
    }

    private void pass(Socket from, Socket to) throws InterruptedException {
        byte[] bytes = new byte[64 * 1024];
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int read = in.read(bytes); read >= 0; read = in.read(bytes)) {
                awaitRelease(from);
                out.write(bytes, 0, read);
            }
            // an end is news as well
            awaitRelease(from);
        } catch (IOException ended) {
            // on either side, which the other is told now
        } finally {
            end(from, to);
        }
    }

    private void end(Socket one, @Nullable Socket other) {
        open.remove(one);
        close(one);
        if (other != null) {
            open.remove(other);
            close(other);
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private interface Work {
        void run() throws IOException, InterruptedException;
    }

    private void run(String what, Work work) {
        Thread thread = new Thread(
                () -> {
                    try {
                        work.run();
                    } catch (IOException | InterruptedException e) {
                        // closed
                    }
                },
                "proxy " + what);
        thread.setDaemon(true);
        thread.start();
    }
}
