package org.gibsey.spine.bench;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.Types;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.gibsey.spine.embedded.EmbeddedDatabase;
import org.gibsey.spine.gift.EventId;
import org.gibsey.spine.gift.Gift;
import org.gibsey.spine.gift.GiftReader;

/**
 * What someone would write by hand instead of the persist route: a consumer and JDBC batches, which the driver rewrites to
 * inserts of many rows. One bad message stops it for good; that is the part left out.
 */
final class JdbcBatchPeer {

    static final String INSERT =
            "insert into vault (event_id, user_id, page_id, question, answer, symbol_id, created_at)"
                    + " values (?, ?, ?, ?, ?, ?, ?) on conflict (event_id) do nothing";

    private static final int BATCH = 2000;
    private static final UUID NOBODY = new UUID(0, 0);

    private JdbcBatchPeer() {}

    /** Arguments: brokers, topic, group, database URL. Runs until it is killed. */
    public static void main(String[] args) throws Exception {
        Map<String, Object> settings = Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                args[0],
                ConsumerConfig.GROUP_ID_CONFIG,
                args[2],
                ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                "earliest",
                ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                false,
                ConsumerConfig.MAX_POLL_RECORDS_CONFIG,
                BATCH);
        GiftReader reader = GiftReader.ofEvents();
        try (KafkaConsumer<byte[], byte[]> consumer =
                        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
                Connection vault = DriverManager.getConnection(
                        args[3] + "?reWriteBatchedInserts=true", EmbeddedDatabase.USER, EmbeddedDatabase.PASSWORD);
                PreparedStatement insert = vault.prepareStatement(INSERT)) {
            vault.setAutoCommit(false);
            consumer.subscribe(List.of(args[1]));
            while (true) {
                ConsumerRecords<byte[], byte[]> records = consumer.poll(Duration.ofMillis(500));
                for (ConsumerRecord<byte[], byte[]> record : records) {
                    Gift gift = reader.read(record.value(), Instant.ofEpochMilli(record.timestamp()));
                    insert.setObject(1, EventId.of(record));
                    insert.setObject(2, gift.userId() == null ? NOBODY : gift.userId());
                    insert.setLong(3, gift.pageId());
                    insert.setString(4, gift.question());
                    insert.setString(5, gift.answer());
                    insert.setObject(6, gift.symbolId(), Types.INTEGER);
                    insert.setObject(7, gift.savedAt().atOffset(ZoneOffset.UTC));
                    insert.addBatch();
                }
                if (!records.isEmpty()) {
                    insert.executeBatch();
                    vault.commit();
                    consumer.commitAsync();
                }
            }
        }
    }
}
