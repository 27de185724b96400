package org.gibsey.spine.liveroutes;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * The outer shape of a route file: a list of routes and nothing else. Camel would also take beans, route configurations,
 * error handlers and interceptors there, each of which reaches beyond its file and can switch off what keeps gifts safe.
 */
final class RouteFileShape {

    private static final LoadSettings SETTINGS = LoadSettings.builder().build();

    private RouteFileShape() {}

    static Optional<Node> root(RouteFile file) {
        return new Compose(SETTINGS).composeString(file.text());
    }

    /** @throws org.snakeyaml.engine.v2.exceptions.YamlEngineException when it is not YAML */
    static List<RouteProblem> check(RouteFile file) {
        for (Event event : new Parse(SETTINGS).parseString(file.text())) {
            if (event instanceof AliasEvent) {
                int line = event.getStartMark().map(mark -> mark.getLine() + 1).orElse(1);
                return List.of(file.problem(line, "a route file has no aliases: what it does stands where it does it"));
            }
        }
        Optional<Node> root = root(file);
        if (root.isEmpty()) {
            return List.of(file.problem(1, "the file is empty"));
        }
        if (!(root.get() instanceof SequenceNode items)) {
            return List.of(
                    file.problem(line(root.get()), "a route file is a list of routes: it begins with '- route:'"));
        }
        List<RouteProblem> problems = new ArrayList<>();
        for (Node item : items.getValue()) {
            for (String key : keys(item)) {
                if (!"route".equals(key)) {
                    problems.add(file.problem(
                            line(item), "'" + key + "' has no place in a route file: routes only, the rest is Java"));
                }
            }
        }
        return problems;
    }

    private static List<String> keys(Node item) {
        return item instanceof MappingNode mapping
                ? mapping.getValue().stream()
                        .map(entry -> text(entry.getKeyNode()))
                        .toList()
                : List.of(text(item));
    }

    private static String text(Node node) {
        return node instanceof ScalarNode scalar ? scalar.getValue() : "";
    }

    static int line(Node node) {
        return node.getStartMark().map(mark -> mark.getLine() + 1).orElse(1);
    }
}
