package org.gibsey.spine.management;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Collection;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;

/**
 * Keeps the pages of other sites from this port. On the operator's own machine it asks nobody for a token, and the browser of
 * an operator who reaches it runs whatever pages the operator visits: one of them could send dead letters again or stop a route
 * (cross-site request forgery), and one whose name suddenly resolves to this machine could read them besides (DNS rebinding).
 *
 * <ul>
 *   <li>Every call uses an address, {@code localhost} or a name of the settings: any other name can be anybody's.
 *   <li>A call that changes something and comes from a page has to come from a page of this port: browsers say which it is
 *       from, and programs that are none say nothing.
 *   <li>Such a page was reached by an address, as {@code localhost}, or over TLS.
 * </ul>
 */
final class ForeignPages extends HttpFilter {

    private static final Set<String> READING = Set.of("GET", "HEAD", "OPTIONS");
    private static final Set<String> OWN = Set.of("same-origin", "none");
    /** A name never consists of digits alone, and has no colon. */
    private static final Pattern ADDRESS = Pattern.compile("localhost|[0-9.]+|\\[[0-9a-f:.]+]");

    private static final Pattern PORT = Pattern.compile(":\\d*$");

    private final Set<String> names;

    /** @param names hosts that this port answers to beside addresses and {@code localhost} */
    ForeignPages(Collection<String> names) {
        this.names = names.stream().map(name -> name.toLowerCase(Locale.ROOT)).collect(Collectors.toUnmodifiableSet());
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        Optional<String> objection = objection(
                request.getMethod(),
                request.getHeader(HttpHeaders.HOST),
                request.getHeader(HttpHeaders.ORIGIN),
                request.getHeader("Sec-Fetch-Site"));
        if (objection.isPresent()) {
            ManagementProblem.write(response, HttpServletResponse.SC_FORBIDDEN, objection.get());
        } else {
            chain.doFilter(request, response);
        }
    }

    /** Why a call is refused, if it is. */
    Optional<String> objection(
            String method, @Nullable String host, @Nullable String origin, @Nullable String fetchSite) {
        String authority = host == null ? "" : host.toLowerCase(Locale.ROOT);
        String name = PORT.matcher(authority).replaceFirst("");
        boolean address = name.isEmpty() || ADDRESS.matcher(name).matches();
        if (!address && !names.contains(name)) {
            return Optional.of(
                    "this port answers to addresses, localhost and the names in MANAGEMENT_HOSTS, not to " + name);
        }
        if (READING.contains(method)) {
            return Optional.empty();
        }
        if (fetchSite != null && !OWN.contains(fetchSite)) {
            return Optional.of("a page of another site may change nothing here");
        }
        if (origin == null) {
            return Optional.empty();
        }
        String page = origin.toLowerCase(Locale.ROOT);
        if (page.equals("https://" + authority) || (address && page.equals("http://" + authority))) {
            return Optional.empty();
        }
        return Optional.of("a page may change something here when it is of this port and was reached over TLS, as"
                + " localhost or by an address");
    }
}
