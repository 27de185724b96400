package org.gibsey.spine.http;

import jakarta.servlet.ServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;

/**
 * What a browser lets the pages of this process load and do (Content-Security-Policy, Level 3), and what else it has to be
 * told of every answer.
 */
public enum PagePolicy {

    /** Our own pages: what is beside them and nothing else; no text becomes markup, no form leaves by itself. */
    PAGE("default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self';"
            + " form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"),

    /** Swagger UI sets styles from its script, and brings its icons as data. */
    DOCS("default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
            + " connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"),

    /** Answers that are no page, should a browser take one for a page. */
    DATA("default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self';"
            + " frame-ancestors 'none'");

    private final String contentSecurityPolicy;

    PagePolicy(String contentSecurityPolicy) {
        this.contentSecurityPolicy = contentSecurityPolicy;
    }

    /** @param path of the public port, decoded, or null when a request has none, as one that is not HTTP */
    static PagePolicy ofPublic(@Nullable String path) {
        if (path == null) {
            return DATA;
        }
        if (path.equals("/") || path.equals("/index.html") || path.startsWith("/gifts/")) {
            return PAGE;
        }
        return path.equals("/docs") || path.startsWith("/docs/") ? DOCS : DATA;
    }

    /** Sets the headers. Who came over TLS has to come so for a year (Strict-Transport-Security, RFC 6797). */
    public void harden(ServletRequest request, HttpServletResponse response) {
        harden(request, response, "");
    }

    /** @param elsewhere what our own pages may call beside this process, an origin; empty for nothing */
    void harden(ServletRequest request, HttpServletResponse response, String elsewhere) {
        if (request.isSecure()) {
            response.setHeader("Strict-Transport-Security", "max-age=31536000");
        }
        response.setHeader(
                "Content-Security-Policy",
                this == PAGE && !elsewhere.isEmpty()
                        ? contentSecurityPolicy.replace("connect-src 'self'", "connect-src 'self' " + elsewhere)
                        : contentSecurityPolicy);
        response.setHeader("X-Content-Type-Options", "nosniff");
        response.setHeader("Referrer-Policy", "no-referrer");
    }
}
