package org.gibsey.spine.management;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.WrongTokens;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.mock.web.MockFilterChain;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;

@ExtendWith(OutputCaptureExtension.class)
class OperatorGateTest {

    private static final String EVERYWHERE = "0.0.0.0";

    @TempDir
    Path folder;

    private Path file;
    private long nanos;

    @BeforeEach
    void threeOperators() throws IOException {
        file = Files.write(
                folder.resolve("tokens"), List.of("# ours", "", line("vera", "view"), line("olga", "view,operate")));
        Files.writeString(file, Files.readString(file) + line("carl", "view,content") + "\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/",
                "/ops",
                "/ops/",
                "/ops/main.js",
                "/ops/book/eb-garamond-latin-wght-normal.woff2",
                "/actuator/health",
                "/actuator/health/liveness",
                "/actuator/health/readiness"
            })
    void probesAndPageFilesNeedNoToken(String path) throws Exception {
        for (String method : List.of("GET", "HEAD")) {
            assertThat(status(gate(file.toString()), method, path)).isEqualTo(200);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/actuator",
                "/actuator/info",
                "/actuator/metrics/gifts.accepted",
                "/actuator/prometheus",
                "/actuator/health/readiness/broker",
                "/actuator/camelroutes/save-gift/detail",
                "/actuator/liveroutes",
                "/actuator/history",
                "/actuator/acts",
                "/actuator/acts/audit",
                "/actuator/groups",
                "/actuator/sbom/application",
                "/actuator/ledger",
                "/actuator/deadletters"
            })
    void lookingNeedsTheRoleView(String path) throws Exception {
        OperatorGate gate = gate(file.toString());
        for (String method : List.of("GET", "HEAD", "OPTIONS")) {
            assertThat(status(gate, method, path)).isEqualTo(401);
            assertThat(status(gate, method, path, "vera")).isEqualTo(200);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/actuator/deadletters/17",
                "/actuator/deadletters/17/",
                "//actuator/deadletters/17",
                "/actuator//deadletters/17",
                "/%61ctuator/deadletters/17",
                "/actuator/%64eadletters/17",
                "/actuator/deadletters%2F17",
                "/actuator;x/deadletters/17",
                "/actuator/deadletters;x/17",
                "/actuator/deadletters/17;x=/actuator/health",
                "/ops/../actuator/deadletters/17",
                "/ops/..;/actuator/deadletters/17",
                "/ops/.%2e/actuator/deadletters/17",
                "/actuator/health/../deadletters/17",
                "/actuator/health/liveness/../../deadletters/17",
                "/actuator/heapdump",
                "/actuator/env",
                "/error"
            })
    void contentNeedsTheRoleContentHoweverItsPathIsWritten(String path) throws Exception {
        OperatorGate gate = gate(file.toString());
        for (String method : List.of("GET", "HEAD", "OPTIONS")) {
            assertThat(status(gate, method, path)).isEqualTo(401);
            assertThat(status(gate, method, path, "vera")).isEqualTo(403);
            assertThat(status(gate, method, path, "olga")).isEqualTo(403);
            assertThat(status(gate, method, path, "carl")).isEqualTo(200);
        }
    }

    /** Each part of a path costs the look at it a piece of the stack. */
    @Test
    void aPathThatIsTooLongForALookNeedsTheRoleContent() throws Exception {
        OperatorGate gate = gate(file.toString());

        assertThat(status(gate, "GET", "/ops" + "/a".repeat(126))).isEqualTo(200);
        assertThat(status(gate, "GET", "/ops" + "/a".repeat(127))).isEqualTo(401);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/actuator/health/liveness",
                "/ops",
                "/actuator/deadletters",
                "/actuator/dismissals",
                "/actuator/ledger",
                "//x"
            })
    void changingNeedsTheRoleOperateWhateverThePath(String path) throws Exception {
        OperatorGate gate = gate(file.toString());
        for (String method : List.of("POST", "PUT", "PATCH", "DELETE", "TRACE", "get")) {
            assertThat(status(gate, method, path)).isEqualTo(401);
            assertThat(status(gate, method, path, "vera")).isEqualTo(403);
            assertThat(status(gate, method, path, "carl")).isEqualTo(403);
            assertThat(status(gate, method, path, "olga")).isEqualTo(200);
        }
    }

    @Test
    void aRefusalNamesTheRoleAndWhoLacksIt() throws Exception {
        OperatorGate gate = gate(file.toString());

        MockHttpServletResponse nobody = call(gate, request("POST", "/actuator/ledger"));
        MockHttpServletResponse vera = call(gate, request("POST", "/actuator/ledger", "vera"));

        assertThat(nobody.getContentType()).isEqualTo("application/problem+json");
        assertThat(nobody.getHeader("WWW-Authenticate")).isEqualTo("Bearer realm=\"gift-spine\"");
        assertThat(nobody.getContentAsString())
                .isEqualTo("{\"type\":\"about:blank\",\"title\":\"Unauthorized\",\"status\":401,"
                        + "\"detail\":\"This needs a token with the role operate.\"}");
        assertThat(vera.getHeader("WWW-Authenticate"))
                .isEqualTo("Bearer realm=\"gift-spine\", error=\"insufficient_scope\", scope=\"operate\"");
        assertThat(vera.getContentAsString()).contains("the role operate, which vera does not have");
    }

    @ParameterizedTest
    @CsvSource({"127.0.0.1, 200, 200", "::1, 200, 200", "0.0.0.0, 403, 403", "10.0.0.7, 403, 403"})
    void withoutAFileOthersThanThisMachineMayLookAndNoMore(String address, int content, int operate) throws Exception {
        OperatorGate gate = gate(new Operators("", InetAddress.getByName(address)), false);

        assertThat(status(gate, "GET", "/actuator/prometheus")).isEqualTo(200);
        assertThat(status(gate, "GET", "/actuator/deadletters")).isEqualTo(200);
        assertThat(status(gate, "GET", "/actuator/deadletters/17")).isEqualTo(content);
        MockHttpServletResponse replay = call(gate, request("POST", "/actuator/deadletters"));
        assertThat(replay.getStatus()).isEqualTo(operate);
        assertThat(replay.getContentAsString()).contains(operate == 403 ? "MANAGEMENT_TOKENS" : "");
    }

    @Test
    void noneLetsEverybodyDoEverything() throws Exception {
        OperatorGate gate = gate("none");

        assertThat(status(gate, "GET", "/actuator/deadletters/17")).isEqualTo(200);
        assertThat(status(gate, "POST", "/actuator/deadletters")).isEqualTo(200);
    }

    @Test
    void metricsAreOpenWhereThatIsSaid() throws Exception {
        OperatorGate gate = gate(new Operators(file.toString(), InetAddress.getByName(EVERYWHERE)), true);

        assertThat(status(gate, "GET", "/actuator/prometheus")).isEqualTo(200);
        assertThat(status(gate, "GET", "/actuator/metrics")).isEqualTo(401);
        assertThat(status(gate, "POST", "/actuator/prometheus")).isEqualTo(401);
    }

    @ParameterizedTest
    @CsvSource({
        "Bearer,               400",
        "Bearer token of vera, 400",
        "Basic dmVyYTp2ZXJh,   400",
        "bearer token-of-vera, 200",
        "Bearer token-of-vere, 401",
        "Bearer sha256:aa,     401"
    })
    void aTokenIsOneWordBehindBearer(String header, int status) throws Exception {
        MockHttpServletRequest request = request("GET", "/actuator/info");
        request.addHeader("Authorization", header);

        assertThat(call(gate(file.toString()), request).getStatus()).isEqualTo(status);
    }

    @Test
    void twoTokensAreNone() throws Exception {
        MockHttpServletRequest request = request("GET", "/actuator/info", "vera");
        request.addHeader("Authorization", "Bearer token-of-olga");

        assertThat(call(gate(file.toString()), request).getStatus()).isEqualTo(400);
    }

    @Test
    void theHashOfATokenIsNoToken() throws Exception {
        MockHttpServletRequest request = request("GET", "/actuator/info");
        request.addHeader("Authorization", "Bearer " + Operators.hash("token-of-vera"));

        assertThat(call(gate(file.toString()), request).getStatus()).isEqualTo(401);
    }

    @Test
    void twentyWrongTokensInAMinuteEndTheTriesOfAnAddressAndOfNoOther() throws Exception {
        OperatorGate gate = gate(file.toString());
        for (int i = 0; i < WrongTokens.MOST; i++) {
            assertThat(status(gate, "GET", "/actuator/info", "nobody")).isEqualTo(401);
        }

        MockHttpServletResponse refused = call(gate, request("GET", "/actuator/info", "vera"));
        MockHttpServletRequest elsewhere = request("GET", "/actuator/info", "vera");
        elsewhere.setRemoteAddr("10.0.0.8");

        assertThat(refused.getStatus()).isEqualTo(429);
        assertThat(refused.getHeader("Retry-After")).isEqualTo("60");
        assertThat(status(gate, "GET", "/actuator/health/liveness")).isEqualTo(200);
        assertThat(call(gate, elsewhere).getStatus()).isEqualTo(200);
        nanos += WrongTokens.WINDOW.toNanos();
        assertThat(status(gate, "GET", "/actuator/info", "vera")).isEqualTo(200);
    }

    @Test
    void theFileAppliesAsItIsNow() throws Exception {
        OperatorGate gate = gate(file.toString());
        assertThat(status(gate, "POST", "/actuator/ledger", "vera")).isEqualTo(403);

        Files.writeString(file, line("vera", "operate"));

        assertThat(status(gate, "POST", "/actuator/ledger", "vera")).isEqualTo(200);
        assertThat(status(gate, "GET", "/actuator/info", "vera")).isEqualTo(403);
        assertThat(status(gate, "GET", "/actuator/info", "carl")).isEqualTo(401);
    }

    @Test
    void aWrongLineChangesNothingAndIsNamedOnceWithoutWhatItSays(CapturedOutput output) throws Exception {
        OperatorGate gate = gate(file.toString());
        Files.writeString(file, line("nina", "view") + "\ncarl view my-secret-token\n");

        for (int i = 0; i < 3; i++) {
            assertThat(status(gate, "GET", "/actuator/info", "vera")).isEqualTo(200);
        }
        assertThat(status(gate, "GET", "/actuator/info", "nina")).isEqualTo(401);
        Files.delete(file);
        assertThat(status(gate, "GET", "/actuator/info", "vera")).isEqualTo(200);

        assertThat(output.getAll().split("line 2 is not", -1)).hasSize(2);
        assertThat(output).contains("it cannot be read: NoSuchFileException").doesNotContain("my-secret-token");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            carl view                                          | line 1 is not
            carl view sha256:abc                               | line 1 is not
            carl view token-of-carl                            | line 1 is not
            carl all sha256:HASH                               | line 1 has other roles
            carl view,,content sha256:HASH                     | line 1 has other roles
            carl VIEW sha256:HASH                              | line 1 has other roles
            jmx view sha256:HASH                               | line 1 has a name
            """)
    void aWrongLineStopsTheStart(String wrong, String complaint) throws Exception {
        Files.writeString(file, wrong.replace("HASH", Operators.hash("x")));

        assertThatThrownBy(() -> gate(file.toString()))
                .isInstanceOfSatisfying(InvalidConfigurationPropertyValueException.class, e -> {
                    assertThat(e.getName()).isEqualTo("spine.management.tokens");
                    assertThat(e.getReason()).startsWith(complaint).doesNotContain("token-of-carl");
                });
    }

    @Test
    void aTokenOfTwoAndAFileThatIsNotThereStopTheStart() throws Exception {
        Files.writeString(file, line("vera", "view") + "\n" + line("vera", "operate"));

        assertThatThrownBy(() -> gate(file.toString())).hasMessageContaining("spine.management.tokens");
        assertThatThrownBy(() -> gate(folder.resolve("nowhere").toString()))
                .isInstanceOf(InvalidConfigurationPropertyValueException.class);
    }

    @Test
    void tellsTheEndpointsWhoCalls() throws Exception {
        List<String> seen = new ArrayList<>();
        gate(file.toString())
                .doFilter(
                        request("GET", "/actuator/health", "carl"),
                        new MockHttpServletResponse(),
                        (request, response) -> {
                            var http = (jakarta.servlet.http.HttpServletRequest) request;
                            seen.add(http.getUserPrincipal().getName()
                                    + http.isUserInRole("content")
                                    + http.isUserInRole("operate"));
                        });

        assertThat(seen).containsExactly("carltruefalse");
    }

    private OperatorGate gate(String setting) throws IOException {
        return gate(new Operators(setting, InetAddress.getByName(EVERYWHERE)), false);
    }

    private OperatorGate gate(Operators operators, boolean openMetrics) {
        SpineSettings.Management settings = new SpineSettings.Management(List.of(), "", openMetrics, "");
        return new OperatorGate(operators, new WrongTokens(() -> nanos), settings);
    }

    private static String line(String name, String roles) {
        return name + " " + roles + " sha256:" + Operators.hash("token-of-" + name);
    }

    private static int status(OperatorGate gate, String method, String path) throws Exception {
        return call(gate, request(method, path)).getStatus();
    }

    private static int status(OperatorGate gate, String method, String path, String name) throws Exception {
        return call(gate, request(method, path, name)).getStatus();
    }

    private static MockHttpServletRequest request(String method, String path) {
        return new MockHttpServletRequest(method, path);
    }

    private static MockHttpServletRequest request(String method, String path, String name) {
        MockHttpServletRequest request = request(method, path);
        request.addHeader("Authorization", "Bearer token-of-" + name);
        return request;
    }

    private static MockHttpServletResponse call(OperatorGate gate, MockHttpServletRequest request) throws Exception {
        MockHttpServletResponse response = new MockHttpServletResponse();
        gate.doFilter(request, response, new MockFilterChain());
        return response;
    }
}
