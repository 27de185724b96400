package org.gibsey.spine.http;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** How saves are answered: how many accepted, how many refused and why, and how long each took. Thread-safe. */
@Component
final class SaveMetrics {

    private final Counter accepted;
    private final Meter.MeterProvider<Counter> rejected;
    private final Timer time;
    private final Set<String> paths = ConcurrentHashMap.newKeySet();
    private final String ownCall = UUID.randomUUID().toString();
    private volatile boolean isWarm;

    SaveMetrics(MeterRegistry meters) {
        this.accepted = Counter.builder("gifts.accepted")
                .description("Gifts acknowledged by the broker and answered 202")
                .register(meters);
        this.rejected = Counter.builder("gifts.rejected")
                .description("Saves that were refused, by reason")
                .withRegistry(meters);
        this.time = Timer.builder("gifts.save")
                .description("From a complete request to the answer, accepted gifts only")
                .publishPercentileHistogram()
                .minimumExpectedValue(Duration.ofMillis(1))
                .maximumExpectedValue(Duration.ofSeconds(5))
                .register(meters);
        expect(Problem.REASONS_OF_A_SAVE);
    }

    /** What saves can be refused for. Counted from 0 at the start, so that Prometheus sees the first refusal as an increase. */
    void expect(List<String> reasons) {
        reasons.forEach(reason -> rejected.withTag("reason", reason));
    }

    /** Calls at this path are saves. */
    void measure(String path) {
        paths.add(path);
    }

    /** Whether calls at this path are or were saves. */
    boolean measures(String path) {
        return paths.contains(path);
    }

    /** Value of the header {@value WarmUp#HEADER} in calls that are not counted: those of this process itself. */
    String ownCall() {
        return ownCall;
    }

    /** From now on the process makes no calls of its own. */
    void endOwnCalls() {
        isWarm = true;
    }

    /** Whether somebody else makes this call: nobody knows the value but the process itself. */
    boolean counts(HttpServletRequest call) {
        return isWarm || !ownCall.equals(call.getHeader(WarmUp.HEADER));
    }

    /**
     * Counts one call.
     *
     * @param problem what it was refused for, or null when it was accepted
     */
    void answered(@Nullable Problem problem, long nanos) {
        if (problem == null) {
            accepted.increment();
            time.record(nanos, TimeUnit.NANOSECONDS);
        } else {
            rejected.withTag("reason", problem.reason()).increment();
        }
    }

    /** Answers a call that does not get as far as a route, and counts it if it is a save. */
    void refuse(Problem problem, HttpServletRequest request, HttpServletResponse response) throws IOException {
        if (measures(request.getRequestURI()) && counts(request)) {
            answered(problem, 0);
        }
        byte[] answer = problem.prepare(response, request.getRequestURI());
        response.setContentLength(answer.length);
        response.getOutputStream().write(answer);
    }
}
