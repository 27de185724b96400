package org.gibsey.spine.ship;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import kafka.server.KafkaConfig;

/** Whether broker, database and autoscalers agree with each other and with what the application is set to by default. */
final class CapacityRules {

    /** What Supabase's smallest project hands out there, unless told otherwise. */
    private static final int OF_THE_SESSION_POOLER = 15;

    private final Complaints broken = new Complaints("");
    private final Manifests manifests;

    private CapacityRules(Manifests manifests) {
        this.manifests = manifests;
    }

    /** @return what breaks a rule, in words */
    static List<String> broken(Manifests manifests) {
        return new CapacityRules(manifests).check();
    }

    private List<String> check() {
        manifests.ofKind("Kafka").forEach(kafka -> {
            topic(Settings.otherwise("KAFKA_TOPIC"));
            topic(Settings.otherwise("KAFKA_CHANGES_TOPIC"));
            topic(Settings.otherwise("KAFKA_DEAD_LETTER_TOPIC"));
        });
        manifests.ofKind("KafkaUser").forEach(this::user);
        manifests.ofKind("ScaledObject").forEach(this::lag);
        manifests.ofKind("Cluster").forEach(this::database);
        manifests.find("StatefulSet", "kafka").ifPresent(this::brokers);
        connections();
        return broken.all();
    }

    private void topic(String name) {
        var found = topics().filter(topic -> topic.path("topicName").asText().equals(name))
                .findFirst();
        broken.unless(found.isPresent(), "no topic %s", name);
        found.ifPresent(topic -> {
            broken.unless(topic.path("replicas").asInt() == 3, "%s does not have 3 replicas", name);
            broken.unless(topic.at("/config/min.insync.replicas").asInt() == 2, "%s is accepted by fewer than 2", name);
        });
    }

    private Stream<JsonNode> topics() {
        return manifests.ofKind("KafkaTopic").map(topic -> topic.path("spec"));
    }

    /** Rights are given to what the application uses, by name. */
    private void user(JsonNode user) {
        String title = Manifests.titleOf(user);
        List<String> topics = List.of(
                Settings.otherwise("KAFKA_TOPIC"),
                Settings.otherwise("KAFKA_DEAD_LETTER_TOPIC"),
                Settings.otherwise("KAFKA_CHANGES_TOPIC"));
        for (String topic : topics) {
            broken.unless(may(user, "topic", topic, "Describe"), "%s cannot see %s", title, topic);
        }
        String role = Manifests.nameOf(user);
        broken.unless(
                !role.equals("api") || may(user, "topic", topics.get(0), "Write"), "%s cannot write gifts", title);
        broken.unless(may(user, "topic", topics.get(2), "Write"), "%s cannot write changes", title);
        broken.unless(
                role.equals("worker") || !may(user, "topic", topics.get(1), "Write"),
                "%s may forge dead letters",
                title);
        if (role.equals("worker")) {
            broken.unless(may(user, "topic", topics.get(0), "Read"), "%s cannot read gifts", title);
            broken.unless(may(user, "topic", topics.get(2), "Read"), "%s cannot read changes", title);
            broken.unless(may(user, "topic", topics.get(1), "Write"), "%s cannot write dead letters", title);
            broken.unless(
                    may(user, "group", Settings.otherwise("KAFKA_GROUP"), "Read"), "%s cannot join its group", title);
        }
    }

    private static boolean may(JsonNode user, String type, String name, String operation) {
        return StreamSupport.stream(user.at("/spec/authorization/acls").spliterator(), false)
                .filter(acl -> acl.at("/resource/type").asText().equals(type))
                .filter(acl -> acl.at("/resource/patternType").asText().equals("prefix")
                        ? name.startsWith(acl.at("/resource/name").asText())
                        : name.equals(acl.at("/resource/name").asText()))
                .anyMatch(acl -> acl.path("operations").toString().contains('"' + operation + '"'));
    }

    private void lag(JsonNode autoscaler) {
        String title = Manifests.titleOf(autoscaler);
        JsonNode trigger = autoscaler.at("/spec/triggers/0/metadata");
        String topic = trigger.path("topic").asText();
        broken.unless(topic.equals(Settings.otherwise("KAFKA_TOPIC")), "%s watches %s", title, topic);
        broken.unless(
                trigger.path("consumerGroup").asText().equals(Settings.otherwise("KAFKA_GROUP")),
                "%s watches another group",
                title);
        topics().filter(spec -> spec.path("topicName").asText().equals(topic))
                .forEach(spec -> broken.unless(
                        spec.path("partitions").equals(autoscaler.at("/spec/maxReplicaCount")),
                        "%s starts workers that have no partition",
                        title));
        manifests
                .ofKind("ConfigMap")
                .map(map -> map.at("/data/KAFKA_BOOTSTRAP_SERVERS"))
                .filter(brokers -> !brokers.isMissingNode())
                .forEach(brokers -> broken.unless(
                        brokers.equals(trigger.path("bootstrapServers")), "%s asks other brokers", title));
    }

    /** Each has what the image makes of its variables, and the broker takes it. */
    private void brokers(JsonNode statefulSet) {
        int replicas = statefulSet.at("/spec/replicas").asInt();
        for (int number = 0; number < replicas; number++) {
            String pod = Manifests.nameOf(statefulSet) + '-' + number;
            Map<String, String> settings = new HashMap<>(Map.of("node.id", Integer.toString(number)));
            for (JsonNode variable : statefulSet.at("/spec/template/spec/containers/0/env")) {
                String name = variable.path("name").asText();
                if (name.startsWith("KAFKA_") && variable.has("value")) {
                    settings.put(
                            name.substring("KAFKA_".length())
                                    .toLowerCase(Locale.ROOT)
                                    .replace('_', '.'),
                            variable.path("value").asText().replace("$(POD)", pod));
                }
            }
            try {
                KafkaConfig broker = new KafkaConfig(settings, false);
                broken.unless(
                        broker.getInt("default.replication.factor") == 3, "what is made on %s has not 3 replicas", pod);
                broken.unless(broker.getInt("min.insync.replicas") == 2, "%s lets fewer than 2 accept", pod);
                broken.unless(
                        broker.getShort("offsets.topic.replication.factor") == 3,
                        "%s keeps offsets in fewer than 3 places",
                        pod);
            } catch (RuntimeException refused) {
                broken.unless(false, "%s does not start: %s", pod, refused.getMessage());
            }
            String host = pod + '.' + statefulSet.at("/spec/serviceName").asText();
            broken.unless(
                    List.of(settings.get("controller.quorum.voters").split(",", -1))
                            .contains("%d@%s:9093".formatted(number, host)),
                    "%s has no vote",
                    pod);
            broken.unless(
                    settings.get("advertised.listeners").endsWith("//" + host + ":9092"),
                    "%s cannot be reached where it says",
                    pod);
        }
        broken.unless(setting("KAFKA_CREATE_TOPICS").orElse("").equals("true"), "nobody makes the topics");
    }

    private void database(JsonNode cluster) {
        broken.unless(
                cluster.at("/spec/postgresql/synchronous/number").asInt() >= 1,
                "a row may be on one server only when its offset is committed");
    }

    /**
     * All pods there can be, and one more of each while they are replaced, each with a full pool, and an API with the
     * connection its timeline listens on.
     */
    private void connections() {
        int pool = Integer.parseInt(setting("VAULT_DB_CONNECTIONS").orElse(Settings.otherwise("VAULT_DB_CONNECTIONS")));
        int api = manifests
                .ofKind("HorizontalPodAutoscaler")
                .mapToInt(autoscaler -> autoscaler.at("/spec/maxReplicas").asInt())
                .sum();
        int workers = Stream.concat(
                        manifests.ofKind("ScaledObject").map(autoscaler -> autoscaler.at("/spec/maxReplicaCount")),
                        manifests.ofKind("Deployment").map(deployment -> deployment.at("/spec/replicas")))
                .mapToInt(JsonNode::asInt)
                .sum();
        int wanted = (api + 1) * (pool + 1) + (workers + 1) * pool;
        int there = Stream.concat(
                        manifests
                                .ofKind("Cluster")
                                .map(cluster -> cluster.at("/spec/postgresql/parameters/max_connections")
                                        .asText()),
                        manifests.find("StatefulSet", "postgres").stream()
                                .flatMap(server -> StreamSupport.stream(
                                        server.at("/spec/template/spec/containers/0/args")
                                                .spliterator(),
                                        false))
                                .map(JsonNode::asText)
                                .filter(argument -> argument.startsWith("max_connections="))
                                .map(argument -> argument.substring("max_connections=".length())))
                .mapToInt(Integer::parseInt)
                .findFirst()
                .orElse(OF_THE_SESSION_POOLER);
        broken.unless(wanted <= there, "%d connections may be wanted, the database has %d", wanted, there);
    }

    private Optional<String> setting(String name) {
        return manifests
                .ofKind("ConfigMap")
                .map(map -> map.path("data").path(name).asText())
                .filter(value -> !value.isEmpty())
                .findFirst();
    }
}
