package org.gibsey.spine.embedded;

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
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.Date;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** Signs readers in for tests: publishes its keys and makes tokens, as Supabase does. Thread-safe. */
public final class TestIssuer implements AutoCloseable {

    private final HttpServer server;
    private final AtomicInteger fetches = new AtomicInteger();
    private volatile List<JWK> published;
    private volatile boolean away;

    /** The key it signs with, with its private part. */
    private final ECKey key = newKey("first");

    private TestIssuer(HttpServer server) {
        this.server = server;
        this.published = List.of(key);
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/auth/v1/.well-known/jwks.json", exchange -> {
            fetches.incrementAndGet();
            byte[] keys = new JWKSet(published).toString(true).getBytes(StandardCharsets.UTF_8);
            if (away) {
                exchange.sendResponseHeaders(503, -1);
            } else {
                exchange.getResponseHeaders().set("Content-Type", "application/json");
                exchange.sendResponseHeaders(200, keys.length);
                exchange.getResponseBody().write(keys);
            }
            exchange.close();
        });
        server.start();
    }

    /** On a free port of this machine. */
    public static TestIssuer start() throws IOException {
        return new TestIssuer(HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0));
    }

    /** The {@code iss} of its tokens. */
    public String issuer() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/auth/v1";
    }

    public ECKey key() {
        return key;
    }

    /** How often its keys were asked for. */
    public int fetches() {
        return fetches.get();
    }

    /** What it publishes from now on, without private parts. */
    public void publish(JWK... keys) {
        published = List.of(keys);
    }

    /** Whether it answers 503 from now on. */
    public void setAway(boolean isAway) {
        away = isAway;
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

    @Override
    public void close() {
        server.stop(0);
    }
}
