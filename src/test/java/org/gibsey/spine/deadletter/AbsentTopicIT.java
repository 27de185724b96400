package org.gibsey.spine.deadletter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.mockito.Mockito.when;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerInterceptor;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerInterceptor;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.broker.KafkaConnection;
import org.gibsey.spine.deadletter.DeadLetters.DeadLetter;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.SpineIT;
import org.gibsey.spine.embedded.TestTopic;
import org.junit.jupiter.api.Test;
import org.mockito.Answers;
import org.mockito.Mockito;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.context.TestPropertySource;

/** The topic of dead letters is away, and comes. */
@SpineIT
@TestPropertySource(
        properties = {
            "VAULT_ROUTES=file:routes/list-gifts.camel.yaml",
            "camel.component.kafka.max-block-ms=300",
            "camel.component.kafka.interceptor-classes=org.gibsey.spine.deadletter.AbsentTopicIT$Sends"
        })
class AbsentTopicIT {

    private static final String TOPIC = "absent.dlq";
    private static final List<String> SENT = new CopyOnWriteArrayList<>();

    @Autowired
    KafkaConnection kafka;

    /** A send that finds no topic waits for a minute, and a worker that stays away for five loses its partitions. */
    @Test
    void theLettersOfABatchWaitForItTogetherAndAreKeptInTheirOrderWhenItIsThere() throws Exception {
        SpineSettings settings = Mockito.mock(SpineSettings.class, Answers.RETURNS_DEEP_STUBS);
        when(settings.topic().deadLetters()).thenReturn(TOPIC);
        DeadLetters deadLetters = new DeadLetters(kafka, settings, Clock.systemUTC());
        List<DeadLetter> batch =
                Stream.of("one", "two", "three").map(AbsentTopicIT::letter).toList();
        String servers = SharedServices.get().kafka().bootstrapServers();

        assertThatThrownBy(() -> deadLetters.send(batch))
                .isInstanceOf(KafkaException.class)
                .hasMessage("not acknowledged by " + TOPIC);

        assertThat(SENT).containsExactly("one");

        try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers));
                TestTopic topic = new TestTopic(TOPIC, servers)) {
            admin.createTopics(List.of(new NewTopic(TOPIC, 1, (short) 1))).all().get();
            await().ignoreExceptionsInstanceOf(KafkaException.class).until(() -> {
                deadLetters.send(batch);
                return true;
            });
            assertThat(topic.read(letter -> true))
                    .extracting(AbsentTopicIT::text)
                    .containsExactly("one", "two", "three");
        } finally {
            deadLetters.destroy();
        }
    }

    private static DeadLetter letter(String value) {
        ConsumerRecord<byte[], byte[]> record =
                new ConsumerRecord<>("gift_events", 0, 0, null, value.getBytes(StandardCharsets.UTF_8));
        return new DeadLetter(record, UUID.randomUUID(), "undecodable", "no JSON", null);
    }

    private static String text(ConsumerRecord<byte[], byte[]> letter) {
        return new String(letter.value(), StandardCharsets.UTF_8);
    }

    /** Notes what is to be sent to the topic. For consumers too, because the clients have their settings together. */
    public static final class Sends
            implements ProducerInterceptor<byte[], byte[]>, ConsumerInterceptor<byte[], byte[]> {

        @Override
        public ProducerRecord<byte[], byte[]> onSend(ProducerRecord<byte[], byte[]> record) {
            if (record.topic().equals(TOPIC)) {
                SENT.add(new String(record.value(), StandardCharsets.UTF_8));
            }
            return record;
        }

        @Override
        public ConsumerRecords<byte[], byte[]> onConsume(ConsumerRecords<byte[], byte[]> records) {
            return records;
        }

        @Override
        public void onAcknowledgement(RecordMetadata metadata, Exception exception) {}

        @Override
        public void onCommit(Map<TopicPartition, OffsetAndMetadata> offsets) {}

        @Override
        public void close() {}

        @Override
        public void configure(Map<String, ?> configs) {}
    }
}
