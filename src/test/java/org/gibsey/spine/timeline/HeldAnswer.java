package org.gibsey.spine.timeline;

import jakarta.servlet.WriteListener;
import org.gibsey.spine.http.EndlessAnswer;

/**
 * An answer whose client reads nothing, as one with a window of HTTP/2 that is closed: what is flushed first is taken and held, and
 * then nothing more. Used by one thread.
 */
final class HeldAnswer implements EndlessAnswer {

    private boolean holds;
    private boolean hasEnded;

    boolean hasEnded() {
        return hasEnded;
    }

    @Override
    public void open(WriteListener writer, Runnable ended) {
        // it can never write again
    }

    @Override
    public boolean isReady() {
        return !holds;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
        // held until it is flushed
    }

    @Override
    public void flush() {
        holds = true;
    }

    @Override
    public void end(boolean givenUp) {
        hasEnded = true;
    }

    @Override
    public void later(Runnable end) {
        end.run();
    }
}
