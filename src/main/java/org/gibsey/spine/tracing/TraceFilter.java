package org.gibsey.spine.tracing;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Collections;
import java.util.Enumeration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.gibsey.spine.FilterOrder;
import org.gibsey.spine.gift.CloudEvent;
import org.gibsey.spine.gift.TraceParent;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Gives every public request a trace, the caller's or a new one, before anything else sees it. Its id is in each log line of
 * the request, and the event carries it to the worker. Thread-safe.
 */
@Component
@Order(FilterOrder.TRACE)
final class TraceFilter extends OncePerRequestFilter {

    private final @Nullable RequestSpans spans;

    TraceFilter(ObjectProvider<RequestSpans> spans) {
        this.spans = spans.getIfAvailable();
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        TraceParent trace = trace(request);
        MDC.put(TraceParent.LOG_KEY, trace.traceId());
        try {
            chain.doFilter(new Traced(request, trace.toString()), response);
        } finally {
            if (spans != null) {
                spans.end(request, response);
            }
            MDC.remove(TraceParent.LOG_KEY);
        }
    }

    private TraceParent trace(HttpServletRequest request) {
        Optional<TraceParent> caller = TraceParent.parse(request.getHeader(CloudEvent.TRACE_PARENT));
        return spans == null ? caller.orElseGet(TraceParent::begin) : spans.begin(request, caller.orElse(null));
    }

    /** The request with the header set. */
    private static final class Traced extends HttpServletRequestWrapper {

        private final String traceParent;

        Traced(HttpServletRequest request, String traceParent) {
            super(request);
            this.traceParent = traceParent;
        }

        @Override
        public @Nullable String getHeader(String name) {
            return name.equalsIgnoreCase(CloudEvent.TRACE_PARENT) ? traceParent : super.getHeader(name);
        }

        @Override
        public Enumeration<String> getHeaders(String name) {
            return name.equalsIgnoreCase(CloudEvent.TRACE_PARENT)
                    ? Collections.enumeration(List.of(traceParent))
                    : super.getHeaders(name);
        }

        @Override
        public Enumeration<String> getHeaderNames() {
            Set<String> names = new LinkedHashSet<>(Collections.list(super.getHeaderNames()));
            names.removeIf(CloudEvent.TRACE_PARENT::equalsIgnoreCase);
            names.add(CloudEvent.TRACE_PARENT);
            return Collections.enumeration(names);
        }
    }
}
