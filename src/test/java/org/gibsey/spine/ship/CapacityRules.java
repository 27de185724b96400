package org.gibsey.spine.ship;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

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
        int pool = manifests
                .ofKind("ConfigMap")
                .map(map -> map.at("/data/VAULT_DB_CONNECTIONS").asText())
                .filter(value -> !value.isEmpty())
                .findFirst()
                .map(Integer::parseInt)
                .orElse(Integer.parseInt(Settings.otherwise("VAULT_DB_CONNECTIONS")));
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
        int there = manifests
                .ofKind("Cluster")
                .mapToInt(cluster -> cluster.at("/spec/postgresql/parameters/max_connections")
                        .asInt())
                .findFirst()
                .orElse(OF_THE_SESSION_POOLER);
        broken.unless(wanted <= there, "%d connections may be wanted, the database has %d", wanted, there);
    }
}
