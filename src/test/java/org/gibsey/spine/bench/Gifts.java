package org.gibsey.spine.bench;

import com.github.f4b6a3.uuid.UuidCreator;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.LongFunction;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.gibsey.spine.gift.CloudEvent;
import org.gibsey.spine.gift.Gift;
import org.gibsey.spine.gift.GiftWriter;
import org.gibsey.spine.gift.TraceParent;

/** What the benchmarks save: a question and an answer of usual length, spread over a thousand pages. */
public final class Gifts {

    private static final String QUESTION = "What does the reader find when the corridor turns back on itself?";
    private static final String ANSWER = "A door that was a page before, and behind it the same room, a little later in"
            + " the day; the reader sits down where somebody has just left, and the chair is warm — «still» warm.";
    private static final int PAGES = 1000;

    private Gifts() {}

    /** A save over HTTP/1.1. */
    static ByteBuffer request(long page) {
        return request(page, "");
    }

    /** @param headers lines, each with its end */
    static ByteBuffer request(long page, String headers) {
        byte[] body = "{\"page_id\":%d,\"question\":\"%s\",\"answer\":\"%s\"}"
                .formatted(page, QUESTION, ANSWER)
                .getBytes(StandardCharsets.UTF_8);
        byte[] head = ("POST /vault/save HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + headers
                        + "Content-Length: " + body.length + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII);
        return ByteBuffer.allocate(head.length + body.length)
                .put(head)
                .put(body)
                .flip();
    }

    /** Saves made beforehand, over and over. */
    public static LongFunction<ByteBuffer> requests() {
        ByteBuffer[] all = new ByteBuffer[PAGES];
        for (int i = 0; i < PAGES; i++) {
            all[i] = request(i + 1);
        }
        return number -> all[(int) (number % PAGES)];
    }

    /** The event of a gift, with every header of the contract. */
    static ProducerRecord<byte[], byte[]> event(String topic, UUID id, Gift gift) {
        ProducerRecord<byte[], byte[]> event =
                new ProducerRecord<>(topic, bytes(Long.toString(gift.pageId())), GiftWriter.eventValue(gift));
        event.headers()
                .add(CloudEvent.SPEC_VERSION, bytes("1.0"))
                .add(CloudEvent.ID, bytes(id.toString()))
                .add(CloudEvent.SOURCE, bytes("/vault/save"))
                .add(CloudEvent.TYPE, bytes(CloudEvent.GIFT_SAVED))
                .add(CloudEvent.TIME, bytes(gift.savedAt().toString()))
                .add(CloudEvent.CONTENT_TYPE, bytes("application/json"))
                .add(CloudEvent.TRACE_PARENT, bytes(TraceParent.begin().toString()));
        return event;
    }

    /** Writes that many events and waits for their acknowledgements. */
    static void write(String bootstrapServers, String topic, int gifts) {
        write(bootstrapServers, gifts, gift -> event(topic, UuidCreator.getTimeOrderedEpochPlus1(), gift));
    }

    /** Writes that many gifts, each as a record of the caller's making, and waits for their acknowledgements. */
    static void write(String bootstrapServers, int gifts, Function<Gift, ProducerRecord<byte[], byte[]>> record) {
        Map<String, Object> settings = new HashMap<>();
        settings.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
        settings.put(ProducerConfig.LINGER_MS_CONFIG, 20);
        settings.put(ProducerConfig.BATCH_SIZE_CONFIG, 65536);
        // with more, a first batch that meets a partition still without a leader can wait until it expires
        settings.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, 1);
        AtomicReference<Exception> failure = new AtomicReference<>();
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int i = 0; i < gifts; i++) {
                Gift gift = new Gift(
                        1 + i % PAGES,
                        QUESTION,
                        ANSWER,
                        null,
                        null,
                        null,
                        Clock.systemUTC().instant());
                var unused = producer.send(record.apply(gift), (metadata, fault) -> {
                    if (fault != null) {
                        failure.set(fault);
                    }
                });
            }
        }
        if (failure.get() != null) {
            throw new IllegalStateException("not every event was written", failure.get());
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
