package org.gibsey.spine.deadletter;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.broker.KafkaConnection;
import org.gibsey.spine.gift.EventId;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.stereotype.Component;

/**
 * Writes dead letters: key, value and headers exactly as they came, with where they came from and why added as headers.
 *
 * <p>A producer of its own and not a route, because a Camel message folds headers that differ in case or repeat, and drops
 * those that look like Camel's. Thread-safe.
 */
@Component
public final class DeadLetters implements DisposableBean {

    private final KafkaConnection kafka;
    private final String topic;
    private final Clock clock;
    private @Nullable Producer<byte[], byte[]> producer;

    DeadLetters(KafkaConnection kafka, SpineSettings settings, Clock clock) {
        this.kafka = kafka;
        this.topic = settings.topic().deadLetters();
        this.clock = clock;
    }

    /**
     * A record to dead-letter.
     *
     * @param record   as it was consumed
     * @param reason   short class of the fault
     * @param message  what happened
     * @param sqlState the database's code, or null
     */
    public record DeadLetter(
            ConsumerRecord<byte[], byte[]> record,
            String reason,
            String message,
            @Nullable String sqlState) {}

    /** The topic they go to. */
    public String topic() {
        return topic;
    }

    /**
     * Sends and waits until the broker acknowledged all of them.
     *
     * @throws KafkaException if one was not acknowledged; some of the others may have been
     */
    public void send(List<DeadLetter> letters) throws InterruptedException {
        sendAll(letters.stream()
                .map(letter -> new ProducerRecord<>(
                        topic, null, letter.record().key(), letter.record().value(), headers(letter)))
                .toList());
    }

    /** Sends records as they are, to any topic, and waits until all are acknowledged. */
    void sendAll(List<ProducerRecord<byte[], byte[]>> records) throws InterruptedException {
        List<Future<RecordMetadata>> sent = new ArrayList<>(records.size());
        for (ProducerRecord<byte[], byte[]> record : records) {
            sent.add(producer().send(record));
        }
        for (int i = 0; i < sent.size(); i++) {
            try {
                sent.get(i).get();
            } catch (ExecutionException e) {
                throw new KafkaException("not acknowledged by " + records.get(i).topic(), e.getCause());
            }
        }
    }

    private Headers headers(DeadLetter letter) {
        ConsumerRecord<byte[], byte[]> record = letter.record();
        Instant now = clock.instant();
        RecordHeaders headers = new RecordHeaders(record.headers().toArray());
        // only a gift that was sent again has died before
        long replays = DeadLetterHeaders.number(headers, DeadLetterHeaders.REPLAYS, 1, DeadLetterHeaders.MOST_TIMES)
                .orElse(0L);
        long attempts = replays == 0
                ? 0
                : DeadLetterHeaders.number(headers, DeadLetterHeaders.ATTEMPTS, 0, DeadLetterHeaders.MOST_TIMES - 1)
                        .orElse(0L);
        Instant first = replays == 0
                ? now
                : DeadLetterHeaders.time(headers, DeadLetterHeaders.FIRST_FAILURE, now)
                        .orElse(now);
        // the headers of an earlier death of the same gift are replaced, so that replays do not pile them up
        DeadLetterHeaders.OURS.forEach(headers::remove);
        add(headers, EventId.DEAD_LETTER_ID, EventId.of(record).toString());
        add(headers, DeadLetterHeaders.TOPIC, record.topic());
        add(headers, DeadLetterHeaders.PARTITION, Integer.toString(record.partition()));
        add(headers, DeadLetterHeaders.OFFSET, Long.toString(record.offset()));
        add(headers, DeadLetterHeaders.TIMESTAMP, Long.toString(record.timestamp()));
        add(headers, DeadLetterHeaders.REASON, letter.reason());
        add(headers, DeadLetterHeaders.MESSAGE, letter.message());
        add(headers, DeadLetterHeaders.SQL_STATE, letter.sqlState());
        add(headers, DeadLetterHeaders.ATTEMPTS, Long.toString(attempts + 1));
        add(headers, DeadLetterHeaders.FIRST_FAILURE, first.toString());
        add(headers, DeadLetterHeaders.LAST_FAILURE, now.toString());
        add(headers, DeadLetterHeaders.REPLAYS, replays == 0 ? null : Long.toString(replays));
        return headers;
    }

    private static void add(Headers headers, String name, @Nullable String value) {
        if (value != null) {
            headers.add(name, value.getBytes(StandardCharsets.UTF_8));
        }
    }

    /** Made on first use: most processes never need it, and the routes have to be configured first. */
    private synchronized Producer<byte[], byte[]> producer() {
        if (producer == null) {
            producer = kafka.newProducer("dead-letters");
        }
        return producer;
    }

    @Override
    public synchronized void destroy() {
        if (producer != null) {
            producer.close();
        }
    }
}
