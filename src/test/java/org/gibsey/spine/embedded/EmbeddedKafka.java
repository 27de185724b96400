package org.gibsey.spine.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.jspecify.annotations.Nullable;

/**
 * A Kafka broker with its KRaft controller in this process, the real thing, keeping its data in a folder. Can be stopped and
 * started again on the same port. Not thread-safe.
 */
public final class EmbeddedKafka implements AutoCloseable {

    private static final int NODE_ID = 1;

    private final Path data;
    private final int port;
    private final Map<String, String> overrides;
    private @Nullable KafkaRaftServer server;

    /**
     * @param data      folder for its data, made when missing
     * @param port      TCP port on localhost
     * @param overrides broker settings other than the defaults
     */
    public EmbeddedKafka(Path data, int port, Map<String, String> overrides) {
        this.data = data;
        this.port = port;
        this.overrides = Map.copyOf(overrides);
    }

    /** Starts it and returns when it accepts requests. */
    public EmbeddedKafka start() throws IOException {
        Map<String, String> settings = settings();
        format(settings);
        KafkaRaftServer started = new KafkaRaftServer(new KafkaConfig(settings, false), Time.SYSTEM);
        started.startup();
        server = started;
        return this;
    }

    public String bootstrapServers() {
        return "localhost:" + port;
    }

    /** Stops it; its data stays. */
    @Override
    public void close() {
        if (server != null) {
            server.shutdown();
            server.awaitShutdown();
            server = null;
        }
    }

    private Map<String, String> settings() {
        int controllerPort = Ports.free();
        Map<String, String> settings = new HashMap<>();
        settings.put("process.roles", "broker,controller");
        settings.put("node.id", Integer.toString(NODE_ID));
        settings.put("listeners", "PLAINTEXT://localhost:%d,CONTROLLER://localhost:%d".formatted(port, controllerPort));
        settings.put("controller.quorum.voters", NODE_ID + "@localhost:" + controllerPort);
        settings.put("controller.listener.names", "CONTROLLER");
        settings.put("log.dirs", data.toAbsolutePath().toString());
        // alone, it cannot replicate
        settings.put("offsets.topic.replication.factor", "1");
        settings.put("offsets.topic.num.partitions", "3");
        settings.put("transaction.state.log.replication.factor", "1");
        settings.put("transaction.state.log.min.isr", "1");
        settings.put("transaction.state.log.num.partitions", "1");
        // topics are made on purpose, as in production
        settings.put("auto.create.topics.enable", "false");
        settings.put("group.initial.rebalance.delay.ms", "0");
        settings.put("log.cleaner.dedupe.buffer.size", "2097152");
        settings.put("group.coordinator.append.linger.ms", "0");
        settings.putAll(overrides);
        return settings;
    }

    private void format(Map<String, String> settings) throws IOException {
        if (Files.exists(data.resolve("meta.properties"))) {
            return;
        }
        Files.createDirectories(data);
        Formatter formatter = new Formatter()
                .setPrintStream(new java.io.PrintStream(
                        java.io.OutputStream.nullOutputStream(), false, java.nio.charset.StandardCharsets.UTF_8))
                .setClusterId("gift-spine-embedded-ka")
                .setNodeId(Integer.parseInt(settings.get("node.id")))
                .setControllerListenerName(settings.get("controller.listener.names"))
                .setMetadataLogDirectory(data.toAbsolutePath().toString())
                .addDirectory(data.toAbsolutePath().toString());
        try {
            formatter.run();
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException("cannot format " + data, e);
        }
    }
}
