package org.gibsey.spine.http;

import jakarta.servlet.http.HttpServletRequest;
import java.util.function.UnaryOperator;
import org.apache.camel.Exchange;

/**
 * By which address the client of a call reaches this service, as the request says and the proxies that are named in the settings
 * ({@link ForwardedValve}). For what is read elsewhere, such as the preview of a link; whatever the client itself reads has paths.
 */
public final class CalledAddress {

    /** Exchange property: makes the address of a path when it is asked for, which most calls never do. */
    private static final String PROPERTY = "calledAddress";

    private CalledAddress() {}

    static void enter(HttpServletRequest request, Exchange exchange) {
        UnaryOperator<String> address = path -> origin(request) + ForwardedValve.outside(request, path);
        exchange.setProperty(PROPERTY, address);
    }

    /** Scheme, host, and port where it is not the default. */
    private static String origin(HttpServletRequest request) {
        String url = request.getRequestURL().toString();
        return url.substring(0, url.length() - request.getRequestURI().length());
    }

    /**
     * The absolute address of a path.
     *
     * @param exchange of a call over HTTP
     * @param path     of this service, with the slash that it begins with
     */
    @SuppressWarnings("unchecked")
    public static String of(Exchange exchange, String path) {
        UnaryOperator<String> address = exchange.getProperty(PROPERTY, UnaryOperator.class);
        return address.apply(path);
    }
}
