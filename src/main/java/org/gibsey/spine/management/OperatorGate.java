package org.gibsey.spine.management;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.security.Principal;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.gibsey.spine.ClientShares;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.WrongTokens;
import org.gibsey.spine.audit.AuditLog;
import org.gibsey.spine.audit.AuditLog.Outcome;
import org.gibsey.spine.management.Operator.Role;
import org.springframework.http.HttpHeaders;

/**
 * Lets a call pass whose caller has the {@link Role} it needs. What needs none, or only {@link Role#VIEW}, is listed here, as it
 * is written plainly; everything else needs more, so a path in disguise ({@code %61ctuator}, {@code //actuator}, {@code ;x})
 * wins nothing, and neither does an endpoint that somebody exposes later. Thread-safe.
 */
final class OperatorGate extends HttpFilter {

    private static final Set<String> READING = Set.of("GET", "HEAD", "OPTIONS");
    /** Page files hold nothing, and need a token to show anything; probes have none. */
    private static final Pattern OPEN =
            Pattern.compile("/(ops(/[\\w-][\\w.-]*)*/?)?|/actuator/health(/liveness|/readiness)?");

    private static final Pattern VIEW = Pattern.compile(
            "/actuator(/(health|info|metrics|prometheus|ledger|erasures|camelroutes|liveroutes|loggers|sbom|history|groups|acts)(/[\\w-][\\w.-]*)*|/deadletters)?/?");

    private static final int LONGEST_PATH = 256;
    private static final Pattern BEARER = Pattern.compile("bearer +(\\S+) *", Pattern.CASE_INSENSITIVE);
    /** Set by Tomcat when the client has shown one, and it is of the authority. */
    private static final String CERTIFICATE = "jakarta.servlet.request.X509Certificate";

    private static final String REALM = "Bearer realm=\"gift-spine\"";

    private final Operators operators;
    private final WrongTokens wrong;
    private final boolean openMetrics;
    private final boolean certificates;

    OperatorGate(Operators operators, WrongTokens wrong, SpineSettings.Management settings) {
        this.operators = operators;
        this.wrong = wrong;
        this.openMetrics = settings.openMetrics();
        this.certificates = !settings.clientCa().isEmpty();
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        List<String> authorization = Collections.list(request.getHeaders(HttpHeaders.AUTHORIZATION));
        Operator caller = operators.anybody();
        if (operators.haveTokens() && !authorization.isEmpty()) {
            Matcher bearer = BEARER.matcher(authorization.get(0));
            if (authorization.size() > 1 || !bearer.matches()) {
                ManagementProblem.write(response, 400, "Authorization has to be one header: Bearer and a token.");
                return;
            }
            String client = ClientShares.client(request);
            if (wrong.areTooMany(client)) {
                response.setHeader(HttpHeaders.RETRY_AFTER, Long.toString(WrongTokens.WINDOW.toSeconds()));
                ManagementProblem.write(response, 429, "Too many wrong tokens came from this address.");
                return;
            }
            Optional<Operator> known = operators.find(bearer.group(1));
            if (known.isEmpty()) {
                wrong.add(client);
                response.setHeader(HttpHeaders.WWW_AUTHENTICATE, REALM + ", error=\"invalid_token\"");
                ManagementProblem.write(response, 401, "This token is not, or no longer, that of an operator.");
                return;
            }
            caller = known.get();
        }
        Optional<Role> needed = needed(request.getMethod(), request.getRequestURI());
        if (needed.isPresent() && certificates && request.getAttribute(CERTIFICATE) == null) {
            ManagementProblem.write(
                    response, 403, "This needs a client certificate of the authority in MANAGEMENT_CLIENT_CA.");
        } else if (needed.isPresent() && !caller.roles().contains(needed.get())) {
            refuse(request, response, caller, needed.get().word());
        } else {
            chain.doFilter(new Known(request, caller), response);
        }
    }

    /** The role a call needs; empty when it needs none. */
    private Optional<Role> needed(String method, String path) {
        if (!READING.contains(method)) {
            return Optional.of(Role.OPERATE);
        }
        if (path.length() > LONGEST_PATH) {
            return Optional.of(Role.CONTENT);
        }
        if (OPEN.matcher(path).matches() || (openMetrics && path.equals("/actuator/prometheus"))) {
            return Optional.empty();
        }
        return Optional.of(VIEW.matcher(path).matches() ? Role.VIEW : Role.CONTENT);
    }

    private void refuse(HttpServletRequest request, HttpServletResponse response, Operator caller, String role)
            throws IOException {
        if (!operators.haveTokens()) {
            ManagementProblem.write(
                    response,
                    403,
                    "This needs the role " + role + ", and nobody has it: MANAGEMENT_TOKENS names no file of tokens,"
                            + " and the port answers other machines.");
        } else if (caller.equals(operators.anybody())) {
            response.setHeader(HttpHeaders.WWW_AUTHENTICATE, REALM);
            ManagementProblem.write(response, 401, "This needs a token with the role " + role + ".");
        } else {
            AuditLog.write(
                    caller.name(),
                    request.getRemoteAddr(),
                    "call",
                    Outcome.DENIED,
                    request.getMethod() + " " + request.getRequestURI());
            response.setHeader(
                    HttpHeaders.WWW_AUTHENTICATE, REALM + ", error=\"insufficient_scope\", scope=\"" + role + "\"");
            ManagementProblem.write(
                    response, 403, "This needs the role " + role + ", which " + caller.name() + " does not have.");
        }
    }

    /** Tells the endpoints who calls: health shows its details by role. */
    private static final class Known extends HttpServletRequestWrapper {

        private final Operator caller;

        Known(HttpServletRequest request, Operator caller) {
            super(request);
            this.caller = caller;
        }

        @Override
        public Principal getUserPrincipal() {
            return caller;
        }

        @Override
        public boolean isUserInRole(String role) {
            return caller.roles().stream().anyMatch(own -> own.word().equals(role));
        }
    }
}
