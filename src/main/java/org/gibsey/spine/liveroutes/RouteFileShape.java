package org.gibsey.spine.liveroutes;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * The outer shape of a route file: a list of routes and nothing else. Camel would also take beans, route configurations,
 * error handlers and interceptors there, each of which reaches beyond its file and can switch off what keeps gifts safe.
 */
final class RouteFileShape {

    private RouteFileShape() {}

    /** @throws org.snakeyaml.engine.v2.exceptions.YamlEngineException when it is not YAML */
    static List<RouteProblem> check(RouteFile file) {
        Optional<Node> root = new Compose(LoadSettings.builder().build()).composeString(file.text());
        if (root.isEmpty()) {
            return List.of(file.problem(1, "the file is empty"));
        }
        if (!(root.get() instanceof SequenceNode items)) {
            return List.of(
                    file.problem(line(root.get()), "a route file is a list of routes: it begins with '- route:'"));
        }
        List<RouteProblem> problems = new ArrayList<>();
        for (Node item : items.getValue()) {
            String key = key(item);
            if (!"route".equals(key)) {
                problems.add(file.problem(
                        line(item), "'" + key + "' has no place in a route file: routes only, the rest is Java"));
            }
        }
        return problems;
    }

    private static String key(Node item) {
        if (item instanceof MappingNode mapping) {
            for (NodeTuple entry : mapping.getValue()) {
                if (entry.getKeyNode() instanceof ScalarNode key) {
                    return key.getValue();
                }
            }
        }
        return item instanceof ScalarNode scalar ? scalar.getValue() : "";
    }

    private static int line(Node node) {
        return node.getStartMark().map(mark -> mark.getLine() + 1).orElse(1);
    }
}
