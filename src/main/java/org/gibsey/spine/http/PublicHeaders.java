package org.gibsey.spine.http;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Collections;
import java.util.List;
import org.apache.camel.Message;

/**
 * The only headers that pass the public edge, in either direction. Camel turns headers into routing
 * instructions: were all of them let through, a client's {@code kafka.OVERRIDE_TOPIC} would reroute a record, and its cookies
 * would land in Kafka (CVE-2026-49098).
 */
final class PublicHeaders {

    static final String IDEMPOTENCY_KEY = "Idempotency-Key";
    static final String TRACE_PARENT = "traceparent";

    private static final List<String> REQUEST = List.of(IDEMPOTENCY_KEY, TRACE_PARENT);
    private static final List<String> RESPONSE =
            List.of("Cache-Control", "Content-Type", "Link", "Location", "Retry-After");

    private PublicHeaders() {}

    /** Offers a request's to the route; one that is there several times as its values with commas between. */
    static void read(HttpServletRequest request, Message message) {
        for (String name : REQUEST) {
            if (request.getHeader(name) != null) {
                message.setHeader(name, String.join(", ", Collections.list(request.getHeaders(name))));
            }
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
}
