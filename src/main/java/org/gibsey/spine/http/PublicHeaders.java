package org.gibsey.spine.http;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.camel.Message;
import org.gibsey.spine.gift.CloudEvent;
import org.springframework.http.HttpHeaders;

/**
 * The only headers that pass the public edge, in either direction. Camel turns headers into routing
 * instructions: were all of them let through, a client's {@code kafka.OVERRIDE_TOPIC} would reroute a record, and its cookies
 * would land in Kafka (CVE-2026-49098).
 */
final class PublicHeaders {

    static final String IDEMPOTENCY_KEY = "Idempotency-Key";
    static final String IF_MATCH = "If-Match";

    private static final List<String> RESPONSE =
            List.of("Cache-Control", "Content-Type", "ETag", "Link", "Location", "Retry-After");

    /** Target of a link (RFC 8288). */
    private static final Pattern LINK = Pattern.compile("<([^>]*)>");

    private PublicHeaders() {}

    /** Offers a request's to the route; one that is there several times as its values with commas between. */
    static void read(HttpServletRequest request, Message message) {
        for (String name : List.of(IDEMPOTENCY_KEY, IF_MATCH, HttpHeaders.IF_NONE_MATCH)) {
            if (request.getHeader(name) != null) {
                message.setHeader(name, String.join(", ", Collections.list(request.getHeaders(name))));
            }
        }
        // not the caller's header: what the trace filter made of it
        message.setHeader(CloudEvent.TRACE_PARENT, request.getAttribute(CloudEvent.TRACE_PARENT));
    }

    /** Gives the caller what the route set of them. Paths are as the caller has to call them. */
    static void write(Message message, HttpServletRequest request, HttpServletResponse response) {
        for (String name : RESPONSE) {
            String value = message.getHeader(name, String.class);
            if (value != null) {
                response.setHeader(
                        name,
                        switch (name) {
                            case "Location" -> ForwardedValve.outside(request, value);
                            case "Link" ->
                                LINK.matcher(value)
                                        .replaceAll(link -> Matcher.quoteReplacement(
                                                "<" + ForwardedValve.outside(request, link.group(1)) + ">"));
                            default -> value;
                        });
            }
        }
    }
}
