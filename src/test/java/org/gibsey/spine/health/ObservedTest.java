package org.gibsey.spine.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.gibsey.spine.ship.Yaml;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Alert rules and dashboard, without the application; {@link MetricsIT} holds them to what it exports. */
class ObservedTest {

    private static final Path RUNBOOK = Path.of("docs/operations.md");

    static Stream<JsonNode> alerts() {
        return Observed.alerts().stream();
    }

    @ParameterizedTest
    @MethodSource("alerts")
    void anAlertSaysHowUrgentItIsWhatIsWrongAndWhereItSaysWhatToDo(JsonNode alert) throws IOException {
        assertThat(alert.path("labels").path("severity").asText()).isIn("critical", "warning");
        assertThat(alert.at("/annotations/summary").asText()).isNotBlank();
        String name = alert.path("alert").asText();
        assertThat(alert.at("/annotations/runbook_url").asText())
                .isEqualTo(project() + "/blob/main/" + RUNBOOK + "#" + name.toLowerCase(Locale.ROOT));
        assertThat(runbookSections()).contains(name);
    }

    /** Where the project says it is: who is called at night has no checkout that a relative link could lead into. */
    private static String project() throws IOException {
        Matcher url = Pattern.compile("(?m)^  <url>(https://.+)</url>$").matcher(Files.readString(Path.of("pom.xml")));
        assertThat(url.find()).isTrue();
        return url.group(1);
    }

    @Test
    void theRunbookSpeaksOfNoAlertThereIsNot() {
        assertThat(runbookSections().stream().filter(section -> section.startsWith("GiftSpine")))
                .containsExactlyElementsOf(
                        alerts().map(alert -> alert.path("alert").asText()).toList());
    }

    @Test
    void alertsAreWhatPrometheusTakesAndRingWhenTheyShould() throws Exception {
        assumeTrue(Promtool.isThere(), "the rules are not judged: there is no promtool");

        assertThat(Promtool.run("check", "rules", Observed.RULES.toString())).contains("SUCCESS");
        assertThat(Promtool.run("check", "config", "observe/prometheus/prometheus.yml"))
                .contains("SUCCESS");
        assertThat(Promtool.run("test", "rules", "observe/prometheus/gift-spine.rules.test.yaml"))
                .contains("SUCCESS");
    }

    @Test
    void everyAlertHasATest() {
        Set<String> tested = new HashSet<>();
        for (JsonNode test : Yaml.read(Path.of("observe/prometheus/gift-spine.rules.test.yaml"))
                .path("tests")) {
            for (JsonNode alert : test.path("alert_rule_test")) {
                if (!alert.path("exp_alerts").isEmpty()) {
                    tested.add(alert.path("alertname").asText());
                }
            }
        }

        assertThat(tested)
                .containsExactlyInAnyOrderElementsOf(
                        alerts().map(alert -> alert.path("alert").asText()).toList());
    }

    @Test
    void everyCurveIsWhatPrometheusUnderstands(@TempDir Path folder) throws Exception {
        assumeTrue(Promtool.isThere(), "the dashboard is not judged: there is no promtool");
        StringBuilder rules = new StringBuilder("groups:\n  - name: curves\n    rules:\n");
        int number = 0;
        for (String expression : Observed.expressions().values()) {
            rules.append("      - record: curve_").append(number++).append('\n');
            rules.append("        expr: |\n          ")
                    .append(expression.strip().replace("\n", "\n          "))
                    .append('\n');
        }

        Path file = Files.writeString(folder.resolve("curves.yaml"), rules);

        assertThat(Promtool.run("check", "rules", file.toString())).contains("SUCCESS");
    }

    @Test
    void everyPanelSaysWhatItShowsAndHasAPlaceOfItsOwn() {
        List<Integer> ids = new ArrayList<>();
        Set<String> taken = new HashSet<>();
        for (JsonNode panel : Observed.dashboard().path("panels")) {
            ids.add(panel.path("id").asInt());
            JsonNode at = panel.path("gridPos");
            for (int x = 0; x < at.path("w").asInt(); x++) {
                for (int y = 0; y < at.path("h").asInt(); y++) {
                    String place =
                            (at.path("x").asInt() + x) + "," + (at.path("y").asInt() + y);
                    assertThat(taken.add(place))
                            .as("%s at %s", panel.path("title"), place)
                            .isTrue();
                }
            }
            if (!panel.path("type").asText().equals("row")) {
                assertThat(panel.path("description").asText())
                        .as("%s", panel.path("title"))
                        .isNotBlank();
                assertThat(panel.path("targets")).as("%s", panel.path("title")).isNotEmpty();
            }
        }
        assertThat(ids).doesNotHaveDuplicates().isNotEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\'', textBlock = """
            up{job="a"} == 0 or absent(up{job="a"})                                 | ''            | ''
            sum by (namespace, reason) (rate(a_total{b=~"x.*", c!="d"}[5m])) > 0.01 | a_total       | b, c, reason
            max(a_x) * on (instance) group_left () b:y                              | a_x, b:y      | ''
            histogram_quantile(0.9, sum by (le) (rate(s_bucket[1m]))) and not_by    | not_by, s_bucket | le
            """)
    void findsWhatAnExpressionSpeaksOf(String expression, String metrics, String labels) {
        assertThat(String.join(", ", Observed.metrics(expression))).isEqualTo(metrics);
        assertThat(String.join(", ", Observed.labels(expression))).isEqualTo(labels);
    }

    /** Headings, which are what links lead to. */
    private static List<String> runbookSections() {
        return Yaml.text(RUNBOOK)
                .lines()
                .filter(line -> line.startsWith("### "))
                .map(line -> line.substring(4))
                .collect(Collectors.toList());
    }
}
