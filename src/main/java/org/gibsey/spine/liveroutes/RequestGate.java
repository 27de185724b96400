package org.gibsey.spine.liveroutes;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.gibsey.spine.FilterOrder;
import org.gibsey.spine.http.AnswerMade;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.http.server.PathContainer;
import org.springframework.stereotype.Component;
import org.springframework.web.util.pattern.PathPattern;
import org.springframework.web.util.pattern.PathPatternParser;

/**
 * Lets requests wait while the route behind their path is exchanged. Without it, those that arrive in these milliseconds get
 * a 404 or 500, and so do those in work whose route is taken from under them. Thread-safe.
 *
 * <p>Each path is a lane: a fair semaphore of which a request takes one permit and an exchange all of them. So an exchange
 * begins when the requests in work are done, and requests that come later queue behind it. They do so for a moment only: if
 * the requests in work take longer, the exchange steps back, lets all pass and tries again.
 *
 * <p>As a filter it stands before anything that looks for the route behind a path. A request is in work until its answer is
 * made ({@link AnswerMade}): what sends it needs no route, and its reader may be slow. Without an answer of a route it is in
 * work until the filter chain returns: routes answer in the thread that Tomcat gave the request, and what goes on without that
 * thread, as an open timeline does, is no route.
 */
@Component
@Order(FilterOrder.GATE)
final class RequestGate extends HttpFilter {

    /** Longer than any exchange; what waits longer has met a fault. */
    private static final Duration PATIENCE = Duration.ofSeconds(25);

    /** How long an exchange that waits for requests in work may keep others waiting, and how long it then lets all pass. */
    private static final Duration AT_ONCE = Duration.ofMillis(300);

    private static final Duration REST = Duration.ofMillis(700);

    private static final int RETRY_AFTER_SECONDS = 3;
    private static final int ALL = Integer.MAX_VALUE;

    /** The most specific path first, as Spring looks for routes. */
    private final List<Lane> lanes = new CopyOnWriteArrayList<>();

    /** A path and the requests on it. */
    private record Lane(PathPattern pattern, Semaphore permits) {}

    /** Keeps paths closed until it is closed itself. */
    static final class Hold implements AutoCloseable {

        private final List<Lane> held = new ArrayList<>();

        @Override
        public void close() {
            held.forEach(lane -> lane.permits.release(ALL));
            held.clear();
        }
    }

    /**
     * Waits for a moment without requests in work on these paths and keeps new ones waiting until the hold is closed.
     *
     * @param patience how long to wait for such a moment
     * @return empty when there was none; nothing is held then
     */
    Optional<Hold> hold(Collection<String> paths, Duration patience) throws InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        while (true) {
            long left = end - System.nanoTime();
            Optional<Hold> hold = holdWithin(paths, Math.min(left, AT_ONCE.toNanos()));
            if (hold.isPresent() || left < AT_ONCE.plus(REST).toNanos()) {
                return hold;
            }
            TimeUnit.NANOSECONDS.sleep(REST.toNanos());
        }
    }

    private Optional<Hold> holdWithin(Collection<String> paths, long nanos) throws InterruptedException {
        Hold hold = new Hold();
        boolean all = false;
        try {
            long end = System.nanoTime() + nanos;
            for (String path : paths) {
                Lane lane = laneOfPattern(path).orElseGet(() -> newLane(path));
                if (!lane.permits.tryAcquire(ALL, end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                    return Optional.empty();
                }
                hold.held.add(lane);
            }
            all = true;
            return Optional.of(hold);
        } finally {
            if (!all) {
                hold.close();
            }
        }
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        Optional<Lane> lane = lane(request.getRequestURI());
        if (lane.isEmpty()) {
            // no route has had this path so far
            chain.doFilter(request, response);
        } else if (enter(lane.get())) {
            AtomicBoolean isIn = new AtomicBoolean(true);
            Runnable leave = () -> {
                if (isIn.getAndSet(false)) {
                    lane.get().permits.release();
                }
            };
            AnswerMade.listen(request, leave);
            try {
                chain.doFilter(request, response);
            } finally {
                leave.run();
            }
        } else {
            response.setHeader(HttpHeaders.RETRY_AFTER, Integer.toString(RETRY_AFTER_SECONDS));
            response.sendError(HttpServletResponse.SC_SERVICE_UNAVAILABLE);
        }
    }

    /** A path that is written out is the most specific there is. */
    private Optional<Lane> lane(String path) {
        return laneOfPattern(path).or(() -> {
            PathContainer parsed = PathContainer.parsePath(path);
            return lanes.stream().filter(lane -> lane.pattern.matches(parsed)).findFirst();
        });
    }

    private Optional<Lane> laneOfPattern(String pattern) {
        return lanes.stream()
                .filter(lane -> lane.pattern.getPatternString().equals(pattern))
                .findFirst();
    }

    private static boolean enter(Lane lane) {
        try {
            return lane.permits.tryAcquire(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private Lane newLane(String pattern) {
        Lane lane = new Lane(PathPatternParser.defaultInstance.parse(pattern), new Semaphore(ALL, true));
        lanes.add(lane);
        lanes.sort(Comparator.comparing(known -> known.pattern));
        return lane;
    }
}
