package org.gibsey.spine.management;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.springframework.http.HttpHeaders;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Answers two reads of the management port at a time, so that whoever asks for metrics or dead letters as fast as they
 * are answered leaves the processor to those who save. The others wait for their turn, and after a time get 503 with
 * {@code Retry-After}. Probes wait for nobody, and what an operator orders neither. Thread-safe.
 */
final class ReadsInTurn extends OncePerRequestFilter {

    private static final int AT_A_TIME = 2;
    /** A HEAD is as much work as a GET. */
    private static final Set<String> READS = Set.of("GET", "HEAD");

    private static final Set<String> PROBES = Set.of("/actuator/health/liveness", "/actuator/health/readiness");

    private final Semaphore turns = new Semaphore(AT_A_TIME, true);
    private final Duration patience;

    /** @param patience how long a read waits for its turn */
    ReadsInTurn(Duration patience) {
        this.patience = patience;
    }

    @Override
    protected boolean shouldNotFilter(HttpServletRequest request) {
        return !READS.contains(request.getMethod()) || PROBES.contains(request.getRequestURI());
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        try {
            if (!turns.tryAcquire(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                response.setHeader(HttpHeaders.RETRY_AFTER, "5");
                ManagementProblem.write(response, 503, "Others read here, and none was done in time.");
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ServletException("interrupted while others read", e);
        }
        try {
            chain.doFilter(request, response);
        } finally {
            turns.release();
        }
    }
}
