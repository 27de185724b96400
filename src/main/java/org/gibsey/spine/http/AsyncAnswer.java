package org.gibsey.spine.http;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** As the servlet specification has it; for HTTP/2, whose connections carry other calls too. */
final class AsyncAnswer implements EndlessAnswer {

    private static final Logger LOG = LoggerFactory.getLogger(AsyncAnswer.class);

    private final AsyncContext async;
    private final ServletOutputStream out;
    private boolean completed;

    AsyncAnswer(HttpServletRequest request, HttpServletResponse response) throws IOException {
        this.async = request.startAsync();
        async.setTimeout(0);
        this.out = response.getOutputStream();
    }

    @Override
    public void open(WriteListener writer, Runnable ended) {
        async.addListener(new AsyncListener() {
            @Override
            public void onComplete(AsyncEvent event) {
                ended.run();
            }

            @Override
            public void onError(AsyncEvent event) {
                writer.onError(event.getThrowable());
                // or the container would answer with an error page
                end(true);
            }

            @Override
            public void onTimeout(AsyncEvent event) {
                // no timeout, so it does not happen
            }

            @Override
            public void onStartAsync(AsyncEvent event) {
                // the request is started once
            }
        });
        // the container calls it for the first time when the servlet has returned
        out.setWriteListener(writer);
    }

    @Override
    public boolean isReady() {
        return out.isReady();
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        out.write(bytes, offset, length);
    }

    @Override
    public void flush() throws IOException {
        out.flush();
    }

    @Override
    public void end(boolean givenUp) {
        synchronized (this) {
            if (completed) {
                return;
            }
            completed = true;
        }
        try {
            async.complete();
        } catch (IllegalStateException e) {
            LOG.debug("The container ended the answer first", e);
        }
    }

    @Override
    public void later(Runnable end) {
        try {
            async.start(end);
        } catch (IllegalStateException e) {
            LOG.debug("The container ended the answer first", e);
        }
    }
}
