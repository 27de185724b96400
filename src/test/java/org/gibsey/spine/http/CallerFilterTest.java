package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.time.Clock;
import java.util.UUID;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.SpineSettings.Auth.Read;
import org.gibsey.spine.embedded.TestIssuer;
import org.gibsey.spine.identity.Caller;
import org.gibsey.spine.identity.TokenVerifier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.mock.web.MockFilterChain;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;

class CallerFilterTest {

    private static final UUID READER = UUID.fromString("3f2b8e6c-1c1d-4c7a-9a54-0f6a4a1f7b10");

    private TestIssuer issuer;

    @BeforeEach
    void start() throws IOException {
        issuer = TestIssuer.start();
    }

    @AfterEach
    void stop() {
        issuer.close();
    }

    @Test
    void tellsTheRestWhoCalls() throws Exception {
        MockHttpServletRequest request = get("/vault/list", "bearer  " + issuer.token(READER));

        MockHttpServletResponse answer = call(filter(Read.OWN), request);

        assertThat(answer.getStatus()).isEqualTo(200);
        assertThat(Caller.of(request).reader()).isEqualTo(READER);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Basic cmVhZGVyOnNlY3JldA==", "Bearers x"})
    void asksWhoHasNoTokenToSignIn(String authorization) throws Exception {
        MockHttpServletResponse answer = call(filter(Read.OWN), get("/vault/list", authorization));

        assertThat(answer.getStatus()).isEqualTo(401);
        assertThat(answer.getHeader("WWW-Authenticate")).isEqualTo("Bearer");
        assertThat(answer.getContentType()).isEqualTo("application/problem+json");
        assertThat(answer.getContentAsString()).contains("\"/problems#signin\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Bearer", "Bearer ", "Bearer x", "bearer a.b.c", "BEARER  null"})
    void saysThatATokenIsRefused(String authorization) throws Exception {
        MockHttpServletResponse answer = call(filter(Read.EVERYONE), get("/vault/list", authorization));

        assertThat(answer.getStatus()).isEqualTo(401);
        assertThat(answer.getHeader("WWW-Authenticate")).isEqualTo("Bearer error=\"invalid_token\"");
        assertThat(answer.getContentAsString()).contains("\"/problems#token\"");
    }

    @Test
    void letsEveryoneReadWhereThatIsSetAndReadersSave() throws Exception {
        CallerFilter filter = filter(Read.EVERYONE);
        MockHttpServletRequest save = get("/vault/save", "");
        save.setMethod("POST");

        assertThat(call(filter, get("/vault/list", "")).getStatus()).isEqualTo(200);
        assertThat(call(filter, save).getStatus()).isEqualTo(401);
        save.addHeader("Authorization", "Bearer " + issuer.token(READER));
        assertThat(call(filter, save).getStatus()).isEqualTo(200);
    }

    @Test
    void asksOnlyWhereTheVaultIs() throws Exception {
        for (String path : new String[] {"/", "/kafka/status", "/vaults", "/docs"}) {
            assertThat(call(filter(Read.OWN), get(path, "Bearer garbage")).getStatus())
                    .as(path)
                    .isEqualTo(200);
        }
    }

    @Test
    void refusesTwoTokensAtOnce() throws Exception {
        MockHttpServletRequest request = get("/vault/list", "Bearer " + issuer.token(READER));
        request.addHeader("Authorization", "Bearer " + issuer.token(READER));

        assertThat(call(filter(Read.OWN), request).getStatus()).isEqualTo(400);
    }

    @Test
    void says503WhileTheIssuerHasNeverBeenThere() throws Exception {
        issuer.setAway(true);

        MockHttpServletResponse answer = call(filter(Read.OWN), get("/vault/list", "Bearer " + issuer.token(READER)));

        assertThat(answer.getStatus()).isEqualTo(503);
        assertThat(answer.getHeader("Retry-After")).isNotBlank();
        assertThat(answer.getContentAsString()).contains("\"/problems#issuer\"");
    }

    @Test
    void looksAtNoMoreUnknownTokensOfAnAddressThatHasSentTwentyBadOnes() throws Exception {
        CallerFilter filter = filter(Read.OWN);
        String known = "Bearer " + issuer.token(READER);
        call(filter, get("/vault/list", known));
        for (int i = 0; i < 20; i++) {
            assertThat(call(filter, get("/vault/list", "Bearer " + i)).getStatus())
                    .isEqualTo(401);
        }

        String unknown = "Bearer " + issuer.token(UUID.randomUUID());
        MockHttpServletResponse refused = call(filter, get("/vault/list", unknown));
        assertThat(refused.getStatus()).isEqualTo(429);
        assertThat(refused.getHeader("Retry-After")).isNotBlank();
        assertThat(call(filter, get("/vault/list", known)).getStatus()).isEqualTo(200);
        MockHttpServletRequest elsewhere = get("/vault/list", unknown);
        elsewhere.setRemoteAddr("192.0.2.7");
        assertThat(call(filter, elsewhere).getStatus()).isEqualTo(200);
    }

    @Test
    void goesOnToKnowReadersWhileOthersGuessFromEverywhere() throws Exception {
        CallerFilter filter = filter(Read.OWN);
        call(filter, get("/vault/list", "Bearer " + issuer.token(READER)));

        int status = 401;
        for (int guess = 0; status == 401; guess++) {
            assertThat(guess).as("wrong tokens looked at").isLessThan(100_000);
            MockHttpServletRequest elsewhere = get("/vault/list", "Bearer " + guess);
            elsewhere.setRemoteAddr("10.0." + guess / 256 % 256 + "." + guess % 256);
            status = call(filter, elsewhere).getStatus();
        }

        assertThat(status).isEqualTo(429);
        String other = "Bearer " + issuer.token(UUID.randomUUID());
        assertThat(call(filter, get("/vault/list", other)).getStatus()).isEqualTo(200);
    }

    /** Or what comes behind the door would be cold when readers come. */
    @Test
    void letsTheProcessItselfPassWhileItWarmsUp() throws Exception {
        SaveMetrics metrics = new SaveMetrics(new SimpleMeterRegistry());
        CallerFilter filter = filter(Read.OWN, metrics);
        MockHttpServletRequest own = get("/vault/save", "");
        own.addHeader(WarmUp.HEADER, metrics.ownCall());
        MockHttpServletRequest guessed = get("/vault/save", "");
        guessed.addHeader(WarmUp.HEADER, UUID.randomUUID().toString());

        assertThat(call(filter, own).getStatus()).isEqualTo(200);
        assertThat(call(filter, guessed).getStatus()).isEqualTo(401);
        metrics.endOwnCalls();
        MockHttpServletRequest late = get("/vault/save", "");
        late.addHeader(WarmUp.HEADER, metrics.ownCall());
        assertThat(call(filter, late).getStatus()).isEqualTo(401);
    }

    private CallerFilter filter(Read read) {
        return filter(read, new SaveMetrics(new SimpleMeterRegistry()));
    }

    private CallerFilter filter(Read read, SaveMetrics metrics) {
        SpineSettings.Auth settings = new SpineSettings.Auth(issuer.issuer(), "", "", "authenticated", read, "");
        return new CallerFilter(new TokenVerifier(settings, Clock.systemUTC(), Runnable::run), settings, metrics);
    }

    private static MockHttpServletRequest get(String path, String authorization) {
        MockHttpServletRequest request = new MockHttpServletRequest("GET", path);
        request.setServletPath(path);
        if (!authorization.isEmpty()) {
            request.addHeader("Authorization", authorization);
        }
        return request;
    }

    private static MockHttpServletResponse call(CallerFilter filter, MockHttpServletRequest request) throws Exception {
        // a filter serves a request once
        request.removeAttribute(filter.getClass().getName() + ".FILTERED");
        MockHttpServletResponse response = new MockHttpServletResponse();
        filter.doFilter(request, response, new MockFilterChain());
        return response;
    }
}
