package org.gibsey.spine.liveroutes;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.gibsey.spine.ship.Yaml;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Kaoto and other editors take a route file by the schema of Camel's YAML DSL. */
class RouteSchemaTest {

    private static final Schema CAMEL_YAML = schema();

    static List<Path> shippedRoutes() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("routes"))) {
            return files.filter(file -> file.toString().endsWith(".camel.yaml"))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("shippedRoutes")
    void editorsTakeEveryShippedRoute(Path file) {
        assertThat(CAMEL_YAML.validate(Yaml.read(file)))
                .extracting(Error::toString)
                .isEmpty();
    }

    @Test
    void editorsRefuseAStepThatIsNone() {
        String text = RouteFolderFixture.shipped("persist-gifts").replace("- unmarshal:", "- unmarshall:");

        assertThat(CAMEL_YAML.validate(Yaml.documents(text).get(0))).isNotEmpty();
    }

    private static Schema schema() {
        try (InputStream schema = RouteSchemaTest.class.getResourceAsStream("/schema/camelYamlDsl.json")) {
            return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_4)
                    .getSchema(new ObjectMapper().readTree(schema));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
