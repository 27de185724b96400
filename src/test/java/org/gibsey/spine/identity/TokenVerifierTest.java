package org.gibsey.spine.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.nimbusds.jose.EncryptionMethod;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWEAlgorithm;
import com.nimbusds.jose.JWEHeader;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.DirectEncrypter;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.crypto.opts.AllowWeakRSAKey;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.EncryptedJWT;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.KeyPairGenerator;
import java.security.interfaces.RSAPublicKey;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.embedded.TestIssuer;
import org.gibsey.spine.identity.TokenVerifier.RefusedToken;
import org.gibsey.spine.identity.TokenVerifier.RefusedToken.Reason;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class TokenVerifierTest {

    private static final UUID READER = UUID.fromString("3f2b8e6c-1c1d-4c7a-9a54-0f6a4a1f7b10");
    private static final String SECRET = "a secret of more than thirty-two bytes";

    private final SettableClock clock = new SettableClock();
    private TestIssuer issuer;
    private TokenVerifier verifier;

    @BeforeEach
    void start() throws IOException {
        issuer = TestIssuer.start();
        verifier = verifier("");
    }

    @AfterEach
    void stop() {
        issuer.close();
    }

    @Test
    void takesATokenThatTheIssuerHasSigned() throws RefusedToken {
        assertThat(verifier.verify(issuer.token(READER)).reader()).isEqualTo(READER);
    }

    @Test
    void takesATokenSignedWithTheSecretAndOneWithAKeyBesideEachOther() throws Exception {
        verifier = verifier(SECRET);

        assertThat(verifier.verify(withSecret(claims(), SECRET)).reader()).isEqualTo(READER);
        assertThat(verifier.verify(issuer.token(READER)).reader()).isEqualTo(READER);
    }

    @Test
    void takesRsaKeysOf2048BitsAndNoShorterOnes() throws Exception {
        RSAKey enough = new RSAKeyGenerator(2048).keyID("enough").generate();
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(1024);
        var pair = generator.generateKeyPair();
        RSAKey weak = new RSAKey.Builder((RSAPublicKey) pair.getPublic())
                .privateKey(pair.getPrivate())
                .keyID("weak")
                .build();
        issuer.publish(enough, weak);

        assertThat(verifier.verify(signed(JWSAlgorithm.RS256, "enough", new RSASSASigner(enough), claims()))
                        .reader())
                .isEqualTo(READER);
        assertRefused(signed(
                JWSAlgorithm.RS256,
                "weak",
                new RSASSASigner(pair.getPrivate(), Set.of(AllowWeakRSAKey.getInstance())),
                claims()));
    }

    /** What a token claims, changed in one point. */
    static Stream<Arguments> claimsThatAreRefused() {
        Instant now = Instant.now();
        return Stream.of(
                arguments("no exp", edit(claims -> claims.expirationTime(null))),
                arguments("over for 31 s", edit(claims -> claims.expirationTime(Date.from(now.minusSeconds(31))))),
                arguments("31 s too early", edit(claims -> claims.notBeforeTime(Date.from(now.plusSeconds(33))))),
                arguments(
                        "issuer with a slash more",
                        edit(claims -> claims.issuer(claims.getClaims().get("iss") + "/"))),
                arguments("no issuer", edit(claims -> claims.issuer(null))),
                arguments("for another service", edit(claims -> claims.audience("others"))),
                arguments("for several others", edit(claims -> claims.audience(List.of("others", "authenticated2")))),
                arguments("for nobody", edit(claims -> claims.audience((String) null))),
                arguments("a reader that is a text", edit(claims -> claims.subject("somebody"))),
                arguments("a reader that is a short UUID", edit(claims -> claims.subject("1-1-1-1-1"))),
                arguments("a reader that is nil", edit(claims -> claims.subject(new UUID(0, 0).toString()))),
                arguments("no reader", edit(claims -> claims.subject(null))),
                arguments(
                        "the anonymous key", edit(claims -> claims.subject(null).claim("role", "anon"))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("claimsThatAreRefused")
    void refusesATokenThatIs(String what, UnaryOperator<JWTClaimsSet.Builder> change) {
        clock.now = Instant.now();

        assertRefused(issuer.sign(change.apply(issuer.claims(READER)).build()));
    }

    @Test
    void allowsHalfAMinuteBetweenTheClocks() throws RefusedToken {
        assertThat(verifier.verify(issuer.sign(issuer.claims(READER)
                                .expirationTime(Date.from(clock.now.minusSeconds(29)))
                                .build()))
                        .reader())
                .isEqualTo(READER);
        assertThat(verifier.verify(issuer.sign(issuer.claims(READER)
                                .notBeforeTime(Date.from(clock.now.plusSeconds(29)))
                                .build()))
                        .reader())
                .isEqualTo(READER);
    }

    @Test
    void takesATokenForSeveralServicesIfThisIsOneOfThem() throws RefusedToken {
        assertThat(verifier.verify(issuer.sign(issuer.claims(READER)
                                .audience(List.of("others", "authenticated"))
                                .build()))
                        .reader())
                .isEqualTo(READER);
    }

    @Test
    void refusesATokenThatIsNotSigned() {
        String plain = new PlainJWT(claims()).serialize();
        String claims = plain.split("\\.", -1)[1];
        String key = issuer.token(READER).split("\\.", -1)[2];

        assertRefused(plain);
        for (String none : List.of("none", "nOnE", "None", "")) {
            String header = base64("{\"alg\":\"" + none + "\",\"kid\":\"first\"}");
            assertRefused(header + "." + claims + ".");
            assertRefused(header + "." + claims + "." + key);
        }
    }

    /** The public key is known to everybody: as a secret it would let everybody sign. */
    @Test
    void refusesATokenThatTakesThePublicKeyForASecret() throws Exception {
        verifier = verifier(SECRET);
        List<byte[]> forms = List.of(
                issuer.key().toECPublicKey().getEncoded(),
                issuer.key().toPublicJWK().toJSONString().getBytes(StandardCharsets.UTF_8));

        for (byte[] form : forms) {
            assertRefused(signed(JWSAlgorithm.HS256, "first", new MACSigner(form), claims()));
        }
        assertRefused(withSecret(claims(), "another secret of more than 32 bytes"));
    }

    @Test
    void refusesHs256WhereThereIsNoSecret() throws Exception {
        assertRefused(withSecret(claims(), SECRET));
    }

    @Test
    void refusesATokenThatAnotherKeyOfTheSameNameHasSigned() {
        assertRefused(TestIssuer.sign(claims(), TestIssuer.newKey("first")));
    }

    /** It says what a good one may say: the signature alone tells. */
    @Test
    void refusesAChangedCopyOfATokenThatItKnows() throws RefusedToken {
        String token = issuer.token(READER);
        verifier.verify(token);
        String[] parts = token.split("\\.", -1);
        String claims = new String(Base64.getUrlDecoder().decode(parts[1]), StandardCharsets.UTF_8);
        String of = claims.replace(
                READER.toString(), UUID.nameUUIDFromBytes(new byte[1]).toString());

        assertThat(of).isNotEqualTo(claims);
        assertRefused(parts[0] + "." + base64(of) + "." + parts[2]);
    }

    @Test
    void refusesATokenThatBringsItsOwnKey() throws Exception {
        ECKey own = TestIssuer.newKey("first");
        JWSHeader.Builder plain = new JWSHeader.Builder(JWSAlgorithm.ES256).keyID("first");
        List<JWSHeader> headers = List.of(
                new JWSHeader.Builder(plain.build()).jwk(own.toPublicJWK()).build(),
                new JWSHeader.Builder(plain.build())
                        .jwkURL(URI.create("http://127.0.0.1:1/keys"))
                        .build(),
                new JWSHeader.Builder(plain.build())
                        .x509CertURL(URI.create("http://127.0.0.1:1/cert"))
                        .build(),
                new JWSHeader.Builder(JWSAlgorithm.ES256)
                        .keyID("first")
                        .criticalParams(Set.of("own"))
                        .customParam("own", true)
                        .build());

        for (JWSHeader header : headers) {
            // even with the right key
            for (ECKey key : List.of(own, issuer.key())) {
                SignedJWT token = new SignedJWT(header, claims());
                token.sign(new ECDSASigner(key));
                assertRefused(token.serialize());
            }
        }
    }

    @Test
    void refusesAnEncryptedToken() throws Exception {
        EncryptedJWT token =
                new EncryptedJWT(new JWEHeader.Builder(JWEAlgorithm.DIR, EncryptionMethod.A128GCM).build(), claims());
        token.encrypt(new DirectEncrypter(new byte[16]));

        assertRefused(token.serialize());
    }

    @Test
    void refusesWhatIsNoToken() {
        for (String garbage : List.of("", ".", "..", "...", "a.b.c", "null", "ä.ö.ü", "a".repeat(100_000))) {
            assertRefused(garbage);
        }
        assertRefused(issuer.sign(
                issuer.claims(READER).claim("more", "a".repeat(4096)).build()));
    }

    @Test
    void refusesTheKeyOfSigningUsedForEncryption() throws Exception {
        ECKey other = new ECKey.Builder(TestIssuer.newKey("other"))
                .keyUse(KeyUse.ENCRYPTION)
                .build();
        issuer.publish(issuer.key(), other);

        assertRefused(TestIssuer.sign(claims(), other));
    }

    /** Each could be the name of a key that is new. */
    @Test
    void asksTheIssuerTwiceAtMostForTenThousandKeysThatDoNotExist() throws RefusedToken {
        String good = issuer.token(READER);
        ECKey forger = TestIssuer.newKey("forger");
        String forged = TestIssuer.sign(claims(), forger);
        String rest = forged.substring(forged.indexOf('.'));

        for (int i = 0; i < 10_000; i++) {
            assertRefused(base64("{\"alg\":\"ES256\",\"kid\":\"made up " + i + "\"}") + rest);
        }

        assertThat(issuer.fetches()).isLessThanOrEqualTo(2);
        assertThat(verifier.verify(good).reader()).isEqualTo(READER);

        // the moment at which the keys are due, while the made-up ones go on and the issuer is away
        issuer.setAway(true);
        clock.pass(Duration.ofMinutes(6));
        for (int i = 0; i < 100; i++) {
            assertRefused(base64("{\"alg\":\"ES256\",\"kid\":\"more " + i + "\"}") + rest);
        }
        assertThat(verifier.verify(issuer.sign(
                                issuer.claims(READER).claim("another", 1).build()))
                        .reader())
                .isEqualTo(READER);
        assertThat(issuer.fetches()).isLessThanOrEqualTo(3);
    }

    @Test
    void takesANewKeyWithinHalfAMinute() throws RefusedToken {
        verifier.verify(issuer.token(READER));
        ECKey next = TestIssuer.newKey("next");
        issuer.publish(issuer.key(), next);
        clock.pass(Duration.ofSeconds(30));

        assertThat(verifier.verify(TestIssuer.sign(claims(), next)).reader()).isEqualTo(READER);
        assertThat(verifier.verify(issuer.token(READER)).reader()).isEqualTo(READER);
    }

    @Test
    void saysThatItHasNoKeysWhileTheIssuerHasNeverBeenThereAndHealsByItself() throws RefusedToken {
        issuer.setAway(true);
        String token = issuer.token(READER);
        assertThat(catchThrowableOfType(RefusedToken.class, () -> verifier.verify(token))
                        .reason())
                .isEqualTo(Reason.NO_KEYS);

        issuer.setAway(false);
        clock.pass(Duration.ofSeconds(30));

        assertThat(verifier.verify(token).reader()).isEqualTo(READER);
    }

    @Test
    void goesOnWithItsKeysThroughADayWithoutTheIssuerAndNotLonger() throws RefusedToken {
        verifier.verify(issuer.token(READER));
        issuer.setAway(true);

        clock.pass(Duration.ofHours(23));
        assertThat(verifier.verify(late()).reader()).isEqualTo(READER);

        clock.pass(Duration.ofHours(2));
        assertThat(catchThrowableOfType(RefusedToken.class, () -> verifier.verify(late()))
                        .reason())
                .isEqualTo(Reason.NO_KEYS);
    }

    @Test
    void refusesAKeyThatTheIssuerHasWithdrawnAfterSixMinutes() throws RefusedToken {
        String known = late();
        verifier.verify(known);
        issuer.publish(TestIssuer.newKey("next"));

        clock.pass(Duration.ofMinutes(5).plusSeconds(61));

        assertRefused(known);
    }

    @Test
    void remembersATokenForAMinuteAndNotPastItsTime() throws RefusedToken {
        String token = issuer.sign(issuer.claims(READER)
                .expirationTime(Date.from(clock.now.plusSeconds(10)))
                .build());
        verifier.verify(token);
        assertThat(verifier.known(token)).isNotNull();

        clock.pass(Duration.ofSeconds(42));

        assertRefused(token);
    }

    private String late() {
        return issuer.sign(issuer.claims(READER)
                .expirationTime(Date.from(clock.now.plus(Duration.ofHours(1))))
                .jwtID(UUID.randomUUID().toString())
                .build());
    }

    private JWTClaimsSet claims() {
        return issuer.claims(READER).build();
    }

    private TokenVerifier verifier(String secret) {
        return new TokenVerifier(
                new SpineSettings.Auth(issuer.issuer(), "", secret, "authenticated", SpineSettings.Auth.Read.OWN, ""),
                clock,
                Runnable::run);
    }

    private void assertRefused(String token) {
        RefusedToken refused = catchThrowableOfType(RefusedToken.class, () -> verifier.verify(token));
        assertThat(refused).as(token.length() > 300 ? "long" : token).isNotNull();
        assertThat(refused.reason()).isEqualTo(Reason.INVALID);
        assertThat(refused).hasMessage("INVALID").hasNoCause();
        assertThat(verifier.known(token)).isNull();
    }

    private static UnaryOperator<JWTClaimsSet.Builder> edit(UnaryOperator<JWTClaimsSet.Builder> change) {
        return change;
    }

    private static String withSecret(JWTClaimsSet claims, String secret) throws JOSEException {
        return signed(JWSAlgorithm.HS256, null, new MACSigner(secret.getBytes(StandardCharsets.UTF_8)), claims);
    }

    private static String signed(JWSAlgorithm algorithm, String keyId, JWSSigner signer, JWTClaimsSet claims)
            throws JOSEException {
        SignedJWT token =
                new SignedJWT(new JWSHeader.Builder(algorithm).keyID(keyId).build(), claims);
        token.sign(signer);
        return token.serialize();
    }

    private static String base64(String json) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(json.getBytes(StandardCharsets.UTF_8));
    }

    private static final class SettableClock extends Clock {

        private Instant now = Instant.now();

        void pass(Duration time) {
            now = now.plus(time);
        }

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }
}
