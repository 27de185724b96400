package org.gibsey.spine.broker;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
import org.springframework.stereotype.Component;

/** Asks the broker where consumer groups stand. Thread-safe. */
@Component
public final class Positions {

    private final KafkaConnection kafka;

    Positions(KafkaConnection kafka) {
        this.kafka = kafka;
    }

    /**
     * Of a group in every partition of a topic. What is committed is asked first, so that it never lies behind the end. A
     * group that has committed nothing, or less than is retained, will begin with the first record there is.
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
        Map<TopicPartition, OffsetSpec> ofAll = new HashMap<>();
        for (TopicPartitionInfo partition : description.partitions()) {
            ofAll.put(new TopicPartition(topic, partition.partition()), OffsetSpec.earliest());
        }
        var firsts = admin.listOffsets(ofAll);
        ofAll.replaceAll((partition, spec) -> OffsetSpec.latest());
        // up to the first open transaction: what is behind it cannot be read yet
        var ends = admin.listOffsets(ofAll, new ListOffsetsOptions(IsolationLevel.READ_COMMITTED));
        Map<TopicPartition, ListOffsetsResultInfo> first = firsts.all().get();
        Map<TopicPartition, ListOffsetsResultInfo> end = ends.all().get();
        return ofAll.keySet().stream().collect(Collectors.toMap(Function.identity(), partition -> {
            long from = offset(first, partition);
            OffsetAndMetadata next = committed.get(partition);
            return new Position(from, next == null ? from : Math.max(from, next.offset()), offset(end, partition));
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
     * @param first first one retained
     * @param next  first one not committed
     * @param end   the one the next record will get
     */
    public record Position(long first, long next, long end) {

        /** Records not committed; those that transactions leave out included, so at most a few too many. */
        public long waiting() {
            return end - next;
        }
    }
}
