package org.gibsey.spine.tracing;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Optional;
import org.gibsey.spine.FilterOrder;
import org.gibsey.spine.gift.CloudEvent;
import org.gibsey.spine.gift.TraceParent;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;
import org.springframework.web.servlet.HandlerMapping;

/**
 * Gives every public request a trace, the caller's or a new one, before anything else sees it. Its id is in each log line of
 * the request, and the event carries it to the worker: it is the request attribute {@value CloudEvent#TRACE_PARENT}. Where
 * traces are exported the request is a span, up to its answer, or to the begin of a stream. Thread-safe.
 */
@Component
@Order(FilterOrder.TRACE)
final class TraceFilter extends HttpFilter {

    private final @Nullable Tracing tracing;

    TraceFilter(ObjectProvider<Tracing> tracing) {
        this.tracing = tracing.getIfAvailable();
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        Optional<TraceParent> caller = TraceParent.parse(request.getHeader(CloudEvent.TRACE_PARENT));
        Span span = tracing == null ? Span.getInvalid() : begin(tracing, request, caller.orElse(null));
        TraceParent trace = tracing == null ? caller.orElseGet(TraceParent::begin) : Tracing.parentOf(span);
        request.setAttribute(CloudEvent.TRACE_PARENT, trace.toString());
        MDC.put(TraceParent.LOG_KEY, trace.traceId());
        try {
            chain.doFilter(request, response);
        } finally {
            end(span, request, response);
            MDC.remove(TraceParent.LOG_KEY);
        }
    }

    private static Span begin(Tracing tracing, HttpServletRequest request, @Nullable TraceParent caller) {
        return tracing.span(request.getMethod(), SpanKind.SERVER, caller)
                .setAttribute("http.request.method", request.getMethod())
                .setAttribute("url.path", request.getRequestURI())
                .startSpan();
    }

    private static void end(Span span, HttpServletRequest request, HttpServletResponse response) {
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
