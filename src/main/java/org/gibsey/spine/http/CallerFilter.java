package org.gibsey.spine.http;

import io.github.bucket4j.TimeMeter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Instant;
import java.util.Enumeration;
import java.util.UUID;
import org.gibsey.spine.ClientShares;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.identity.Caller;
import org.gibsey.spine.identity.TokenVerifier;
import org.gibsey.spine.identity.TokenVerifier.RefusedToken;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;

/**
 * Finds out who calls, and refuses who may not, before a body is read or a route looked for. The path counts as Tomcat has
 * decoded it, which is how it finds a servlet; behind this, {@link PublicHttpConsumer} and the stream ask again, so a path
 * that is read differently there wins nothing. Thread-safe.
 *
 * <p>{@link GuessLimit} says how many wrong tokens are looked at. Those that are known to be good count wherever they come from.
 */
final class CallerFilter extends HttpFilter {

    private static final String SCHEME = "Bearer";

    /** This process while it warms up: it calls as a reader who has no gifts. */
    private static final Caller THIS_PROCESS = new Caller(UUID.randomUUID(), Instant.MAX);

    private final TokenVerifier tokens;
    private final SpineSettings.Auth settings;
    private final SaveMetrics metrics;
    private final GuessLimit guesses = new GuessLimit(TimeMeter.SYSTEM_NANOTIME);

    CallerFilter(TokenVerifier tokens, SpineSettings.Auth settings, SaveMetrics metrics) {
        this.tokens = tokens;
        this.settings = settings;
        this.metrics = metrics;
        metrics.expect(Problem.REASONS_OF_A_TOKEN);
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        String path = request.getServletPath();
        try {
            if (isOfReaders(path)) {
                Caller caller = metrics.counts(request) ? caller(request) : THIS_PROCESS;
                if (caller != null) {
                    caller.enter(request);
                }
                demandCaller(request, path, settings);
            }
        } catch (Refused refused) {
            metrics.refuse(refused.problem(), request, response);
            return;
        }
        chain.doFilter(request, response);
    }

    /**
     * Lets nobody pass who has to be known and is not.
     *
     * @param path of what serves the call, decoded
     * @throws Refused if the call is for readers only, and has none
     */
    static void demandCaller(HttpServletRequest request, String path, SpineSettings.Auth settings) throws Refused {
        boolean isRead =
                request.getMethod().equals("GET") || request.getMethod().equals("HEAD");
        if (settings.isOn() && isOfReaders(path) && !(isRead && !settings.isOwn()) && Caller.of(request) == null) {
            throw new Refused(Problem.signIn());
        }
    }

    private static boolean isOfReaders(String path) {
        return path.equals("/vault")
                || path.startsWith("/vault/")
                || path.equals("/feed")
                || path.equals("/delete-account");
    }

    private @Nullable Caller caller(HttpServletRequest request) throws Refused {
        Enumeration<String> headers = request.getHeaders(HttpHeaders.AUTHORIZATION);
        String token = headers.hasMoreElements() ? token(headers.nextElement().strip()) : null;
        if (headers.hasMoreElements()) {
            throw new Refused(Problem.malformed("There must be one Authorization header at most."));
        }
        if (token == null) {
            // no bearer token: perhaps a password for a proxy in front, not for this service
            return null;
        }
        Caller known = tokens.known(token);
        if (known != null) {
            return known;
        }
        String address = ClientShares.client(request);
        guesses.check(address);
        try {
            Caller caller = tokens.verify(token);
            guesses.right(address);
            return caller;
        } catch (RefusedToken e) {
            throw switch (e.reason()) {
                case BUSY -> Refused.busy();
                case NO_KEYS -> new Refused(Problem.issuer());
                case INVALID -> {
                    guesses.wrong(address);
                    yield new Refused(Problem.token());
                }
            };
        }
    }

    /** @return null for another scheme than this (RFC 6750, 2.1) */
    private static @Nullable String token(String header) {
        if (!header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
            return null;
        }
        String rest = header.substring(SCHEME.length());
        return rest.isEmpty() || rest.charAt(0) == ' ' ? rest.stripLeading() : null;
    }
}
