package org.gibsey.spine.embedded;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListTopicsOptions;

/**
 * Three brokers, each a controller too, in processes of their own. What is written is acknowledged when all of them have it
 * that are in sync, of which two are required: one can be away. Not thread-safe.
 */
public final class KafkaCluster implements AutoCloseable {

    public static final short BROKERS = 3;

    private final Map<Integer, KafkaProcess> brokers;

    private KafkaCluster(Map<Integer, KafkaProcess> brokers) {
        this.brokers = brokers;
    }

    /**
     * Starts it and returns when all three are there.
     *
     * @param folder   for their data, made when missing
     * @param settings of each, other than the defaults
     */
    public static KafkaCluster start(Path folder, Map<String, String> settings) throws IOException {
        return start(folder, JavaProcess.java(), settings);
    }

    /**
     * Starts it and returns when all three are there.
     *
     * @param folder for their data, made when missing
     * @param java   command and flags of the Java they run on
     */
    public static KafkaCluster start(Path folder, List<String> java) throws IOException {
        return start(folder, java, Map.of());
    }

    private static KafkaCluster start(Path folder, List<String> java, Map<String, String> others) throws IOException {
        Files.createDirectories(folder);
        List<Integer> ids = IntStream.rangeClosed(1, BROKERS).boxed().toList();
        Map<Integer, Integer> controllers = ids.stream().collect(Collectors.toMap(id -> id, id -> Ports.free()));
        String voters = controllers.entrySet().stream()
                .map(controller -> "%d@localhost:%d".formatted(controller.getKey(), controller.getValue()))
                .collect(Collectors.joining(","));
        Map<Integer, KafkaProcess> brokers = new HashMap<>();
        for (int id : ids) {
            int port = Ports.free();
            Map<String, String> settings = new HashMap<>(settings(id, port, controllers.get(id), voters));
            settings.putAll(others);
            brokers.put(id, KafkaProcess.launch(folder.resolve("broker-" + id), port, java, settings));
        }
        KafkaCluster cluster = new KafkaCluster(brokers);
        brokers.values().forEach(KafkaProcess::awaitReady);
        cluster.awaitInSync();
        return cluster;
    }

    private static Map<String, String> settings(int id, int port, int controller, String voters) {
        return Map.of(
                "node.id",
                Integer.toString(id),
                "listeners",
                "PLAINTEXT://localhost:%d,CONTROLLER://localhost:%d".formatted(port, controller),
                "controller.quorum.voters",
                voters,
                "default.replication.factor",
                Short.toString(BROKERS),
                "min.insync.replicas",
                "2",
                "offsets.topic.replication.factor",
                Short.toString(BROKERS),
                "transaction.state.log.replication.factor",
                Short.toString(BROKERS),
                "transaction.state.log.min.isr",
                "2");
    }

    public String bootstrapServers() {
        return brokers.values().stream().map(KafkaProcess::bootstrapServers).collect(Collectors.joining(","));
    }

    /** One of them, to be ended, killed or frozen. */
    public JavaProcess process(int id) {
        return brokers.get(id).process();
    }

    /** Starts those again on their data and ports, and returns when they accept requests. */
    public void restart(Integer... ids) throws IOException {
        for (int id : ids) {
            brokers.get(id).relaunch();
        }
        for (int id : ids) {
            brokers.get(id).awaitReady();
        }
    }

    /** Waits until all three are there and have all that was written: then one may go. */
    public void awaitInSync() {
        try (Admin admin = admin()) {
            await("every partition is in sync on every broker")
                    .ignoreException(ExecutionException.class)
                    .until(() -> admin.describeCluster().nodes().get().size() == BROKERS
                            && admin
                                    .describeTopics(admin.listTopics(new ListTopicsOptions().listInternal(true))
                                            .names()
                                            .get())
                                    .allTopicNames()
                                    .get()
                                    .values()
                                    .stream()
                                    .flatMap(topic -> topic.partitions().stream())
                                    .allMatch(partition -> partition.isr().size() == BROKERS));
        }
    }

    /** Asks those of them that answer. */
    public Admin admin() {
        return Admin.create(Map.of("bootstrap.servers", bootstrapServers()));
    }

    @Override
    public void close() {
        brokers.values().forEach(KafkaProcess::close);
    }
}
