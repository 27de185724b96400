package org.gibsey.spine.tracing;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.gibsey.spine.gift.TraceParent;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.autoconfigure.condition.ConditionalOnExpression;
import org.springframework.stereotype.Component;
import org.springframework.web.servlet.HandlerMapping;

/** The span of each public request, from its first byte to its answer. Thread-safe. */
@Component
@ConditionalOnExpression(Tracing.CONFIGURED)
final class RequestSpans {

    private static final String SPAN = RequestSpans.class.getName();

    private final Tracing tracing;

    RequestSpans(Tracing tracing) {
        this.tracing = tracing;
    }

    /**
     * Begins the span of a request.
     *
     * @param caller the caller's trace and span, or null to begin a trace
     * @return trace and span of this request, the parent of what it does
     */
    TraceParent begin(HttpServletRequest request, @Nullable TraceParent caller) {
        Span span = tracing.span(request.getMethod(), SpanKind.SERVER, caller)
                .setAttribute("http.request.method", request.getMethod())
                .setAttribute("url.path", request.getRequestURI())
                .startSpan();
        request.setAttribute(SPAN, span);
        return Tracing.parentOf(span);
    }

    /** Ends it: every call is answered by now, but for a stream, whose answer has begun. */
    void end(HttpServletRequest request, HttpServletResponse response) {
        if (!(request.getAttribute(SPAN) instanceof Span span)) {
            return;
        }
        request.removeAttribute(SPAN);
        // the pattern, not the path: an id in the name would make every name another
        if (request.getAttribute(HandlerMapping.BEST_MATCHING_PATTERN_ATTRIBUTE) instanceof String route) {
            span.updateName(request.getMethod() + " " + route);
            span.setAttribute("http.route", route);
        }
        span.setAttribute("http.response.status_code", response.getStatus());
        if (response.getStatus() >= 500) {
            span.setStatus(StatusCode.ERROR);
        }
        span.end();
    }
}
