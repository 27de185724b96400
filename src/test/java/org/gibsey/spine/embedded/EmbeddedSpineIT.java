package org.gibsey.spine.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The one command of the README, as a process. */
class EmbeddedSpineIT {

    private final Map<String, String> environment = new HashMap<>();
    private int runs;

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"EMBEDDED_KAFKA_PORT", "EMBEDDED_POSTGRES_PORT", "SERVER_PORT", "MANAGEMENT_SERVER_PORT"})
    void namesTheSettingOfAPortThatIsInUse(String setting) throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            // of those that are free then: it must be none of them
            freePorts();
            environment.put(setting, Integer.toString(taken.getLocalPort()));

            try (JavaProcess spine = start()) {
                assertThat(spine.awaitExit()).isEqualTo(1);
                assertThat(Files.readString(spine.log()).strip())
                        .isEqualTo(
                                "Port %d is in use. Stop what listens there, or choose another: %s=%d mvn spring-boot:test-run"
                                        .formatted(taken.getLocalPort(), setting, taken.getLocalPort() + 1000));
            }
        }
        assertThat(data()).doesNotExist();
    }

    @Test
    void keepsItsDataWhateverEndsItAndLeavesNoServerBehind() throws Exception {
        freePorts();
        ProcessHandle leftover;
        try (JavaProcess killed = start()) {
            awaitUp(killed);
            assertThat(caller().save("survives?").statusCode()).isEqualTo(202);
            await().until(() -> caller().list().contains("survives"));
            killed.kill();
            leftover = postgres();
            assertThat(leftover.isAlive()).isTrue();
        }

        try (JavaProcess next = start()) {
            awaitUp(next);
            ProcessHandle server = postgres();
            assertThat(leftover.isAlive()).isFalse();
            assertThat(caller().list()).containsOnlyOnce("survives");
            assertRefusesToShareItsData();

            assertThat(next.terminate()).isEqualTo(143);

            // it removes its files a moment before it is gone
            await().until(() -> !server.isAlive());
        } finally {
            // when something went wrong above
            EmbeddedDatabase.endLeftover(data().resolve("postgres"));
        }
    }

    /** Neither those of a run, nor those of a second one in the folder that it is told to choose. */
    @ParameterizedTest
    @ValueSource(strings = {".gift-spine", ".gift-spine-2"})
    void itsDataAreNoPartOfACommit(String data) throws Exception {
        assertThat(Files.readAllLines(Path.of(".gitignore")))
                .filteredOn(line -> line.endsWith("/"))
                .map(line -> FileSystems.getDefault().getPathMatcher("glob:" + line.substring(0, line.length() - 1)))
                .anyMatch(folders -> folders.matches(Path.of(data)));
    }

    @Test
    void endsWithItsServersWhenTheApplicationDoesNotStart() throws Exception {
        freePorts();
        environment.put("MAX_QUESTION_CHARS", "0");

        try (JavaProcess spine = start()) {
            assertThat(spine.awaitExit()).isEqualTo(1);

            assertThat(Files.readString(spine.log())).contains("questionChars");
            assertThat(data().resolve("postgres/postmaster.pid")).doesNotExist();
        } finally {
            EmbeddedDatabase.endLeftover(data().resolve("postgres"));
        }
    }

    @Test
    @Tag("slow")
    void introducesTwoReadersWhenAskedTo() throws Exception {
        freePorts();
        environment.put("EMBEDDED_AUTH", "true");
        environment.put("EMBEDDED_AUTH_PORT", Integer.toString(Ports.free()));
        try (JavaProcess spine = start()) {
            await().until(() -> {
                spine.assertAlive();
                return Files.readString(spine.log()).contains("the link appears here");
            });
            Map<String, String> tokens = new HashMap<>();
            Pattern.compile("(?m)^ +(anna|bert)=(\\S+)$")
                    .matcher(Files.readString(spine.log()))
                    .results()
                    .forEach(found -> tokens.put(found.group(1), found.group(2)));
            assertThat(tokens.keySet()).containsExactlyInAnyOrder("anna", "bert");
            assertThat(caller().save("nobody's").statusCode()).isEqualTo(401);
            assertThat(call(
                                    tokens.get("anna"),
                                    "/vault/save",
                                    "{\"page_id\":1,\"question\":\"anna's\",\"answer\":\"a\"}")
                            .statusCode())
                    .isEqualTo(202);
            await().until(() ->
                    call(tokens.get("anna"), "/vault/list", null).body().contains("anna's"));
            assertThat(call(tokens.get("bert"), "/vault/list", null).body()).isEqualTo("[]");
            await().until(() -> caller().isReady());

            spine.terminate();
        } finally {
            EmbeddedDatabase.endLeftover(data().resolve("postgres"));
        }
    }

    /** Where tests share a JVM their MBeans have numbers. */
    @Test
    @Tag("slow")
    @SuppressWarnings("BanJNDI") // to the process of this test
    void itsMBeansHaveTheNamesOfTheDocs() throws Exception {
        List<String> names = Pattern.compile("(?m)^\\| `(org\\.[^`]+)` \\|")
                .matcher(Files.readString(Path.of("docs/operations.md")))
                .results()
                .map(found -> found.group(1))
                .toList();
        freePorts();
        try (JavaProcess spine = start()) {
            awaitUp(spine);
            VirtualMachine jvm = VirtualMachine.attach(Long.toString(spine.pid()));
            try (JMXConnector connector =
                    JMXConnectorFactory.connect(new JMXServiceURL(jvm.startLocalManagementAgent()))) {
                MBeanServerConnection beans = connector.getMBeanServerConnection();

                assertThat(names)
                        .hasSize(5)
                        .allSatisfy(name -> assertThat(beans.isRegistered(new ObjectName(name)))
                                .isTrue());
            } finally {
                jvm.detach();
            }

            spine.terminate();
        } finally {
            EmbeddedDatabase.endLeftover(data().resolve("postgres"));
        }
    }

    private HttpResponse<String> call(String token, String path, String body) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create("http://localhost:" + environment.get("SERVER_PORT") + path))
                .header("Authorization", "Bearer " + token);
        if (body != null) {
            request.header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(body));
        }
        return HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private void assertRefusesToShareItsData() throws Exception {
        freePorts();
        try (JavaProcess second = start()) {
            assertThat(second.awaitExit()).isEqualTo(1);
            assertThat(Files.readString(second.log()).strip())
                    .isEqualTo(
                            "Another run uses %1$s. Stop it, or choose another: EMBEDDED_DATA=%1$s-2 mvn spring-boot:test-run"
                                    .formatted(data()));
        }
    }

    private void freePorts() {
        for (String setting :
                new String[] {"EMBEDDED_KAFKA_PORT", "EMBEDDED_POSTGRES_PORT", "SERVER_PORT", "MANAGEMENT_SERVER_PORT"
                }) {
            environment.put(setting, Integer.toString(Ports.free()));
        }
        environment.put("EMBEDDED_DATA", data().toString());
    }

    private Path data() {
        return folder.resolve("data").toAbsolutePath();
    }

    private JavaProcess start() throws IOException {
        return JavaProcess.main(EmbeddedSpine.class, environment, folder.resolve("run-" + ++runs + ".log"));
    }

    private static void awaitUp(JavaProcess spine) {
        await().until(() -> {
            spine.assertAlive();
            return Files.readString(spine.log()).contains("Gift Spine is up.");
        });
    }

    private ProcessHandle postgres() throws IOException {
        long pid = Long.parseLong(Files.readAllLines(data().resolve("postgres/postmaster.pid"))
                .get(0)
                .strip());
        return ProcessHandle.of(pid).orElseThrow();
    }

    private TestCaller caller() {
        return new TestCaller(
                Integer.parseInt(environment.get("SERVER_PORT")),
                Integer.parseInt(environment.get("MANAGEMENT_SERVER_PORT")));
    }
}
