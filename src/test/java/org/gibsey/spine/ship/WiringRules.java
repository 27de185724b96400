package org.gibsey.spine.ship;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** Whether what refers to something by name refers to something that is there, in the manifests and in the application. */
final class WiringRules {

    /** Tomcat's time limit of a request that is answered later. */
    private static final int ANSWERED_WITHIN_SECONDS = 30;

    private final Complaints broken = new Complaints("");
    private final Manifests manifests;
    private final String instructions;

    private WiringRules(Manifests manifests, String instructions) {
        this.manifests = manifests;
        this.instructions = instructions;
    }

    /**
     * @param instructions what the operator is told to make by hand
     * @return what breaks a rule, in words
     */
    static List<String> broken(Manifests manifests, String instructions) {
        return new WiringRules(manifests, instructions).check();
    }

    private List<String> check() {
        namespace();
        manifests.workloads().forEach(this::workload);
        manifests.ofKind("Deployment").forEach(this::deployment);
        manifests.ofKind("StatefulSet").forEach(this::statefulSet);
        Stream.of("Service", "PodDisruptionBudget", "NetworkPolicy")
                .flatMap(manifests::ofKind)
                .forEach(this::selector);
        manifests.ofKind("Service").forEach(this::service);
        manifests.ofKind("NetworkPolicy").forEach(this::networkPolicy);
        Stream.of("HorizontalPodAutoscaler", "ScaledObject")
                .flatMap(manifests::ofKind)
                .forEach(this::autoscaler);
        manifests.ofKind("ServiceMonitor").forEach(this::monitor);
        manifests.ofKind("PrometheusRule").forEach(this::alerts);
        manifests.ofKind("Ingress").forEach(this::ingress);
        manifests.ofKind("HTTPRoute").forEach(this::gateway);
        routes();
        broken.unless(manifests.ofKind("Secret").findAny().isEmpty(), "a secret is in the repository");
        return broken.all();
    }

    private void namespace() {
        Set<String> namespaces = new TreeSet<>();
        manifests
                .all()
                .filter(object -> !object.path("kind").asText().equals("Namespace"))
                .forEach(object ->
                        namespaces.add(object.at("/metadata/namespace").asText()));
        broken.unless(
                namespaces.size() == 1
                        && manifests
                                .find("Namespace", String.join("", namespaces))
                                .isPresent(),
                "not everything is in the namespace that is made: %s",
                namespaces);
    }

    private void workload(JsonNode workload) {
        String title = Manifests.titleOf(workload);
        JsonNode labels = workload.at("/spec/template/metadata/labels");
        broken.unless(
                matches(workload.at("/spec/selector/matchLabels"), labels), "%s does not select its own pods", title);
        broken.unless(
                workload.at("/spec/replicas").asInt() == 1
                        || selecting("PodDisruptionBudget", labels).findAny().isPresent(),
                "%s may lose all its pods to one drain",
                title);
        for (String direction : List.of("Ingress", "Egress")) {
            broken.unless(
                    selecting("NetworkPolicy", labels)
                            .anyMatch(policy ->
                                    policy.at("/spec/policyTypes").toString().contains(direction)),
                    "nothing limits the %s of %s",
                    direction,
                    title);
        }
        JsonNode pod = workload.at("/spec/template/spec");
        broken.unless(
                manifests
                        .find("ServiceAccount", pod.path("serviceAccountName").asText())
                        .isPresent(),
                "%s has no account",
                title);
        for (JsonNode container : pod.path("containers")) {
            mounts(title, container, workload);
        }
    }

    private void deployment(JsonNode deployment) {
        String title = Manifests.titleOf(deployment);
        broken.unless(
                deployment.at("/spec/replicas").asInt() > 1 || isScaled(deployment), "%s has one pod only", title);
        for (JsonNode container : deployment.at("/spec/template/spec/containers")) {
            Map<String, String> environment = environment(title, container);
            environment
                    .keySet()
                    .forEach(name ->
                            broken.unless(Settings.exists(name), "%s sets %s, which nothing reads", title, name));
            ports(title, container, environment);
            tokens(title, container, environment);
            tls(title, container, environment);
        }
    }

    /** Its pods have names of their own; whoever is told where they are, is told a service of theirs. */
    private void statefulSet(JsonNode statefulSet) {
        String title = Manifests.titleOf(statefulSet);
        JsonNode labels = statefulSet.at("/spec/template/metadata/labels");
        broken.unless(
                manifests
                        .find("Service", statefulSet.at("/spec/serviceName").asText())
                        .filter(service ->
                                service.at("/spec/clusterIP").asText().equals("None"))
                        .filter(service -> matches(selectorOf(service), labels))
                        .isPresent(),
                "the pods of %s have no names",
                title);
        environment(title, containerOf(statefulSet));
        broken.unless(
                selecting("NetworkPolicy", labels)
                        .flatMap(policy ->
                                StreamSupport.stream(policy.at("/spec/ingress").spliterator(), false))
                        .allMatch(rule -> rule.has("from")),
                "%s is open to everybody",
                title);
        broken.unless(
                addresses()
                        .anyMatch(address -> manifests
                                .find("Service", address.replaceFirst(":.*", ""))
                                .filter(service -> matches(selectorOf(service), labels))
                                .filter(service -> service.at("/spec/ports/0/port")
                                        .asText()
                                        .equals(address.replaceFirst(".*:", "")))
                                .isPresent()),
                "nobody is told of %s",
                title);
    }

    /** Host and port of broker and database, as API and worker are told. */
    private Stream<String> addresses() {
        return manifests
                .ofKind("ConfigMap")
                .map(config -> config.path("data"))
                .flatMap(data -> Stream.of(
                        data.path("KAFKA_BOOTSTRAP_SERVERS").asText(),
                        data.path("VAULT_DB_URL").asText().replaceFirst("jdbc:postgresql://([^/]*)/.*", "$1")));
    }

    /** Names and values; the value of a secret is empty. */
    private Map<String, String> environment(String title, JsonNode container) {
        Map<String, String> environment = new HashMap<>();
        for (JsonNode source : container.path("envFrom")) {
            String name = source.at("/configMapRef/name").asText();
            var config = manifests.find("ConfigMap", name);
            broken.unless(config.isPresent(), "%s is set by %s, which is not there", title, name);
            config.ifPresent(map -> map.path("data")
                    .properties()
                    .forEach(entry ->
                            environment.put(entry.getKey(), entry.getValue().asText())));
        }
        for (JsonNode variable : container.path("env")) {
            environment.put(
                    variable.path("name").asText(), variable.path("value").asText());
            JsonNode secret = variable.at("/valueFrom/secretKeyRef");
            if (!secret.isMissingNode()) {
                secret(title, secret.path("name").asText(), secret.path("key").asText());
            }
        }
        return environment;
    }

    private void secret(String title, String name, String key) {
        boolean byOperator =
                secretsMadeByOperators().getOrDefault(name, Set.of()).contains(key);
        boolean byHand = instructions.contains("create secret generic " + name)
                && (instructions.contains("--from-literal=" + key + "=")
                        || instructions.contains("--from-file=" + key));
        boolean pair = instructions.contains("create secret tls " + name)
                && Set.of("tls.crt", "tls.key").contains(key);
        broken.unless(
                byOperator || byHand || pair, "%s wants %s of the secret %s, which nobody makes", title, key, name);
    }

    private Map<String, Set<String>> secretsMadeByOperators() {
        Map<String, Set<String>> secrets = new HashMap<>();
        manifests
                .ofKind("KafkaUser")
                .forEach(user -> secrets.put(Manifests.nameOf(user), Set.of("password", "sasl.jaas.config")));
        manifests
                .ofKind("Kafka")
                .forEach(kafka -> secrets.put(Manifests.nameOf(kafka) + "-cluster-ca-cert", Set.of("ca.crt")));
        manifests.ofKind("Cluster").forEach(cluster -> {
            secrets.put(Manifests.nameOf(cluster) + "-app", Set.of("username", "password"));
            secrets.put(Manifests.nameOf(cluster) + "-ca", Set.of("ca.crt"));
        });
        manifests.ofKind("ExternalSecret").forEach(external -> {
            Set<String> keys = new TreeSet<>();
            external.at("/spec/data")
                    .forEach(entry -> keys.add(entry.path("secretKey").asText()));
            secrets.put(external.at("/spec/target/name").asText(), keys);
        });
        return secrets;
    }

    /** The stream is silent for as long as {@code STREAM_HEARTBEAT}, and its gifts must not wait in a buffer. */
    private void ingress(JsonNode ingress) {
        String title = Manifests.titleOf(ingress);
        JsonNode annotations = ingress.at("/metadata/annotations");
        String nginx = "nginx.ingress.kubernetes.io/";
        broken.unless(
                annotations.path(nginx + "proxy-read-timeout").asInt() >= 2 * heartbeatSeconds(),
                "%s cuts a stream that is silent",
                title);
        broken.unless(annotations.path(nginx + "proxy-buffering").asText().equals("off"), "%s holds gifts back", title);
        for (JsonNode rule : ingress.at("/spec/rules")) {
            for (JsonNode path : rule.at("/http/paths")) {
                JsonNode service = path.at("/backend/service");
                leadsTo(title, service.path("name").asText(), service.path("port"));
            }
        }
        knowsTheProxy(title);
    }

    private void gateway(JsonNode route) {
        String title = Manifests.titleOf(route);
        boolean streams = false;
        for (JsonNode rule : route.at("/spec/rules")) {
            rule.path("backendRefs")
                    .forEach(backend -> leadsTo(title, backend.path("name").asText(), backend));
            String limit = rule.at("/timeouts/request").asText();
            if (rule.at("/matches/0/path/value").asText().equals("/vault/stream")) {
                streams = limit.equals("0s")
                        && rule.at("/timeouts/backendRequest").asText().equals("0s");
            } else {
                broken.unless(
                        limit.matches("\\d+s") && Integer.parseInt(limit.replace("s", "")) > ANSWERED_WITHIN_SECONDS,
                        "%s gives up before the API does",
                        title);
            }
        }
        broken.unless(streams, "%s ends a stream", title);
        knowsTheProxy(title);
    }

    /** @param port that has a {@code name} or {@code number}, or {@code port} */
    private void leadsTo(String title, String service, JsonNode port) {
        broken.unless(
                manifests.find("Service", service).stream()
                        .flatMap(found ->
                                StreamSupport.stream(found.at("/spec/ports").spliterator(), false))
                        .anyMatch(open -> open.path("name").equals(port.path("name"))
                                || (port.has("port") && open.path("port").equals(port.path("port")))),
                "%s leads nowhere",
                title);
    }

    private void knowsTheProxy(String title) {
        broken.unless(
                manifests
                        .ofKind("ConfigMap")
                        .anyMatch(config -> config.path("data").has("TRUSTED_PROXIES")),
                "all readers behind %s are one to us",
                title);
    }

    private static int heartbeatSeconds() {
        return Integer.parseInt(Settings.otherwise("STREAM_HEARTBEAT").replace("s", ""));
    }

    private void ports(String title, JsonNode container, Map<String, String> environment) {
        Map<String, String> settings = Map.of("http", "SERVER_PORT", "management", "MANAGEMENT_SERVER_PORT");
        for (JsonNode port : container.path("ports")) {
            String setting = settings.get(port.path("name").asText());
            String expected = environment.getOrDefault(setting, Settings.otherwise(setting));
            broken.unless(
                    port.path("containerPort").asText().equals(expected),
                    "%s says port %s, the application %s",
                    title,
                    port.path("containerPort").asText(),
                    expected);
        }
        broken.unless(
                "0.0.0.0".equals(environment.get("MANAGEMENT_SERVER_ADDRESS")),
                "%s answers no probe: its management port is open to itself only",
                title);
    }

    /** Probes and Prometheus speak what the management port speaks. */
    private void tls(String title, JsonNode container, Map<String, String> environment) {
        boolean tls = "tls".equals(environment.get("SPRING_PROFILES_ACTIVE"))
                && !"false".equals(environment.get("MANAGEMENT_TLS"));
        for (String probe : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
            broken.unless(
                    container.path(probe).at("/httpGet/scheme").asText().equals(tls ? "HTTPS" : ""),
                    "the %s of %s does not speak what its management port does",
                    probe,
                    title);
        }
        manifests
                .ofKind("ServiceMonitor")
                .forEach(monitor -> broken.unless(
                        monitor.at("/spec/endpoints/0/scheme").asText().equals(tls ? "https" : ""),
                        "Prometheus does not speak what the management port of %s does",
                        title));
    }

    /** A process that finds no tokens does not start, and one that finds them asks Prometheus for one. */
    private void tokens(String title, JsonNode container, Map<String, String> environment) {
        String tokens = environment.getOrDefault("MANAGEMENT_TOKENS", "");
        if (tokens.isEmpty()) {
            return;
        }
        broken.unless(
                StreamSupport.stream(container.path("volumeMounts").spliterator(), false)
                        .anyMatch(mount -> Path.of(mount.path("mountPath").asText())
                                .equals(Path.of(tokens).getParent())),
                "%s does not start: nothing is mounted at %s",
                title,
                tokens);
        boolean shown = manifests
                .ofKind("ServiceMonitor")
                .flatMap(monitor ->
                        StreamSupport.stream(monitor.at("/spec/endpoints").spliterator(), false))
                .allMatch(endpoint -> endpoint.has("authorization"));
        broken.unless(
                shown || "true".equals(environment.get("MANAGEMENT_OPEN_METRICS")),
                "%s gives no metrics to a Prometheus without a token",
                title);
    }

    private void mounts(String title, JsonNode container, JsonNode workload) {
        JsonNode pod = workload.at("/spec/template/spec");
        Map<String, JsonNode> volumes = new HashMap<>();
        workload.at("/spec/volumeClaimTemplates").forEach(claim -> volumes.put(Manifests.nameOf(claim), claim));
        pod.path("volumes").forEach(volume -> volumes.put(volume.path("name").asText(), volume));
        for (JsonNode mount : container.path("volumeMounts")) {
            JsonNode volume = volumes.remove(mount.path("name").asText());
            broken.unless(volume != null, "%s mounts %s, which is no volume", title, mount.path("name"));
            broken.unless(!mount.has("subPath"), "%s mounts a single file, which never sees an edit", title);
        }
        broken.unless(volumes.isEmpty(), "%s has volumes it does not mount: %s", title, volumes.keySet());
        for (JsonNode volume : pod.path("volumes")) {
            JsonNode secret = volume.path("secret");
            for (JsonNode item : secret.path("items")) {
                secret(
                        title,
                        secret.path("secretName").asText(),
                        item.path("key").asText());
            }
        }
    }

    /** Each file is with one role, unchanged, and where the image looks for it. */
    private void routes() {
        Map<String, List<String>> roles = new HashMap<>();
        manifests.ofKind("Deployment").forEach(deployment -> {
            String title = Manifests.titleOf(deployment);
            JsonNode pod = deployment.at("/spec/template/spec");
            for (JsonNode mount : pod.at("/containers/0/volumeMounts")) {
                if (!mount.path("mountPath").asText().equals(Dockerfile.read().workingDirectory() + "/routes")) {
                    continue;
                }
                for (JsonNode volume : pod.path("volumes")) {
                    if (volume.path("name").equals(mount.path("name"))) {
                        String name = volume.at("/configMap/name").asText();
                        manifests
                                .find("ConfigMap", name)
                                .ifPresent(map -> map.path("data").properties().forEach(file -> {
                                    roles.computeIfAbsent(file.getKey(), unused -> new ArrayList<>())
                                            .add(title);
                                    Path route = Project.ROUTES.resolve(file.getKey());
                                    broken.unless(
                                            Files.exists(route)
                                                    && Yaml.text(route)
                                                            .equals(file.getValue()
                                                                    .asText()),
                                            "%s is not the %s of the routes folder",
                                            file.getKey(),
                                            route);
                                }));
                    }
                }
            }
        });
        for (String file : Project.routeFiles()) {
            List<String> loadedBy = roles.getOrDefault(file, List.of());
            broken.unless(loadedBy.size() == 1, "%s is loaded by %s", file, loadedBy);
        }
    }

    private void selector(JsonNode object) {
        JsonNode selector = selectorOf(object);
        broken.unless(
                podsOf(selector).findAny().isPresent() && !selector.isEmpty(),
                "%s selects no pod of ours",
                Manifests.titleOf(object));
    }

    private void service(JsonNode service) {
        for (JsonNode port : service.at("/spec/ports")) {
            String target = port.path("targetPort").asText();
            broken.unless(
                    podsOf(selectorOf(service))
                            .allMatch(deployment -> PodRules.hasPort(containerOf(deployment), target)),
                    "%s leads to a port %s that not all its pods have",
                    Manifests.titleOf(service),
                    target);
            podsOf(selectorOf(service))
                    .filter(deployment -> target.equals("http"))
                    .forEach(deployment -> broken.unless(
                            containerOf(deployment).at("/lifecycle").has("preStop"),
                            "%s stops while requests still come",
                            Manifests.titleOf(deployment)));
        }
    }

    private void networkPolicy(JsonNode policy) {
        Stream.of("/spec/ingress", "/spec/egress")
                .map(policy::at)
                .flatMap(rules -> StreamSupport.stream(rules.spliterator(), false))
                .flatMap(rule -> Stream.of(rule.path("from"), rule.path("to")))
                .flatMap(peers -> StreamSupport.stream(peers.spliterator(), false))
                .filter(peer -> peer.has("podSelector") && !peer.has("namespaceSelector"))
                .forEach(peer -> broken.unless(
                        podsOf(peer.at("/podSelector/matchLabels")).findAny().isPresent(),
                        "%s knows pods there are not",
                        Manifests.titleOf(policy)));
        for (JsonNode rule : policy.at("/spec/ingress")) {
            for (JsonNode port : rule.path("ports")) {
                broken.unless(
                        podsOf(selectorOf(policy))
                                .allMatch(deployment -> PodRules.hasPort(
                                        containerOf(deployment),
                                        port.path("port").asText())),
                        "%s opens a port there is not",
                        Manifests.titleOf(policy));
                broken.unless(
                        !port.path("port").asText().equals("management") || rule.has("from"),
                        "%s opens the management port to everybody",
                        Manifests.titleOf(policy));
            }
        }
    }

    private void autoscaler(JsonNode autoscaler) {
        String title = Manifests.titleOf(autoscaler);
        String name = autoscaler.at("/spec/scaleTargetRef/name").asText();
        var deployment = manifests.find("Deployment", name);
        broken.unless(deployment.isPresent(), "%s scales nothing", title);
        broken.unless(
                !deployment.map(found -> found.path("spec").has("replicas")).orElse(false),
                "%s and the manifest both say how many %s there are",
                title,
                name);
    }

    private void monitor(JsonNode monitor) {
        JsonNode selector = monitor.at("/spec/selector/matchLabels");
        List<JsonNode> services = manifests
                .ofKind("Service")
                .filter(service -> matches(selector, service.at("/metadata/labels")))
                .toList();
        broken.unless(!services.isEmpty(), "%s watches nothing", Manifests.titleOf(monitor));
        String jobLabel = monitor.at("/spec/jobLabel").asText();
        broken.unless(
                services.stream()
                        .allMatch(service -> service.path("metadata")
                                .path("labels")
                                .path(jobLabel)
                                .asText()
                                .equals("gift-spine")),
                "%s calls its metrics another job than the alerts do",
                Manifests.titleOf(monitor));
        for (JsonNode endpoint : monitor.at("/spec/endpoints")) {
            broken.unless(
                    services.stream()
                            .allMatch(
                                    service -> service.at("/spec/ports/0/name").equals(endpoint.path("port"))),
                    "%s asks a port there is not",
                    Manifests.titleOf(monitor));
        }
    }

    private boolean isScaled(JsonNode deployment) {
        return Stream.of("HorizontalPodAutoscaler", "ScaledObject")
                .flatMap(manifests::ofKind)
                .anyMatch(autoscaler ->
                        autoscaler.at("/spec/scaleTargetRef/name").asText().equals(Manifests.nameOf(deployment)));
    }

    private Stream<JsonNode> selecting(String kind, JsonNode labels) {
        return manifests.ofKind(kind).filter(object -> matches(selectorOf(object), labels));
    }

    /** One set of alerts, whoever runs Prometheus; kustomize cannot make the one file of the other. */
    private void alerts(JsonNode rule) {
        Path file = Path.of("observe/prometheus/gift-spine.rules.yaml");
        broken.unless(
                rule.at("/spec/groups").equals(Yaml.read(file).path("groups")),
                "%s has other alerts than %s",
                Manifests.titleOf(rule),
                file);
    }

    private static JsonNode selectorOf(JsonNode object) {
        return switch (object.path("kind").asText()) {
            case "Service" -> object.at("/spec/selector");
            case "NetworkPolicy" -> object.at("/spec/podSelector/matchLabels");
            default -> object.at("/spec/selector/matchLabels");
        };
    }

    private Stream<JsonNode> podsOf(JsonNode selector) {
        return manifests
                .workloads()
                .filter(workload -> matches(selector, workload.at("/spec/template/metadata/labels")));
    }

    private static JsonNode containerOf(JsonNode deployment) {
        return deployment.at("/spec/template/spec/containers/0");
    }

    private static boolean matches(JsonNode selector, JsonNode labels) {
        boolean matches = true;
        for (var wanted : selector.properties()) {
            matches &= wanted.getValue().equals(labels.get(wanted.getKey()));
        }
        return matches;
    }
}
