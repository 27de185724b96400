package org.gibsey.spine.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.gibsey.spine.hostile.HostileBench.Attack;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What one who may write to the topics can do to the workers. Gifts of honest readers go on to be stored, the records of the
 * attacker are rows or dead letters, and the audit balances.
 */
@Tag("slow")
class HostileTopicIT {

    private static final int PAGE = 70_003;

    private static HostileBench bench;

    @BeforeAll
    static void start() throws Exception {
        bench = new HostileBench("hostile-topic");
    }

    @AfterAll
    static void stop() throws Exception {
        bench.close();
    }

    @BeforeEach
    void revive() throws Exception {
        bench.revive();
    }

    /** As many as one batch of a broker's 1 MiB holds: Snappy makes a twentieth of them, the others much less. */
    @ParameterizedTest
    @CsvSource({"gzip, 300", "zstd, 300", "lz4, 300", "snappy, 20"})
    void largeGiftsInASmallBatch(String compression, int gifts) throws Exception {
        byte[] gift = gift("large " + compression, "x".repeat(900_000));
        endure(
                "%d gifts of 900 KB in one batch, %s".formatted(gifts, compression),
                compression,
                times(gifts, record(null, gift)));
    }

    @Test
    void largeRubbishInASmallBatch() throws Exception {
        endure("300 records of 900 KB that are no gifts, gzip", "gzip", times(300, record(null, filled(900_000))));
    }

    @Test
    void largeHeadersInASmallBatch() throws Exception {
        ProducerRecord<byte[], byte[]> record = record(null, bytes("no gift"));
        record.headers().add("large", filled(900_000));
        endure("300 records with a header of 900 KB, gzip", "gzip", times(300, record));
    }

    @Test
    void largeKeysInASmallBatch() throws Exception {
        endure("300 records with a key of 900 KB, gzip", "gzip", times(300, record(filled(900_000), bytes("no gift"))));
    }

    @Test
    void oneRecordThatUnpacksToMoreThanALetterCarries() throws Exception {
        endure("a record of 34 MB that is no gift, gzip", "gzip", List.of(record(null, filled(34 << 20))));
    }

    /** Where it repeats lies too far back for the dead-letter producer to see. */
    @Test
    void oneRecordThatOnlyItsSenderCanCompress() throws Exception {
        byte[] value = new byte[3_600_000];
        byte[] noise = new byte[600_000];
        new Random(1).nextBytes(noise);
        for (int at = 0; at < value.length; at += noise.length) {
            System.arraycopy(noise, 0, value, at, noise.length);
        }
        endure("a record of 3.6 MB whose repeats lie 600 KB apart, zstd", "zstd", List.of(record(null, value)));
    }

    @Test
    void manyHeaders() throws Exception {
        ProducerRecord<byte[], byte[]> record = record(null, bytes("no gift"));
        for (int i = 0; i < 20_000; i++) {
            record.headers().add("h" + i, bytes("v"));
        }
        endure("20 records with 20,000 headers each", "gzip", times(20, record));
    }

    @Test
    void headersThatLie() throws Exception {
        ProducerRecord<byte[], byte[]> record = record(null, bytes("not json"));
        record.headers()
                .add("dlq_first_failure", bytes("+1000000000-12-31T23:59:59.999999999Z"))
                .add("dlq_attempts", bytes("-1"))
                .add("dlq_id", bytes("'; drop table vault"))
                .add("ce_time", bytes("+1000000000-12-31T23:59:59Z"))
                .add("traceparent", new byte[] {0, -1, -2});
        endure("20 records whose headers say what is not so", "none", times(20, record));
    }

    @Test
    void anotherGiftUnderTheSameId() throws Exception {
        List<ProducerRecord<byte[], byte[]>> forged = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            byte[] id = bytes(UUID.nameUUIDFromBytes(bytes("forged " + i)).toString());
            for (String answer : List.of("first", "second")) {
                ProducerRecord<byte[], byte[]> record = record(bytes("1"), gift("same id " + i, answer));
                record.headers().add("ce_id", id);
                forged.add(record);
            }
        }
        endure("200 gifts under the id of 200 others", "none", forged);
    }

    @Test
    void deeplyNestedGifts() throws Exception {
        byte[] deep = bytes("{\"page_id\":%d,\"question\":\"q\",\"answer\":\"a\",\"ts\":1716300000,\"x\":%s1%s}"
                .formatted(PAGE, "[".repeat(400_000), "]".repeat(400_000)));
        endure("100 gifts with 400,000 brackets", "gzip", times(100, record(null, deep)));
    }

    /** Each brings a gift of its own. */
    @Test
    void largeChangesInASmallBatch() throws Exception {
        String answer = "x".repeat(900_000);
        List<ProducerRecord<byte[], byte[]>> changes = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            changes.add(change(answer, "\"sets\":[\"answer\"]"));
        }
        endure("40 edits of 900 KB in one batch, gzip", "gzip", changes);
    }

    @Test
    void changesThatSayFarMoreThanAChangeHas() throws Exception {
        String millions = "\"\",".repeat(2_000_000);
        endure(
                "an edit of two million fields, and one by a number of six million digits",
                "gzip",
                List.of(
                        change("a", "\"sets\":[" + millions + "\"answer\"]"),
                        change("a", "\"sets\":[\"answer\"],\"by\":" + "1".repeat(6_000_000))));
    }

    private static void endure(String name, String compression, List<ProducerRecord<byte[], byte[]>> records)
            throws Exception {
        long placed = placed();
        bench.endure(name, () -> {
            write(compression, records);
            return new Attack() {
                @Override
                public String got() {
                    // each of them has found its place
                    await().until(() -> placed() == placed + records.size());
                    return "%,d rows, %,d dead letters so far".formatted(stored(), letters());
                }

                @Override
                public void close() {
                    // what is written is written
                }
            };
        });
        assertThat(placed()).isEqualTo(placed + records.size());
    }

    private static long placed() {
        return stored() + letters();
    }

    private static long stored() {
        return bench.vault()
                .sql("select count(*) from vault where page_id = ?")
                .param(PAGE)
                .query(Long.class)
                .single();
    }

    private static long letters() {
        return bench.vault()
                .sql("select count(*) from dead_letter")
                .query(Long.class)
                .single();
    }

    private static List<ProducerRecord<byte[], byte[]>> times(int records, ProducerRecord<byte[], byte[]> record) {
        return Collections.nCopies(records, record);
    }

    /** All to one partition, and so in as few batches as there can be. */
    private static ProducerRecord<byte[], byte[]> record(byte[] key, byte[] value) {
        return new ProducerRecord<>(bench.topic(), 0, key, value);
    }

    private static ProducerRecord<byte[], byte[]> change(String answer, String further) {
        String value =
                "{\"page_id\":%d,\"question\":\"q\",\"answer\":\"%s\",\"created_at\":\"2024-05-21T14:00:00Z\",%s,\"ts\":1716300000}"
                        .formatted(PAGE, answer, further);
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(bench.changesTopic(), 0, null, bytes(value));
        record.headers()
                .add("ce_id", bytes(UUID.randomUUID().toString()))
                .add("ce_type", bytes("org.gibsey.vault.gift.edited"))
                .add("ce_subject", bytes(UUID.randomUUID().toString()));
        return record;
    }

    private static byte[] gift(String question, String answer) {
        return bytes("{\"page_id\":%d,\"question\":\"%s\",\"answer\":\"%s\",\"ts\":1716300000}"
                .formatted(PAGE, question, answer));
    }

    private static byte[] filled(int length) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) 'x');
        return bytes;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static void write(String compression, List<ProducerRecord<byte[], byte[]>> records) throws Exception {
        try (var producer = new KafkaProducer<>(
                Map.of(
                        "bootstrap.servers",
                        bench.bootstrapServers(),
                        "compression.type",
                        compression,
                        "batch.size",
                        100 << 20,
                        "buffer.memory",
                        512L << 20,
                        "linger.ms",
                        60_000,
                        "delivery.timeout.ms",
                        180_000,
                        "max.request.size",
                        Integer.MAX_VALUE),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (ProducerRecord<byte[], byte[]> record : records) {
                sent.add(producer.send(record));
            }
            producer.flush();
            for (Future<RecordMetadata> one : sent) {
                one.get();
            }
        }
    }
}
