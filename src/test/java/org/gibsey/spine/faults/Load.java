package org.gibsey.spine.faults;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.gibsey.spine.embedded.Patience;

/**
 * Writes gifts to a topic and remembers which ones the broker acknowledged: those are the ones that must not be lost. Either
 * a number at once, or at a steady rate in the background until stopped.
 */
final class Load implements AutoCloseable {

    private final KafkaProducer<byte[], byte[]> producer;
    private final String topic;
    private final int page;
    private final WorkerGroup group;
    private final Set<UUID> accepted = ConcurrentHashMap.newKeySet();
    private final Set<UUID> poison = ConcurrentHashMap.newKeySet();
    private volatile boolean steady;
    private Thread background;
    private int poisonPercent;
    private int written;

    /** @param page page id of its gifts, by which they are found again */
    Load(String bootstrapServers, String topic, int page) {
        this.topic = topic;
        this.page = page;
        this.group = new WorkerGroup(bootstrapServers, topic);
        this.producer = new KafkaProducer<>(
                Map.of(
                        ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        ProducerConfig.ACKS_CONFIG,
                        "all",
                        ProducerConfig.LINGER_MS_CONFIG,
                        2,
                        // with more, a first batch that meets a partition still without a leader can wait until it
                        // expires
                        ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION,
                        1),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    /** From now on this share of the gifts cannot be stored, evenly spread and half of them undecodable. */
    Load poison(int percent) {
        poisonPercent = percent;
        return this;
    }

    /** Writes that many and waits for their acknowledgements. */
    Load write(int gifts) {
        for (int i = 0; i < gifts; i++) {
            writeOne();
        }
        producer.flush();
        return this;
    }

    /** Writes one and waits for its acknowledgement. */
    UUID probe() {
        UUID id = writeOne();
        producer.flush();
        return id;
    }

    /** Writes at that rate until {@link #stop}. */
    Load steady(int perSecond) {
        steady = true;
        background = new Thread(
                () -> {
                    long start = System.nanoTime();
                    for (long i = 0; steady; i++) {
                        writeOne();
                        LockSupport.parkNanos(start + i * 1_000_000_000L / perSecond - System.nanoTime());
                    }
                },
                "load of page " + page);
        background.start();
        return this;
    }

    /** Ends the steady load and waits for the acknowledgements. */
    Load stop() throws InterruptedException {
        steady = false;
        background.join(Patience.LIMIT.toMillis());
        producer.flush();
        return this;
    }

    int page() {
        return page;
    }

    String topic() {
        return topic;
    }

    Set<UUID> accepted() {
        return accepted;
    }

    /** The workers of its topic. */
    WorkerGroup group() {
        return group;
    }

    /** How many of those accepted cannot be stored. */
    long acceptedPoison() {
        return accepted.stream().filter(poison::contains).count();
    }

    boolean isPoison(UUID id) {
        return poison.contains(id);
    }

    @Override
    public void close() {
        steady = false;
        producer.close(Duration.ofSeconds(5));
    }

    private UUID writeOne() {
        UUID id = UUID.randomUUID();
        int number = written++;
        boolean bad = number % 100 < poisonPercent;
        String value = bad && number % 2 == 0
                ? "{\"page_id\":%d,".formatted(page)
                : "{\"page_id\":%d,\"question\":\"%s %s\",\"answer\":\"%s\",\"ts\":1716300000.25}"
                        .formatted(page, bad ? "poison" : "gift", id, "answer ".repeat(20));
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(
                topic,
                Integer.toString(number).getBytes(StandardCharsets.UTF_8),
                value.getBytes(StandardCharsets.UTF_8));
        record.headers().add("ce_id", id.toString().getBytes(StandardCharsets.UTF_8));
        if (bad) {
            poison.add(id);
        }
        var unused = producer.send(record, (metadata, fault) -> {
            if (fault == null) {
                accepted.add(id);
            } else {
                // not acknowledged, so nobody promised anything; why is worth knowing all the same
                System.out.println("not accepted: " + fault);
            }
        });
        return id;
    }
}
