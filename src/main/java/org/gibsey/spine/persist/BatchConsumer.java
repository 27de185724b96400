package org.gibsey.spine.persist;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.Deserializer;
import org.gibsey.spine.broker.PollBudget;
import org.gibsey.spine.broker.TopicIds;
import org.gibsey.spine.persist.BatchConsumerFactory.Membership;
import org.gibsey.spine.persist.GiftBatch.StatementSize;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Kafka consumer of a batching route. Each poll is one batch, bounded in records and by {@link PollBudget} in bytes, handed to
 * Camel as one record whose value is the list of all records; offsets are committed only for what was reported as stored.
 *
 * <p>Camel's batching waits for more records until a timer runs out, which costs a lone gift seconds, or a core when the
 * timer is short. Here a poll that returned records is followed by one that returns none at once, on which Camel processes the
 * batch; a poll of an idle topic waits at the broker, at no cost. So a lone gift is processed as soon as it arrives, and what
 * arrives meanwhile is the next batch. On a busy topic there is a pause between polls, see {@link #restNanos}.
 *
 * <p>Offsets are committed at most every {@value #COMMIT_INTERVAL_MS} ms without waiting for the answer, and at once when
 * partitions are taken away and on close. The committed offset may trail the database, never lead it: after a crash some
 * gifts are read again and found stored.
 *
 * <p>A topic that was deleted and made again is another one, and read from its beginning: its offsets mean other events. That is
 * seen within seconds while this consumer runs, and by what was committed when partitions come to it ({@link TopicIds}).
 *
 * <p>Like any Kafka consumer it belongs to the one thread that polls it. Not final, so that a test can see what it does.
 */
class BatchConsumer extends KafkaConsumer<Object, Object> {

    private static final Logger LOG = LoggerFactory.getLogger(BatchConsumer.class);
    private static final Duration IDLE_POLL = Duration.ofMillis(500);
    private static final Duration COMMITTED_WITHIN = Duration.ofSeconds(5);
    private static final Duration CLOSING_COMMIT = Duration.ofSeconds(3);
    static final long COMMIT_INTERVAL_MS = 50;

    /** Pause before a poll, for each record of the poll before. */
    private static final long REST_NANOS = 250_000;

    private static final long LONGEST_REST_NANOS = 8_000_000;
    /** More records than this in one poll are a backlog, which is read without a pause. */
    private static final int BACKLOG = 100;

    private final Map<TopicPartition, OffsetAndMetadata> stored = new HashMap<>();
    private final Map<TopicPartition, OffsetAndMetadata> lastSent = new HashMap<>();
    /** The topic that position and offsets of a partition are about. */
    private final Map<TopicPartition, Uuid> topics = new HashMap<>();
    /** Partitions whose records in this batch are not committed: they were taken away since, or their topic was replaced. */
    private final Set<TopicPartition> leftBehind = new HashSet<>();

    private final Function<String, Uuid> topicIds;
    private final String group;
    private final Consumer<BatchConsumer> onClose;
    private final int maxPollRecords;
    private final PollBudget budget;
    private final StatementSize statements = new StatementSize();
    /** Written by the polling thread, read by health; null while it is in no group. */
    private volatile @Nullable Set<TopicPartition> assigned;

    private boolean batchInHand;
    /** Whether every record that was polled is in the database or dead-lettered. */
    private boolean allStored = true;

    private int lastPolled;
    private long lastCommitNanos = System.nanoTime();

    /** @param topicIds which topic a name stands for now; asked at each poll */
    @SuppressWarnings("unchecked") // Camel's consumers are of objects
    BatchConsumer(
            Properties properties,
            PollBudget budget,
            Function<String, Uuid> topicIds,
            Consumer<BatchConsumer> onClose) {
        super(properties, (Deserializer<Object>) (Deserializer<?>) budget, (Deserializer<Object>)
                (Deserializer<?>) budget);
        this.budget = budget;
        this.topicIds = topicIds;
        this.group = properties.getProperty(ConsumerConfig.GROUP_ID_CONFIG, "");
        this.onClose = onClose;
        Object most = properties.getOrDefault(
                ConsumerConfig.MAX_POLL_RECORDS_CONFIG, ConsumerConfig.DEFAULT_MAX_POLL_RECORDS);
        this.maxPollRecords =
                (int) ConfigDef.parseType(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, most, ConfigDef.Type.INT);
    }

    /** Its group and partitions at the moment; may be called by any thread. */
    Membership membership() {
        return new Membership(group, assigned);
    }

    /** How many records a batch may have, and a statement take. */
    StatementSize statements() {
        return statements;
    }

    /** @param ignored Camel's poll timeout; how long to wait is decided here */
    @Override
    public ConsumerRecords<Object, Object> poll(Duration ignored) {
        if (batchInHand) {
            batchInHand = false;
            return ConsumerRecords.empty();
        }
        rest(restNanos(lastPolled, maxPollRecords));
        startOverInAnotherTopic();
        budget.renew(statements.most());
        ConsumerRecords<Object, Object> records = super.poll(commitWhenDue());
        lastPolled = budget.exhausted() ? maxPollRecords : records.count();
        batchInHand = !records.isEmpty();
        if (batchInHand) {
            allStored = false;
            return asOne(records);
        }
        if (allStored) {
            storedUpToPosition();
        }
        return records;
    }

    /**
     * Pause before the next poll. None after a single gift, nor after a full or large poll, which is part of a backlog. In
     * between, polling without a pause makes a statement of every two or three gifts, and leaves no processor time to others.
     *
     * @param last records of the poll before
     * @param most records that a poll may return
     */
    static long restNanos(int last, int most) {
        return last <= 1 || last > BACKLOG || last >= most ? 0 : Math.min(LONGEST_REST_NANOS, last * REST_NANOS);
    }

    void rest(long nanos) {
        LockSupport.parkNanos(nanos);
    }

    /** Camel makes an exchange of every record, with a copy of its headers; a batch needs only one exchange. */
    private static ConsumerRecords<Object, Object> asOne(ConsumerRecords<Object, Object> records) {
        List<ConsumerRecord<Object, Object>> all = new ArrayList<>(records.count());
        records.forEach(all::add);
        ConsumerRecord<Object, Object> first = all.get(0);
        return new ConsumerRecords<>(Map.of(
                new TopicPartition(first.topic(), first.partition()),
                List.of(new ConsumerRecord<>(first.topic(), first.partition(), first.offset(), null, all))));
    }

    /**
     * Notes that everything before these offsets is in the database or dead-lettered. Left out are partitions that were taken
     * away meanwhile, even if they came back, and those whose topic was replaced: their position was set anew.
     */
    void stored(Map<TopicPartition, OffsetAndMetadata> next) {
        allStored = true;
        next.forEach((partition, offset) -> {
            if (!leftBehind.contains(partition)) {
                stored.put(partition, next(partition, offset.offset()));
            }
        });
        leftBehind.clear();
    }

    /**
     * Commits past offsets without a record to store: markers of transactions, and aborted records. Otherwise the group would
     * seem to lag behind the end for as long as nothing else is written.
     */
    private void storedUpToPosition() {
        for (TopicPartition partition : assignment()) {
            OffsetAndMetadata last = stored.getOrDefault(partition, lastSent.get(partition));
            try {
                long position = position(partition, Duration.ZERO);
                if (last == null || position > last.offset()) {
                    stored.put(partition, next(partition, position));
                }
            } catch (TimeoutException e) {
                LOG.debug("It is not known yet where {} begins", partition, e);
            }
        }
    }

    private OffsetAndMetadata next(TopicPartition partition, long offset) {
        return TopicIds.next(offset, Objects.requireNonNull(topics.get(partition)));
    }

    private void leave(Collection<TopicPartition> partitions) {
        stored.keySet().removeAll(partitions);
        if (!allStored) {
            leftBehind.addAll(partitions);
        }
    }

    private void startOverInAnotherTopic() {
        for (TopicPartition partition : assignment()) {
            Uuid now = topicIds.apply(partition.topic());
            Uuid before = topics.put(partition, now);
            if (before != null && !before.equals(now)) {
                LOG.warn(
                        "Topic of {} was deleted and made again: group {} reads it from its beginning",
                        partition,
                        group);
                seekToBeginning(List.of(partition));
                leave(List.of(partition));
                lastSent.remove(partition);
            }
        }
    }

    /**
     * Stays a member of the group while a batch waits for the end of an outage: polls without taking records, so that other
     * workers can rebalance and {@code max.poll.interval.ms} does not run out.
     */
    void keepAlive() {
        try {
            pause(assignment());
            budget.renew(1);
            ConsumerRecords<Object, Object> tooEarly = super.poll(Duration.ZERO);
            // a partition that was assigned in this very poll was not paused; its records have to be polled again
            tooEarly.partitions()
                    .forEach(partition ->
                            seek(partition, tooEarly.records(partition).get(0).offset()));
            startOverInAnotherTopic();
        } catch (WakeupException e) {
            // the route is being stopped; Camel's own next poll has to be woken too
            wakeup();
        } catch (KafkaException e) {
            LOG.debug("The group cannot be reached while a batch waits", e);
        } finally {
            resume(assignment());
        }
    }

    @Override
    public void subscribe(Collection<String> topics, ConsumerRebalanceListener listener) {
        super.subscribe(topics, new CommitFirst(listener));
    }

    @Override
    public void subscribe(Pattern pattern, ConsumerRebalanceListener listener) {
        super.subscribe(pattern, new CommitFirst(listener));
    }

    @Override
    public void close() {
        try {
            commitNow(stored.keySet());
            super.close();
        } finally {
            onClose.accept(this);
        }
    }

    /** @return how long the next poll may wait */
    private Duration commitWhenDue() {
        if (stored.isEmpty()) {
            return IDLE_POLL;
        }
        long sinceMs = (System.nanoTime() - lastCommitNanos) / 1_000_000;
        if (sinceMs < COMMIT_INTERVAL_MS) {
            return Duration.ofMillis(COMMIT_INTERVAL_MS - sinceMs);
        }
        lastCommitNanos = System.nanoTime();
        Map<TopicPartition, OffsetAndMetadata> sent = Map.copyOf(stored);
        stored.clear();
        lastSent.putAll(sent);
        commitAsync(sent, (offsets, fault) -> {
            if (fault != null) {
                LOG.debug("Offsets not committed yet", fault);
                offsets.forEach((partition, offset) -> {
                    // a higher offset may have been committed in the meantime, which this one must not replace
                    if (assignment().contains(partition) && offset.equals(lastSent.get(partition))) {
                        stored.putIfAbsent(partition, offset);
                    }
                });
            }
        });
        return IDLE_POLL;
    }

    private void commitNow(Collection<TopicPartition> partitions) {
        Map<TopicPartition, OffsetAndMetadata> due = new HashMap<>(stored);
        due.keySet().retainAll(partitions);
        stored.keySet().removeAll(due.keySet());
        if (due.isEmpty()) {
            return;
        }
        try {
            commitSync(due, CLOSING_COMMIT);
        } catch (KafkaException e) {
            LOG.info(
                    "Offsets {} not committed ({}): the gifts before them are read again and found stored",
                    due,
                    e.toString());
        }
    }

    /** Brings the committed offsets up to date before partitions go to another worker. */
    private final class CommitFirst implements ConsumerRebalanceListener {

        private final ConsumerRebalanceListener next;

        CommitFirst(ConsumerRebalanceListener next) {
            this.next = next;
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            commitNow(partitions);
            leave(partitions);
            assigned = null;
            next.onPartitionsRevoked(partitions);
        }

        @Override
        public void onPartitionsLost(Collection<TopicPartition> partitions) {
            leave(partitions);
            assigned = null;
            next.onPartitionsLost(partitions);
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            committed(Set.copyOf(partitions), COMMITTED_WITHIN).forEach((partition, offset) -> {
                // null where nothing is committed
                Optional<Uuid> topic = Optional.ofNullable(offset).flatMap(TopicIds::of);
                topics.put(partition, topic.orElseGet(() -> topicIds.apply(partition.topic())));
            });
            startOverInAnotherTopic();
            assigned = Set.copyOf(assignment());
            next.onPartitionsAssigned(partitions);
        }
    }
}
