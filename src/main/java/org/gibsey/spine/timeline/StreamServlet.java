package org.gibsey.spine.timeline;

import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.gibsey.spine.ClientShares;
import org.gibsey.spine.ConnectionMemory;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.gift.InvalidInput;
import org.gibsey.spine.http.EndlessAnswer;
import org.gibsey.spine.http.Refused;
import org.gibsey.spine.http.RequestQuery;
import org.gibsey.spine.identity.Caller;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;

/**
 * {@code GET /vault/stream}: Server-Sent Events, one for each gift that is stored or changed while the stream is open, and
 * before them those since {@code Last-Event-ID}, each once, as it is now. A servlet and not a controller, because a servlet can
 * write without blocking, see {@link StreamClient}.
 *
 * <ul>
 *   <li>{@code event: gift}: a row, as {@code GET /vault/list} has it; its {@code id} is what to resume with
 *   <li>{@code event: gift-changed}: a row that the client may have, as it is after an edit or restore; it is added where it is not
 *   <li>{@code event: gift-gone}: {@code id} and {@code event_id} of one that was deleted, or that the filter shows no more
 *   <li>{@code event: position}: nothing more was missed up to this {@code id}; {@code live} says whether the vault can be
 *       read at the moment. Sent at the begin, repeated when nothing else was for a while
 *   <li>{@code event: reset}: the id given means nothing here; what was missed cannot be told
 *   <li>{@code event: expired}: the time of the reader's token is over; the stream ends, and goes on with another token
 * </ul>
 */
final class StreamServlet extends HttpServlet {

    static final String PATH = "/vault/stream";

    /** Share of the heap for timelines. All connections together may have more, so that there is always room for a save. */
    private static final double OF_THE_HEAP = 0.5;

    private static final List<String> METHODS = List.of("GET", "HEAD");
    private static final String LAST_EVENT_ID = "Last-Event-ID";
    private static final byte[] GREETING = "retry: 2000\n\n".getBytes(StandardCharsets.UTF_8);
    static final byte[] RESET = "event: reset\ndata: {}\n\n".getBytes(StandardCharsets.UTF_8);

    private final transient VaultFeed feed;
    private final transient SpineSettings.Stream settings;
    private final transient Visible visible;
    private final transient ClientShares places;
    /** Bytes that may wait for all clients, an eighth of the heap. */
    private final transient ClientShares waiting =
            new ClientShares(Runtime.getRuntime().maxMemory() / 8);

    StreamServlet(VaultFeed feed, Visible visible, SpineSettings settings) {
        this.feed = feed;
        this.settings = settings.stream();
        this.visible = visible;
        this.places = new ClientShares(ConnectionMemory.atMost("open timelines", this.settings.clients(), OF_THE_HEAP));
    }

    /** A wrong method is answered as by the other calls: with the methods that are allowed. */
    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        try {
            visible.to(Caller.of(request));
            if (METHODS.contains(request.getMethod())) {
                super.service(request, response);
            } else {
                response.setHeader(HttpHeaders.ALLOW, String.join(", ", METHODS));
                response.sendError(HttpServletResponse.SC_METHOD_NOT_ALLOWED);
            }
        } catch (Refused refused) {
            refuse(request, response, refused);
        }
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        RequestQuery query = RequestQuery.of(request);
        StreamedGift.Filter filter = new StreamedGift.Filter(
                query.int64("page_id"), query.int32("symbol_id"), visible.to(Caller.of(request)));
        try {
            query.check();
        } catch (InvalidInput e) {
            refuse(request, response, e);
            return;
        }
        if (!feed.isRunning()) {
            response.sendError(HttpServletResponse.SC_SERVICE_UNAVAILABLE);
            return;
        }
        String sharer = Caller.client(request);
        Refused.unlessTaken(places.take(sharer, 1), places);
        open(request, response, filter, lastId(request, query), sharer);
    }

    /** The public port makes a problem of it. */
    private static void refuse(HttpServletRequest request, HttpServletResponse response, Exception why)
            throws IOException {
        request.setAttribute(RequestDispatcher.ERROR_EXCEPTION, why);
        response.sendError(HttpServletResponse.SC_BAD_REQUEST);
    }

    /** The headers of GET, without the stream. */
    @Override
    protected void doHead(HttpServletRequest request, HttpServletResponse response) {
        setHeaders(response);
    }

    private void open(
            HttpServletRequest request,
            HttpServletResponse response,
            StreamedGift.Filter filter,
            Optional<String> lastId,
            String sharer)
            throws IOException {
        setHeaders(response);
        Optional<StreamPosition> from = lastId.flatMap(StreamPosition::parse);

        EndlessAnswer answer = begin(request, response, sharer);
        StreamClient client =
                new StreamClient(answer, filter, Caller.of(request), settings.bufferBytes(), waiting, sharer);
        client.send(GREETING);
        if (lastId.isPresent() && from.isEmpty()) {
            client.send(RESET);
        }
        answer.open(client, () -> {
            client.left();
            feed.left(client);
            places.leave(sharer, 1);
        });
        feed.join(client, from.orElse(null));
    }

    private EndlessAnswer begin(HttpServletRequest request, HttpServletResponse response, String sharer)
            throws IOException {
        try {
            return EndlessAnswer.begin(request, response);
        } catch (IOException e) {
            places.leave(sharer, 1);
            throw e;
        }
    }

    private static void setHeaders(HttpServletResponse response) {
        response.setContentType(MediaType.TEXT_EVENT_STREAM_VALUE);
        response.setCharacterEncoding(StandardCharsets.UTF_8.name());
        response.setHeader(HttpHeaders.CACHE_CONTROL, "no-store");
        // nginx would buffer the events otherwise
        response.setHeader("X-Accel-Buffering", "no");
    }

    /**
     * A browser that reconnects by itself sends the header; a page that opens a stream anew cannot set headers and sends
     * {@code after}.
     */
    private static Optional<String> lastId(HttpServletRequest request, RequestQuery query) {
        return Optional.ofNullable(request.getHeader(LAST_EVENT_ID))
                .or(() -> Optional.ofNullable(query.text("after")))
                .filter(id -> !id.isEmpty());
    }
}
