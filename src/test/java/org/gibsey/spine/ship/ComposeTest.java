package org.gibsey.spine.ship;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ComposeTest {

    private final JsonNode file = Yaml.read(Path.of("docker-compose.yaml"));

    @Test
    void fitsTheComposeSpecification() {
        assertThat(Schemas.problemsOfCompose(file)).isEmpty();
    }

    @Test
    void keepsTheRules() {
        assertThat(ComposeRules.broken(file)).isEmpty();
    }

    /** What the page tells to build and to push is what the file starts. */
    @Test
    void theDocsNameTheSameImage() {
        Set<String> images = Pattern.compile("(?<![/\\w])gift-spine:(\\S+)")
                .matcher(Yaml.text(Path.of("docs/deploying.md")))
                .results()
                .map(image -> image.group(1))
                .collect(Collectors.toSet());

        assertThat(images).containsExactly(Project.version());
    }

    @ParameterizedTest
    @ValueSource(strings = {"docker-compose.tls.yaml", "docker-compose.readers.yaml"})
    void theFilesBesideItFitTheSchemaAndSetWhatIsRead(String file) {
        JsonNode beside = Yaml.read(Path.of(file));

        assertThat(Schemas.problemsOfCompose(beside)).isEmpty();
        for (JsonNode service : beside.get("services")) {
            assertThat(service.at("/environment").fieldNames())
                    .toIterable()
                    .isNotEmpty()
                    .allMatch(Settings::exists);
        }
    }

    @ParameterizedTest(name = "{0} = {1}")
    @CsvSource(delimiter = '|', textBlock = """
            /services/api/helthcheck              | {}                        | helthcheck
            /services/api/ports                   | 8000                      | ports
            /services/api/depends_on/postgres/condition | healthy             | condition
            /services/api/deploy/resources/limits/ram | 1G                    | ram
            /services/api/environment/KAFKA_CREATE_TOPICS | [false]           | environment
            /service                              | {}                        | service
            """)
    void findsWhatComposeWouldRefuse(String place, String value, String complaint) {
        Manifests.edit(file, place, value);

        assertThat(Schemas.problemsOfCompose(file))
                .anySatisfy(problem -> assertThat(problem).contains(complaint));
    }

    @ParameterizedTest(name = "{0} = {1}")
    @CsvSource(delimiter = '|', textBlock = """
            /services/kafka/image                     | apache/kafka:latest          | another image tomorrow
            /services/kafka/image                     | apache/kafka                 | another image tomorrow
            /services/kafka/volumes/0                 | kafkas:/var/lib/kafka/data   | which is not there
            /services/worker/volumes/0                | ./flows:/app/routes:ro       | which is not there
            /services/worker/container_name           | worker                       | once only
            /services/postgres/deploy                 | ''                           | all memory
            /services/postgres/restart                | ''                           | stays down
            /services/topics/restart                  | ''                           | stays down
            /services/postgres/ports/0                | "'5432:5432'"                | open to the network
            /services/api/ports/1                     | "'8001:8001'"                | open to the network
            /services/api/ports/0                     | "'8000:8080'"                | not on its port
            /services/worker/ports                    | "['8002:8000']"              | its port taken
            /services/kafka/healthcheck               | ''                           | has none
            /services/worker/image                    | gift-spine:0.9               | not of version
            /services/worker/read_only                | ''                           | write where it likes
            /services/worker/cap_drop                 | ''                           | has capabilities
            /services/worker/security_opt             | ''                           | gain rights
            /services/worker/tmpfs/0                  | /tmp                         | native libraries
            /services/worker/volumes/0                | ./routes:/routes:ro          | see edits
            /services/worker/healthcheck              | ''                           | has no health
            /services/worker/stop_grace_period        | 10s                          | before it has ended
            /services/worker/depends_on/topics        | ''                           | before there are topics
            /services/worker/depends_on/postgres      | ''                           | before there is a database
            /services/worker/environment/KAFKA_BROKER | kafka:29092                  | nothing reads
            /services/worker/environment/MANAGEMENT_TOKENS | ''                      | lets nobody operate
            /services/worker/environment/VAULT_ROUTES | file:routes/persist-gift.camel.yaml | which is not there
            /services/worker/environment/VAULT_ROUTES | file:routes/persist-gifts.camel.yaml | is loaded by []
            /services/topics/command/0                | topic gift_events --partitions 3 --config retention.ms=1 | as many partitions
            /services/worker/environment/KAFKA_BOOTSTRAP_SERVERS | localhost:9092    | another broker
            /services/kafka/ports/0                   | 127.0.0.1:9094:9094          | where the embedded one is
            /services/postgres/environment/POSTGRES_USER | postgres                  | what the embedded one is
            /services/worker/environment/VAULT_DB_URL | jdbc:postgresql://localhost:5432/gibsey | another database
            /services/grafana/profiles                | ''                           | started unasked
            /services/grafana/ports/0                 | "'3000:3000'"                | open to the network
            /services/prometheus/image                | prom/prometheus:main         | another image tomorrow
            /services/prometheus/volumes/0            | ./observe/prom:/etc/prometheus:ro | which is not there
            /services/prometheus/volumes              | []                           | has no alerts
            /services/grafana/volumes                 | []                           | has no dashboard
            /services/api                             | ''                           | services there are not
            """)
    void findsWhatIsBroken(String place, String value, String complaint) {
        Manifests.edit(file, place, value);

        assertThat(ComposeRules.broken(file))
                .anySatisfy(broken -> assertThat(broken).contains(complaint));
    }
}
