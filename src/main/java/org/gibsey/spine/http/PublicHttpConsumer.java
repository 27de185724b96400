package org.gibsey.spine.http;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.apache.camel.Exchange;
import org.apache.camel.ExchangePattern;
import org.apache.camel.InvalidPayloadException;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.apache.camel.Route;
import org.apache.camel.component.platform.http.PlatformHttpEndpoint;
import org.apache.camel.component.platform.http.springboot.SpringBootPlatformHttpConsumer;
import org.apache.camel.http.base.HttpHelper;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The door between HTTP and the routes. Camel's own copies every header and parameter of a client into the message, takes a
 * body of any size, and queues without bound behind a few threads. This one lets in what {@link PublicHeaders} names and
 * what {@link Admission} has room for, in the thread that Tomcat gave the request, and answers every failure with a
 * {@link Problem}.
 *
 * <p>Thread-safe.
 */
final class PublicHttpConsumer extends SpringBootPlatformHttpConsumer {

    private static final Logger LOG = LoggerFactory.getLogger(PublicHttpConsumer.class);

    private final PublicHttpEngine engine;
    private final int maxBodyBytes;
    private final Duration maxBodyTime;
    private final @Nullable String pathTemplate;
    /** Where saves are counted; null when these calls are none. */
    private @Nullable SaveMetrics metrics;

    private Admission admission;

    PublicHttpConsumer(
            PlatformHttpEndpoint endpoint,
            Processor processor,
            PublicHttpEngine engine,
            int maxBodyBytes,
            Duration maxBodyTime) {
        super(endpoint, processor);
        this.engine = engine;
        this.maxBodyBytes = maxBodyBytes;
        this.maxBodyTime = maxBodyTime;
        this.admission = engine.reads();
        String path = endpoint.getPath();
        this.pathTemplate = path.indexOf('{') < 0 ? null : path;
    }

    /** Only now does the endpoint have its route, which says whether these calls are saves. */
    @Override
    protected void doStart() throws Exception {
        if (routes().anyMatch(AcceptGift::isUsedIn)) {
            admission = engine.saves();
            metrics = engine.measureSaves(getEndpoint().getPath());
        }
        super.doStart();
    }

    /**
     * Serves one request.
     *
     * @return null: it has been answered, there is nothing for Spring to wait for
     */
    @Override
    @SuppressWarnings("NullAway") // Spring takes null for "done", its annotations do not say so
    public CompletableFuture<Void> service(HttpServletRequest request, HttpServletResponse response) {
        long began = System.nanoTime();
        Problem problem = answer(request, response);
        if (metrics != null) {
            metrics.answered(problem, System.nanoTime() - began);
        }
        return null;
    }

    /** @return what was wrong, or null */
    private @Nullable Problem answer(HttpServletRequest request, HttpServletResponse response) {
        if (!isRunAllowed() || isSuspended()) {
            return refuse(isRemoved() ? Problem.ofStatus(404) : Problem.stopped(), request, response);
        }
        int bytes = bodyBytes(request);
        if (!admission.enter(bytes)) {
            return refuse(Problem.busy(), request, response);
        }
        try {
            return route(request, response, bytes > 0);
        } finally {
            admission.leave(bytes);
        }
    }

    private @Nullable Problem route(HttpServletRequest request, HttpServletResponse response, boolean hasBody) {
        Exchange exchange = createExchange(false);
        try {
            exchange.setPattern(ExchangePattern.InOut);
            read(request, exchange.getIn(), hasBody);
            createUoW(exchange);
            getProcessor().process(exchange);
            if (exchange.getException() != null) {
                throw exchange.getException();
            }
            Problem problem = exchange.getProperty(PublicErrors.PROBLEM, Problem.class);
            if (problem != null) {
                return refuse(problem, request, response);
            }
            accept(exchange.getMessage(), response);
            return null;
        } catch (Exception e) {
            // outside the route's own error handling: its head is refused, or it stops at this moment
            return refuse(PublicErrors.problem(exchange, e), request, response);
        } finally {
            doneUoW(exchange);
            releaseExchange(exchange, false);
        }
    }

    private void read(HttpServletRequest request, Message message, boolean hasBody) throws IOException {
        message.setHeader(Exchange.HTTP_METHOD, request.getMethod());
        message.setHeader(Exchange.HTTP_PATH, request.getRequestURI());
        if (pathTemplate != null) {
            HttpHelper.evalPlaceholders(message.getHeaders(), request.getRequestURI(), pathTemplate);
        }
        PublicHeaders.read(request, message);
        message.getExchange().setProperty(RequestQuery.PROPERTY, RequestQuery.read(request));
        if (hasBody) {
            message.setBody(RequestBody.of(request, maxBodyBytes, maxBodyTime));
        }
    }

    private static void accept(Message answer, HttpServletResponse response) throws InvalidPayloadException {
        byte[] body = answer.getBody() == null ? null : answer.getMandatoryBody(byte[].class);
        response.setStatus(answer.getHeader(Exchange.HTTP_RESPONSE_CODE, body == null ? 204 : 200, Integer.class));
        // unless the route says otherwise: what is true now may not be in a moment
        response.setHeader("Cache-Control", "no-store");
        PublicHeaders.write(answer, response);
        if (body != null) {
            send(response, body);
        }
    }

    private static Problem refuse(Problem problem, HttpServletRequest request, HttpServletResponse response) {
        send(response, problem.prepare(response, request.getRequestURI()));
        return problem;
    }

    private static void send(HttpServletResponse response, byte[] body) {
        response.setContentLength(body.length);
        try {
            response.getOutputStream().write(body);
        } catch (IOException e) {
            // what was done stays done
            LOG.debug("The client went away before its answer", e);
        }
    }

    /** The most bytes that the body can have, 0 without one. */
    private int bodyBytes(HttpServletRequest request) {
        long length = request.getContentLengthLong();
        if (length < 0) {
            // without a length it may be any; only GET and its like never mean the body they may have
            return request.getMethod().equals("POST") ? maxBodyBytes : 0;
        }
        return (int) Math.min(length, maxBodyBytes);
    }

    /** Spring keeps the path of a route that is gone. */
    private boolean isRemoved() {
        return routes().findAny().isEmpty();
    }

    private Stream<Route> routes() {
        return getEndpoint().getCamelContext().getRoutes().stream()
                .filter(route -> route.getEndpoint() == getEndpoint());
    }
}
