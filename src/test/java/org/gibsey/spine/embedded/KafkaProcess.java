package org.gibsey.spine.embedded;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.awaitility.Awaitility;
import org.springframework.boot.logging.LoggingSystem;

/** A broker in a process of its own, for what cannot be done to one in this process: kill it, freeze it. */
public final class KafkaProcess implements AutoCloseable {

    private final Path data;
    private final int port;
    private final List<String> java;
    private JavaProcess process;

    private KafkaProcess(Path data, int port, List<String> java) throws IOException {
        this.data = data;
        this.port = port;
        this.java = java;
        this.process = launch();
    }

    public static void main(String[] args) throws Exception {
        LoggingSystem.get(KafkaProcess.class.getClassLoader()).beforeInitialize();
        EmbeddedKafka broker = new EmbeddedKafka(Path.of(args[0]), Integer.parseInt(args[1]), Map.of());
        Runtime.getRuntime().addShutdownHook(new Thread(broker::close));
        broker.start();
        new CountDownLatch(1).await();
    }

    /** Starts one and returns when it accepts requests. */
    public static KafkaProcess start(Path data, int port) throws IOException {
        return start(data, port, JavaProcess.java());
    }

    /**
     * Starts one and returns when it accepts requests.
     *
     * @param java command and flags of the Java it runs on
     */
    public static KafkaProcess start(Path data, int port, List<String> java) throws IOException {
        KafkaProcess kafka = new KafkaProcess(data, port, java);
        kafka.awaitReady();
        return kafka;
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
        process.close();
        process = launch();
        awaitReady();
    }

    @Override
    public void close() {
        process.close();
    }

    private JavaProcess launch() throws IOException {
        return JavaProcess.main(
                java,
                KafkaProcess.class,
                Map.of(),
                data.resolveSibling("kafka-" + port + ".log"),
                data.toString(),
                Integer.toString(port));
    }

    private void awaitReady() {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers()))) {
            Awaitility.await()
                    .ignoreException(ExecutionException.class)
                    .until(() -> !admin.describeCluster().nodes().get().isEmpty());
        }
    }
}
