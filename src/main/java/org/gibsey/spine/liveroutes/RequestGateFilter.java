package org.gibsey.spine.liveroutes;

import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.gibsey.spine.FilterOrder;
import org.gibsey.spine.liveroutes.RequestGate.Lane;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Leads every public request through the {@link RequestGate}, before anything looks for the route behind its path. A request
 * is in work until its answer is complete: after the route has ended, Spring looks for the path once more.
 */
@Component
@Order(FilterOrder.GATE)
final class RequestGateFilter extends OncePerRequestFilter {

    /** Longer than any exchange; what waits longer has met a fault. */
    private static final Duration PATIENCE = Duration.ofSeconds(25);

    private static final int RETRY_AFTER_SECONDS = 3;

    private final RequestGate gate;

    RequestGateFilter(RequestGate gate) {
        this.gate = gate;
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        Optional<Lane> lane = gate.lane(request.getRequestURI());
        if (lane.isEmpty()) {
            chain.doFilter(request, response);
        } else if (enter(lane.get())) {
            pass(lane.get(), request, response, chain);
        } else {
            response.setHeader(HttpHeaders.RETRY_AFTER, Integer.toString(RETRY_AFTER_SECONDS));
            response.sendError(HttpServletResponse.SC_SERVICE_UNAVAILABLE);
        }
    }

    private static void pass(Lane lane, HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        boolean goesOn = false;
        try {
            chain.doFilter(request, response);
            if (request.isAsyncStarted()) {
                request.getAsyncContext().addListener(new LeaveAtTheEnd(lane));
                goesOn = true;
            }
        } finally {
            if (!goesOn) {
                lane.leave();
            }
        }
    }

    private static boolean enter(Lane lane) {
        try {
            return lane.enter(PATIENCE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** The container calls {@code onComplete} once, after a timeout or an error too. */
    private record LeaveAtTheEnd(Lane lane) implements AsyncListener {

        @Override
        public void onComplete(AsyncEvent event) {
            lane.leave();
        }

        @Override
        public void onTimeout(AsyncEvent event) {}

        @Override
        public void onError(AsyncEvent event) {}

        @Override
        public void onStartAsync(AsyncEvent event) {
            // a second asynchronous round forgets the listeners of the first
            event.getAsyncContext().addListener(this);
        }
    }
}
