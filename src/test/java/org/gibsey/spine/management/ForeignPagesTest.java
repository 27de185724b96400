package org.gibsey.spine.management;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ForeignPagesTest {

    private final ForeignPages local = new ForeignPages(List.of());
    private final ForeignPages open = new ForeignPages(List.of("ops.example", "Spine-Management"));

    @ParameterizedTest
    @ValueSource(strings = {"localhost:8001", "LOCALHOST:8001", "127.0.0.1:8001", "[::1]:8001", "localhost"})
    void ownPageMayChangeSomething(String host) {
        assertThat(local.objection("POST", host, "http://" + host, "same-origin"))
                .isEmpty();
    }

    @Test
    void programsThatAreNoBrowserMayChangeSomething() {
        assertThat(local.objection("POST", "localhost:8001", null, null)).isEmpty();
        assertThat(open.objection("POST", "spine-management:8001", null, null)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "http://evil.example, cross-site",
        "http://localhost:8000, same-site",
        "null, cross-site",
        // a browser that does not say where from
        "http://evil.example,",
        "null,",
        "http://localhost:80010,"
    })
    void aPageOfAnotherSiteMayChangeNothing(String origin, String fetchSite) {
        for (String method : new String[] {"POST", "DELETE", "PUT", "PATCH"}) {
            assertThat(local.objection(method, "localhost:8001", origin, fetchSite))
                    .isPresent();
            assertThat(open.objection(method, "10.0.0.7:8001", origin, fetchSite))
                    .isPresent();
        }
    }

    @Test
    void aRequestWithoutOriginThatABrowserCallsForeignChangesNothing() {
        assertThat(local.objection("POST", "localhost:8001", null, "cross-site"))
                .isPresent();
    }

    @Test
    void aNameThatNowResolvesToThisMachineReadsNothing() {
        assertThat(local.objection("GET", "evil.example:8001", null, null)).isPresent();
        assertThat(local.objection("GET", "1.2.3.4.evil.example:8001", null, null))
                .isPresent();
        assertThat(local.objection("GET", "localhost.evil.example", null, null)).isPresent();
        assertThat(local.objection("POST", "evil.example:8001", "http://evil.example:8001", "same-origin"))
                .isPresent();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"spine-management:8001", "SPINE-MANAGEMENT", "ops.example", "ops.example:443", "ops.example:"})
    void aNameOfTheSettingsIsAnswered(String host) {
        assertThat(open.objection("GET", host, null, null)).isEmpty();
        assertThat(local.objection("GET", host, null, null)).isPresent();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"evil.example", "x.ops.example", "ops.example.evil.example", "ops.example@evil.example", "ops"})
    void noOtherNameIsAnswered(String host) {
        assertThat(open.objection("GET", host, null, null)).isPresent();
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.244.0.17:8001", "[fd00::17]:8001", "127.0.0.1", "localhost"})
    void probesThatCallAnAddressAreAnswered(String host) {
        assertThat(open.objection("GET", host, null, null)).isEmpty();
        assertThat(local.objection("GET", host, null, null)).isEmpty();
    }

    @Test
    void aPageUnderANameChangesSomethingOnlyOverTls() {
        assertThat(open.objection("POST", "ops.example", "http://ops.example", "same-origin"))
                .isPresent();
        assertThat(open.objection("POST", "ops.example", "https://ops.example", "same-origin"))
                .isEmpty();
    }

    @Test
    void aRequestWithoutHostIsNoBrowsers() {
        assertThat(local.objection("GET", null, null, null)).isEmpty();
    }
}
