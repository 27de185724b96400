package org.gibsey.spine.ledger;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.gibsey.spine.broker.KafkaConnection;
import org.gibsey.spine.gift.EventId;
import org.jspecify.annotations.Nullable;

/** Sends events to their topic again, as the same events. Not thread-safe; to be closed. */
final class Resend implements AutoCloseable {

    private final Producer<byte[], byte[]> producer;
    private final Counter counter;
    private final AtomicReference<@Nullable Exception> failure = new AtomicReference<>();
    private int sent;

    Resend(KafkaConnection kafka, MeterRegistry meters) {
        this.producer = kafka.newProducer("gift-spine-ledger");
        this.counter = counter(meters);
    }

    /** To be called at the start as well: Prometheus does not see the first increment of a counter that appears with it. */
    static Counter counter(MeterRegistry meters) {
        return Counter.builder("gifts.ledger.resent")
                .description("Events that had no place and were sent again")
                .register(meters);
    }

    void send(ConsumerRecord<byte[], byte[]> record) {
        sent++;
        // of a vault that was set back by a day they are too many to keep something of each until the end
        var unused = producer.send(again(record), (where, fault) -> failure.compareAndSet(null, fault));
    }

    /**
     * Waits until the broker has them.
     *
     * @return how many there were
     * @throws KafkaException if it has not all of them
     */
    int await() {
        producer.flush();
        Exception fault = failure.get();
        if (fault != null) {
            throw new KafkaException("not all events were acknowledged; it does no harm to repeat this", fault);
        }
        counter.increment(sent);
        return sent;
    }

    @Override
    public void close() {
        producer.close();
    }

    /** With its id as a header: an event without one gets its id from its place in the topic, and that changes. */
    private static ProducerRecord<byte[], byte[]> again(ConsumerRecord<byte[], byte[]> record) {
        RecordHeaders headers = new RecordHeaders(record.headers().toArray());
        headers.remove(EventId.DEAD_LETTER_ID);
        headers.add(EventId.DEAD_LETTER_ID, EventId.of(record).toString().getBytes(StandardCharsets.UTF_8));
        return new ProducerRecord<>(record.topic(), null, record.timestamp(), record.key(), record.value(), headers);
    }
}
