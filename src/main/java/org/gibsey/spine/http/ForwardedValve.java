package org.gibsey.spine.http;

import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;
import org.gibsey.spine.Network;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Believes what proxies say of the client, if they are named in the settings: who it is, and by which address it calls. Without
 * it all clients behind a proxy share what one may have; if everybody were believed, anybody could be a new client at each call.
 *
 * <p>The client is the last address of {@code X-Forwarded-For}, or of {@code Forwarded} (RFC 7239), that is no proxy itself: each
 * proxy adds the address that it saw to the end, and what stands before may be made up. Where the two headers name different
 * clients, one of them was not written by the proxy, and the proxy counts as the client.
 *
 * <p>Tomcat's {@code RemoteIpValve} knows neither networks in CIDR notation nor {@code Forwarded}, Spring's
 * {@code ForwardedHeaderFilter} believes everybody. Thread-safe.
 */
final class ForwardedValve extends ValveBase {

    private static final Logger LOG = LoggerFactory.getLogger(ForwardedValve.class);

    /** Request attribute: what a proxy took off the beginning of the path, such as {@code /spine}; not there when nothing. */
    private static final String PREFIX = ForwardedValve.class.getName() + ".PREFIX";

    private static final String FORWARDED = "Forwarded";
    private static final String X_FORWARDED = "X-Forwarded-";
    private static final List<String> PARTS = List.of("for", "proto", "host", "port", "prefix");

    private static final List<String> HEADERS = Stream.concat(
                    Stream.of(FORWARDED), PARTS.stream().map(X_FORWARDED::concat))
            .toList();

    private static final Pattern PAIR =
            Pattern.compile("\\s*(?:([\\w!#$%&'*+.^`|~-]+)=([^\\s\",;]+|\"[^\"]*\"))?\\s*([,;]|$)");
    private static final Pattern HOST = Pattern.compile("([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+])(?::(\\d{1,5}))?");
    private static final Predicate<String> IS_PATH =
            Pattern.compile("(/[A-Za-z0-9._~%!$&'()*+;=:@-]+)+").asMatchPredicate();

    private final Predicate<InetAddress> isProxy;
    private final AtomicBoolean warned = new AtomicBoolean();

    /** @param isProxy who is believed */
    ForwardedValve(Predicate<InetAddress> isProxy) {
        super(true);
        this.isProxy = isProxy;
    }

    /** What one of the two kinds of headers says: who the client is, and the rest by name. */
    private record Claim(InetAddress client, Map<String, String> parts) {}

    @Override
    public void invoke(Request request, Response response) throws IOException, ServletException {
        Optional<InetAddress> peer = Network.address(request.getRemoteAddr()).filter(isProxy);
        if (peer.isPresent()) {
            believe(request, peer.get());
        } else if (!warned.get() && isForwarded(request) && !warned.getAndSet(true)) {
            LOG.warn(
                    "{} says on whose behalf it calls, and is not believed, because TRUSTED_PROXIES does not name it",
                    request.getRemoteAddr());
        }
        getNext().invoke(request, response);
    }

    /** A path of this server as the client has to call it. */
    static String outside(ServletRequest request, String path) {
        return path.startsWith("/") && request.getAttribute(PREFIX) instanceof String prefix ? prefix + path : path;
    }

    private static boolean isForwarded(Request request) {
        return HEADERS.stream().anyMatch(header -> request.getHeader(header) != null);
    }

    private void believe(Request request, InetAddress peer) {
        Claim ours = ofXForwarded(request, peer);
        Claim standard = ofForwarded(request, peer);
        if (ours.client.equals(peer)) {
            request.setRemoteAddr(standard.client.getHostAddress());
        } else if (standard.client.equals(peer) || standard.client.equals(ours.client)) {
            request.setRemoteAddr(ours.client.getHostAddress());
        }
        Map<String, String> parts = new HashMap<>(standard.parts);
        parts.putAll(ours.parts);
        setCalledAddress(request, parts);
        String prefix = parts.getOrDefault("prefix", "").replaceFirst("/+$", "");
        if (IS_PATH.test(prefix)) {
            request.setAttribute(PREFIX, prefix);
        }
    }

    private Claim ofXForwarded(Request request, InetAddress peer) {
        List<String> nodes = list(request, "for");
        int hop = hop(peer, nodes);
        Map<String, String> parts = new HashMap<>();
        for (String part : PARTS) {
            List<String> values = list(request, part);
            if (!values.isEmpty()) {
                // several proxies in a row: either each added a value, or the last one set the only value
                parts.put(
                        part,
                        values.get(
                                values.size() == nodes.size() ? Math.min(hop, values.size() - 1) : values.size() - 1));
            }
        }
        return new Claim(client(peer, nodes, hop), parts);
    }

    private Claim ofForwarded(Request request, InetAddress peer) {
        List<Map<String, String>> elements =
                elements(String.join(",", Collections.list(request.getHeaders(FORWARDED))));
        List<String> nodes = elements.stream()
                .map(element -> element.getOrDefault("for", "unknown"))
                .toList();
        int hop = hop(peer, nodes);
        return new Claim(
                client(peer, nodes, hop),
                elements.isEmpty() ? Map.of() : elements.get(Math.min(hop, elements.size() - 1)));
    }

    /** The place of the client in a list to which each proxy has added whom it saw; its size when it names none. */
    private int hop(InetAddress peer, List<String> nodes) {
        int hop = nodes.size();
        while (hop > 0
                && isProxy.test(client(peer, nodes, hop))
                && node(nodes.get(hop - 1)).isPresent()) {
            hop--;
        }
        return hop;
    }

    private static InetAddress client(InetAddress peer, List<String> nodes, int hop) {
        return hop == nodes.size() ? peer : node(nodes.get(hop)).orElse(peer);
    }

    /** An address with a port or without; nothing for those that do not say it. */
    private static Optional<InetAddress> node(String text) {
        int bracket = text.indexOf(']');
        if (text.startsWith("[") && bracket > 0) {
            return Network.address(text.substring(1, bracket));
        }
        int colon = text.indexOf(':');
        return Network.address(colon > 0 && colon == text.lastIndexOf(':') ? text.substring(0, colon) : text);
    }

    private static List<String> list(Request request, String part) {
        return Collections.list(request.getHeaders(X_FORWARDED + part)).stream()
                .flatMap(value -> Arrays.stream(value.split(",", -1)))
                .map(String::strip)
                .toList();
    }

    /** @return none for a header that is malformed */
    private static List<Map<String, String>> elements(String header) {
        List<Map<String, String>> elements = new ArrayList<>();
        Map<String, String> element = new HashMap<>();
        Matcher pair = PAIR.matcher(header);
        for (int at = 0; pair.region(at, header.length()).lookingAt(); at = pair.end()) {
            if (pair.group(1) != null) {
                element.put(
                        pair.group(1).toLowerCase(Locale.ROOT), pair.group(2).replace("\"", ""));
            }
            if (!pair.group(3).equals(";")) {
                elements.add(element);
                element = new HashMap<>();
            }
            if (pair.group(3).isEmpty()) {
                return header.isBlank() ? List.of() : elements;
            }
        }
        return List.of();
    }

    /** Scheme, host and port, which make the origin of this server: its own pages come from there. */
    private static void setCalledAddress(Request request, Map<String, String> parts) {
        String scheme = parts.getOrDefault("proto", "").toLowerCase(Locale.ROOT);
        boolean isKnown = scheme.equals("http") || scheme.equals("https");
        int before = defaultPort(request.getScheme());
        if (isKnown) {
            request.getCoyoteRequest().scheme().setString(scheme);
            request.setSecure(scheme.equals("https"));
        }
        Matcher host = HOST.matcher(parts.getOrDefault("host", ""));
        String port = parts.get("port");
        if (host.matches()) {
            request.getCoyoteRequest().serverName().setString(host.group(1));
            port = port == null ? host.group(2) : port;
        }
        if (port != null && port.matches("\\d{1,5}")) {
            request.setServerPort(Integer.parseInt(port));
        } else if (host.matches() || request.getServerPort() == before) {
            request.setServerPort(defaultPort(request.getScheme()));
        }
    }

    private static int defaultPort(@Nullable String scheme) {
        return "https".equals(scheme) ? 443 : 80;
    }
}
