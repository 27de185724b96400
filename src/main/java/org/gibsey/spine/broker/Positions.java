package org.gibsey.spine.broker;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.Uuid;
import org.springframework.stereotype.Component;

/** Asks the broker where consumer groups stand. Thread-safe. */
@Component
public final class Positions {

    private final KafkaConnection kafka;
    private final TopicIds topicIds;

    Positions(KafkaConnection kafka, TopicIds topicIds) {
        this.kafka = kafka;
        this.topicIds = topicIds;
    }

    /**
     * Of a group in every partition of a topic. What is committed is asked first, so that it is never beyond the end. A group
     * will begin with the first record there is when it has committed nothing, when the record it committed is no longer
     * retained or was lost with a broker, or when it committed in an earlier topic of this name.
     *
     * @throws ExecutionException if the broker does not say, as when the topic does not exist
     */
    public Map<TopicPartition, Position> of(String group, String topic)
            throws ExecutionException, InterruptedException {
        Admin admin = kafka.admin();
        Map<TopicPartition, OffsetAndMetadata> committed = admin.listConsumerGroupOffsets(group)
                .partitionsToOffsetAndMetadata()
                .get();
        TopicDescription description = admin.describeTopics(List.of(topic)).allTopicNames().get().values().stream()
                .findFirst()
                .orElseThrow();
        Uuid id = topicIds.seen(description);
        Map<TopicPartition, OffsetSpec> ofAll = new HashMap<>();
        for (TopicPartitionInfo partition : description.partitions()) {
            ofAll.put(new TopicPartition(topic, partition.partition()), OffsetSpec.earliest());
        }
        var firsts = admin.listOffsets(ofAll);
        ofAll.replaceAll((partition, spec) -> OffsetSpec.latest());
        var readables = admin.listOffsets(ofAll, new ListOffsetsOptions(IsolationLevel.READ_COMMITTED));
        Map<TopicPartition, ListOffsetsResultInfo> first = firsts.all().get();
        Map<TopicPartition, ListOffsetsResultInfo> readable = readables.all().get();
        // asked last, so that it is behind all others
        var ends = admin.listOffsets(ofAll);
        Map<TopicPartition, ListOffsetsResultInfo> end = ends.all().get();
        return ofAll.keySet().stream().collect(Collectors.toMap(Function.identity(), partition -> {
            long from = offset(first, partition);
            long to = offset(end, partition);
            long next = Optional.ofNullable(committed.get(partition))
                    .filter(offset -> TopicIds.of(offset).map(id::equals).orElse(true))
                    .map(OffsetAndMetadata::offset)
                    .filter(offset -> offset <= to)
                    .orElse(from);
            return new Position(id, from, Math.max(from, next), offset(readable, partition), to);
        }));
    }

    private static long offset(Map<TopicPartition, ListOffsetsResultInfo> of, TopicPartition partition) {
        ListOffsetsResultInfo found = of.get(partition);
        if (found == null) {
            throw new IllegalStateException("the broker gave no offset of " + partition);
        }
        return found.offset();
    }

    /**
     * Where a consumer group stands in a partition. Offsets.
     *
     * @param topic    id of the topic, which one that is deleted and made again does not keep
     * @param first    first one retained
     * @param next     first one not committed
     * @param readable where the first open transaction begins, behind which nobody reads before it is over; the end when none is open
     * @param end      the one the next record will get
     */
    public record Position(Uuid topic, long first, long next, long readable, long end) {

        /**
         * Records not committed; those behind an open transaction included, which are accepted like others, and those that
         * transactions leave out, so at most a few too many.
         */
        public long waiting() {
            return end - next;
        }

        /** Those of them that can be read now. */
        public long waitingReadable() {
            return Math.max(0, readable - next);
        }
    }
}
