package org.gibsey.spine.liveroutes;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.camel.Endpoint;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * What a route file may be made of. Camel can run commands, read files and passwords, and call any Java object; whoever may
 * edit a route need not be able to. So what is not listed here is refused, also what a later Camel brings. The setting
 * {@code spine.routes.allow} adds to the lists of components, options, languages, data formats, beans and settings. Immutable.
 *
 * <p>Steps and their elements cannot be added: the guarantees that {@link SafetyRules} looks after are known to hold for these.
 */
final class AllowedParts {

    private static final Set<String> LANGUAGES = Set.of("constant", "simple", "header", "exchangeProperty");
    private static final Set<String> DATA_FORMATS = Set.of("json", "custom");
    private static final Set<String> BEANS = Set.of(
            "acceptGift",
            "changeQuery",
            "acceptChange",
            "acceptErasure",
            "kafkaStatus",
            "listQuery",
            "listAnswer",
            "searchQuery",
            "searchAsked",
            "giftQuery",
            "giftAnswer",
            "historyAnswer",
            "giftPageQuery",
            "giftPage",
            "atomFeed",
            "giftEvents",
            "giftObjects",
            "changeEvents",
            "purgeQuery",
            "deadLetterRecords",
            "dataSource",
            "vaultReads");
    /** Beginnings of settings that hold no secret. */
    private static final Set<String> SETTINGS = Set.of("spine.topic.", "spine.changes.", "spine.limits.");

    /** Elements, each with what may stand in it; all have an id, and steps have {@link #OF_EVERY_STEP} too. */
    private static final Map<String, Set<String>> ELEMENTS = Map.ofEntries(
            Map.entry("routes", Set.of("route")),
            Map.entry("route", Set.of("description", "note", "group", "from")),
            Map.entry("from", Set.of("description", "uri", "parameters", "steps")),
            Map.entry(
                    "steps",
                    Set.of(
                            "choice",
                            "delay",
                            "filter",
                            "log",
                            "marshal",
                            "pipeline",
                            "process",
                            "removeHeader",
                            "removeHeaders",
                            "setBody",
                            "setHeader",
                            "setHeaders",
                            "setProperty",
                            "split",
                            "step",
                            "stop",
                            "to",
                            "unmarshal")),
            Map.entry("choice", Set.of("when", "otherwise")),
            Map.entry("when", Set.of("expression", "steps", "description", "note", "disabled")),
            Map.entry("otherwise", Set.of("steps", "description", "note", "disabled")),
            Map.entry("delay", Set.of("expression")),
            Map.entry("filter", Set.of("expression", "steps")),
            Map.entry("log", Set.of("message", "loggingLevel")),
            Map.entry("marshal", DATA_FORMATS),
            Map.entry("unmarshal", DATA_FORMATS),
            Map.entry("json", Set.of("library", "prettyPrint")),
            Map.entry("custom", Set.of("ref")),
            Map.entry("pipeline", Set.of("steps")),
            Map.entry("process", Set.of("ref")),
            Map.entry("removeHeader", Set.of("name")),
            Map.entry("removeHeaders", Set.of("pattern", "excludePattern")),
            Map.entry("setBody", Set.of("expression")),
            Map.entry("setHeader", Set.of("name", "expression")),
            Map.entry("setHeaders", Set.of("headers")),
            Map.entry("headers", Set.of("name", "expression")),
            Map.entry("setProperty", Set.of("name", "expression")),
            // ConsumerRules says what these must be
            Map.entry("split", Set.of("expression", "steps", "streaming", "parallelProcessing", "aggregationStrategy")),
            Map.entry("step", Set.of("steps")),
            Map.entry("stop", Set.of()),
            Map.entry("to", Set.of("uri", "parameters")),
            Map.entry("expression", LANGUAGES),
            Map.entry("constant", Set.of("expression")),
            Map.entry("simple", Set.of("expression")),
            Map.entry("header", Set.of("expression")),
            Map.entry("exchangeProperty", Set.of("expression")));

    private static final Set<String> OF_EVERY_STEP = Set.of("description", "note", "disabled");

    /** Components, each with its options: none says where a connection goes, as whom, or names a class to run. */
    private static final Map<String, Set<String>> COMPONENTS = Map.of(
            "direct",
            Set.of(),
            "jdbc",
            Set.of("useHeadersAsParameters", "resetAutoCommit", "outputType", "readSize"),
            "platform-http",
            Set.of("httpMethodRestrict", "produces", "consumes", "useStreaming", "matchOnUriPrefix"),
            "timer",
            Set.of("period", "delay"),
            "kafka",
            Set.of(
                    // of consumers
                    "groupId",
                    "clientId",
                    "consumersCount",
                    "sessionTimeoutMs",
                    "heartbeatIntervalMs",
                    "maxPollRecords",
                    "maxPollIntervalMs",
                    "fetchMinBytes",
                    "fetchMaxBytes",
                    "fetchWaitMaxMs",
                    "maxPartitionFetchBytes",
                    // of producers
                    "valueSerializer",
                    "keySerializer",
                    "synchronous",
                    "recordMetadata",
                    "maxRequestSize",
                    "maxBlockMs",
                    "lingerMs",
                    "maxInFlightRequest",
                    "requestTimeoutMs",
                    "deliveryTimeoutMs",
                    "reconnectBackoffMs",
                    "reconnectBackoffMaxMs",
                    "retryBackoffMs",
                    "compressionCodec",
                    "producerBatchSize",
                    "bufferMemorySize",
                    "additionalProperties.socket.connection.setup.timeout.ms",
                    "additionalProperties.socket.connection.setup.timeout.max.ms",
                    // ConsumerRules and PublishRules say what these must be
                    "batching",
                    "autoCommitEnable",
                    "allowManualCommit",
                    "breakOnFirstError",
                    "pollOnError",
                    "autoOffsetReset",
                    "keyDeserializer",
                    "valueDeserializer",
                    "seekTo",
                    "requestRequiredAcks",
                    "enableIdempotence",
                    "additionalProperties.acks",
                    "additionalProperties.enable.idempotence",
                    "additionalProperties.enable.auto.commit",
                    "additionalProperties.auto.offset.reset"));

    /** Why some things are not listed, where it is worth saying. */
    private static final Map<String, String> WHY_NOT = whyNot();

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
    private static final String HEADER = "header ";
    private static final String SERIALIZATION = "org.apache.kafka.common.serialization.";

    private final Set<String> more;

    /** @param more each {@code kind:name}, see {@code spine.routes.allow} */
    AllowedParts(Collection<String> more) {
        this.more = Set.copyOf(more);
    }

    /** Looks at every node of a file that Camel could load. */
    List<RouteProblem> check(RouteFile file) {
        Walk walk = new Walk(file);
        RouteFileShape.root(file).ifPresent(root -> walk.value("", "routes", root, ""));
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
                        + String.join("*, ", new TreeSet<>(SETTINGS)) + "*");
    }

    private boolean isAllowedSetting(@Nullable String name) {
        return name != null && (SETTINGS.stream().anyMatch(name::startsWith) || more.contains("setting:" + name));
    }

    /** Whether it is of a component that no file may use unless the operator allows it. */
    static boolean isAdded(Endpoint endpoint) {
        return !COMPONENTS.containsKey(endpoint.getEndpointUri().replaceFirst(":.*", ""));
    }

    /** Why an endpoint must not be made, before a class or bean that its options name is; empty when it may. */
    Optional<RouteProblem> refusesToMake(RouteFile file, int line, String component, Map<String, Object> options) {
        if (!has(COMPONENTS.keySet(), "component", component)) {
            String reason = notListed("component", component, COMPONENTS.keySet());
            return Optional.of(
                    file.problem(file.lineOf(component + ":", line), WHY_NOT.getOrDefault(component + ":", reason)));
        }
        for (Map.Entry<String, Object> option : options.entrySet()) {
            String value = decoded(option.getValue().toString());
            boolean bean = value.startsWith("#") && has(BEANS, "bean", value.substring(1));
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
        if (component.equals("jdbc") && !has(BEANS, "bean", path)) {
            return Optional.of(file.problem(file.lineOf("jdbc:", line), notListed("bean", path, BEANS)));
        }
        Set<String> known = COMPONENTS.getOrDefault(component, Set.of());
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

    private static Map<String, String> whyNot() {
        String errors = " is not allowed: it replaces the error handling of the service";
        String computed =
                " computes its target from the message, which cannot be checked beforehand: name the targets in"
                        + " 'to' steps, inside a 'choice' where it depends on the message";
        return Map.ofEntries(
                Map.entry("routeConfigurationId", "routeConfigurationId" + errors),
                Map.entry("errorHandler", "errorHandler" + errors),
                Map.entry("onException", "onException" + errors),
                Map.entry("routePolicy", "routePolicy is not allowed: policies are Java and cover every route"),
                Map.entry(
                        "autoStartup",
                        "autoStartup is not allowed: the routes of a file run for as long as the file is there; remove the"
                                + " file"),
                Map.entry("doTry", "doTry hides errors from the error handling of the service, and with it lost gifts"),
                Map.entry("onCompletion", "onCompletion has no error handling; add a step to the route instead"),
                Map.entry("trace", "trace logs message bodies"),
                Map.entry("log:", "the log component logs message bodies: use a log step, which says what it logs"),
                Map.entry("toD", "toD" + computed),
                Map.entry("wireTap", "wireTap" + computed),
                Map.entry("enrich", "enrich" + computed),
                Map.entry("pollEnrich", "pollEnrich" + computed),
                Map.entry("recipientList", "recipientList" + computed),
                Map.entry("routingSlip", "routingSlip" + computed),
                Map.entry("dynamicRouter", "dynamicRouter" + computed),
                Map.entry("throwException", "throwException is not allowed: messages of errors are logged"));
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
                text(parent, key, scalar, holder);
            }
        }

        private void element(String name, MappingNode element, String holder) {
            Set<String> allowed = ELEMENTS.get(name);
            String inside = holder(name, element, holder);
            for (NodeTuple child : element.getValue()) {
                String key = child.getKeyNode() instanceof ScalarNode scalar ? scalar.getValue() : "";
                if (allowed == null || mayHave(name, allowed, key)) {
                    if (name.equals("parameters")) {
                        settings(child.getKeyNode(), key);
                    }
                    value(name, key, child.getValueNode(), inside);
                } else {
                    refuse(
                            child.getKeyNode(),
                            WHY_NOT.getOrDefault(
                                    key,
                                    "'" + key + "' is nothing a route file may have in '" + name + "': "
                                            + String.join(", ", new TreeSet<>(allowed))));
                }
            }
        }

        private boolean mayHave(String element, Set<String> allowed, String key) {
            return allowed.contains(key)
                    || key.equals("id")
                    || (allowed.equals(DATA_FORMATS) && more.contains("dataformat:" + key))
                    || ((allowed.equals(LANGUAGES) || allowed.contains("expression"))
                            && has(LANGUAGES, "language", key)
                            && !LANGUAGES.contains(element))
                    || (ELEMENTS.getOrDefault("steps", Set.of()).contains(element) && OF_EVERY_STEP.contains(key));
        }

        private String holder(String name, MappingNode element, String outer) {
            return switch (name) {
                case "setHeader", "headers" ->
                    HEADER
                            + element.getValue().stream()
                                    .filter(child -> child.getKeyNode() instanceof ScalarNode key
                                            && key.getValue().equals("name"))
                                    .map(child ->
                                            child.getValueNode() instanceof ScalarNode value ? value.getValue() : "")
                                    .findFirst()
                                    .orElse("");
                case "split", "filter", "when", "setBody", "setProperty", "delay" -> name;
                default -> outer;
            };
        }

        private void text(String parent, String key, ScalarNode node, String holder) {
            String text = node.getValue();
            settings(node, text);
            if (text.stripLeading().startsWith("resource:")) {
                refuse(node, "'resource:' reads a file, which no route file may");
            }
            if (ELEMENTS.containsKey(key) && !text.isEmpty() && !isShort(parent, key)) {
                refuse(node, "'" + key + "' must be written out: its parts each with a name");
            }
            String kind = LANGUAGES.contains(parent) ? parent : key;
            if (holder.equals("delay") && LANGUAGES.contains(kind) && !kind.equals("constant")) {
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
                    if (!has(BEANS, "bean", text)) {
                        refuse(node, notListed("bean", text, BEANS));
                    }
                }
                default -> {}
            }
        }

        /** Where a text alone stands for an element: a step log, to or from, a language, and the text of a language. */
        private boolean isShort(String parent, String key) {
            return Set.of("log", "to", "from").contains(key)
                    || LANGUAGES.contains(key)
                    || (key.equals("expression") && !(ELEMENTS.containsKey(parent) && !LANGUAGES.contains(parent)));
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
                    RouteFileShape.line(node), reason.lines().findFirst().orElse("")));
        }
    }

    private static Optional<String> unlisted(Pattern listed, String text) {
        return Stream.of(listed.matcher(text).replaceAll(""))
                .flatMap(rest -> ANY_FUNCTION.matcher(rest).results())
                .map(found -> found.group())
                .findFirst();
    }
}
