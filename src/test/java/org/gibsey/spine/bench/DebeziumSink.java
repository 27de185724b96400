package org.gibsey.spine.bench;

import com.github.f4b6a3.uuid.UuidCreator;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.gibsey.spine.embedded.EmbeddedDatabase;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.embedded.Ports;
import org.gibsey.spine.gift.Gift;
import org.springframework.boot.json.JsonWriter;

/**
 * Debezium's JDBC sink on Kafka Connect, with what was fastest here: its insert from arrays, batches as large as ours, and a
 * schema that is told to the converter instead of being repeated in each message. It takes fields for columns, so its topic
 * holds gifts in the table's own terms, without headers.
 */
final class DebeziumSink {

    private static final Path LIBRARIES = Path.of("target", "debezium");
    private static final int BATCH = 2000;
    private static final String NOBODY = new UUID(0, 0).toString();
    private static final String SCHEMA = """
            {"type":"struct","fields":[
              {"field":"event_id","type":"string","name":"io.debezium.data.Uuid"},
              {"field":"user_id","type":"string","name":"io.debezium.data.Uuid"},
              {"field":"page_id","type":"int64"},
              {"field":"question","type":"string"},
              {"field":"answer","type":"string"},
              {"field":"symbol_id","type":"int32","optional":true},
              {"field":"created_at","type":"string","name":"io.debezium.time.ZonedTimestamp"}]}""";

    private DebeziumSink() {}

    /** A gift as the sink needs it, of the key that ours has and without headers. */
    static ProducerRecord<byte[], byte[]> event(String topic, Gift gift) {
        String row = JsonWriter.<Gift>of(json -> {
                    json.add("event_id", UuidCreator.getTimeOrderedEpochPlus1().toString());
                    json.add("user_id", NOBODY);
                    json.add("page_id", Gift::pageId);
                    json.add("question", Gift::question);
                    json.add("answer", Gift::answer);
                    json.add("created_at", gift.savedAt().toString());
                })
                .writeToString(gift);
        return new ProducerRecord<>(
                topic,
                Long.toString(gift.pageId()).getBytes(StandardCharsets.UTF_8),
                row.getBytes(StandardCharsets.UTF_8));
    }

    /** Starts a worker of Kafka Connect with the sink in that many tasks. */
    static JavaProcess start(Rig rig, Jvm java, String topic, int tasks) throws IOException {
        if (!Files.isDirectory(LIBRARIES)) {
            throw new IllegalStateException("no " + LIBRARIES + ": mvn -f src/test/debezium clean package fetches it");
        }
        Path log = rig.log("debezium");
        List<String> command = new ArrayList<>(List.of(java.command(), JavaProcess.temporaryFiles()));
        command.addAll(rig.application().flags(Rig.CONTAINER_MIB));
        command.addAll(List.of(
                "-cp",
                LIBRARIES.toAbsolutePath() + "/*",
                "org.apache.kafka.connect.cli.ConnectStandalone",
                file(log, "worker", worker(rig, log)),
                file(log, "sink", sink(rig, topic, tasks))));
        return JavaProcess.command(command, Path.of("").toAbsolutePath(), Map.of(), log);
    }

    private static Map<String, String> worker(Rig rig, Path log) throws IOException {
        return Map.of(
                "bootstrap.servers",
                rig.brokers(),
                "plugin.path",
                LIBRARIES.resolve("plugins").toAbsolutePath().toString(),
                "listeners",
                "http://localhost:" + Ports.free(),
                "offset.storage.file.filename",
                log.resolveSibling(log.getFileName() + ".offsets").toString(),
                "key.converter",
                "org.apache.kafka.connect.converters.ByteArrayConverter",
                "value.converter",
                "org.apache.kafka.connect.json.JsonConverter",
                "value.converter.schema.content",
                SCHEMA,
                "consumer.max.poll.records",
                Integer.toString(BATCH));
    }

    private static Map<String, String> sink(Rig rig, String topic, int tasks) {
        return Map.ofEntries(
                Map.entry("name", topic + "-" + UUID.randomUUID()),
                Map.entry("connector.class", "io.debezium.connector.jdbc.JdbcSinkConnector"),
                Map.entry("tasks.max", Integer.toString(tasks)),
                Map.entry("topics", topic),
                Map.entry("connection.url", rig.database().url() + "?reWriteBatchedInserts=true"),
                Map.entry("connection.username", EmbeddedDatabase.USER),
                Map.entry("connection.password", EmbeddedDatabase.PASSWORD),
                Map.entry("collection.name.format", "vault"),
                Map.entry("insert.mode", "upsert"),
                Map.entry("primary.key.mode", "record_value"),
                Map.entry("primary.key.fields", "event_id"),
                Map.entry("dialect.postgres.unnest.insert.enabled", "true"),
                Map.entry("batch.size", Integer.toString(BATCH)));
    }

    private static String file(Path log, String name, Map<String, String> settings) throws IOException {
        Path file = log.resolveSibling(log.getFileName() + "." + name + ".properties");
        Properties properties = new Properties();
        properties.putAll(settings);
        try (Writer writer = Files.newBufferedWriter(file)) {
            properties.store(writer, null);
        }
        return file.toString();
    }
}
