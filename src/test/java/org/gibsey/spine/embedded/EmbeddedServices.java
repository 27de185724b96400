package org.gibsey.spine.embedded;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Map;

/** Broker and database together, started and stopped in the right order. */
public final class EmbeddedServices implements AutoCloseable {

    private final EmbeddedKafka kafka;
    private final EmbeddedDatabase database;

    private EmbeddedServices(EmbeddedKafka kafka, EmbeddedDatabase database) {
        this.kafka = kafka;
        this.database = database;
    }

    /**
     * Starts both.
     *
     * @param data         folder for their data
     * @param kafkaPort    port of the broker
     * @param databasePort port of the database
     */
    public static EmbeddedServices start(Path data, int kafkaPort, int databasePort) throws IOException, SQLException {
        EmbeddedDatabase database = new EmbeddedDatabase(databaseFolder(data), databasePort).start();
        try {
            return new EmbeddedServices(
                    new EmbeddedKafka(data.resolve("kafka"), kafkaPort, Map.of()).start(), database);
        } catch (IOException | RuntimeException e) {
            database.close();
            throw e;
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
