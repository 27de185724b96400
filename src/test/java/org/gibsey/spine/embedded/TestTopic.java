package org.gibsey.spine.embedded;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** A topic as other programs see it: writes records of any shape and reads what is there. Not thread-safe. */
public final class TestTopic implements AutoCloseable {

    private final String name;
    private final String bootstrapServers;
    private final KafkaProducer<byte[], byte[]> producer;

    public TestTopic(String name, String bootstrapServers) {
        this.name = name;
        this.bootstrapServers = bootstrapServers;
        this.producer = new KafkaProducer<>(
                Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers, ProducerConfig.LINGER_MS_CONFIG, 5),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    /**
     * A producer of transactions, for any topic of the broker. Whoever has it ends and closes them: the broker takes one back by
     * itself after ten minutes only, which is longer than a test waits.
     */
    public KafkaProducer<byte[], byte[]> ofTransactions() {
        Map<String, Object> settings = Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrapServers,
                ProducerConfig.TRANSACTIONAL_ID_CONFIG,
                UUID.randomUUID().toString(),
                ProducerConfig.TRANSACTION_TIMEOUT_CONFIG,
                600_000);
        KafkaProducer<byte[], byte[]> transactions =
                new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
        transactions.initTransactions();
        return transactions;
    }

    /** Writes a value without key and headers, as the old publisher did. */
    public RecordMetadata write(String value) throws ExecutionException, InterruptedException {
        return write(new ProducerRecord<>(name, value.getBytes(StandardCharsets.UTF_8)));
    }

    /** Writes a record and waits for its acknowledgement. */
    public RecordMetadata write(ProducerRecord<byte[], byte[]> record) throws ExecutionException, InterruptedException {
        return producer.send(record).get();
    }

    /** Writes many values to one partition, so that they arrive together. */
    public void writeAll(int partition, List<String> values) throws ExecutionException, InterruptedException {
        writeAll(values.stream()
                .map(value -> new ProducerRecord<byte[], byte[]>(
                        name, partition, null, value.getBytes(StandardCharsets.UTF_8)))
                .toList());
    }

    /** Writes many records at once and waits for their acknowledgements. */
    public void writeAll(List<ProducerRecord<byte[], byte[]>> records) throws ExecutionException, InterruptedException {
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        for (ProducerRecord<byte[], byte[]> record : records) {
            sent.add(producer.send(record));
        }
        for (Future<RecordMetadata> acknowledgement : sent) {
            acknowledgement.get();
        }
    }

    /** All records there are at the moment that match. */
    public List<ConsumerRecord<byte[], byte[]>> read(Predicate<ConsumerRecord<byte[], byte[]>> wanted) {
        List<ConsumerRecord<byte[], byte[]>> found = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(name).stream()
                    .map(partition -> new TopicPartition(name, partition.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                consumer.poll(Duration.ofMillis(200)).forEach(record -> {
                    if (wanted.test(record)) {
                        found.add(record);
                    }
                });
            }
        }
        return found;
    }

    @Override
    public void close() {
        producer.close();
    }
}
