package org.gibsey.spine.broker;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Reads pieces of a topic beside the consumers: in no group, committing nothing, so that nobody notices. Its Kafka client is made
 * when there is something to read for the first time, and kept. Thread-safe: one waits for the other.
 */
public final class TopicReader implements AutoCloseable {

    private static final Duration POLL = Duration.ofMillis(500);
    /** How long the broker may keep silent before a read is given up. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final KafkaConnection kafka;
    private final String name;
    private final int fetchBytes;
    private final IsolationLevel isolation;
    private final PollBudget budget = new PollBudget();
    private @Nullable KafkaConsumer<byte[], byte[]> client;

    /**
     * @param name       of the client, for the broker's logs
     * @param fetchBytes how much to fetch of a partition at once; at least one batch of the producer comes anyway
     */
    public TopicReader(KafkaConnection kafka, String name, int fetchBytes) {
        this(kafka, name, fetchBytes, IsolationLevel.READ_COMMITTED);
    }

    /** @param isolation whether records of transactions that are open or were taken back are read, too */
    public TopicReader(KafkaConnection kafka, String name, int fetchBytes, IsolationLevel isolation) {
        this.kafka = kafka;
        this.name = name;
        this.fetchBytes = fetchBytes;
        this.isolation = isolation;
    }

    private KafkaConsumer<byte[], byte[]> newClient() {
        Map<String, Object> properties = kafka.consumerProperties();
        properties.put(ConsumerConfig.CLIENT_ID_CONFIG, name);
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        // a piece whose begin has been deleted meanwhile begins later
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, isolation.toString());
        properties.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, fetchBytes);
        properties.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 1000);
        properties.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) PATIENCE.toMillis());
        properties.put(ConsumerConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) PATIENCE.toMillis());
        return new KafkaConsumer<>(properties, budget, budget);
    }

    /**
     * A piece of a partition.
     *
     * @param from first offset
     * @param to   offset after the last
     */
    public record Piece(TopicPartition partition, long from, long to) {}

    /**
     * Reads pieces of different partitions side by side; each list given is of one partition and in its order.
     *
     * @throws KafkaException if the broker does not deliver
     */
    public synchronized void read(Collection<Piece> pieces, Consumer<List<ConsumerRecord<byte[], byte[]>>> take) {
        Map<TopicPartition, Long> open = new HashMap<>();
        pieces.stream().filter(piece -> piece.from < piece.to).forEach(piece -> open.put(piece.partition, piece.to));
        if (client == null) {
            if (open.isEmpty()) {
                return;
            }
            client = newClient();
        }
        KafkaConsumer<byte[], byte[]> consumer = client;
        consumer.assign(open.keySet());
        consumer.resume(open.keySet());
        pieces.stream()
                .filter(piece -> open.containsKey(piece.partition))
                .forEach(piece -> consumer.seek(piece.partition, piece.from));
        long silentSince = System.nanoTime();
        while (!open.isEmpty()) {
            budget.renew(Integer.MAX_VALUE);
            ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
            for (TopicPartition partition : records.partitions()) {
                long to = open.getOrDefault(partition, 0L);
                List<ConsumerRecord<byte[], byte[]>> wanted = records.records(partition).stream()
                        .filter(record -> record.offset() < to)
                        .toList();
                if (!wanted.isEmpty()) {
                    take.accept(wanted);
                }
            }
            if (close(open, consumer) || !records.isEmpty()) {
                silentSince = System.nanoTime();
            } else if (System.nanoTime() - silentSince > PATIENCE.toNanos()) {
                throw new TimeoutException(
                        "nothing read of " + open.keySet() + " within " + PATIENCE.toSeconds() + " s");
            }
        }
    }

    /** Takes what is read to its end off the list, by position, because the last offsets may be a transaction's markers. */
    private static boolean close(Map<TopicPartition, Long> open, KafkaConsumer<?, ?> consumer) {
        List<TopicPartition> done = open.entrySet().stream()
                .filter(piece -> consumer.position(piece.getKey()) >= piece.getValue())
                .map(Map.Entry::getKey)
                .toList();
        if (done.isEmpty()) {
            return false;
        }
        done.forEach(open::remove);
        if (!open.isEmpty()) {
            consumer.pause(done);
        }
        return true;
    }

    @Override
    public synchronized void close() {
        if (client != null) {
            client.close(Duration.ofSeconds(1));
        }
    }
}
