package org.gibsey.spine.ship;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import org.gibsey.spine.embedded.Ports;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DockerfileTest {

    private static final String DOCKERFILE = Yaml.text(Path.of("Dockerfile"));
    private static final String DOCKERIGNORE = Yaml.text(Path.of(".dockerignore"));

    @Test
    void keepsTheRules() {
        assertThat(DockerfileRules.broken(DOCKERFILE, DOCKERIGNORE)).isEmpty();
    }

    @ParameterizedTest(name = "{2}")
    @CsvSource(delimiter = '|', textBlock = """
            (?m)^FROM eclipse-temurin:(\\S+)@\\S+ | FROM eclipse-temurin:$1          | can be another image tomorrow
            (?m)^USER .*                          | USER spine                       | runs as root
            (?m)^USER .*                          | USER 0:0                         | runs as root
            (?m)^HEALTHCHECK .*                   | ''                               | has no HEALTHCHECK
            (?m)^ENTRYPOINT .*                    | ENTRYPOINT java -jar app.jar     | does not start java itself
            -XX:MaxRAMPercentage=\\d+             | ''                               | takes a quarter
            image.revision=                       | image.build=                     | does not say its revision
            /build/layers/dependencies/           | /build/layers/application/       | moves all dependencies
            AOTCache=gift-spine                   | AOTCache=spine                   | the cache it trains
            RUN bin/train                         | RUN true                         | trains no cache
            (?m)^ENV LOG_FORMAT=.*                | ''                               | logs for people
            (?m)^EXPOSE .*                        | EXPOSE 8080                      | exposes other ports
            COPY container/                       | ADD container/                   | ADD fetches
            RUN bin/train                         | RUN apt-get install curl \\&\\& bin/train | adds to the runtime
            COPY routes/                          | COPY flows/                      | which is not there
            COPY routes/                          | COPY docs/                       | which it is not sent
            """)
    void findsWhatIsBroken(String what, String replacement, String complaint) {
        String brokenCopy = DOCKERFILE.replaceAll(what, replacement);

        assertThat(brokenCopy).isNotEqualTo(DOCKERFILE);
        assertThat(DockerfileRules.broken(brokenCopy, DOCKERIGNORE))
                .anySatisfy(broken -> assertThat(broken).contains(complaint));
    }

    @Test
    void isHealthyWhenTheManagementPortSaysSo() throws Exception {
        assertThat(healthcheck(200)).isZero();
    }

    @Test
    void isNotHealthyWhenTheManagementPortSaysSo() throws Exception {
        assertThat(healthcheck(503)).isNotZero();
    }

    @Test
    void isNotHealthyWhenNobodyAnswers() throws Exception {
        assertThat(healthcheck(Ports.free(), "liveness")).isNotZero();
    }

    private static int healthcheck(int status) throws Exception {
        HttpServer management = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        management.createContext("/actuator/health/readiness", exchange -> {
            exchange.sendResponseHeaders(status, -1);
            exchange.close();
        });
        management.start();
        try {
            return healthcheck(management.getAddress().getPort(), "readiness");
        } finally {
            management.stop(0);
        }
    }

    private static int healthcheck(int port, String group) throws IOException, InterruptedException {
        ProcessBuilder check =
                new ProcessBuilder("container/healthcheck", group).redirectError(ProcessBuilder.Redirect.DISCARD);
        check.environment().put("MANAGEMENT_SERVER_PORT", Integer.toString(port));
        Process process = check.start();
        return process.waitFor();
    }
}
