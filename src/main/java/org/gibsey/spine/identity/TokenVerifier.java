package org.gibsey.spine.identity;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.Key;
import java.security.interfaces.RSAKey;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import javax.crypto.spec.SecretKeySpec;
import org.apache.tomcat.util.security.ConcurrentMessageDigest;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.identity.TokenVerifier.RefusedToken.Reason;
import org.jspecify.annotations.Nullable;
import org.springframework.security.oauth2.core.DelegatingOAuth2TokenValidator;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtClaimNames;
import org.springframework.security.oauth2.jwt.JwtClaimValidator;
import org.springframework.security.oauth2.jwt.JwtException;
import org.springframework.security.oauth2.jwt.JwtIssuerValidator;
import org.springframework.security.oauth2.jwt.JwtTimestampValidator;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;

/**
 * Tells who calls from a signed token (JWT, RFC 7519). A token counts when the issuer has signed it for this service, and
 * names a reader, and its time has come and is not over, give or take 30 s between the clocks.
 *
 * <p>The kind of key decides on the algorithm, never the token: HS256 with the secret, ES256 and RS256 with the issuer's keys.
 * Otherwise anybody could sign with a public key as if it were a secret. Thread-safe.
 */
public final class TokenVerifier {

    /** Condition of the beans that are there only where readers are known. */
    public static final String WANTED = "'${spine.auth.issuer}' != ''";

    /** How much the clocks of issuer and service may differ. */
    public static final Duration SKEW = Duration.ofSeconds(30);

    private static final int MAX_CHARS = 4096;
    private static final UUID NOBODY = new UUID(0, 0);
    private static final Set<JWSAlgorithm> OF_KEYS = Set.of(JWSAlgorithm.ES256, JWSAlgorithm.RS256);
    private static final int RSA_BITS = 2048;
    private static final int PATIENCE_SECONDS = 3;

    /** How long a verified token is remembered; so long a token still counts after its key was withdrawn. */
    private static final Duration REMEMBERED = Duration.ofMinutes(1);

    private static final int MOST_REMEMBERED = 10_000;

    private final Clock clock;
    private final IssuerKeys keys;
    private final NimbusJwtDecoder decoder;
    /** Signatures are computed on the cores there are: more at once would only keep each other waiting. */
    private final Semaphore cores = new Semaphore(Runtime.getRuntime().availableProcessors(), true);
    /** By SHA-256 of the whole token, signature included. */
    private final Cache<ByteBuffer, Caller> verified;

    /** @param threads run the fetching of keys */
    public TokenVerifier(SpineSettings.Auth settings, Clock clock, Executor threads) {
        this.clock = clock;
        this.keys = new IssuerKeys(settings.keysUrl(), clock, threads);
        this.verified = Caffeine.newBuilder()
                .maximumSize(MOST_REMEMBERED)
                .expireAfterWrite(REMEMBERED)
                .ticker(() -> TimeUnit.MILLISECONDS.toNanos(clock.millis()))
                .build();
        this.decoder = decoder(settings);
    }

    private NimbusJwtDecoder decoder(SpineSettings.Auth settings) {
        DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();
        JWSVerificationKeySelector<SecurityContext> ofKeys = new JWSVerificationKeySelector<>(OF_KEYS, keys);
        List<Key> secret = settings.jwtSecret().isEmpty()
                ? List.of()
                : List.of(new SecretKeySpec(settings.jwtSecret().getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
        processor.setJWSKeySelector((header, context) -> {
            if (header.getAlgorithm().equals(JWSAlgorithm.HS256)) {
                return secret;
            }
            return ofKeys.selectJWSKeys(header, context).stream()
                    .filter(key ->
                            !(key instanceof RSAKey rsa) || rsa.getModulus().bitLength() >= RSA_BITS)
                    .toList();
        });
        // claims are judged below
        processor.setJWTClaimsSetVerifier((claims, context) -> {});
        JwtTimestampValidator times = new JwtTimestampValidator(SKEW);
        times.setClock(clock);
        NimbusJwtDecoder made = new NimbusJwtDecoder(processor);
        made.setJwtValidator(new DelegatingOAuth2TokenValidator<>(
                new JwtClaimValidator<>(JwtClaimNames.EXP, exp -> exp != null),
                times,
                new JwtIssuerValidator(settings.issuer()),
                new JwtClaimValidator<List<String>>(
                        JwtClaimNames.AUD, audience -> audience != null && audience.contains(settings.audience())),
                new JwtClaimValidator<>(JwtClaimNames.SUB, sub -> reader(sub) != null)));
        return made;
    }

    /** Who calls, if the token was verified within the last minute, so that it costs nothing to look at it; or null. */
    public @Nullable Caller known(String token) {
        Caller known = verified.getIfPresent(digest(token));
        return known != null && clock.instant().isBefore(known.expires()) ? known : null;
    }

    /**
     * Who calls, of a token that is not {@link #known}; it is from now on.
     *
     * @param token as it came, whatever it is
     * @throws RefusedToken if that cannot be told from it
     */
    public Caller verify(String token) throws RefusedToken {
        JWSHeader header = header(token);
        // before a core is taken: it may wait for the issuer
        if (OF_KEYS.contains(header.getAlgorithm()) && !keys.prepare(header.getKeyID())) {
            throw new RefusedToken(Reason.NO_KEYS);
        }
        try {
            if (!cores.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new RefusedToken(Reason.BUSY);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RefusedToken(Reason.BUSY);
        }
        try {
            Jwt jwt = decoder.decode(token);
            UUID reader = reader(jwt.getSubject());
            Instant expires = jwt.getExpiresAt();
            if (reader == null || expires == null) {
                throw new RefusedToken(Reason.INVALID);
            }
            Caller caller = new Caller(reader, expires);
            verified.put(digest(token), caller);
            return caller;
        } catch (JwtException e) {
            throw new RefusedToken(Reason.INVALID);
        } finally {
            cores.release();
        }
    }

    /** A token that brings its own key, or says where one is, is none of an issuer that publishes them. */
    private static JWSHeader header(String token) throws RefusedToken {
        if (token.length() > MAX_CHARS) {
            throw new RefusedToken(Reason.INVALID);
        }
        try {
            JWSHeader header = SignedJWT.parse(token).getHeader();
            if (header.getJWK() == null
                    && header.getJWKURL() == null
                    && header.getX509CertURL() == null
                    && header.getX509CertChain() == null
                    && header.getCriticalParams() == null) {
                return header;
            }
        } catch (ParseException | RuntimeException e) {
            // refused like any other
        }
        throw new RefusedToken(Reason.INVALID);
    }

    private static @Nullable UUID reader(@Nullable Object subject) {
        try {
            UUID reader = subject == null ? NOBODY : UUID.fromString(subject.toString());
            // fromString takes shorter groups, too
            return reader.equals(NOBODY) || !reader.toString().equalsIgnoreCase(String.valueOf(subject))
                    ? null
                    : reader;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /** A token that says nothing about who calls. It does not say why: who makes up tokens learns nothing from it. */
    public static final class RefusedToken extends Exception {

        /** What stands in the way. */
        public enum Reason {
            /** It is not the issuer's, not for this service, or not for now. */
            INVALID,
            /** The keys of the issuer could not be had so far, so nobody can tell. */
            NO_KEYS,
            /** Too many others are looked at just now. */
            BUSY
        }

        private final Reason reason;

        private RefusedToken(Reason reason) {
            // no stack trace: clients cause these as often as they like, and nobody reads it
            super(reason.name(), null, false, false);
            this.reason = reason;
        }

        public Reason reason() {
            return reason;
        }
    }

    private static ByteBuffer digest(String token) {
        return ByteBuffer.wrap(ConcurrentMessageDigest.digestSHA256(token.getBytes(StandardCharsets.UTF_8)));
    }
}
