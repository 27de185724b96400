package org.gibsey.spine.http;

import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ErrorReportValve;
import org.apache.coyote.ActionCode;
import org.apache.tomcat.util.net.SocketWrapperBase;
import org.gibsey.spine.ClientShares;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What every answer of the public port passes last: puts the security headers on it, and makes a {@link Problem} of every
 * error that found no body on its way, from a malformed request line to an exception in a filter. Without it Tomcat would
 * answer these with a page of HTML. Thread-safe.
 */
final class PublicValve extends ErrorReportValve {

    private static final Logger LOG = LoggerFactory.getLogger(PublicValve.class);

    /** Request attribute of an answer that is not finished: its reader took too long. */
    static final String CUT_OFF = PublicValve.class.getName() + ".CUT_OFF";

    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(3);

    /**
     * Reads of one client that are answered at a time. What they cost the processor they cost one after the other: a virtual thread
     * is not interrupted in its work for another, and hundreds of reads of one client were seen to delay saves by seconds.
     */
    private static final int READS_AT_A_TIME = 8 * Runtime.getRuntime().availableProcessors();

    private final ClientTurns reads = new ClientTurns(READS_AT_A_TIME);
    private final BooleanSupplier starting;
    private final ClientShares comingBodies;
    private final ClientShares calls;
    private final String issuer;

    /**
     * @param starting     whether routes are still missing because this process has only begun
     * @param comingBodies how many bodies may be waited for
     * @param calls        how many calls of any kind may have a thread: also one that is refused may wait for its reader
     * @param issuer       origin of who signs readers in, which the page calls; empty without one
     */
    PublicValve(BooleanSupplier starting, ClientShares comingBodies, ClientShares calls, String issuer) {
        this.starting = starting;
        this.comingBodies = comingBodies;
        this.calls = calls;
        this.issuer = issuer;
    }

    @Override
    public void invoke(Request request, Response response) throws IOException, ServletException {
        PagePolicy.ofPublic(request.getDecodedRequestURI()).harden(request, response, issuer);
        String client = ClientShares.client(request);
        try {
            Refused.unlessTaken(calls.take(client, 1), calls);
        } catch (Refused tooMany) {
            refuse(tooMany.problem(), request, response);
            return;
        }
        // a line that cannot be read has none
        boolean isRead = "GET".equals(request.getMethod()) || "HEAD".equals(request.getMethod());
        Semaphore turn = isRead ? reads.await(client, System.nanoTime() + PATIENCE_NANOS) : null;
        try {
            if (isRead && turn == null) {
                refuse(Problem.busy(), request, response);
            } else {
                answer(client, request, response);
            }
        } finally {
            if (turn != null) {
                turn.release();
            }
            calls.leave(client, 1);
        }
    }

    /** For a client that has as many threads as it may, so it gets none for its body, nor to wait until it opens a window of HTTP/2. */
    private static void refuse(Problem problem, Request request, Response response) throws IOException {
        UnwantedBody.leave(request.getCoyoteRequest());
        byte[] body = problem.prepare(response, request.getRequestURI());
        if (isHttp2(request)) {
            body = new byte[0];
            response.setContentType(null);
        }
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
        response.finishResponse();
    }

    private void answer(String client, Request request, Response response) throws IOException, ServletException {
        Object socket = request.getCoyoteRequest().getNote(HeadDeadline.SOCKET_NOTE);
        if (socket != null) {
            request.setAttribute(IncomingBody.SOCKET, socket);
            request.setAttribute(BareAnswer.HANDOVER, request.getCoyoteRequest().getNote(HeadDeadline.HANDOVER_NOTE));
        }
        super.invoke(request, response);
        if (request.getAttribute(CUT_OFF) != null) {
            // HTTP/1.1 closes the connection, HTTP/2 ends the stream: either is short of its length
            response.getCoyoteResponse().action(ActionCode.CLOSE_NOW, null);
            return;
        }
        if (!request.isAsync()) {
            dropRest(client, request, response);
        }
    }

    /** So that the sender of a body that nobody has read sees the answer. Who has its share of such waits gets none. */
    private void dropRest(String client, Request request, Response response) throws IOException {
        org.apache.coyote.Request wire = request.getCoyoteRequest();
        SocketWrapperBase<?> socket = (SocketWrapperBase<?>) request.getAttribute(IncomingBody.SOCKET);
        if (request.isFinished()) {
            return;
        }
        response.finishResponse();
        // there is none for HTTP/2, which resets the stream
        if (socket != null
                && response.getStatus() != HttpServletResponse.SC_REQUEST_TIMEOUT
                && comingBodies.take(client, 1) == ClientShares.Outcome.TAKEN) {
            try {
                UnwantedBody.read(wire, socket);
            } finally {
                comingBodies.leave(client, 1);
            }
        }
        if (!request.isFinished()) {
            UnwantedBody.leave(wire);
        }
    }

    @Override
    protected void report(Request request, Response response, @Nullable Throwable fault) {
        int status = response.getStatus();
        if (status < 400
                || response.getContentWritten() > 0
                || isReported(response)
                || !writable(response)
                || isReset(request)) {
            return;
        }
        Problem problem = problem(status, fault);
        if (fault != null && problem.status() == 500) {
            LOG.error("{} failed", request.getRequestURI(), fault);
        }
        // a fault has reset the headers
        PagePolicy.DATA.harden(request, response);
        byte[] body = problem.prepare(response, request.getRequestURI());
        response.setContentLength(body.length);
        try {
            response.getOutputStream().write(body);
            response.finishResponse();
        } catch (IOException e) {
            LOG.debug("The client went away before its answer", e);
        }
    }

    /** Takes note that the error is reported. Spring sets some statuses, such as 412, and reports no error. */
    private static boolean isReported(Response response) {
        return !response.setErrorReported() && response.isError();
    }

    private Problem problem(int status, @Nullable Throwable fault) {
        if (fault instanceof SocketTimeoutException) {
            // to Tomcat it is a bad request
            return Problem.ofStatus(HttpServletResponse.SC_REQUEST_TIMEOUT);
        }
        if (fault != null) {
            Problem problem = Problem.of(fault);
            // what nobody has foreseen, with another status than 500, is what Tomcat found in the request
            return problem.status() == 500 ? Problem.ofStatus(status) : problem;
        }
        return status == 404 && starting.getAsBoolean() ? Problem.stopped() : Problem.ofStatus(status);
    }

    /** Tomcat leaves a fault in a request of HTTP/2 whose client has gone before it was read: there is nobody to answer. */
    private static boolean isReset(Request request) {
        // in HTTP/1.1 it is a head that cannot be read, whose client waits for an answer
        return isHttp2(request) && request.getCoyoteRequest().getAttribute(RequestDispatcher.ERROR_EXCEPTION) != null;
    }

    private static boolean isHttp2(Request request) {
        return "HTTP/2.0".equals(request.getProtocol());
    }

    private static boolean writable(Response response) {
        AtomicBoolean allowed = new AtomicBoolean();
        response.getCoyoteResponse().action(ActionCode.IS_IO_ALLOWED, allowed);
        return allowed.get();
    }
}
