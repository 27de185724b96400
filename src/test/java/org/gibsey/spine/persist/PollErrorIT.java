package org.gibsey.spine.persist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.SpineIT;
import org.gibsey.spine.embedded.TestTopic;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.context.TestPropertySource;

/** A poll that throws: by Camel's default one record of each partition would be skipped. */
@SpineIT
@TestPropertySource(
        properties = {
            "KAFKA_TOPIC=poll_errors",
            "KAFKA_DEAD_LETTER_TOPIC=poll_errors.dlq",
            "KAFKA_GROUP=poll-errors",
            "camel.component.kafka.additional-properties[partition.assignment.strategy]="
                    + "org.gibsey.spine.persist.PollErrorIT$FaultyAssignor"
        })
@Tag("slow")
class PollErrorIT {

    private static final AtomicBoolean ARMED = new AtomicBoolean();

    @Autowired
    JdbcClient vault;

    /** Makes the poll throw in which the next partitions arrive. */
    public static final class FaultyAssignor extends RangeAssignor {
        @Override
        public void onAssignment(Assignment assignment, ConsumerGroupMetadata group) {
            super.onAssignment(assignment, group);
            if (ARMED.compareAndSet(true, false)) {
                throw new IllegalStateException("as the test says");
            }
        }
    }

    @Test
    void skipsNothingWhenThePollThrows() throws Exception {
        int written = 0;
        String servers = SharedServices.get().kafka().bootstrapServers();
        try (TestTopic topic = new TestTopic("poll_errors", servers)) {
            topic.writeAll(oneForEachPartition());
            written += 6;
            await().until(() -> count() == 6);

            ARMED.set(true);
            CompletableFuture<Void> guest = CompletableFuture.runAsync(() -> joinAndLeave(servers));
            while (!guest.isDone()) {
                topic.writeAll(oneForEachPartition());
                written += 6;
            }
            guest.join();
        }

        assertThat(ARMED).as("still armed").isFalse();
        int all = written;
        await().until(() -> count() == all);
    }

    private static void joinAndLeave(String servers) {
        try (KafkaConsumer<byte[], byte[]> guest = new KafkaConsumer<>(
                Map.of(
                        ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        servers,
                        ConsumerConfig.GROUP_ID_CONFIG,
                        "poll-errors",
                        ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                        false,
                        ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG,
                        RangeAssignor.class.getName()),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            guest.subscribe(List.of("poll_errors"));
            await().until(() -> {
                guest.poll(Duration.ofMillis(100));
                return !guest.assignment().isEmpty();
            });
        }
    }

    private static List<ProducerRecord<byte[], byte[]>> oneForEachPartition() {
        return IntStream.range(0, 6)
                .mapToObj(partition -> new ProducerRecord<byte[], byte[]>(
                        "poll_errors",
                        partition,
                        null,
                        "{\"page_id\":90001,\"question\":\"q\",\"answer\":\"a\"}".getBytes(StandardCharsets.UTF_8)))
                .toList();
    }

    private long count() {
        return vault.sql("select count(*) from vault where page_id = 90001")
                .query(Long.class)
                .single();
    }
}
