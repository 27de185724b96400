package org.gibsey.spine.http;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;
import java.io.PrintWriter;
import org.apache.catalina.connector.ClientAbortException;
import org.gibsey.spine.FilterOrder;
import org.gibsey.spine.SpineSettings;
import org.jspecify.annotations.Nullable;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;

/**
 * How long the reader of a whole answer may take, from its first byte on, whoever writes it: a route, or what serves files. Tomcat's own
 * limit begins anew with each byte that is read: a slow reader would keep an answer, and a thread, for hours. A timeline has no
 * end and never waits for its reader; for that see its feed. Thread-safe.
 */
@Component
@Order(FilterOrder.ANSWER_DEADLINE)
final class AnswerDeadline extends HttpFilter {

    /** How much of an answer is written between two looks at the clock. */
    private static final int PIECE_BYTES = 16 << 10;

    private final long maxNanos;

    AnswerDeadline(SpineSettings settings) {
        this.maxNanos = settings.http().answerTime().toNanos();
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        try {
            chain.doFilter(request, new TimedAnswer(request, response));
        } catch (ClientAbortException e) {
            if (request.getAttribute(PublicValve.CUT_OFF) == null) {
                throw e;
            }
        }
    }

    private final class TimedAnswer extends HttpServletResponseWrapper {

        private final HttpServletRequest request;
        private @Nullable ServletOutputStream out;

        TimedAnswer(HttpServletRequest request, HttpServletResponse response) {
            super(response);
            this.request = request;
        }

        @Override
        public ServletOutputStream getOutputStream() throws IOException {
            if (out == null) {
                out = new TimedStream(request, super.getOutputStream());
            }
            return out;
        }

        /** There is none: what it writes would have no limit. */
        @Override
        public PrintWriter getWriter() {
            throw new IllegalStateException("answers are written as bytes");
        }
    }

    private final class TimedStream extends ServletOutputStream {

        private final HttpServletRequest request;
        private final ServletOutputStream out;
        private final long end = System.nanoTime() + maxNanos;

        TimedStream(HttpServletRequest request, ServletOutputStream out) {
            this.request = request;
            this.out = out;
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            for (int written = 0; written < length; written += PIECE_BYTES) {
                if (System.nanoTime() - end > 0) {
                    request.setAttribute(PublicValve.CUT_OFF, true);
                    throw new ClientAbortException("the reader of an answer took too long");
                }
                out.write(bytes, offset + written, Math.min(PIECE_BYTES, length - written));
            }
        }

        @Override
        public void write(int oneByte) throws IOException {
            write(new byte[] {(byte) oneByte}, 0, 1);
        }

        @Override
        public void flush() throws IOException {
            out.flush();
        }

        @Override
        public void close() {
            // Tomcat ends the answer: after a forward it closes what is not its own, and no problem could be made of a
            // status any more
        }

        @Override
        public boolean isReady() {
            return out.isReady();
        }

        @Override
        public void setWriteListener(WriteListener listener) {
            out.setWriteListener(listener);
        }
    }
}
