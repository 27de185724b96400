package org.gibsey.spine.http;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.camel.component.platform.http.PlatformHttpEndpoint;
import org.gibsey.spine.ClientShares;
import org.gibsey.spine.FilterOrder;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.identity.Caller;
import org.springframework.core.annotation.Order;
import org.springframework.http.server.PathContainer;
import org.springframework.stereotype.Component;
import org.springframework.web.util.pattern.PathPattern;
import org.springframework.web.util.pattern.PathPatternParser;

/**
 * Reads the body of a call before anything else is done for it. A body that takes its time then holds no place among the
 * calls in work, and no edit of its route waits for it. How many bodies may be coming at once, and how many bytes may be
 * there, is shared between clients ({@link ClientShares}).
 *
 * <p>Only bodies that a route would take are read: other calls are answered without. Thread-safe.
 */
@Component
@Order(FilterOrder.BODY)
final class BodyFilter extends HttpFilter {

    /** Request attribute: the whole body as a byte array; not there when there is none. */
    static final String BODY = BodyFilter.class.getName() + ".body";

    private final List<Door> doors = new CopyOnWriteArrayList<>();
    private final SpineSettings settings;
    private final SaveMetrics metrics;
    private final ClientShares coming;
    private final ClientShares bytes;

    /** What a route takes; without methods it takes all. */
    private record Door(PathPattern path, List<String> methods) {}

    BodyFilter(SpineSettings settings, SaveMetrics metrics, ClientShares comingBodies) {
        this.settings = settings;
        this.metrics = metrics;
        this.coming = comingBodies;
        this.bytes = new ClientShares(settings.http().concurrentBodyBytes());
    }

    /** A route takes bodies here from now on. It stays known when the route goes: the next one may be on its way. */
    void open(PlatformHttpEndpoint endpoint) {
        String path = endpoint.isMatchOnUriPrefix() ? endpoint.getPath() + "/{*rest}" : endpoint.getPath();
        String methods = endpoint.getHttpMethodRestrict();
        Door door = new Door(
                PathPatternParser.defaultInstance.parse(path),
                methods == null ? List.of() : List.of(methods.split(",")));
        if (!doors.contains(door)) {
            doors.add(door);
        }
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        if (!isWanted(request)) {
            chain.doFilter(request, response);
            return;
        }
        String client = Caller.client(request);
        IncomingBody body = new IncomingBody(request, client, settings, coming, bytes);
        try {
            request.setAttribute(BODY, body.read());
            chain.doFilter(request, response);
        } catch (Refused refused) {
            metrics.refuse(refused.problem(), request, response);
        } finally {
            body.forget();
        }
    }

    private boolean isWanted(HttpServletRequest request) {
        String method = request.getMethod();
        // GET and its like never mean the body they may have
        if (request.getContentLengthLong() == 0 || method.equals("GET") || method.equals("HEAD")) {
            return false;
        }
        String path = request.getRequestURI();
        return doors.stream()
                .anyMatch(door -> (door.methods.isEmpty() || door.methods.contains(method))
                        && (door.path.getPatternString().equals(path)
                                || door.path.matches(PathContainer.parsePath(path))));
    }
}
