package org.gibsey.spine;

import jakarta.validation.Valid;
import jakarta.validation.constraints.AssertTrue;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.validation.annotation.Validated;

/**
 * The settings of our own, each with its meaning, unit and default in {@code application.yaml}. An unknown or invalid one
 * stops the start, with a message that names it. Immutable.
 */
@Validated
@ConfigurationProperties(prefix = "spine", ignoreUnknownFields = false)
public record SpineSettings(
        @Valid @NotNull Topic topic,
        @Valid @NotNull Changes changes,
        @Valid @NotNull Limits limits,
        @Valid @NotNull Http http,
        @Valid @NotNull Auth auth,
        @Valid @NotNull Management management,
        @Valid @NotNull Database database,
        @Valid @NotNull Stream stream,
        @Valid @NotNull Ledger ledger,
        @Valid @NotNull Routes routes,
        @Valid @NotNull Tracing tracing) {

    /** Every check across settings is here. */
    @AssertTrue(
            message =
                    "MAX_CONCURRENT_BODY_BYTES must be at least twice MAX_BODY_BYTES, or the largest body never finds a place")
    public boolean isRoomForTheLargestBody() {
        return http == null || limits == null || http.concurrentBodyBytes >= 2L * limits.bodyBytes;
    }

    @AssertTrue(
            message =
                    "KAFKA_CHANGES_TOPIC must be a topic of its own: in KAFKA_TOPIC a change would be stored as a gift")
    public boolean isTopicOfChangesItsOwn() {
        return topic == null
                || changes == null
                || changes.topic == null
                || !(changes.topic.equals(topic.name) || changes.topic.equals(topic.deadLetters));
    }

    public record Topic(
            @NotBlank String name,
            @NotBlank String deadLetters,
            @NotBlank String group,
            boolean create,
            @Min(1) @Max(1000) int partitions) {

        /** Consumer group of the workers that index the dead letters, as the route file comes with it. */
        public String deadLettersGroup() {
            return group + "-dead-letters";
        }

        /** Consumer group of the workers that store changes. */
        public String changesGroup() {
            return group + "-changes";
        }
    }

    /** Edits, deletes and restores. */
    public record Changes(
            @NotBlank String topic,
            boolean anonymous,
            @NotNull @DurationMin(seconds = 1) Duration deletedKept) {}

    public record Limits(
            @Min(1) int questionChars,
            @Min(1) int answerChars,
            @Min(1) int bodyBytes,
            @Min(-1) int savesPerMinute) {}

    public record Http(
            @NotNull List<@NotBlank String> origins,
            @NotNull List<Network> trustedProxies,
            @Min(1) int concurrentSaves,
            @Min(1) int concurrentReads,
            @Min(1) int concurrentBodyBytes,
            @NotNull Duration headTime,
            @NotNull Duration bodyTime,

            @NotNull @DurationMin(seconds = 1) @DurationMax(seconds = 30)
            Duration readTime,

            @NotNull @DurationMin(seconds = 1) Duration answerTime,
            @NotNull Duration warmUp) {}

    /** Who readers are. Without an issuer nobody is known, and the checks say which setting would be without effect. */
    public record Auth(
            @NotNull String issuer,
            @NotNull String jwksUrl,
            @NotNull String jwtSecret,
            @NotBlank String audience,
            @NotNull Read read,
            @NotNull String publishableKey) {

        /** Of Supabase's local set-up; it is in its documentation. */
        private static final String DEMO_SECRET = "super-secret-jwt-token-with-at-least-32-characters-long";

        private static final int SECRET_BYTES = 32;

        /** Whose gifts a reader sees. */
        public enum Read {
            OWN,
            EVERYONE
        }

        /** Whether readers are known. */
        public boolean isOn() {
            return !issuer.isEmpty();
        }

        /** Whether readers see their own gifts only. */
        public boolean isOwn() {
            return isOn() && read == Read.OWN;
        }

        /** Where the issuer's keys are. */
        public String keysUrl() {
            return jwksUrl.isEmpty() ? issuer.replaceFirst("/$", "") + "/.well-known/jwks.json" : jwksUrl;
        }

        /** Scheme, host and port of the issuer; empty without one. */
        public String issuerOrigin() {
            return issuer.replaceFirst("^(https?://[^/]+).*", "$1");
        }

        @AssertTrue(
                message =
                        "AUTH_JWKS_URL, AUTH_JWT_SECRET, AUTH_AUDIENCE, AUTH_READ and AUTH_PUBLISHABLE_KEY have no effect without AUTH_ISSUER:"
                                + " set it, or none of them")
        public boolean isNothingSetWithoutIssuer() {
            return isOn()
                    || (jwksUrl.isEmpty()
                            && jwtSecret.isEmpty()
                            && "authenticated".equals(audience)
                            && read == Read.OWN
                            && publishableKey.isEmpty());
        }

        @AssertTrue(
                message = "AUTH_PUBLISHABLE_KEY is a secret key: every visitor of the page would have it."
                        + " Give the publishable (anon) one")
        public boolean isKeyForEverybody() {
            return publishableKey == null
                    || !(publishableKey.startsWith("sb_secret_")
                            || claims(publishableKey).contains("service_role"));
        }

        /** The claims of a key that is a token, as Supabase's older keys are; empty for any other key. */
        private static String claims(String key) {
            String[] parts = key.split("\\.", -1);
            try {
                return parts.length == 3
                        ? new String(Base64.getUrlDecoder().decode(parts[1]), StandardCharsets.UTF_8)
                        : "";
            } catch (IllegalArgumentException e) {
                return "";
            }
        }

        @AssertTrue(message = "AUTH_JWT_SECRET must have at least 32 bytes, or it can be guessed")
        public boolean isSecretLongEnough() {
            return jwtSecret == null
                    || jwtSecret.isEmpty()
                    || jwtSecret.getBytes(StandardCharsets.UTF_8).length >= SECRET_BYTES;
        }

        @AssertTrue(
                message = "AUTH_JWT_SECRET is the one of Supabase's documentation, which everybody knows:"
                        + " it is for an AUTH_ISSUER on this machine only")
        public boolean isSecretNotPublic() {
            return !DEMO_SECRET.equals(jwtSecret) || isOnThisMachine(issuer);
        }

        @AssertTrue(message = "AUTH_ISSUER must be an https URL; http is for this machine only")
        public boolean isIssuerTrustworthy() {
            return issuer == null || issuer.isEmpty() || isTrustworthy(issuer);
        }

        @AssertTrue(message = "AUTH_JWKS_URL must be an https URL; http is for this machine only")
        public boolean isKeysUrlTrustworthy() {
            return jwksUrl == null || jwksUrl.isEmpty() || isTrustworthy(jwksUrl);
        }

        private static boolean isTrustworthy(String url) {
            try {
                URI uri = new URI(url);
                return uri.getHost() != null
                        && uri.getUserInfo() == null
                        && ("https".equals(uri.getScheme())
                                || ("http".equals(uri.getScheme()) && isOnThisMachine(url)));
            } catch (URISyntaxException e) {
                return false;
            }
        }

        private static boolean isOnThisMachine(String url) {
            try {
                String host = new URI(url).getHost();
                return host != null && host.matches("localhost|127(\\.\\d{1,3}){3}|\\[::1]");
            } catch (URISyntaxException e) {
                return false;
            }
        }

        /** Without the secret. */
        @Override
        public String toString() {
            return "Auth[issuer=" + issuer + ", audience=" + audience + ", read=" + read + "]";
        }
    }

    public record Management(
            @NotNull List<@Pattern(regexp = "[A-Za-z0-9._-]+") String> hosts,
            @NotNull String tokens,
            boolean openMetrics,
            @NotNull String clientCa) {}

    public record Database(
            boolean migrate,
            boolean rowSecurity,

            @NotNull @Pattern(regexp = "[a-z_][a-z0-9_]{0,62}")
            String readerRole) {}

    public record Stream(
            @Min(1) int clients,

            @NotNull @DurationMin(seconds = 1) @DurationMax(seconds = 30)
            Duration heartbeat,

            @NotNull @DurationMin(millis = 100) @DurationMax(minutes = 5)
            Duration poll,

            @Min(1024) int bufferBytes) {}

    public record Ledger(
            @Min(0) int eventsPerSecond,
            @NotNull Duration roundPause,
            @NotNull Heal heal,
            @Min(1) @Max(10_000) int healsPerMinute) {}

    /** What happens to an event that is found lost. */
    public enum Heal {
        /** It waits for an operator, who resends it. */
        ASK,
        /** It is sent again. */
        AUTO
    }

    public record Routes(
            @NotNull List<String> required,
            @NotNull Duration lookEvery,

            @NotNull
            List<@Pattern(regexp = "(bean|component|dataformat|language|setting):\\S+|option:[^.\\s]+\\.\\S+") String>
                    allow) {}

    public record Tracing(
            @NotNull @Pattern(regexp = "|https?://.+") String endpoint) {}
}
