package org.gibsey.spine.embedded;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.awaitility.Awaitility;
import org.springframework.boot.logging.LoggingSystem;

/** A broker in a process of its own, for what cannot be done to one in this process: kill it, freeze it. */
public final class KafkaProcess implements AutoCloseable {

    private final Path data;
    private final int port;
    private final List<String> java;
    private final Map<String, String> settings;
    private JavaProcess process;

    private KafkaProcess(Path data, int port, List<String> java, Map<String, String> settings) throws IOException {
        this.settings = settings;
        this.data = data;
        this.port = port;
        this.java = java;
        this.process = launch();
    }

    public static void main(String[] args) throws Exception {
        LoggingSystem.get(KafkaProcess.class.getClassLoader()).beforeInitialize();
        Map<String, String> settings = Arrays.stream(args)
                .skip(2)
                .map(setting -> setting.split("=", 2))
                .collect(Collectors.toMap(setting -> setting[0], setting -> setting[1]));
        EmbeddedKafka broker = new EmbeddedKafka(Path.of(args[0]), Integer.parseInt(args[1]), settings);
        Runtime.getRuntime().addShutdownHook(new Thread(broker::close));
        broker.start();
        new CountDownLatch(1).await();
    }

    /** Starts one and returns when it accepts requests. */
    public static KafkaProcess start(Path data, int port) throws IOException {
        return start(data, port, Map.of());
    }

    /**
     * Starts one and returns when it accepts requests.
     *
     * @param settings of the broker, other than the defaults
     */
    public static KafkaProcess start(Path data, int port, Map<String, String> settings) throws IOException {
        return start(new KafkaProcess(data, port, JavaProcess.java(), settings));
    }

    /**
     * Starts one and returns when it accepts requests.
     *
     * @param java command and flags of the Java it runs on
     */
    public static KafkaProcess start(Path data, int port, List<String> java) throws IOException {
        return start(new KafkaProcess(data, port, java, Map.of()));
    }

    private static KafkaProcess start(KafkaProcess kafka) {
        kafka.awaitReady();
        return kafka;
    }

    /** Starts one and returns at once: one of several accepts requests only when most of them are there. */
    static KafkaProcess launch(Path data, int port, List<String> java, Map<String, String> settings)
            throws IOException {
        return new KafkaProcess(data, port, java, settings);
    }

    public String bootstrapServers() {
        return "localhost:" + port;
    }

    /** The process, to be killed, frozen or ended. */
    public JavaProcess process() {
        return process;
    }

    /** Starts it again on its data and port, and returns when it accepts requests. */
    public void restart() throws IOException {
        relaunch();
        awaitReady();
    }

    /** Starts it again on its data and port, and returns at once. */
    void relaunch() throws IOException {
        process.close();
        process = launch();
    }

    @Override
    public void close() {
        process.close();
    }

    private JavaProcess launch() throws IOException {
        List<String> args = new ArrayList<>(List.of(data.toString(), Integer.toString(port)));
        settings.forEach((name, value) -> args.add(name + "=" + value));
        return JavaProcess.main(
                java,
                KafkaProcess.class,
                Map.of(),
                data.resolveSibling("kafka-" + port + ".log"),
                args.toArray(String[]::new));
    }

    void awaitReady() {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers()))) {
            Awaitility.await()
                    .ignoreException(ExecutionException.class)
                    .until(() -> !admin.describeCluster().nodes().get().isEmpty());
        }
    }
}
