package org.gibsey.spine.ship;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WorkflowTest {

    private static final Path RELEASE = Path.of(".github/workflows/release.yaml");
    private static final Pattern PACKED = Pattern.compile("tar --create .*\\.tar\\.gz\"? (.+)");

    private final JsonNode workflow = Yaml.read(Path.of(".github/workflows/ci.yaml"));
    private final JsonNode release = Yaml.read(RELEASE);

    @Test
    void keepsTheRules() {
        assertThat(broken(workflow)).isEmpty();
        assertThat(unsafe(release)).isEmpty();
    }

    /** What is released passed the same jobs, and only the jobs that publish may write. */
    @Test
    void aReleaseIsVerifiedFirst() {
        assertThat(release.at("/jobs/verify/uses").asText()).isEqualTo("./.github/workflows/ci.yaml");
        assertThat(workflow.findParents("workflow_call")).hasSize(1);
        assertThat(release.at("/jobs/image/needs").asText()).isEqualTo("verify");
        assertThat(release.at("/jobs/publish/needs").asText()).isEqualTo("image");
        assertThat(release.at("/jobs/image/permissions/contents").asText()).isEqualTo("read");
    }

    /** Who unpacks the overlays has nothing else: what they refer to outside their folders has to be packed with them. */
    @Test
    void theOverlaysOfAReleaseHaveAllThatTheyReferTo() throws IOException {
        List<Path> packed = packed();

        assertThat(packed).contains(Path.of("k8s"), Path.of("LICENSE"));
        for (Path folder : packed) {
            try (Stream<Path> files = Files.walk(folder)) {
                assertThat(files.filter(file -> file.endsWith("kustomization.yaml"))
                                .flatMap(WorkflowTest::references))
                        .allSatisfy(reference -> assertThat(packed).anyMatch(reference::startsWith));
            }
        }
    }

    @ParameterizedTest(name = "{0} = {1}")
    @CsvSource(delimiter = '|', textBlock = """
            /jobs/publish/steps/1/uses      | sigstore/cosign-installer@v3 | tomorrow
            /jobs/image/steps/0/with        | ''                           | credentials
            /jobs/publish/timeout-minutes   | ''                           | for hours
            /permissions/contents           | write                        | may write
            """)
    void findsWhatIsUnsafeInARelease(String place, String value, String complaint) {
        Manifests.edit(release, place, value);

        assertThat(unsafe(release)).anySatisfy(problem -> assertThat(problem).contains(complaint));
    }

    @ParameterizedTest(name = "{0} = {1}")
    @CsvSource(delimiter = '|', textBlock = """
            /jobs/verify/steps/0/uses      | actions/checkout@v6                                       | tomorrow
            /jobs/verify/steps/0/with/fetch-depth | 1                                                  | without history
            /jobs/verify/steps/1/uses      | actions/setup-java@main                                   | tomorrow
            /jobs/verify/steps/0/with      | ''                                                        | credentials
            /jobs/verify/strategy/matrix/java | [17]                                                   | Java 25
            /jobs/verify/steps/2/run       | mvn -B package                                            | mvn verify
            /jobs/verify/timeout-minutes   | ''                                                        | for hours
            /jobs/image/needs              | ''                                                        | not verified
            /jobs/image/steps/1/run        | echo docker                                               | no image
            /permissions/contents          | write                                                     | may write
            """)
    void findsWhatIsBroken(String place, String value, String complaint) {
        Manifests.edit(workflow, place, value);

        assertThat(broken(workflow)).anySatisfy(problem -> assertThat(problem).contains(complaint));
    }

    /** Folders and files that are attached to a release. */
    private List<Path> packed() {
        Matcher tar = PACKED.matcher(Yaml.text(RELEASE));
        assertThat(tar.find()).isTrue();
        return Stream.of(tar.group(1).split(" ")).map(Path::of).toList();
    }

    private static Stream<Path> references(Path kustomization) {
        JsonNode overlay = Yaml.read(kustomization);
        List<Path> references = new ArrayList<>();
        for (String kind : List.of("resources", "components")) {
            overlay.path(kind)
                    .forEach(name -> references.add(
                            kustomization.resolveSibling(name.asText()).normalize()));
        }
        return references.stream();
    }

    private static List<String> unsafe(JsonNode workflow) {
        List<String> broken = new ArrayList<>();
        for (JsonNode job : workflow.path("jobs")) {
            if (!job.has("timeout-minutes") && !job.has("uses")) {
                broken.add("hangs for hours");
            }
            for (JsonNode step : job.path("steps")) {
                String action = step.path("uses").asText("");
                if (!action.isEmpty() && !action.matches("[\\w/-]+@[0-9a-f]{40}")) {
                    broken.add(action + " can be another tomorrow");
                }
                if (action.contains("checkout")
                        && step.at("/with/persist-credentials").asBoolean(true)) {
                    broken.add("leaves credentials to everything that runs");
                }
            }
        }
        if (!workflow.path("permissions").toString().equals("{\"contents\":\"read\"}")) {
            broken.add("may write");
        }
        return broken;
    }

    private static List<String> broken(JsonNode workflow) {
        List<String> broken = unsafe(workflow);
        JsonNode verify = workflow.at("/jobs/verify");
        for (int java : List.of(17, 25)) {
            if (!verify.at("/strategy/matrix/java").toString().matches(".*\\b" + java + "\\b.*")) {
                broken.add("does not verify on Java " + java);
            }
        }
        if (!verify.path("steps").toString().contains("mvn -B -ntp verify")) {
            broken.add("does not run mvn verify");
        }
        if (verify.at("/steps/0/with/fetch-depth").asInt(1) != 0) {
            broken.add("has no version before, without history");
        }
        if (!workflow.at("/jobs/image/steps").toString().contains("docker build ")) {
            broken.add("makes no image");
        }
        if (!workflow.at("/jobs/image/needs").asText().equals("verify")) {
            broken.add("makes an image of what is not verified");
        }
        return broken;
    }
}
