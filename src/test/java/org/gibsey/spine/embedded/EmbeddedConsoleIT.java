package org.gibsey.spine.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The console of the embedded run, as a process: what it cannot do it says in one line. */
class EmbeddedConsoleIT {

    @TempDir
    Path folder;

    @Test
    void saysWhatToStartWhereNothingRuns() throws Exception {
        int kafka = Ports.free();
        int postgres = Ports.free();

        assertRefused(kafka, postgres, nothingOn(postgres), "select", "1");
        assertRefused(kafka, postgres, nothingOn(kafka), "topic", "console");
    }

    @Test
    void saysWhyDatabaseOrBrokerRefuse() throws Exception {
        EmbeddedServices services = SharedServices.get();
        int kafka = port(services.kafka().bootstrapServers());
        int postgres = port(services.database().url().replace("jdbc:postgresql://", ""));

        assertThat(run(0, kafka, postgres, "select", "1", "as", "one")).isEqualTo("{one=1}");
        assertRefused(kafka, postgres, "ERROR: syntax error at or near \"selekt\"", "selekt", "1");
        assertThat(run(0, kafka, postgres, "topic", "console")).isEmpty();
        assertRefused(kafka, postgres, "Topic 'console' already exists.", "topic", "console");
    }

    @Test
    void saysWhatItTakesWhenItIsGivenNothing() throws Exception {
        assertRefused(
                Ports.free(),
                Ports.free(),
                "A statement of SQL, or 'topic name', is to be in -Dspring-boot.run.arguments='select count(*) from vault'");
    }

    private static String nothingOn(int port) {
        return "Nothing listens on port " + port + ". Start it first: mvn spring-boot:test-run";
    }

    private static int port(String address) {
        return URI.create("tcp://" + address).getPort();
    }

    private void assertRefused(int kafka, int postgres, String why, String... words) throws Exception {
        assertThat(run(1, kafka, postgres, words)).isEqualTo(why);
    }

    /** @return what it printed */
    private String run(int status, int kafka, int postgres, String... words) throws Exception {
        Map<String, String> ports = Map.of("EMBEDDED_KAFKA_PORT", "" + kafka, "EMBEDDED_POSTGRES_PORT", "" + postgres);
        Path output = folder.resolve("console.log");
        try (JavaProcess console = JavaProcess.main(EmbeddedConsole.class, ports, output, words)) {
            assertThat(console.awaitExit()).as(Files.readString(output)).isEqualTo(status);
        }
        return Files.readString(output).strip();
    }
}
