package org.gibsey.spine.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** Broker and database together. */
public final class EmbeddedServices implements AutoCloseable {

    private final EmbeddedKafka kafka;
    private final EmbeddedDatabase database;

    private EmbeddedServices(EmbeddedKafka kafka, EmbeddedDatabase database) {
        this.kafka = kafka;
        this.database = database;
    }

    /**
     * Starts both, at once: each waits for its disk much of the time.
     *
     * @param data         folder for their data
     * @param kafkaPort    port of the broker
     * @param databasePort port of the database
     */
    public static EmbeddedServices start(Path data, int kafkaPort, int databasePort) throws IOException, SQLException {
        EmbeddedServices services = new EmbeddedServices(
                new EmbeddedKafka(data.resolve("kafka"), kafkaPort, Map.of()),
                new EmbeddedDatabase(databaseFolder(data), databasePort));
        CompletableFuture<?> broker = CompletableFuture.runAsync(services::startBroker);
        try {
            services.database.start();
            broker.join();
            return services;
        } catch (IOException | SQLException | RuntimeException e) {
            // whoever is still starting cannot be stopped
            broker.exceptionally(failed -> null).join();
            services.close();
            throw e;
        }
    }

    private void startBroker() {
        try {
            kafka.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Path databaseFolder(Path data) {
        return data.resolve("postgres");
    }

    public EmbeddedKafka kafka() {
        return kafka;
    }

    public EmbeddedDatabase database() {
        return database;
    }

    @Override
    public void close() throws IOException {
        kafka.close();
        database.close();
    }
}
