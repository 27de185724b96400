package org.gibsey.spine.http;

import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The body of an answer that goes on until somebody ends it, such as a timeline. Nothing here blocks. Its user sees to it that one
 * thread at a time is in it.
 */
public interface EndlessAnswer {

    /**
     * Begins with the head as it is by now.
     *
     * @return in HTTP/1.1 without the buffers of a request, see {@link BareAnswer}; otherwise by the way of the servlet specification
     */
    static EndlessAnswer begin(HttpServletRequest request, HttpServletResponse response) throws IOException {
        BareAnswer.@Nullable Handover handover = BareAnswer.handover(request);
        return handover == null ? new AsyncAnswer(request, response) : BareAnswer.begin(handover, response);
    }

    /**
     * Called once. Nothing is written before.
     *
     * @param writer is told when it can write after it could not, and the first time soon
     * @param ended  run when the answer has ended, from whichever side; once
     */
    void open(WriteListener writer, Runnable ended);

    /** Whether it takes a piece now; if not, the writer is told later. */
    boolean isReady();

    /** @throws IOException if the client is gone */
    void write(byte[] bytes, int offset, int length) throws IOException;

    void flush() throws IOException;

    /**
     * Ends it; what ended already is left alone.
     *
     * @param givenUp whether nobody waits until the client has what was written before
     */
    void end(boolean givenUp);

    /** Runs what ends it where it is allowed to block. */
    void later(Runnable end);
}
