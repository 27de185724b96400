package org.gibsey.spine.persist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Future;
import java.util.stream.LongStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.gibsey.spine.broker.PollBudget;
import org.gibsey.spine.broker.TopicIds;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.TestTopic;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mockito.Mockito;

class BatchConsumerIT {

    private final String name = "polled-" + UUID.randomUUID();
    private Uuid topicId = Uuid.randomUuid();
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

    /** As of a partition that has no leader and of which nothing is committed: those beside it go on. */
    @Test
    void aPositionThatIsNotKnownYetEndsNoPoll() {
        try (Polled consumer = new Polled(10)) {
            consumer.next();
            consumer.handOver();
            consumer.stored(Map.of());
            consumer.positionUnknown = true;

            assertThat(consumer.poll(Duration.ZERO)).isEmpty();
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
    void goesOnWhereItCommittedInTheSameTopic() throws Exception {
        commit(TopicIds.next(2, topicId));

        try (Polled consumer = new Polled(1)) {
            assertThat(consumer.next()).containsExactly("third");
        }
    }

    /** Whoever came before this version, or set the group by hand, says nothing of the topic. */
    @ParameterizedTest
    @ValueSource(strings = {"", "of Faust", "topic-id=no id"})
    void goesOnWhereAnotherProgramCommitted(String metadata) throws Exception {
        commit(new OffsetAndMetadata(2, metadata));

        try (Polled consumer = new Polled(1)) {
            assertThat(consumer.next()).containsExactly("third");
        }
    }

    @Test
    void beginsAnewWhenWhatIsCommittedIsOfAnotherTopicOfTheSameName() throws Exception {
        commit(TopicIds.next(2, Uuid.randomUuid()));

        try (Polled consumer = new Polled(1)) {
            assertThat(consumer.next()).containsExactly("first");
        }
    }

    @Test
    void beginsAnewWhenTheTopicBecomesAnotherAndKeepsNoOffsetOfTheOld() throws Exception {
        try (Polled consumer = new Polled(2)) {
            assertThat(consumer.next()).containsExactly("first", "second");

            topicId = Uuid.randomUuid();
            consumer.keepAlive();
            consumer.stored(Map.of(new TopicPartition(name, 0), new OffsetAndMetadata(2)));

            assertThat(consumer.next()).containsExactly("first", "second");
            assertThat(committed()).isNull();
            consumer.stored(Map.of(new TopicPartition(name, 0), new OffsetAndMetadata(2)));
        }
        assertThat(committed()).isEqualTo(TopicIds.next(2, topicId));
    }

    private void commit(OffsetAndMetadata offset) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers))) {
            admin.alterConsumerGroupOffsets(name, Map.of(new TopicPartition(name, 0), offset))
                    .all()
                    .get();
        }
    }

    /** Null when there is none. */
    private OffsetAndMetadata committed() throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers))) {
            return admin.listConsumerGroupOffsets(name)
                    .partitionsToOffsetAndMetadata()
                    .get()
                    .get(new TopicPartition(name, 0));
        }
    }

    /** Some hundred KB on the wire, more than the heap of a worker in memory. */
    @Test
    void aBatchIsBoundedInBytesAfterDecompression() throws Exception {
        int most = 20 << 20;
        byte[] larger = new byte[most];
        byte[] large = new byte[900_000];
        List<byte[]> values = new ArrayList<>(Collections.nCopies(60, large));
        values.add(30, larger);
        writeInOneBatch(values);
        List<Long> offsets = new ArrayList<>();

        try (Polled consumer = new Polled(2000)) {
            while (offsets.size() < 3 + values.size()) {
                List<ConsumerRecord<?, byte[]>> batch = consumer.nextRecords();
                long bytes = batch.stream()
                        .mapToLong(record -> record.value().length)
                        .sum();
                assertThat(bytes <= 16 << 20 || batch.size() == 1)
                        .as("%d records of %d bytes", batch.size(), bytes)
                        .isTrue();
                batch.forEach(record -> offsets.add(record.offset()));
                consumer.keepAlive();
            }
        }

        assertThat(offsets)
                .containsExactlyElementsOf(
                        LongStream.range(0, 3 + values.size()).boxed().toList());
    }

    /** What bounds a single record, which a consumer holds whole before anything can look at it. */
    @Test
    void aTopicKeptUncompressedTakesNoRecordThatUnpacksToMoreThanAMessageMayHave() throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers))) {
            admin.incrementalAlterConfigs(Map.of(
                            new ConfigResource(ConfigResource.Type.TOPIC, name),
                            List.of(new AlterConfigOp(
                                    new ConfigEntry("compression.type", "uncompressed"), AlterConfigOp.OpType.SET))))
                    .all()
                    .get();
        }

        // the broker takes up the setting a moment later
        await().untilAsserted(() -> assertThatThrownBy(() -> writeInOneBatch(List.of(new byte[2 << 20])))
                .hasCauseInstanceOf(RecordTooLargeException.class));
    }

    private void writeInOneBatch(List<byte[]> values) throws Exception {
        try (var producer = new KafkaProducer<>(
                Map.of(
                        "bootstrap.servers",
                        servers,
                        "compression.type",
                        "gzip",
                        "batch.size",
                        100 << 20,
                        "buffer.memory",
                        200L << 20,
                        "linger.ms",
                        60_000,
                        "delivery.timeout.ms",
                        180_000,
                        "max.request.size",
                        Integer.MAX_VALUE),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (byte[] value : values) {
                sent.add(producer.send(new ProducerRecord<>(name, 0, null, value)));
            }
            producer.flush();
            for (Future<RecordMetadata> acknowledgement : sent) {
                acknowledgement.get();
            }
        }
    }

    @Test
    void aBatchBringsNoMoreThanAStatementTakes() {
        try (Polled consumer = new Polled(10)) {
            consumer.statements().tooSlow(4, 1);

            assertThat(consumer.next()).containsExactly("first", "second");
            consumer.keepAlive();
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
        try (BatchConsumer consumer =
                new BatchConsumer(properties(1), new PollBudget(), unused -> topicId, closed -> {})) {
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
        private boolean positionUnknown;

        Polled(int maxPollRecords) {
            super(properties(maxPollRecords), new PollBudget(), unused -> topicId, closed -> {});
            subscribe(List.of(name), Mockito.mock(ConsumerRebalanceListener.class));
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

        List<ConsumerRecord<?, byte[]>> nextRecords() {
            List<ConsumerRecord<?, byte[]>> records = new ArrayList<>();
            await().pollDelay(Duration.ZERO).pollInSameThread().until(() -> {
                for (ConsumerRecord<Object, Object> batch : poll(Duration.ZERO)) {
                    for (Object record : (List<?>) batch.value()) {
                        @SuppressWarnings("unchecked")
                        var typed = (ConsumerRecord<?, byte[]>) record;
                        records.add(typed);
                    }
                }
                return !records.isEmpty();
            });
            return records;
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
        public long position(TopicPartition partition, Duration within) {
            if (positionUnknown) {
                throw new TimeoutException("no leader");
            }
            return super.position(partition, within);
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
