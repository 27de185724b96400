package org.gibsey.spine.ship;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;
import org.gibsey.spine.embedded.EmbeddedDatabase;

/** How the compose file has to be: the rules of the manifests, as far as one machine has them, and names that agree. */
final class ComposeRules {

    private static final Set<String> OURS = Set.of("api", "worker");
    /** They end when they are done. */
    private static final Set<String> ONCE = Set.of("topics");

    /** They watch the others, for who asks. */
    private static final Set<String> OBSERVERS = Set.of("prometheus", "grafana");

    private static final Path OBSERVE = Path.of("observe");

    private static final Pattern TOPIC = Pattern.compile("topic (\\S+) --partitions (\\d+) .*retention\\.ms=");

    private final Complaints broken = new Complaints("");
    private final JsonNode file;

    private ComposeRules(JsonNode file) {
        this.file = file;
    }

    /** @return what breaks a rule, in words */
    static List<String> broken(JsonNode file) {
        return new ComposeRules(file).check();
    }

    private List<String> check() {
        for (var service : file.path("services").properties()) {
            every(service.getKey(), service.getValue());
            if (OURS.contains(service.getKey())) {
                ours(service.getKey(), service.getValue());
            }
        }
        broken.unless(!service("worker").has("ports"), "a second worker would find its port taken");
        broken.unless(
                service("api").path("ports").toString().contains("\"8000:" + Settings.otherwise("SERVER_PORT") + '"'),
                "the API is not on its port");
        routes();
        topics();
        database();
        observers();
        return broken.all();
    }

    private void every(String name, JsonNode service) {
        String image = service.path("image").asText();
        broken.unless(
                image.matches(".+:.*\\d.*") && !image.endsWith("latest"), "%s can be another image tomorrow", name);
        broken.unless(!service.has("container_name"), "%s can be there once only", name);
        broken.unless(service.at("/deploy/resources/limits").has("memory"), "%s may take all memory", name);
        broken.unless(
                service.path("restart").asText().equals(ONCE.contains(name) ? "on-failure" : "unless-stopped"),
                "%s stays down",
                name);
        for (JsonNode port : service.path("ports")) {
            broken.unless(
                    port.asText().startsWith("127.0.0.1:") || port.asText().startsWith("8000:"),
                    "%s is open to the network: %s",
                    name,
                    port.asText());
        }
        for (JsonNode volume : service.path("volumes")) {
            String source = volume.asText().split(":", 2)[0];
            broken.unless(
                    source.startsWith(".")
                            ? Files.exists(Path.of(source))
                            : file.path("volumes").has(source),
                    "%s mounts %s, which is not there",
                    name,
                    source);
        }
        for (var other : service.path("depends_on").properties()) {
            JsonNode needed = service(other.getKey());
            broken.unless(
                    !other.getValue().path("condition").asText().equals("service_healthy") || needed.has("healthcheck"),
                    "%s waits for the health of %s, which has none",
                    name,
                    other.getKey());
        }
    }

    private void ours(String name, JsonNode service) {
        broken.unless(
                service.path("image").asText().equals("gift-spine:" + Project.version()),
                "%s is not of version %s",
                name,
                Project.version());
        broken.unless(service.path("read_only").asBoolean(), "%s can write where it likes", name);
        broken.unless(service.path("cap_drop").toString().equals("[\"ALL\"]"), "%s has capabilities", name);
        broken.unless(
                service.path("security_opt").toString().contains("no-new-privileges:true"), "%s can gain rights", name);
        broken.unless(service.path("tmpfs").toString().contains("/tmp:exec"), "%s cannot load native libraries", name);
        broken.unless(
                service.path("volumes")
                        .toString()
                        .contains("./routes:" + Dockerfile.read().workingDirectory() + "/routes:ro"),
                "%s does not see edits of the routes",
                name);
        broken.unless(service.at("/healthcheck/test").toString().contains("bin/healthcheck"), "%s has no health", name);
        broken.unless(
                service.path("stop_grace_period").asText().equals("60s"), "%s is killed before it has ended", name);
        broken.unless(service.path("depends_on").has("topics"), "%s starts before there are topics", name);
        broken.unless(service.path("depends_on").has("postgres"), "%s starts before there is a database", name);
        broken.unless(
                service.at("/environment/MANAGEMENT_TOKENS").asText().equals("none"),
                "%s lets nobody operate it",
                name);
        for (var variable : service.path("environment").properties()) {
            broken.unless(
                    Settings.exists(variable.getKey()), "%s sets %s, which nothing reads", name, variable.getKey());
        }
    }

    /** Each file is loaded by one of the two. */
    private void routes() {
        Map<String, List<String>> roles = new HashMap<>();
        for (String name : OURS) {
            for (String pattern :
                    service(name).at("/environment/VAULT_ROUTES").asText().split(",", -1)) {
                String route = pattern.replaceFirst("^file:routes/", "");
                broken.unless(Project.routeFiles().contains(route), "%s loads %s, which is not there", name, pattern);
                roles.computeIfAbsent(route, unused -> new ArrayList<>()).add(name);
            }
        }
        for (String route : Project.routeFiles()) {
            List<String> loadedBy = roles.getOrDefault(route, List.of());
            broken.unless(loadedBy.size() == 1, "%s is loaded by %s", route, loadedBy);
        }
    }

    private void topics() {
        Map<String, String> partitions = new HashMap<>();
        Matcher topics = TOPIC.matcher(service("topics").at("/command/0").asText());
        while (topics.find()) {
            partitions.put(topics.group(1), topics.group(2));
        }
        for (String topic : List.of("KAFKA_TOPIC", "KAFKA_CHANGES_TOPIC", "KAFKA_DEAD_LETTER_TOPIC")) {
            broken.unless(
                    Settings.otherwise("KAFKA_PARTITIONS").equals(partitions.get(Settings.otherwise(topic))),
                    "%s is not made with as many partitions as elsewhere",
                    Settings.otherwise(topic));
        }
        for (String name : OURS) {
            String brokers =
                    service(name).at("/environment/KAFKA_BOOTSTRAP_SERVERS").asText();
            broken.unless(
                    service("kafka")
                            .at("/environment/KAFKA_ADVERTISED_LISTENERS")
                            .asText()
                            .endsWith("//" + brokers),
                    "%s asks another broker",
                    name);
        }
        broken.unless(
                service("kafka").path("ports").toString().contains("9092:9092"),
                "the broker is not where the embedded one is");
    }

    private void database() {
        JsonNode server = service("postgres").path("environment");
        broken.unless(
                server.path("POSTGRES_USER").asText().equals(EmbeddedDatabase.USER)
                        && server.path("POSTGRES_PASSWORD").asText().equals(EmbeddedDatabase.PASSWORD)
                        && service("postgres").path("ports").toString().contains("5432:5432"),
                "the database is not what the embedded one is");
        for (String name : OURS) {
            JsonNode client = service(name).path("environment");
            broken.unless(
                    client.path("VAULT_DB_USER").equals(server.path("POSTGRES_USER"))
                            && client.path("VAULT_DB_PASSWORD").equals(server.path("POSTGRES_PASSWORD"))
                            && client.path("VAULT_DB_URL")
                                    .asText()
                                    .equals("jdbc:postgresql://postgres:5432/"
                                            + server.path("POSTGRES_DB").asText()),
                    "%s asks for another database than there is",
                    name);
        }
    }

    private void observers() {
        for (String name : OBSERVERS) {
            broken.unless(
                    service(name).path("profiles").toString().equals("[\"observe\"]"), "%s is started unasked", name);
        }
        JsonNode scrape =
                Yaml.read(OBSERVE.resolve("prometheus/prometheus.yml")).at("/scrape_configs/0");
        JsonNode found = scrape.at("/dns_sd_configs/0");
        broken.unless(
                StreamSupport.stream(found.path("names").spliterator(), false)
                        .allMatch(name -> file.path("services").has(name.asText())),
                "Prometheus scrapes services there are not");
        broken.unless(
                found.path("port").asText().equals(Settings.otherwise("MANAGEMENT_SERVER_PORT")),
                "Prometheus asks a port that gives no metrics");
        broken.unless(
                service("prometheus").path("volumes").toString().contains("./observe/prometheus:/etc/prometheus:ro"),
                "Prometheus has no alerts");
        String source = Yaml.read(OBSERVE.resolve("grafana/provisioning/datasources/prometheus.yaml"))
                .at("/datasources/0/url")
                .asText();
        broken.unless(
                file.path("services").has("prometheus") && source.equals("http://prometheus:9090"),
                "Grafana asks %s",
                source);
        String folder = Yaml.read(OBSERVE.resolve("grafana/provisioning/dashboards/gift-spine.yaml"))
                .at("/providers/0/options/path")
                .asText();
        broken.unless(
                service("grafana")
                        .path("volumes")
                        .toString()
                        .contains("./observe/grafana/gift-spine.json:" + folder + "/gift-spine.json:ro"),
                "Grafana has no dashboard");
    }

    private JsonNode service(String name) {
        return file.at("/services/" + name);
    }
}
