package org.gibsey.spine.persist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.UUID;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.TestTopic;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BatchConsumerIT {

    private final String name = "polled-" + UUID.randomUUID();
    private final String servers = SharedServices.get().kafka().bootstrapServers();

    @BeforeEach
    void fillTopic() throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers))) {
            admin.createTopics(List.of(new NewTopic(name, 1, (short) 1))).all().get();
        }
        try (TestTopic topic = new TestTopic(name, servers)) {
            topic.writeAll(0, List.of("first", "second", "third"));
        }
    }

    @AfterEach
    void deleteTopic() throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers))) {
            admin.deleteTopics(List.of(name)).all().get();
        }
    }

    @Test
    void takesNothingFromTheTopicWhileABatchWaits() {
        try (Polled consumer = new Polled(1)) {
            assertThat(consumer.next()).containsExactly("first");

            consumer.keepAlive();
            consumer.keepAlive();

            assertThat(consumer.soughtBack).isEmpty();
            assertThat(consumer.next()).containsExactly("second");
        }
    }

    @Test
    void readsAgainWhatANewPartitionBroughtWhileABatchWaited() {
        try (Polled consumer = new Polled(1)) {
            assertThat(consumer.next()).containsExactly("first");

            consumer.assignedOnlyInTheNextPoll = true;
            consumer.keepAlive();

            assertThat(consumer.soughtBack).containsExactly(1L);
            assertThat(consumer.next()).containsExactly("second");
            assertThat(consumer.next()).containsExactly("third");
        }
    }

    @Test
    void restsAfterAFewCameTogether() {
        try (Polled consumer = new Polled(10)) {
            assertThat(consumer.next()).containsExactly("first", "second", "third");

            consumer.handOver();
            consumer.poll(Duration.ZERO);
            consumer.poll(Duration.ZERO);

            assertThat(consumer.rests).endsWith(0L, 750_000L, 0L);
        }
    }

    @Test
    void catchesUpWithoutRest() {
        try (Polled consumer = new Polled(3)) {
            assertThat(consumer.next()).containsExactly("first", "second", "third");

            consumer.handOver();
            consumer.poll(Duration.ZERO);

            assertThat(consumer.rests).containsOnly(0L);
        }
    }

    @Test
    void restsAsLongAsItIsTold() {
        try (BatchConsumer consumer = new BatchConsumer(properties(1), closed -> {})) {
            long start = System.nanoTime();

            consumer.rest(5_000_000);

            assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(5_000_000);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0, 2000, 0",
        "1, 2000, 0",
        "2, 2000, 500000",
        "32, 2000, 8000000",
        "100, 2000, 8000000",
        "101, 2000, 0",
        "10, 10, 0"
    })
    void restsTheLongerTheMoreCameUnlessItIsABacklog(int last, int most, long nanos) {
        assertThat(BatchConsumer.restNanos(last, most)).isEqualTo(nanos);
    }

    /** Sees what it is made to do, and can be made not to know of its partition yet. */
    private final class Polled extends BatchConsumer {

        private final List<Long> soughtBack = new ArrayList<>();
        private final List<Long> rests = new ArrayList<>();
        private boolean assignedOnlyInTheNextPoll;

        Polled(int maxPollRecords) {
            super(properties(maxPollRecords), closed -> {});
            subscribe(List.of(name));
        }

        /** The poll that brings nothing, on which Camel hands the batch over. */
        void handOver() {
            assertThat(poll(Duration.ZERO)).isEmpty();
        }

        @Override
        void rest(long nanos) {
            rests.add(nanos);
        }

        List<String> next() {
            List<String> values = new ArrayList<>();
            await().pollDelay(Duration.ZERO).pollInSameThread().until(() -> {
                values(poll(Duration.ZERO), values);
                return !values.isEmpty();
            });
            return values;
        }

        @Override
        public Set<TopicPartition> assignment() {
            if (assignedOnlyInTheNextPoll) {
                assignedOnlyInTheNextPoll = false;
                return Set.of();
            }
            return super.assignment();
        }

        @Override
        public void seek(TopicPartition partition, long offset) {
            soughtBack.add(offset);
            super.seek(partition, offset);
        }
    }

    private Properties properties(int maxPollRecords) {
        Properties properties = new Properties();
        properties.putAll(Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                servers,
                ConsumerConfig.GROUP_ID_CONFIG,
                name,
                ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                "earliest",
                ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                "false",
                ConsumerConfig.MAX_POLL_RECORDS_CONFIG,
                maxPollRecords,
                ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG,
                ByteArrayDeserializer.class.getName(),
                ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG,
                ByteArrayDeserializer.class.getName()));
        return properties;
    }

    private static void values(ConsumerRecords<Object, Object> polled, List<String> values) {
        for (ConsumerRecord<Object, Object> batch : polled) {
            for (Object record : (List<?>) batch.value()) {
                values.add(new String((byte[]) ((ConsumerRecord<?, ?>) record).value(), StandardCharsets.UTF_8));
            }
        }
    }
}
