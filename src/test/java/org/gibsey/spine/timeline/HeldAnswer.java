package org.gibsey.spine.timeline;

import jakarta.servlet.WriteListener;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import org.gibsey.spine.http.EndlessAnswer;

/**
 * An answer whose client reads nothing until it is told to, as one with a window of HTTP/2 that is closed: what is flushed first
 * is taken and held, and then nothing more.
 */
final class HeldAnswer implements EndlessAnswer {

    private final ByteArrayOutputStream written = new ByteArrayOutputStream();
    private final Set<String> writersOfGifts = new HashSet<>();
    private WriteListener writer;
    private boolean isRead;
    private boolean holds;
    private boolean isAsked;
    private boolean hasEnded;

    synchronized void readOn() throws IOException {
        isRead = true;
        holds = false;
        if (isAsked) {
            isAsked = false;
            writer.onWritePossible();
        }
    }

    synchronized boolean hasEnded() {
        return hasEnded;
    }

    /** What its client has, or will have. */
    synchronized String written() {
        return written.toString(StandardCharsets.UTF_8);
    }

    /** Names of the threads that have written the begin of a gift. */
    synchronized Set<String> writersOfGifts() {
        return Set.copyOf(writersOfGifts);
    }

    @Override
    public synchronized void open(WriteListener listener, Runnable ended) {
        writer = listener;
    }

    @Override
    public synchronized boolean isReady() {
        isAsked = holds;
        return !holds;
    }

    @Override
    public synchronized void write(byte[] bytes, int offset, int length) {
        written.write(bytes, offset, length);
        if (new String(bytes, offset, length, StandardCharsets.UTF_8).contains("event: gift")) {
            writersOfGifts.add(Thread.currentThread().getName());
        }
    }

    @Override
    public synchronized void flush() {
        holds = !isRead;
    }

    @Override
    public synchronized void end(boolean givenUp) {
        hasEnded = true;
    }

    @Override
    public void later(Runnable end) {
        end.run();
    }
}
