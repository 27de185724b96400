package org.gibsey.spine.deadletter;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.tomcat.util.security.ConcurrentMessageDigest;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.broker.KafkaConnection;
import org.gibsey.spine.broker.PollBudget;
import org.gibsey.spine.gift.EventId;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.stereotype.Component;

/**
 * Writes dead letters: key, value and headers exactly as they came, with where they came from and why added as headers. Of one
 * that is too large for that a stub is written, which says what the value was and where it lies: it must not hold up the others.
 *
 * <p>A producer of its own and not a route, because a Camel message folds headers that differ in case or repeat, and drops
 * those that look like Camel's. Thread-safe.
 */
@Component
public final class DeadLetters implements DisposableBean {

    /** The parameter of the statement that indexes them. */
    public static final String LETTERS = "letters";

    /** More, uncompressed, is not kept whole: indexing a letter takes many times its size in memory. */
    static final int MOST_BYTES = 8 << 20;

    /** What a stub has of the key and of the value, and of the headers together. */
    private static final int STUB_BYTES = 1024;

    private static final int STUB_MESSAGE_CHARS = 500;

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
     * @param id       that the letter is kept under: a later one of the same id takes its place
     * @param sqlState the database's code, or null
     */
    public record DeadLetter(
            ConsumerRecord<byte[], byte[]> record,
            UUID id,
            String reason,
            String message,
            @Nullable String sqlState) {}

    /** The topic they go to. */
    public String topic() {
        return topic;
    }

    /**
     * Sends and waits until the broker acknowledged all of them, each whole or as a stub.
     *
     * @throws KafkaException if one was not acknowledged; some of the others may have been
     */
    public void send(List<DeadLetter> letters) throws InterruptedException {
        List<ProducerRecord<byte[], byte[]>> records = letters.stream()
                .map(letter -> new ProducerRecord<>(
                        topic, null, letter.record().key(), letter.record().value(), headers(letter)))
                .map(whole -> size(whole.key(), whole.value(), whole.headers()) > MOST_BYTES ? stub(whole) : whole)
                .toList();
        sendAll(tooLarge(records).stream().map(this::stub).toList());
    }

    /** Sends records as they are, to any topic, and waits until all are acknowledged. */
    void sendAll(List<ProducerRecord<byte[], byte[]>> records) throws InterruptedException {
        for (ProducerRecord<byte[], byte[]> refused : tooLarge(records)) {
            throw new KafkaException("not acknowledged by " + refused.topic(), new RecordTooLargeException());
        }
    }

    /**
     * Sends records and waits for their acknowledgements.
     *
     * @return those that client or broker refused because of their size; empty when all are acknowledged
     * @throws KafkaException if one was not acknowledged for any other reason
     */
    private List<ProducerRecord<byte[], byte[]>> tooLarge(List<ProducerRecord<byte[], byte[]>> records)
            throws InterruptedException {
        List<Future<RecordMetadata>> sent = new ArrayList<>(records.size());
        for (ProducerRecord<byte[], byte[]> record : records) {
            Future<RecordMetadata> acknowledgement = producer().send(record);
            if (acknowledgement.isDone()) {
                // it was waited for, where there is no topic or no room for it: so would each further one be, and
                // meanwhile the worker would leave its group
                isTaken(record, acknowledgement);
            }
            sent.add(acknowledgement);
        }
        List<ProducerRecord<byte[], byte[]>> tooLarge = new ArrayList<>();
        for (int i = 0; i < sent.size(); i++) {
            if (!isTaken(records.get(i), sent.get(i))) {
                tooLarge.add(records.get(i));
            }
        }
        return tooLarge;
    }

    /**
     * Waits for the acknowledgement of a record.
     *
     * @return false when client or broker refused it because of its size
     * @throws KafkaException if it was not acknowledged for any other reason
     */
    private static boolean isTaken(ProducerRecord<byte[], byte[]> record, Future<RecordMetadata> acknowledgement)
            throws InterruptedException {
        try {
            acknowledgement.get();
            return true;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RecordTooLargeException) {
                return false;
            }
            throw new KafkaException("not acknowledged by " + record.topic(), e.getCause());
        }
    }

    /** The same letter with the beginning of its content, and with what tells the original. */
    private ProducerRecord<byte[], byte[]> stub(ProducerRecord<byte[], byte[]> whole) {
        byte[] value = whole.value() == null ? new byte[0] : whole.value();
        RecordHeaders headers = new RecordHeaders();
        int left = STUB_BYTES;
        for (Header header : whole.headers()) {
            boolean ours = DeadLetterHeaders.OURS.contains(header.key());
            int size = PollBudget.size(header);
            if (ours || size <= left) {
                headers.add(header);
                left -= ours ? 0 : size;
            }
        }
        String message =
                DeadLetterHeaders.text(headers, DeadLetterHeaders.MESSAGE).orElse("");
        headers.remove(DeadLetterHeaders.MESSAGE);
        add(
                headers,
                DeadLetterHeaders.MESSAGE,
                message.substring(0, Math.min(message.length(), STUB_MESSAGE_CHARS))
                        + "; too large to be kept whole: this is the beginning of its " + value.length
                        + " bytes, the original stays in its topic until its retention ends");
        add(headers, DeadLetterHeaders.STUB_BYTES, Integer.toString(value.length));
        add(
                headers,
                DeadLetterHeaders.STUB_SHA256,
                HexFormat.of().formatHex(ConcurrentMessageDigest.digestSHA256(value)));
        return new ProducerRecord<>(topic, null, beginning(whole.key()), beginning(whole.value()), headers);
    }

    static byte @Nullable [] beginning(byte @Nullable [] bytes) {
        return bytes == null || bytes.length <= STUB_BYTES ? bytes : Arrays.copyOf(bytes, STUB_BYTES);
    }

    static long size(byte @Nullable [] key, byte @Nullable [] value, Headers headers) {
        return (key == null ? 0L : key.length) + (value == null ? 0 : value.length) + PollBudget.size(headers);
    }

    private Headers headers(DeadLetter letter) {
        ConsumerRecord<byte[], byte[]> record = letter.record();
        Instant now = clock.instant();
        RecordHeaders headers = new RecordHeaders(record.headers().toArray());
        long replays = DeadLetterHeaders.number(headers, DeadLetterHeaders.REPLAYS, 1, DeadLetterHeaders.MOST_TIMES)
                .orElse(0L);
        long attempts = 0;
        Instant first = now;
        Instant last = now;
        // only a gift that was sent again has died before
        if (replays > 0) {
            attempts = DeadLetterHeaders.number(
                            headers, DeadLetterHeaders.ATTEMPTS, 0, DeadLetterHeaders.MOST_TIMES - 1)
                    .orElse(0L);
            first = DeadLetterHeaders.time(headers, DeadLetterHeaders.FIRST_FAILURE, now)
                    .orElse(now);
            // later than the replay, also by the clock of the process that sent it again
            last = DeadLetterHeaders.time(
                            headers, DeadLetterHeaders.REPLAYED_AT, now.plus(DeadLetterHeaders.CLOCK_DIFFERENCE))
                    .map(replayed -> replayed.plus(1, ChronoUnit.MICROS))
                    .filter(now::isBefore)
                    .orElse(now);
        }
        // the headers of an earlier death of the same gift are replaced, so that replays do not pile them up
        DeadLetterHeaders.OURS.forEach(headers::remove);
        add(headers, EventId.DEAD_LETTER_ID, letter.id().toString());
        add(headers, DeadLetterHeaders.TOPIC, record.topic());
        add(headers, DeadLetterHeaders.PARTITION, Integer.toString(record.partition()));
        add(headers, DeadLetterHeaders.OFFSET, Long.toString(record.offset()));
        add(headers, DeadLetterHeaders.TIMESTAMP, Long.toString(record.timestamp()));
        add(headers, DeadLetterHeaders.REASON, letter.reason());
        add(headers, DeadLetterHeaders.MESSAGE, letter.message());
        add(headers, DeadLetterHeaders.SQL_STATE, letter.sqlState());
        add(headers, DeadLetterHeaders.ATTEMPTS, Long.toString(attempts + 1));
        add(headers, DeadLetterHeaders.FIRST_FAILURE, first.toString());
        add(headers, DeadLetterHeaders.LAST_FAILURE, last.toString());
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
