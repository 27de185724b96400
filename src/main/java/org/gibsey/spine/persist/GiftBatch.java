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
 * The records of one poll, and which of them are neither stored nor dead-lettered yet.
 *
 * <p>The route splits it into slices, each of which becomes one statement: at first a single slice with everything. A slice
 * that fails because of a message is replaced by smaller ones ({@link #replace}), until the bad messages are alone;
 * n messages with k bad ones take O(k log n) statements. No slice is larger than {@link StatementSize} allows.
 *
 * <p>Whether a slice will be replaced is not known when Camel's splitter asks for the next: {@link #hasNext} is true once more
 * after every slice, and {@link #next} returns null if there is none after all, which the splitter skips. Used by the polling
 * thread alone.
 */
public final class GiftBatch implements Iterator<@Nullable List<ConsumerRecord<byte[], byte[]>>> {

    /** Exchange property that holds the batch, in the exchange of the poll and in those split from it. */
    static final String PROPERTY = "giftBatch";

    private final Deque<List<ConsumerRecord<byte[], byte[]>>> pending = new ArrayDeque<>();
    private final Map<TopicPartition, OffsetAndMetadata> next = new HashMap<>();
    private final List<PartlyKnown> partlyKnown = new ArrayList<>();
    private final @Nullable BatchConsumer consumer;
    private final StatementSize statements;
    private final int size;
    private @Nullable List<ConsumerRecord<byte[], byte[]>> inHand;
    private long takenInHand;
    private boolean replaced;

    /**
     * A slice that is stored, of which some gifts had a row of their id already.
     *
     * @param parameters of its statement, by column
     * @param known      how many had a row
     */
    record PartlyKnown(List<ConsumerRecord<byte[], byte[]>> records, Map<String, Object> parameters, int known) {}

    private GiftBatch(List<ConsumerRecord<byte[], byte[]>> records, @Nullable BatchConsumer consumer) {
        this.consumer = consumer;
        this.statements = consumer == null ? new StatementSize() : consumer.statements();
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
     * The records of one poll, or of several if a route file sets {@code pollTimeoutMs}.
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

    /** The records of the slice in work; none in an exchange that is no part of a batch. Not to be changed. */
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
        if (inHand != null) {
            if (!replaced) {
                statements.stored(inHand.size(), System.nanoTime() - takenInHand);
            }
            // a batch of many statements may take longer than the broker waits for the next poll
            keepAlive();
        }
        inHand = pending.poll();
        if (inHand != null && inHand.size() > statements.most()) {
            pending.push(inHand.subList(statements.most(), inHand.size()));
            inHand = inHand.subList(0, statements.most());
        }
        replaced = false;
        takenInHand = System.nanoTime();
        return inHand;
    }

    /** The slice in work. */
    List<ConsumerRecord<byte[], byte[]>> inHand() {
        return Objects.requireNonNull(inHand, "no slice is in work");
    }

    /** Replaces the slice in work by others, which come next. */
    void replace(List<List<ConsumerRecord<byte[], byte[]>>> slices) {
        replaced = true;
        for (int i = slices.size() - 1; i >= 0; i--) {
            pending.push(slices.get(i));
        }
    }

    /**
     * Parts the slice in work into others that are to be stored one after the other.
     *
     * @param slices at least one
     * @return the first of them, which is the one in work now
     */
    List<ConsumerRecord<byte[], byte[]>> inTurn(List<List<ConsumerRecord<byte[], byte[]>>> slices) {
        for (int i = slices.size() - 1; i > 0; i--) {
            pending.push(slices.get(i));
        }
        inHand = slices.get(0);
        return inHand;
    }

    /**
     * The statement of the slice in work, of two records at least, was stopped at its time limit: the slice comes again, in
     * halves, and so does what comes after it.
     *
     * @return how many records a statement takes from now on
     */
    int halve() {
        statements.tooSlow(inHand().size(), System.nanoTime() - takenInHand);
        replace(List.of(inHand()));
        return statements.most();
    }

    void rowsWereThere(PartlyKnown slice) {
        partlyKnown.add(slice);
    }

    /** Slices whose gifts still have to be compared with the rows of their ids. */
    List<PartlyKnown> partlyKnown() {
        return partlyKnown;
    }

    /** Whether no slice is left; if the exchange succeeded too, each record is stored or dead-lettered. */
    boolean settled() {
        return !hasNext();
    }

    /** Reports to the consumer that the batch is stored or dead-lettered. */
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

    /** A batch of one gift logs the trace id of that gift; a batch of several gifts logs no trace id. */
    void nameTrace() {
        if (size == 1 && pending.peek() != null) {
            TraceParent.of(pending.element().get(0)).ifPresent(trace -> MDC.put(TraceParent.LOG_KEY, trace.traceId()));
        }
    }

    /** For the log: how many records, and the offset after the last one of each partition. */
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

    /**
     * How many gifts one statement of a consumer takes. All that a poll brings, until a statement exceeds its time limit: then half as
     * many at a time, and half of that, down to one. Without it a slow trigger or a slow disk would let the same statement fail
     * for ever. It grows again when statements take much less than the time after which one was stopped; the limit itself is not
     * known here. Belongs to the polling thread.
     */
    static final class StatementSize {

        /** Twice as many gifts take about twice as long; room for twice that again. */
        private static final int ROOM = 4;

        private int most = Integer.MAX_VALUE;
        private long tooLongNanos;

        /** At least 1. */
        int most() {
            return most;
        }

        /**
         * A statement was stopped.
         *
         * @param gifts it was to store, at least two
         */
        void tooSlow(int gifts, long nanos) {
            most = gifts / 2;
            tooLongNanos = nanos;
        }

        /** A statement has stored that many gifts within that time. */
        void stored(int gifts, long nanos) {
            if (gifts == most && nanos < tooLongNanos / ROOM) {
                most = most > Integer.MAX_VALUE / 2 ? Integer.MAX_VALUE : 2 * most;
            }
        }
    }
}
