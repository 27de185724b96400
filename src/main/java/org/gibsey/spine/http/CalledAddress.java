package org.gibsey.spine.http;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Objects;
import org.apache.camel.Exchange;

/**
 * By which address the client of a call reaches this service, as the request says and the proxies that are named in the settings
 * ({@link ForwardedValve}). For what is read elsewhere, such as the preview of a link; whatever the client itself reads has paths.
 */
public final class CalledAddress {

    /** Exchange property: scheme, host, port where it is not the default, and what a proxy took off the path; ends with a slash. */
    private static final String PROPERTY = "calledAddress";

    private CalledAddress() {}

    static void enter(HttpServletRequest request, Exchange exchange) {
        String url = request.getRequestURL().toString();
        String origin = url.substring(0, url.length() - request.getRequestURI().length());
        exchange.setProperty(PROPERTY, origin + ForwardedValve.outside(request, "/"));
    }

    /**
     * The absolute address of a path.
     *
     * @param exchange of a call over HTTP
     * @param path     of this service, with the slash that it begins with
     */
    public static String of(Exchange exchange, String path) {
        return Objects.requireNonNull(exchange.getProperty(PROPERTY, String.class)) + path.substring(1);
    }
}
