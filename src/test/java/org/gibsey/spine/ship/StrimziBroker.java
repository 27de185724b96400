package org.gibsey.spine.ship;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.gibsey.spine.embedded.EmbeddedKafka;
import org.gibsey.spine.embedded.Ports;
import org.springframework.boot.logging.LoggingSystem;

/**
 * A broker as the component {@code k8s/components/strimzi} asks for it: TLS, a user each, the topics and rights of its files
 * and no others. What the operator would make of those files is made here.
 */
final class StrimziBroker implements AutoCloseable {

    private static final Path COMPONENT = Path.of("k8s/components/strimzi");
    private static final String PASSWORD = "of-this-test";

    private final EmbeddedKafka broker;
    private final String address;
    private final Path authority;
    private final Admin superuser;

    private StrimziBroker(EmbeddedKafka broker, String address, Path authority) {
        this.broker = broker;
        this.address = address;
        this.authority = authority;
        this.superuser = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()));
    }

    /** @param folder for its data and its certificate */
    static StrimziBroker start(Path folder) throws IOException, InterruptedException, ExecutionException {
        // without an application in this JVM nobody tells the broker to be quiet
        LoggingSystem.get(StrimziBroker.class.getClassLoader()).beforeInitialize();
        Path keys = folder.resolve("broker.p12");
        Path authority = folder.resolve("ca.crt");
        keytool(
                "-genkeypair",
                "-alias",
                "broker",
                "-keyalg",
                "EC",
                "-dname",
                "CN=localhost",
                "-ext",
                "san=dns:localhost",
                "-storetype",
                "PKCS12",
                "-keystore",
                keys.toString(),
                "-storepass",
                PASSWORD);
        keytool(
                "-exportcert",
                "-rfc",
                "-alias",
                "broker",
                "-file",
                authority.toString(),
                "-keystore",
                keys.toString(),
                "-storepass",
                PASSWORD);
        int plain = Ports.free();
        int controller = Ports.free();
        String address = "localhost:" + Ports.free();
        Map<String, String> settings = new HashMap<>();
        settings.put(
                "listeners",
                "PLAINTEXT://localhost:%d,SASL_SSL://%s,CONTROLLER://localhost:%d"
                        .formatted(plain, address, controller));
        settings.put("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT");
        settings.put("controller.quorum.voters", "1@localhost:" + controller);
        settings.put("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer");
        // the test's own door and the broker's to itself
        settings.put("super.users", "User:ANONYMOUS");
        settings.put("sasl.enabled.mechanisms", ScramMechanism.SCRAM_SHA_512.mechanismName());
        settings.put(
                "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config",
                "org.apache.kafka.common.security.scram.ScramLoginModule required;");
        settings.put("ssl.keystore.type", "PKCS12");
        settings.put("ssl.keystore.location", keys.toString());
        settings.put("ssl.keystore.password", PASSWORD);
        EmbeddedKafka kafka = new EmbeddedKafka(folder.resolve("kafka"), plain, settings).start();
        StrimziBroker broker = new StrimziBroker(kafka, address, authority);
        broker.makeTopics();
        for (JsonNode user : Yaml.documents(Yaml.text(COMPONENT.resolve("users.yaml")))) {
            broker.makeUser(user);
        }
        return broker;
    }

    /**
     * How a container of that user is told of it.
     *
     * @param user also the role, as in the manifests
     */
    Map<String, String> settings(String user) {
        Map<String, String> settings = new HashMap<>();
        for (Path file : List.of(Path.of("k8s/base/kustomization.yaml"), COMPONENT.resolve("kustomization.yaml"))) {
            Yaml.read(file).at("/configMapGenerator/0/literals").forEach(literal -> {
                String[] assignment = literal.asText().split("=", 2);
                settings.put(assignment[0], assignment[1]);
            });
        }
        settings.put("KAFKA_BOOTSTRAP_SERVERS", address);
        settings.put("KAFKA_TRUSTSTORE", authority.toString());
        settings.put("KAFKA_USER", user);
        settings.put("KAFKA_PASSWORD", PASSWORD);
        // this machine's network is not a pod's
        settings.put("MANAGEMENT_SERVER_ADDRESS", "127.0.0.1");
        return settings;
    }

    /** How many of that group have partitions to read. */
    long readers(String group) throws InterruptedException, ExecutionException {
        return superuser.describeConsumerGroups(List.of(group)).all().get().get(group).members().stream()
                .filter(member -> !member.assignment().topicPartitions().isEmpty())
                .count();
    }

    /** Takes the right to write a topic from a user. */
    void forbidToWrite(String user, String topic) throws InterruptedException, ExecutionException {
        superuser.deleteAcls(List.of(toWrite(user, topic).toFilter())).all().get();
    }

    /** Gives it back. */
    void allowToWrite(String user, String topic) throws InterruptedException, ExecutionException {
        superuser.createAcls(List.of(toWrite(user, topic))).all().get();
    }

    private static AclBinding toWrite(String user, String topic) {
        return right(user, ResourceType.TOPIC, topic, PatternType.LITERAL, AclOperation.WRITE);
    }

    @Override
    public void close() {
        superuser.close();
        broker.close();
    }

    private void makeTopics() throws InterruptedException, ExecutionException {
        List<NewTopic> topics = Yaml.documents(Yaml.text(COMPONENT.resolve("topics.yaml"))).stream()
                .map(topic -> newTopic(topic.path("spec")))
                .toList();
        superuser.createTopics(topics).all().get();
    }

    /** There is one broker, and it cannot ask for a second one's acknowledgement. */
    private static NewTopic newTopic(JsonNode spec) {
        Map<String, String> settings = new HashMap<>();
        spec.path("config")
                .properties()
                .forEach(setting ->
                        settings.put(setting.getKey(), setting.getValue().asText()));
        settings.remove("min.insync.replicas");
        int partitions = spec.path("partitions").asInt();
        return new NewTopic(spec.path("topicName").asText(), partitions, (short) 1).configs(settings);
    }

    private void makeUser(JsonNode user) throws InterruptedException, ExecutionException {
        String name = Manifests.nameOf(user);
        superuser
                .alterUserScramCredentials(List.of(new UserScramCredentialUpsertion(
                        name, new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096), PASSWORD)))
                .all()
                .get();
        List<AclBinding> rights = new ArrayList<>();
        for (JsonNode acl : user.at("/spec/authorization/acls")) {
            JsonNode resource = acl.path("resource");
            boolean prefix = resource.path("patternType").asText().equals("prefix");
            for (JsonNode operation : acl.path("operations")) {
                rights.add(right(
                        name,
                        ResourceType.fromString(resource.path("type").asText().toUpperCase(Locale.ROOT)),
                        resource.path("name").asText(),
                        prefix ? PatternType.PREFIXED : PatternType.LITERAL,
                        operation(operation.asText())));
            }
        }
        superuser.createAcls(rights).all().get();
    }

    /** DescribeConfigs is DESCRIBE_CONFIGS in Kafka's own words. */
    private static AclOperation operation(String name) {
        return AclOperation.valueOf(name.replaceAll("(?<=[a-z])(?=[A-Z])", "_").toUpperCase(Locale.ROOT));
    }

    private static AclBinding right(
            String user, ResourceType type, String name, PatternType pattern, AclOperation operation) {
        return new AclBinding(
                new ResourcePattern(type, name, pattern),
                new AccessControlEntry("User:" + user, "*", operation, AclPermissionType.ALLOW));
    }

    private static void keytool(String... arguments) throws IOException, InterruptedException {
        List<String> command = Stream.concat(
                        Stream.of(Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString()),
                        Stream.of(arguments))
                .toList();
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (process.waitFor() != 0) {
            throw new IOException(command + " failed");
        }
    }
}
