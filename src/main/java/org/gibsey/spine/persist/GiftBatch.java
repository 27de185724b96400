package org.gibsey.spine.persist;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.component.kafka.KafkaConstants;
import org.apache.camel.component.kafka.consumer.DefaultKafkaManualCommit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.gibsey.spine.gift.TraceParent;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * What one poll brought, and what of it still has to find its place.
 *
 * <p>The route splits it into slices, each of which becomes one statement: at first a single slice with everything. A slice
 * that is refused for the fault of a message is replaced by smaller ones ({@link #replace}), until the bad messages stand
 * alone; n messages with k bad ones take O(k log n) statements.
 *
 * <p>For that, the iterator says that there is more for as long as the fate of the slice it gave last is open, and then
 * gives null when there was nothing more after all, which Camel's splitter skips. Used by the polling thread alone.
 */
public final class GiftBatch implements Iterator<@Nullable List<ConsumerRecord<byte[], byte[]>>> {

    /** Exchange property that holds the batch, in the exchange of the poll and in those split from it. */
    static final String PROPERTY = "giftBatch";

    private final Deque<List<ConsumerRecord<byte[], byte[]>>> pending = new ArrayDeque<>();
    private final Map<TopicPartition, OffsetAndMetadata> next = new HashMap<>();
    private final @Nullable BatchConsumer consumer;
    private final int size;
    private @Nullable List<ConsumerRecord<byte[], byte[]>> inHand;

    private GiftBatch(List<ConsumerRecord<byte[], byte[]>> records, @Nullable BatchConsumer consumer) {
        this.consumer = consumer;
        this.size = records.size();
        pending.add(records);
        for (ConsumerRecord<byte[], byte[]> record : records) {
            next.merge(
                    new TopicPartition(record.topic(), record.partition()),
                    new OffsetAndMetadata(record.offset() + 1),
                    (a, b) -> a.offset() > b.offset() ? a : b);
        }
    }

    /**
     * What one poll brought, or several where a route makes Camel wait for more ({@code pollTimeoutMs}).
     *
     * @param polls the exchanges Camel made of them, at least one, whose bodies {@link BatchConsumer} filled
     */
    @SuppressWarnings("unchecked")
    static GiftBatch of(List<?> polls) {
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        for (Object poll : polls) {
            records.addAll(((Exchange) poll).getMessage().getBody(List.class));
        }
        return new GiftBatch(records, consumer(((Exchange) polls.get(0)).getMessage()));
    }

    /** The records a statement is about; none in an exchange that is no part of a batch. Not to be changed. */
    public static List<ConsumerRecord<byte[], byte[]>> inHand(Exchange exchange) {
        return in(exchange).map(batch -> batch.inHand).orElse(List.of());
    }

    static Optional<GiftBatch> in(Exchange exchange) {
        return Optional.ofNullable(exchange.getProperty(PROPERTY, GiftBatch.class));
    }

    @Override
    public boolean hasNext() {
        return inHand != null || !pending.isEmpty();
    }

    @Override
    public @Nullable List<ConsumerRecord<byte[], byte[]>> next() {
        inHand = pending.poll();
        return inHand;
    }

    /** The slice that was given last. */
    List<ConsumerRecord<byte[], byte[]>> inHand() {
        return Objects.requireNonNull(inHand, "no slice was given");
    }

    /** Puts others in the place of the slice that was given last. */
    void replace(List<List<ConsumerRecord<byte[], byte[]>>> slices) {
        for (int i = slices.size() - 1; i >= 0; i--) {
            pending.push(slices.get(i));
        }
    }

    /** Whether every slice was given out and none is open; together with the success of the exchange: all is in place. */
    boolean settled() {
        return !hasNext();
    }

    /** Reports to the consumer that the batch is in place. */
    void commit() {
        if (consumer != null) {
            consumer.stored(next);
        }
    }

    /** Keeps the group membership while the batch waits. */
    void keepAlive() {
        if (consumer != null) {
            consumer.keepAlive();
        }
    }

    int size() {
        return size;
    }

    /** Puts the log lines of a batch of one gift into its trace; those of more belong to none. */
    void nameTrace() {
        if (size == 1 && pending.peek() != null) {
            TraceParent.of(pending.element().get(0)).ifPresent(trace -> MDC.put(TraceParent.LOG_KEY, trace.traceId()));
        }
    }

    /** Where its records lie, for the log: the offset after the last of each partition. */
    @Override
    public String toString() {
        return size + " records before "
                + next.entrySet().stream()
                        .map(at -> at.getKey() + " offset " + at.getValue().offset())
                        .sorted()
                        .collect(Collectors.joining(", "));
    }

    private static @Nullable BatchConsumer consumer(Message message) {
        DefaultKafkaManualCommit commit =
                message.getHeader(KafkaConstants.MANUAL_COMMIT, DefaultKafkaManualCommit.class);
        return commit == null ? null : (BatchConsumer) commit.getCamelExchangePayload().consumer;
    }
}
