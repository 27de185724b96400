package org.gibsey.spine.http;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Collections;
import java.util.List;
import org.apache.camel.Message;
import org.jspecify.annotations.Nullable;

/**
 * The only headers and query parameters that pass the public edge, in either direction. Camel turns headers into routing
 * instructions: were all of them let through, a client's {@code kafka.OVERRIDE_TOPIC} would reroute a record, and its cookies
 * would land in Kafka (CVE-2026-49098).
 */
final class PublicHeaders {

    static final String IDEMPOTENCY_KEY = "Idempotency-Key";
    static final String TRACE_PARENT = "traceparent";

    private static final List<String> REQUEST = List.of(IDEMPOTENCY_KEY, TRACE_PARENT);
    private static final List<String> QUERY = List.of("before", "limit", "page", "page_id", "symbol_id");
    private static final List<String> RESPONSE =
            List.of("Cache-Control", "Content-Type", "Link", "Location", "Retry-After");

    private PublicHeaders() {}

    /** Offers a request's to the route; one that is there several times as its values with commas between. */
    static void read(HttpServletRequest request, Message message) throws Refused {
        for (String name : REQUEST) {
            set(
                    message,
                    name,
                    request.getHeader(name) == null ? List.of() : Collections.list(request.getHeaders(name)));
        }
        if (request.getQueryString() == null) {
            return;
        }
        for (String name : QUERY) {
            @Nullable String[] values = request.getParameterValues(name);
            set(message, name, values == null ? List.of() : List.of(values));
        }
        // Tomcat drops what it cannot decode, and says so only here
        if (request.getAttribute("org.apache.catalina.parameter_parse_failed") != null) {
            throw new Refused(Problem.malformed("The query string is not percent-encoded UTF-8."));
        }
    }

    /** Gives the caller what the route set of them. */
    static void write(Message message, HttpServletResponse response) {
        for (String name : RESPONSE) {
            String value = message.getHeader(name, String.class);
            if (value != null) {
                response.setHeader(name, value);
            }
        }
    }

    private static void set(Message message, String name, List<String> values) {
        if (!values.isEmpty()) {
            message.setHeader(name, values.size() == 1 ? values.get(0) : String.join(", ", values));
        }
    }
}
