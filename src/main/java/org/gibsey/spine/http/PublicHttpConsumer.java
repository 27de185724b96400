package org.gibsey.spine.http;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Locale;
import java.util.Map;
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
import org.gibsey.spine.ClientShares;
import org.gibsey.spine.http.PublicHttpEngine.Shared;
import org.gibsey.spine.identity.Caller;
import org.gibsey.spine.identity.VaultReads;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.web.servlet.HandlerMapping;

/**
 * The door between HTTP and the routes. Camel's own copies every header and parameter of a client into the message, takes a
 * body of any size, and queues without bound behind a few threads. This one lets in what {@link PublicHeaders} names, the
 * body that {@link BodyFilter} has read, and as many calls of a client as {@link ClientShares} allow, in the thread that Tomcat
 * gave the request, and answers every failure with a {@link Problem}. While the broker hangs each call holds its place for
 * seconds: without a bound they would pile up until threads or memory run out, and calls that need no broker would go down
 * with them.
 *
 * <p>Thread-safe.
 */
final class PublicHttpConsumer extends SpringBootPlatformHttpConsumer {

    private static final Logger LOG = LoggerFactory.getLogger(PublicHttpConsumer.class);

    private final Shared shared;
    /** Where saves are counted; null when these calls are none. */
    private @Nullable SaveMetrics metrics;

    private boolean isChange;

    /** Calls in work; null for those that nothing can hold up. */
    private @Nullable ClientShares places;

    PublicHttpConsumer(PlatformHttpEndpoint endpoint, Processor processor, Shared shared) {
        super(endpoint, processor);
        this.shared = shared;
        this.places = shared.reads();
    }

    /** Only now does the endpoint have its route, which says whether these calls are saves or changes. */
    @Override
    protected void doStart() throws Exception {
        if (routes().anyMatch(AcceptGift::isUsedIn)) {
            places = shared.saves();
            metrics = shared.metrics();
            metrics.measure(getEndpoint().getPath());
        } else if (routes().anyMatch(AcceptChange::isUsedIn)) {
            places = shared.saves();
            isChange = true;
        } else if (routes().anyMatch(KafkaStatus::isAllOf)) {
            places = null;
        }
        shared.bodies().open(getEndpoint());
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
        if (metrics != null && metrics.counts(request)) {
            metrics.answered(problem, System.nanoTime() - began);
        }
        return null;
    }

    /** @return what was wrong, or null */
    private @Nullable Problem answer(HttpServletRequest request, HttpServletResponse response) {
        if (!isRunAllowed() || isSuspended()) {
            return refuse(isRemoved() ? Problem.ofStatus(404) : Problem.stopped(), request, response);
        }
        String client = Caller.client(request);
        try {
            // a save is one wherever its route lies, and so is a change
            boolean isOfReaders = metrics != null || isChange;
            CallerFilter.demandCaller(
                    request, isOfReaders ? "/vault" : getEndpoint().getPath(), shared.auth());
            if (isChange || (metrics != null && metrics.counts(request))) {
                shared.limit().take(client, response);
            }
            if (places != null) {
                Refused.unlessTaken(places.take(client, 1), places);
            }
        } catch (Refused refused) {
            return refuse(refused.problem(), request, response);
        }
        try {
            return route(client, request, response);
        } finally {
            if (places != null) {
                places.leave(client, 1);
            }
        }
    }

    private @Nullable Problem route(String client, HttpServletRequest request, HttpServletResponse response) {
        // what a save or change is answered has a fixed text, as has the state of the broker
        boolean isSmall = metrics != null || isChange || places == null;
        AnswerMemory answers = shared.answers();
        try (AnswerMemory.Place place = isSmall ? answers.beginSmall(client) : answers.begin(client)) {
            byte[] body = make(place, request, response);
            if (body != null) {
                send(request, response, body);
            }
            return null;
        } catch (Refused refused) {
            return refuse(refused.problem(), request, response);
        }
    }

    /** Runs the route and is done with it: an edit may take it away while the answer is sent. */
    private byte @Nullable [] make(AnswerMemory.Place place, HttpServletRequest request, HttpServletResponse response)
            throws Refused {
        Exchange exchange = createExchange(false);
        try {
            exchange.setPattern(ExchangePattern.InOut);
            read(request, exchange.getIn());
            createUoW(exchange);
            VaultReads.bind(Caller.of(request));
            getProcessor().process(exchange);
            if (exchange.getException() != null) {
                throw exchange.getException();
            }
            Problem problem = exchange.getProperty(PublicErrors.PROBLEM, Problem.class);
            if (problem != null) {
                throw new Refused(problem);
            }
            return accept(exchange.getMessage(), place, request, response);
        } catch (Refused refused) {
            throw refused;
        } catch (Exception e) {
            // outside the route's own error handling: its head is refused, or it stops at this moment
            throw new Refused(PublicErrors.problem(exchange, e));
        } finally {
            VaultReads.bind(null);
            doneUoW(exchange);
            releaseExchange(exchange, false);
        }
    }

    private void read(HttpServletRequest request, Message message) throws Refused {
        message.setHeader(Exchange.HTTP_METHOD, request.getMethod());
        message.setHeader(Exchange.HTTP_PATH, request.getRequestURI());
        // decoded, as Spring found the route by them: a path is the same however its characters are written
        if (request.getAttribute(HandlerMapping.URI_TEMPLATE_VARIABLES_ATTRIBUTE) instanceof Map<?, ?> parts) {
            parts.forEach((name, part) -> message.setHeader(name.toString(), part));
        }
        PublicHeaders.read(request, message);
        Caller caller = Caller.of(request);
        if (caller != null) {
            caller.enter(message.getExchange());
        }
        CalledAddress.enter(request, message.getExchange());
        message.getExchange().setProperty(RequestQuery.PROPERTY, RequestQuery.read(request));
        if (request.getAttribute(BodyFilter.BODY) instanceof byte[] body) {
            checkEncoding(request);
            message.setBody(body);
        }
    }

    private static void checkEncoding(HttpServletRequest request) throws Refused {
        String encoding = request.getHeader("Content-Encoding");
        // unpacking would let a small request become a large one
        if (encoding != null && !encoding.strip().toLowerCase(Locale.ROOT).equals("identity")) {
            throw new Refused(Problem.type("The body must not be compressed or otherwise encoded."));
        }
        String type = request.getContentType();
        // most types name none, and Tomcat looks for it with a parser
        String charset = type == null || type.indexOf(';') < 0 ? null : request.getCharacterEncoding();
        if (charset != null && !charset.equalsIgnoreCase("utf-8") && !charset.equalsIgnoreCase("us-ascii")) {
            throw new Refused(
                    Problem.malformed("The body must be UTF-8, as JSON is, whatever charset its type names."));
        }
    }

    private byte @Nullable [] accept(
            Message answer, AnswerMemory.Place place, HttpServletRequest request, HttpServletResponse response)
            throws InvalidPayloadException, Refused {
        byte[] body = answer.getBody() == null ? null : answer.getMandatoryBody(byte[].class);
        if (body != null) {
            place.send(body.length);
        }
        response.setStatus(answer.getHeader(Exchange.HTTP_RESPONSE_CODE, body == null ? 204 : 200, Integer.class));
        // unless the route says otherwise: what is true now may not be in a moment
        response.setHeader("Cache-Control", "no-store");
        PublicHeaders.write(answer, request, response);
        if (shared.auth().isOwn()) {
            // whatever the route says: the next one who asks may be somebody else
            response.setHeader("Cache-Control", "no-store");
        }
        return body;
    }

    private static Problem refuse(Problem problem, HttpServletRequest request, HttpServletResponse response) {
        send(request, response, problem.prepare(response, request.getRequestURI()));
        return problem;
    }

    private static void send(HttpServletRequest request, HttpServletResponse response, byte[] body) {
        AnswerMade.tell(request);
        response.setContentLength(body.length);
        try {
            response.getOutputStream().write(body);
        } catch (IOException e) {
            // what was done stays done
            LOG.debug("The client went away before its answer", e);
        }
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
