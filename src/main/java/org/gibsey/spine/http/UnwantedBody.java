package org.gibsey.spine.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.apache.coyote.ActionCode;
import org.apache.coyote.Request;
import org.apache.tomcat.util.net.ApplicationBufferHandler;
import org.apache.tomcat.util.net.SocketWrapperBase;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The rest of a body of HTTP/1.1 that nobody has read when its call is answered. A connection that is closed while bytes come
 * is reset, and its sender may never see the answer; so it is read for a short while. Tomcat would read all of it, in a thread,
 * for a client that sends a byte now and then. Reads below the request's stream, which Tomcat closes with the answer. Not
 * thread-safe.
 */
final class UnwantedBody implements ApplicationBufferHandler {

    private static final Logger LOG = LoggerFactory.getLogger(UnwantedBody.class);

    private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(2);

    private static final int MOST_BYTES = 4 * 1024 * 1024;

    private @Nullable ByteBuffer bytes;

    private UnwantedBody() {}

    /** Reads until its end, for 2 s or 4 MiB, whichever comes first; longer if a line between its chunks comes byte by byte. */
    static void read(Request request, SocketWrapperBase<?> socket) {
        long patience = socket.getReadTimeout();
        long end = System.nanoTime() + LONGEST_NANOS;
        UnwantedBody body = new UnwantedBody();
        try {
            int count = 0;
            for (long all = 0; count >= 0 && all < MOST_BYTES; all += count) {
                long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
                if (left <= 0) {
                    return;
                }
                socket.setReadTimeout(left);
                count = request.doRead(body);
            }
        } catch (IOException e) {
            LOG.debug("The rest of a body is not there", e);
        } finally {
            socket.setReadTimeout(patience);
        }
    }

    /** Its sender is told by the end of the connection: Tomcat reads no more of it. */
    static void leave(Request request) {
        request.action(ActionCode.DISABLE_SWALLOW_INPUT, null);
    }

    @Override
    public void setByteBuffer(ByteBuffer buffer) {
        bytes = buffer;
    }

    @Override
    public @Nullable ByteBuffer getByteBuffer() {
        return bytes;
    }

    @Override
    public void expand(int size) {
        // nothing is kept
    }
}
