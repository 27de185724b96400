package org.gibsey.spine;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.validation.ConstraintViolation;
import jakarta.validation.Validation;
import jakarta.validation.Validator;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.gibsey.spine.SpineSettings.Auth;
import org.gibsey.spine.SpineSettings.Auth.Read;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** With which settings of readers the service does not start. */
class AuthSettingsTest {

    private static final String ISSUER = "https://project.supabase.co/auth/v1";
    private static final String DEMO = "super-secret-jwt-token-with-at-least-32-characters-long";
    private static final Validator VALIDATOR =
            Validation.buildDefaultValidatorFactory().getValidator();

    @Test
    void takesNothingSetAndTheUsualOnes() {
        assertThat(faults(new Auth("", "", "", "authenticated", Read.OWN, ""))).isEmpty();
        assertThat(faults(new Auth(ISSUER, "", "", "authenticated", Read.OWN, "")))
                .isEmpty();
        assertThat(faults(new Auth(ISSUER, "https://keys.example/jwks", "s".repeat(32), "vault", Read.EVERYONE, "")))
                .isEmpty();
        assertThat(faults(new Auth("http://localhost:54321/auth/v1", "", DEMO, "authenticated", Read.OWN, "")))
                .isEmpty();
    }

    @Test
    void looksForTheKeysBelowTheIssuer() {
        String keys = ISSUER + "/.well-known/jwks.json";
        assertThat(new Auth(ISSUER, "", "", "authenticated", Read.OWN, "").keysUrl())
                .isEqualTo(keys);
        assertThat(new Auth(ISSUER + "/", "", "", "authenticated", Read.OWN, "").keysUrl())
                .isEqualTo(keys);
    }

    @Test
    void refusesWhatHasNoEffectWithoutAnIssuer() {
        for (Auth auth : List.of(
                new Auth("", "https://keys.example/jwks", "", "authenticated", Read.OWN, ""),
                new Auth("", "", "s".repeat(32), "authenticated", Read.OWN, ""),
                new Auth("", "", "", "vault", Read.OWN, ""),
                new Auth("", "", "", "authenticated", Read.EVERYONE, ""),
                new Auth("", "", "", "authenticated", Read.OWN, "key"))) {
            assertThat(faults(auth)).singleElement().asString().contains("AUTH_ISSUER");
        }
    }

    @Test
    void refusesAShortSecretAndTheOneThatEverybodyKnows() {
        assertThat(faults(new Auth(ISSUER, "", "s".repeat(31), "authenticated", Read.OWN, "")))
                .singleElement()
                .asString()
                .contains("AUTH_JWT_SECRET")
                .doesNotContain("sss");
        assertThat(faults(new Auth(ISSUER, "", DEMO, "authenticated", Read.OWN, "")))
                .singleElement()
                .asString()
                .contains("AUTH_JWT_SECRET")
                .doesNotContain(DEMO);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://project.supabase.co/auth/v1",
                "http://localhost.example/auth/v1",
                "http://127.0.0.1.example/auth/v1",
                "https:///auth/v1",
                "https://user@project.supabase.co/auth/v1",
                "ftp://localhost/auth/v1",
                "project.supabase.co",
                "not a URL"
            })
    void refusesAddressesThatAnybodyInBetweenCouldAnswerFor(String url) {
        assertThat(faults(new Auth(url, "", "", "authenticated", Read.OWN, "")))
                .singleElement()
                .asString()
                .contains("AUTH_ISSUER");
        assertThat(faults(new Auth(ISSUER, url, "", "authenticated", Read.OWN, "")))
                .singleElement()
                .asString()
                .contains("AUTH_JWKS_URL");
    }

    @Test
    void refusesToGiveEverybodyAKeyThatIsSecret() {
        String claims = Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString("{\"role\":\"service_role\"}".getBytes(StandardCharsets.UTF_8));

        for (String key : List.of("sb_secret_1", "e30." + claims + ".x")) {
            assertThat(faults(new Auth(ISSUER, "", "", "authenticated", Read.OWN, key)))
                    .singleElement()
                    .asString()
                    .contains("AUTH_PUBLISHABLE_KEY");
        }
        for (String key : List.of("sb_publishable_1", "e30.e30.x", "a.!.c")) {
            assertThat(faults(new Auth(ISSUER, "", "", "authenticated", Read.OWN, key)))
                    .isEmpty();
        }
    }

    @Test
    void showsNoSecretInText() {
        assertThat(new Auth(ISSUER, "", "s".repeat(32), "authenticated", Read.OWN, "").toString())
                .doesNotContain("sss");
    }

    private static List<String> faults(Auth auth) {
        return VALIDATOR.validate(auth).stream()
                .map(ConstraintViolation::getMessage)
                .toList();
    }
}
