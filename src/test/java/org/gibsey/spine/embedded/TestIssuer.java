package org.gibsey.spine.embedded;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/**
 * Signs readers in, for tests and for the embedded run: publishes its keys, makes tokens, and has the calls of Supabase that the
 * page uses, with the mails kept in memory. Its key is of this run. Thread-safe.
 */
public final class TestIssuer implements AutoCloseable {

    private static final String PATH = "/auth/v1";

    private final ObjectMapper json = new ObjectMapper();
    private final HttpServer server;
    private final AtomicInteger fetches = new AtomicInteger();
    private final BlockingQueue<Mail> mails = new LinkedBlockingQueue<>();
    /** E-mails by what they are known by once: the token of a link, or a refresh token. */
    private final Map<String, String> once = new ConcurrentHashMap<>();

    private volatile List<JWK> published;
    private volatile boolean away;

    /** The key it signs with, with its private part. */
    private final ECKey key = newKey("first");

    /** A mail with a link to sign in. */
    public record Mail(String to, String link) {}

    private TestIssuer(HttpServer server) {
        this.server = server;
        this.published = List.of(key);
        server.setExecutor(Executors.newCachedThreadPool(task -> {
            Thread daemon = new Thread(task, "issuer");
            daemon.setDaemon(true);
            return daemon;
        }));
        server.createContext(PATH + "/.well-known/jwks.json", exchange -> {
            fetches.incrementAndGet();
            answer(exchange, away ? 503 : 200, new JWKSet(published).toString(true));
        });
        server.createContext(PATH + "/otp", exchange -> answer(exchange, 200, mail(exchange)));
        server.createContext(PATH + "/verify", this::verify);
        server.createContext(PATH + "/token", exchange -> {
            String refresh = json.readTree(exchange.getRequestBody())
                    .path("refresh_token")
                    .asText();
            String email = away ? null : once.remove(refresh);
            answer(exchange, away ? 503 : email == null ? 400 : 200, email == null ? "{}" : tokens(email));
        });
        server.createContext(PATH + "/logout", exchange -> answer(exchange, 200, "{}"));
        server.start();
    }

    /** On a free port of this machine. */
    public static TestIssuer start() throws IOException {
        return start(0);
    }

    static TestIssuer start(int port) throws IOException {
        return new TestIssuer(HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0));
    }

    /** The {@code iss} of its tokens. */
    public String issuer() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + PATH;
    }

    public ECKey key() {
        return key;
    }

    /** How often its keys were asked for. */
    public int fetches() {
        return fetches.get();
    }

    /** The mails it has sent, the oldest first; take them off. */
    public BlockingQueue<Mail> mails() {
        return mails;
    }

    /** What it publishes from now on, without private parts. */
    public void publish(JWK... keys) {
        published = List.of(keys);
    }

    /** Whether it answers 503 from now on. */
    public void setAway(boolean isAway) {
        away = isAway;
    }

    /** No link and no refresh token that it has given counts any more. */
    public void forget() {
        once.clear();
    }

    /** The reader of an e-mail, always the same. */
    public static UUID reader(String email) {
        return UUID.nameUUIDFromBytes(email.getBytes(StandardCharsets.UTF_8));
    }

    /** A token of a reader for an hour. */
    public String token(UUID reader) {
        return sign(claims(reader).build());
    }

    /** What a good token says, to be changed. */
    public JWTClaimsSet.Builder claims(UUID reader) {
        return new JWTClaimsSet.Builder()
                .issuer(issuer())
                .audience("authenticated")
                .subject(reader.toString())
                .claim("role", "authenticated")
                .claim("email", "reader@example.org")
                .issueTime(Date.from(Clock.systemUTC().instant().minus(Duration.ofHours(1))))
                .expirationTime(Date.from(Clock.systemUTC().instant().plus(Duration.ofHours(1))));
    }

    public String sign(JWTClaimsSet claims) {
        return sign(claims, key);
    }

    public static String sign(JWTClaimsSet claims, ECKey key) {
        try {
            SignedJWT token = new SignedJWT(
                    new JWSHeader.Builder(JWSAlgorithm.ES256)
                            .keyID(key.getKeyID())
                            .build(),
                    claims);
            token.sign(new ECDSASigner(key));
            return token.serialize();
        } catch (JOSEException e) {
            throw new IllegalStateException(e);
        }
    }

    public static ECKey newKey(String id) {
        try {
            return new ECKeyGenerator(Curve.P_256).keyID(id).generate();
        } catch (JOSEException e) {
            throw new IllegalStateException(e);
        }
    }

    private String mail(HttpExchange exchange) throws IOException {
        JsonNode body = json.readTree(exchange.getRequestBody());
        if (exchange.getRequestMethod().equals("POST")) {
            String token = UUID.randomUUID().toString();
            once.put(token, body.path("email").asText());
            mails.add(new Mail(
                    body.path("email").asText(),
                    issuer() + "/verify?token=" + token + "&redirect_to="
                            + URLEncoder.encode(
                                    query(exchange).getOrDefault("redirect_to", ""), StandardCharsets.UTF_8)));
        }
        return "{}";
    }

    /** The link of a mail: back to the page, with the tokens where no server sees them. */
    private void verify(HttpExchange exchange) throws IOException {
        Map<String, String> query = query(exchange);
        String email = once.remove(query.getOrDefault("token", ""));
        String fragment = "error=access_denied&error_description=This+link+has+been+used+or+is+too+old";
        if (email != null) {
            JsonNode tokens = json.readTree(tokens(email));
            fragment = "access_token=%s&refresh_token=%s&expires_in=%s&token_type=bearer&type=magiclink"
                    .formatted(
                            tokens.get("access_token").asText(),
                            tokens.get("refresh_token").asText(),
                            tokens.get("expires_in").asText());
        }
        exchange.getResponseHeaders().set("Location", query.getOrDefault("redirect_to", "/") + "#" + fragment);
        answer(exchange, 303, "");
    }

    private String tokens(String email) throws IOException {
        String refresh = UUID.randomUUID().toString();
        once.put(refresh, email);
        String access = sign(claims(reader(email)).claim("email", email).build());
        return json.writeValueAsString(
                Map.of("access_token", access, "refresh_token", refresh, "expires_in", 3600, "token_type", "bearer"));
    }

    private static Map<String, String> query(HttpExchange exchange) {
        String query = exchange.getRequestURI().getRawQuery();
        return query == null
                ? Map.of()
                : Arrays.stream(query.split("&", -1))
                        .map(part -> part.split("=", 2))
                        .collect(Collectors.toMap(
                                part -> part[0], part -> URLDecoder.decode(part[1], StandardCharsets.UTF_8)));
    }

    private static void answer(HttpExchange exchange, int status, String body) throws IOException {
        Headers headers = exchange.getResponseHeaders();
        // pages of other origins call it
        headers.set("Access-Control-Allow-Origin", "*");
        headers.set("Access-Control-Allow-Headers", "*, authorization");
        headers.set("Content-Type", "application/json");
        boolean isPreflight = exchange.getRequestMethod().equals("OPTIONS");
        byte[] bytes = (isPreflight ? "" : body).getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(isPreflight ? 200 : status, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
