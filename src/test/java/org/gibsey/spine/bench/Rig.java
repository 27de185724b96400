package org.gibsey.spine.bench;

import static org.awaitility.Awaitility.await;

import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.flywaydb.core.Flyway;
import org.gibsey.spine.embedded.EmbeddedDatabase;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.embedded.KafkaCluster;
import org.gibsey.spine.embedded.KafkaProcess;
import org.gibsey.spine.embedded.Ports;
import org.springframework.util.FileSystemUtils;

/**
 * What every benchmark stands on: broker and database as durable as installed ones, the application as it is shipped, each a
 * process of its own. The load comes from the process this runs in, which does nothing else meanwhile.
 */
final class Rig implements AutoCloseable {

    /** Of the container that the manifests ask for. */
    static final int CONTAINER_MIB = 512;

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final String API = "file:routes/save-gift.camel.yaml,file:routes/list-gifts.camel.yaml,"
            + "file:routes/show-gift.camel.yaml,file:routes/show-kafka-status.camel.yaml";

    private final HttpClient http = HttpClient.newHttpClient();
    private final Path folder;
    private final KafkaProcess kafka;
    private final EmbeddedDatabase database;
    private final ShippedApplication application;
    private final Closeable services;
    private final String brokers;
    private final short replicas;

    private Rig(Path folder, KafkaProcess kafka, EmbeddedDatabase database, String flags, Closeable services)
            throws IOException, InterruptedException {
        this.folder = folder;
        this.kafka = kafka;
        this.database = database;
        this.services = services;
        this.brokers = kafka.bootstrapServers();
        this.replicas = 1;
        this.application = ShippedApplication.in(folder.resolve("app"), flags);
        Flyway.configure()
                .dataSource(database.url(), EmbeddedDatabase.USER, EmbeddedDatabase.PASSWORD)
                .baselineOnMigrate(true)
                .baselineVersion("0")
                .load()
                .migrate();
    }

    private Rig(Rig other, KafkaCluster cluster, Closeable services) {
        this.folder = other.folder;
        this.kafka = other.kafka;
        this.database = other.database;
        this.application = other.application;
        this.services = services;
        this.brokers = cluster.bootstrapServers();
        this.replicas = KafkaCluster.BROKERS;
    }

    /**
     * Starts broker and database.
     *
     * @param flags for the JVM of the application, beside those it is shipped with
     */
    static Rig start(Path folder, String flags) throws IOException, SQLException, InterruptedException {
        FileSystemUtils.deleteRecursively(folder);
        Files.createDirectories(folder);
        EmbeddedDatabase database = new EmbeddedDatabase(folder.resolve("postgres"), Ports.free()).start();
        KafkaProcess kafka = KafkaProcess.start(
                folder.resolve("kafka"), Ports.free(), List.of(Jvm.own().command(), "-Xmx1g"));
        return new Rig(folder, kafka, database, flags, () -> {
            kafka.close();
            database.close();
            // the logs stay
            FileSystemUtils.deleteRecursively(folder.resolve("kafka"));
            FileSystemUtils.deleteRecursively(folder.resolve("postgres"));
        });
    }

    /** The same with three brokers, which it starts and ends, and with topics on all of them. */
    Rig onThreeBrokers() throws IOException {
        Path data = folder.resolve("brokers");
        KafkaCluster cluster = KafkaCluster.start(data, List.of(Jvm.own().command(), "-Xmx1g"));
        return new Rig(this, cluster, () -> {
            cluster.close();
            FileSystemUtils.deleteRecursively(data);
        });
    }

    String brokers() {
        return brokers;
    }

    KafkaProcess kafka() {
        return kafka;
    }

    EmbeddedDatabase database() {
        return database;
    }

    ShippedApplication application() {
        return application;
    }

    /** A new topic, and its dead-letter topic. */
    String topic(int partitions) throws Exception {
        String topic = "bench_" + UUID.randomUUID().toString().substring(0, 8);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", brokers()))) {
            admin.createTopics(List.of(
                            new NewTopic(topic, partitions, replicas), new NewTopic(topic + ".dlq", 1, replicas)))
                    .all()
                    .get();
        }
        return topic;
    }

    void delete(String topic) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", brokers()))) {
            admin.deleteTopics(List.of(topic, topic + ".dlq")).all().get();
        }
    }

    /** No rows, ids from 1, and nothing left to write that an earlier candidate owes. */
    void emptyVault() throws SQLException {
        execute("truncate vault restart identity", "checkpoint");
    }

    void execute(String... statements) throws SQLException {
        try (Connection connection = database.superuser();
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    double number(String sql) throws SQLException {
        try (Connection connection = database.superuser();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getDouble(1);
        }
    }

    /** Settings of an API on a topic. */
    Map<String, String> api(String topic, int port, int managementPort) {
        Map<String, String> settings = connections(topic, UUID.randomUUID().toString());
        settings.put("VAULT_ROUTES", API);
        settings.put("VAULT_DB_MIGRATE", "false");
        settings.put("SERVER_PORT", Integer.toString(port));
        settings.put("MANAGEMENT_SERVER_PORT", Integer.toString(managementPort));
        return settings;
    }

    /** Settings of a worker on a topic, with a group of its own that begins at the first event. */
    Map<String, String> worker(String topic, Path persistRoute) {
        Map<String, String> settings = connections(topic, UUID.randomUUID().toString());
        settings.put("VAULT_ROUTES", "file:" + persistRoute + ",file:routes/index-dead-letters.camel.yaml");
        settings.put("SERVER_PORT", "0");
        settings.put("MANAGEMENT_SERVER_PORT", "0");
        return settings;
    }

    private Map<String, String> connections(String topic, String group) {
        return new HashMap<>(Map.of(
                "KAFKA_BOOTSTRAP_SERVERS",
                brokers(),
                "KAFKA_TOPIC",
                topic,
                "KAFKA_DEAD_LETTER_TOPIC",
                topic + ".dlq",
                "KAFKA_GROUP",
                group,
                "VAULT_DB_URL",
                database.url()));
    }

    /** The persist route, edited as an operator would: {@code option: value} of its consumer, set or changed. */
    Path persistRoute(Map<String, Integer> options) throws IOException {
        Path shipped = application.routes().resolve("persist-gifts.camel.yaml");
        if (options.isEmpty()) {
            return shipped;
        }
        String text = Files.readString(shipped);
        for (Map.Entry<String, Integer> option : options.entrySet()) {
            text = text.replaceAll("(?m)^ +" + option.getKey() + ":.*\n", "");
            text = text.replaceFirst("(?m)^( +)(groupId:.*)$", "$1$2\n$1" + option.getKey() + ": " + option.getValue());
        }
        Path edited = Files.createDirectories(
                        folder.resolve("routes-" + UUID.randomUUID().toString().substring(0, 8)))
                .resolve("persist-gifts.camel.yaml");
        return Files.writeString(edited, text).toAbsolutePath();
    }

    /** A Java program of the tests, with the flags that the image gives the application. */
    JavaProcess peer(Jvm java, String name, Class<?> main, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(java.command(), JavaProcess.temporaryFiles()));
        command.addAll(application.flags(CONTAINER_MIB));
        return JavaProcess.main(command, main, Map.of(), log(name), arguments);
    }

    /** The application in a container of the usual size. */
    JavaProcess start(Jvm java, String name, Map<String, String> settings) throws IOException {
        return application.start(java, CONTAINER_MIB, settings, log(name));
    }

    Path log(String name) {
        return folder.resolve(
                "%s-%s.log".formatted(name, UUID.randomUUID().toString().substring(0, 4)));
    }

    /** Waits until a GET of it is answered 200. */
    void awaitOk(JavaProcess process, int port, String path) {
        awaitStatus(process, HttpRequest.newBuilder(uri(port, path)).build(), 200);
    }

    /** Waits until a save is answered 202. */
    void awaitSaving(JavaProcess process, int port) {
        awaitStatus(
                process,
                HttpRequest.newBuilder(uri(port, "/vault/save"))
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(
                                "{\"page_id\":1,\"question\":\"?\",\"answer\":\"!\"}"))
                        .build(),
                202);
    }

    /** Waits until the request is answered so. */
    void awaitStatus(JavaProcess process, HttpRequest request, int status) {
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(50))
                .ignoreExceptionsInstanceOf(IOException.class)
                .until(() -> {
                    requireAlive(process);
                    return http.send(request, BodyHandlers.discarding()).statusCode() == status;
                });
    }

    static void requireAlive(JavaProcess process) {
        if (!process.isAlive()) {
            throw new IllegalStateException("it ended, see " + process.log());
        }
    }

    private static URI uri(int port, String path) {
        return URI.create("http://localhost:" + port + path);
    }

    @Override
    public void close() throws IOException {
        services.close();
    }
}
