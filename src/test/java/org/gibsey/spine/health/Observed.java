package org.gibsey.spine.health;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;
import org.gibsey.spine.ship.Yaml;

/** What is in the folder {@code observe}: alert rules and the dashboard, and what their expressions speak of. */
public final class Observed {

    static final Path RULES = Path.of("observe/prometheus/gift-spine.rules.yaml");
    static final Path DASHBOARD = Path.of("observe/grafana/gift-spine.json");

    /** Given by Prometheus itself, or to every series by whoever scrapes. */
    private static final Set<String> NOT_OURS = Set.of("up", "job", "instance", "namespace", "role");

    private static final Pattern SELECTOR = Pattern.compile("([a-zA-Z_:][\\w:]*)\\s*\\{([^}]*)}");
    private static final Pattern MATCHER = Pattern.compile("(\\w+)\\s*(?:=~|!~|!=|=)");
    private static final Pattern GROUPING =
            Pattern.compile("\\b(?:by|on|without|ignoring|group_left)\\s*\\(([^)]*)\\)");
    private static final Pattern NAME = Pattern.compile("[a-zA-Z_:][\\w:]*(?!\\s*\\(|[\\w:])");
    private static final Set<String> OPERATORS = Set.of("and", "or", "unless", "bool", "offset", "by");

    private Observed() {}

    public static List<JsonNode> alerts() {
        return StreamSupport.stream(Yaml.read(RULES).at("/groups/0/rules").spliterator(), false)
                .toList();
    }

    static JsonNode dashboard() {
        try {
            return new ObjectMapper().readTree(DASHBOARD.toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Of every alert and every curve, by where it stands; the dashboard's variables are filled in. */
    static Map<String, String> expressions() {
        Map<String, String> expressions = new LinkedHashMap<>();
        alerts().forEach(alert ->
                expressions.put(alert.path("alert").asText(), alert.path("expr").asText()));
        for (JsonNode panel : dashboard().path("panels")) {
            for (JsonNode target : panel.path("targets")) {
                expressions.put(
                        panel.path("title").asText() + " / "
                                + target.path("refId").asText() + " of panel "
                                + panel.path("id").asText(),
                        target.path("expr")
                                .asText()
                                .replace("$__rate_interval", "1m")
                                .replace("$namespace", ".*"));
            }
        }
        return expressions;
    }

    /** Names of the metrics an expression reads, without those of Prometheus itself. */
    static Set<String> metrics(String expression) {
        String bare = GROUPING.matcher(expression.replaceAll("\"[^\"]*\"", "\"\""))
                .replaceAll(" ")
                .replaceAll("\\{[^}]*}", " ")
                .replaceAll("\\[[^]]*]", " ");
        Set<String> names = new TreeSet<>();
        NAME.matcher(bare).results().map(MatchResult::group).forEach(names::add);
        names.removeAll(OPERATORS);
        names.removeAll(NOT_OURS);
        return names;
    }

    /** Labels an expression selects or groups by, of each of its metrics; without those every series has. */
    static Set<String> labels(String expression) {
        String bare = expression.replaceAll("\"[^\"]*\"", "\"\"");
        Set<String> labels = new TreeSet<>();
        SELECTOR.matcher(bare)
                .results()
                .flatMap(selector -> MATCHER.matcher(selector.group(2)).results())
                .forEach(matcher -> labels.add(matcher.group(1)));
        GROUPING.matcher(bare)
                .results()
                .flatMap(grouping ->
                        Pattern.compile("\\w+").matcher(grouping.group(1)).results())
                .forEach(label -> labels.add(label.group()));
        labels.removeAll(NOT_OURS);
        return labels;
    }
}
