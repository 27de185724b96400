package org.gibsey.spine.timeline;

import jakarta.servlet.WriteListener;
import java.io.IOException;
import org.gibsey.spine.http.EndlessAnswer;

/**
 * An answer whose client reads nothing until it is told to, as one with a window of HTTP/2 that is closed: what is flushed first
 * is taken and held, and then nothing more.
 */
final class HeldAnswer implements EndlessAnswer {

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
    public void write(byte[] bytes, int offset, int length) {
        // held until it is flushed
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
