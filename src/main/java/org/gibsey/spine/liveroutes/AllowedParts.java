package org.gibsey.spine.liveroutes;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.camel.Endpoint;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionEndEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.springframework.core.io.ClassPathResource;

/**
 * What a route file may be made of: what {@code allowed-parts.yaml} lists, which says why, and what the setting {@code
 * spine.routes.allow} adds. Immutable.
 */
final class AllowedParts {

    private static final LoadSettings YAML = LoadSettings.builder().build();
    private static final Lists LISTED = Lists.read();

    /** Functions of the simple language that never give what a reader wrote: no step of a file can set what they read. */
    private static final String LOGGABLE =
            "header\\.ce_\\w+|header\\.kafka\\.(TOPIC|PARTITION|OFFSET|TIMESTAMP)|exchangeProperty\\.eventId"
                    + "|exchangeId|routeId|fromRouteId|uuid|random\\(\\d+(,\\d+)?\\)|date:now:[^{}$]+";
    /** No dot, bracket or parenthesis, which would call a method of the value. */
    private static final String READABLE = "(?!(?i:camel))[\\w-]+";

    private static final Pattern LOGGED = function(LOGGABLE);
    private static final Pattern EVALUATED =
            function(LOGGABLE + "|header\\." + READABLE + "|exchangeProperty\\." + READABLE);
    private static final Pattern ANY_FUNCTION = Pattern.compile("\\$\\w*\\{[^}]*}?");
    private static final Pattern NAME_READ = Pattern.compile(READABLE);
    /** Names that begin with Camel mean something to Camel, so those that may be set are listed; ce_* belongs to the event. */
    private static final Pattern NAME_SET =
            Pattern.compile("CamelHttpResponseCode|CamelJdbcParameters|(?!(?i:camel|ce[_-]|eventId$))[\\w-]+");

    private static final Pattern PARAMETERS_FROM_BODY = Pattern.compile("\\s*\\$\\{body}\\s*");
    private static final Pattern NO_BODY = Pattern.compile("\\s*\\$\\{body} [!=]= null\\s*");
    private static final Pattern PLACEHOLDER = Pattern.compile("\\{\\{\\s*\\??([^{}:]*)}}|\\{\\{[^}]*}?}?");
    /** What reads it calls itself at each level, and the stack would end long before the largest file. */
    private static final int DEEPEST = 200;

    private static final String HEADER = "header ";
    private static final String SERIALIZATION = "org.apache.kafka.common.serialization.";

    private final Set<String> more;

    /** @param more each {@code kind:name}, see {@code spine.routes.allow} */
    AllowedParts(Collection<String> more) {
        this.more = Set.copyOf(more);
    }

    /**
     * Looks at the outer shape of a file: a list of routes and nothing else. Camel would also take beans, route
     * configurations, error handlers and interceptors there, each of which reaches beyond its file and can switch off what
     * keeps gifts safe. To be done before Camel loads it.
     *
     * @throws org.snakeyaml.engine.v2.exceptions.YamlEngineException when it is not YAML
     */
    static List<RouteProblem> checkShape(RouteFile file) {
        if (file.text().getBytes(StandardCharsets.UTF_8).length > RouteFile.MOST_BYTES) {
            return List.of(file.problem(1, "larger than " + RouteFile.MOST_BYTES + " bytes"));
        }
        int depth = 0;
        for (Event event : new Parse(YAML).parseString(file.text())) {
            depth += event instanceof CollectionStartEvent ? 1 : event instanceof CollectionEndEvent ? -1 : 0;
            if (depth > DEEPEST) {
                return List.of(file.problem(line(event.getStartMark()), "nested too deeply"));
            }
            if (event instanceof AliasEvent) {
                return List.of(file.problem(
                        line(event.getStartMark()),
                        "a route file has no aliases: what it does stands where it does it"));
            }
        }
        Optional<Node> root = root(file);
        if (root.isEmpty()) {
            return List.of(file.problem(1, "the file is empty"));
        }
        if (!(root.get() instanceof SequenceNode items)) {
            return List.of(file.problem(
                    line(root.get().getStartMark()), "a route file is a list of routes: it begins with '- route:'"));
        }
        List<RouteProblem> problems = new ArrayList<>();
        for (Node item : items.getValue()) {
            for (String key : keys(item)) {
                if (!key.equals("route")) {
                    problems.add(file.problem(
                            line(item.getStartMark()),
                            "'" + key + "' has no place in a route file: routes only, the rest is Java"));
                }
            }
        }
        return problems;
    }

    private static Optional<Node> root(RouteFile file) {
        return new Compose(YAML).composeString(file.text());
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

    private static int line(Optional<Mark> mark) {
        return mark.map(Mark::getLine).orElse(0) + 1;
    }

    /** Looks at every node of a file that Camel could load. */
    List<RouteProblem> check(RouteFile file) {
        Walk walk = new Walk(file);
        root(file).ifPresent(root -> walk.value("", "routes", root, ""));
        return walk.problems;
    }

    /** Why a text must not be resolved, for it names a setting that may be a secret; empty when it may. */
    Optional<String> refusesToRead(String text) {
        return PLACEHOLDER
                .matcher(text)
                .results()
                .filter(found -> !isAllowedSetting(found.group(1)))
                .findFirst()
                .map(found -> "'" + found.group() + "' is no setting a route file may read: "
                        + String.join("*, ", new TreeSet<>(LISTED.settings)) + "*");
    }

    private boolean isAllowedSetting(@Nullable String name) {
        return name != null
                && (LISTED.settings.stream().anyMatch(name::startsWith) || more.contains("setting:" + name));
    }

    /** Whether it is of a component that no file may use unless the operator allows it. */
    static boolean isAdded(Endpoint endpoint) {
        return !LISTED.components.containsKey(endpoint.getEndpointUri().replaceFirst(":.*", ""));
    }

    /** Why an endpoint must not be made, before a class or bean that its options name is; empty when it may. */
    Optional<RouteProblem> refusesToMake(RouteFile file, int line, String component, Map<String, Object> options) {
        if (!has(LISTED.components.keySet(), "component", component)) {
            String reason = notListed("component", component, LISTED.components.keySet());
            return Optional.of(file.problem(file.lineOf(component + ":", line), why("component " + component, reason)));
        }
        for (Map.Entry<String, Object> option : options.entrySet()) {
            String value = decoded(option.getValue().toString());
            boolean bean = value.startsWith("#") && has(LISTED.beans, "bean", value.substring(1));
            if ((value.contains("#") && !bean) || value.contains("{{") || value.contains("%")) {
                return Optional.of(file.problem(
                        file.lineOf(option.getKey(), line),
                        "'" + value + "' of " + option.getKey()
                                + " is a bean, class or setting no route file may use"));
            }
        }
        return Optional.empty();
    }

    /** Why an endpoint that can be made must not be used; empty when it may. */
    Optional<RouteProblem> refusesToUse(
            RouteFile file, int line, String component, String path, Map<String, Object> options) {
        if (component.equals("jdbc") && !has(LISTED.beans, "bean", path)) {
            return Optional.of(file.problem(file.lineOf("jdbc:", line), notListed("bean", path, LISTED.beans)));
        }
        Set<String> known = LISTED.components.getOrDefault(component, Set.of());
        for (Map.Entry<String, Object> option : options.entrySet()) {
            String name = option.getKey();
            int at = file.lineOf(name, line);
            if (!known.contains(name) && !more.contains("option:" + component + "." + name)) {
                return Optional.of(
                        file.problem(at, "option " + name + " of " + component + " is not one a route file may set"));
            }
            if (name.endsWith("Serializer") && !option.getValue().toString().startsWith(SERIALIZATION)) {
                return Optional.of(file.problem(at, name + " must be one of " + SERIALIZATION + "*"));
            }
        }
        return Optional.empty();
    }

    /** As Camel reads it in the end; what is encoded twice keeps a percent sign. */
    static String decoded(String uri) {
        return URLDecoder.decode(uri.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    private boolean has(Set<String> listed, String kind, String name) {
        return listed.contains(name) || more.contains(kind + ":" + name);
    }

    private static String notListed(String kind, String name, Collection<String> listed) {
        return kind + " '" + name + "' is not one a route file may use: " + String.join(", ", new TreeSet<>(listed));
    }

    private static Pattern function(String functions) {
        return Pattern.compile("\\$\\{(" + functions + ")}");
    }

    /** Why something is not listed, in its own words where the lists have some. */
    private static String why(String name, String otherwise) {
        String reason = LISTED.whyNot.get(name);
        return reason == null ? otherwise : name + " " + reason;
    }

    /** The parts of {@code allowed-parts.yaml}, as it describes them. */
    private record Lists(
            Set<String> languages,
            Set<String> dataFormats,
            Set<String> beans,
            Set<String> settings,
            Set<String> ofEveryStep,
            Map<String, Set<String>> elements,
            Map<String, Set<String>> components,
            Map<String, String> whyNot) {

        static Lists read() {
            try (InputStream file = new ClassPathResource("allowed-parts.yaml").getInputStream()) {
                return new ObjectMapper().convertValue(new Load(YAML).loadFromInputStream(file), Lists.class);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Goes through the nodes of one file. */
    private final class Walk {

        private final RouteFile file;
        private final List<RouteProblem> problems = new ArrayList<>();

        Walk(RouteFile file) {
            this.file = file;
        }

        /**
         * @param parent the element that the value is in
         * @param key    its key there
         * @param holder the innermost element that has an expression; for a header {@link #HEADER} and its name
         */
        void value(String parent, String key, Node value, String holder) {
            if (value instanceof SequenceNode items) {
                items.getValue().forEach(item -> value(parent, key, item, holder));
            } else if (value instanceof MappingNode element) {
                element(key, element, holder);
            } else if (value instanceof ScalarNode scalar) {
                scalar(parent, key, scalar, holder);
            }
        }

        private void element(String name, MappingNode element, String holder) {
            Set<String> allowed = LISTED.elements.get(name);
            String inside = holder(name, element, holder);
            Set<String> keys = new HashSet<>();
            for (NodeTuple child : element.getValue()) {
                String key = text(child.getKeyNode());
                if (!keys.add(key)) {
                    refuse(child.getKeyNode(), "'" + key + "' is there twice");
                }
                if (allowed == null || mayHave(name, allowed, key)) {
                    if (name.equals("parameters")) {
                        settings(child.getKeyNode(), key);
                    }
                    value(name, key, child.getValueNode(), inside);
                } else {
                    refuse(
                            child.getKeyNode(),
                            why(
                                    key,
                                    "'" + key + "' is nothing a route file may have in '" + name + "': "
                                            + String.join(", ", new TreeSet<>(allowed))));
                }
            }
        }

        private boolean mayHave(String element, Set<String> allowed, String key) {
            return allowed.contains(key)
                    || key.equals("id")
                    || (allowed.equals(LISTED.dataFormats) && more.contains("dataformat:" + key))
                    || ((allowed.equals(LISTED.languages) || allowed.contains("expression"))
                            && has(LISTED.languages, "language", key)
                            && !LISTED.languages.contains(element))
                    || (LISTED.elements.getOrDefault("steps", Set.of()).contains(element)
                            && LISTED.ofEveryStep.contains(key));
        }

        private String holder(String name, MappingNode element, String outer) {
            return switch (name) {
                case "setHeader", "headers" ->
                    HEADER
                            + element.getValue().stream()
                                    .filter(child -> text(child.getKeyNode()).equals("name"))
                                    .map(child -> text(child.getValueNode()))
                                    .findFirst()
                                    .orElse("");
                case "split", "filter", "when", "setBody", "setProperty", "delay" -> name;
                default -> outer;
            };
        }

        private void scalar(String parent, String key, ScalarNode node, String holder) {
            String text = node.getValue();
            settings(node, text);
            // Camel trims control characters, too
            if (text.trim().startsWith("resource:")) {
                refuse(node, "'resource:' reads a file, which no route file may");
            }
            if (LISTED.elements.containsKey(key)
                    && !parent.equals("parameters")
                    && !text.isEmpty()
                    && !isShort(parent, key)) {
                refuse(node, "'" + key + "' must be written out: its parts each with a name");
            }
            String kind = LISTED.languages.contains(parent) ? parent : key;
            if (holder.equals("delay") && LISTED.languages.contains(kind) && !kind.equals("constant")) {
                refuse(node, "a delay must be constant: no message says how long the next one waits");
            }
            switch (kind) {
                case "simple" -> simple(node, text, holder);
                case "header", "exchangeProperty" -> {
                    if (!NAME_READ.matcher(text).matches()) {
                        refuse(node, kind + " '" + text + "' is not one a route file may read");
                    }
                }
                case "log", "message" ->
                    unlisted(LOGGED, text)
                            .ifPresent(function -> refuse(
                                    node,
                                    "'" + function
                                            + "' is not one a log step may name, for message bodies are never logged:"
                                            + " log a header ce_*, the place in Kafka or the id of the event"));
                case "name" -> {
                    if (!parent.equals("removeHeader")
                            && !NAME_SET.matcher(text).matches()) {
                        refuse(node, "'" + text + "' is no name a route file may set");
                    }
                }
                case "ref" -> {
                    if (!has(LISTED.beans, "bean", text)) {
                        refuse(node, notListed("bean", text, LISTED.beans));
                    }
                }
                default -> {}
            }
        }

        /** Where a text alone stands for an element: a step log, to or from, a language, and the text of a language. */
        private boolean isShort(String parent, String key) {
            return Set.of("log", "to", "from").contains(key)
                    || LISTED.languages.contains(key)
                    || (key.equals("expression")
                            && !(LISTED.elements.containsKey(parent) && !LISTED.languages.contains(parent)));
        }

        private void simple(Node node, String text, String holder) {
            boolean whole = (holder.equals("split") || holder.equals(HEADER + "CamelJdbcParameters"))
                    && PARAMETERS_FROM_BODY.matcher(text).matches();
            boolean asked = (holder.equals("filter") || holder.equals("when"))
                    && NO_BODY.matcher(text).matches();
            if (!whole && !asked) {
                unlisted(EVALUATED, text)
                        .ifPresent(function -> refuse(
                                node,
                                "'" + function + "' is not one a route file may evaluate here: a header, an"
                                        + " exchangeProperty, the ids of route and exchange"));
            }
        }

        private void settings(Node node, String text) {
            refusesToRead(text).ifPresent(reason -> refuse(node, reason));
        }

        private void refuse(Node node, String reason) {
            problems.add(file.problem(
                    line(node.getStartMark()), reason.lines().findFirst().orElse("")));
        }
    }

    private static Optional<String> unlisted(Pattern listed, String text) {
        return Stream.of(listed.matcher(text).replaceAll(""))
                .flatMap(rest -> ANY_FUNCTION.matcher(rest).results())
                .map(found -> found.group())
                .findFirst();
    }
}
