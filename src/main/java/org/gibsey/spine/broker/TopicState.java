package org.gibsey.spine.broker;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;

/**
 * What the broker says of a topic, and whether it takes an event with {@code acks=all}. Immutable.
 *
 * @param description     its partitions, and what this user may do
 * @param minInSync       {@code min.insync.replicas}; 1 where the configuration may not be read
 * @param maxMessageBytes {@code max.message.bytes}; empty where the configuration may not be read
 */
public record TopicState(TopicDescription description, int minInSync, OptionalInt maxMessageBytes) {

    /**
     * Asks about topics; those that do not exist are left out.
     *
     * @throws ExecutionException if the broker does not say
     */
    public static Map<String, TopicState> of(Admin admin, Collection<String> names)
            throws InterruptedException, ExecutionException {
        // both questions are under way at the same time
        var descriptions = admin.describeTopics(names, new DescribeTopicsOptions().includeAuthorizedOperations(true))
                .topicNameValues();
        var configs = admin.describeConfigs(names.stream()
                        .map(name -> new ConfigResource(ConfigResource.Type.TOPIC, name))
                        .toList())
                .values();
        Map<String, TopicState> found = new TreeMap<>();
        for (var asked : configs.entrySet()) {
            String name = asked.getKey().name();
            var description = answer(descriptions.get(name), UnknownTopicOrPartitionException.class);
            if (description.isPresent()) {
                // a user may be allowed to write to a topic and not to read how it is set
                var config = answer(asked.getValue(), TopicAuthorizationException.class);
                found.put(
                        name,
                        new TopicState(
                                description.get(),
                                number(config, TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG)
                                        .orElse(1),
                                number(config, TopicConfig.MAX_MESSAGE_BYTES_CONFIG)));
            }
        }
        return found;
    }

    /** Partitions that refuse a write with {@code acks=all} at the moment. */
    public List<TopicPartitionInfo> closed() {
        return description.partitions().stream()
                .filter(partition -> !hasLeader(partition) || partition.isr().size() < needed(partition))
                .toList();
    }

    /** Why an event could not be written to each of its partitions, by who may; empty when it could. */
    public Optional<String> fault() {
        return closed().stream().findFirst().map(this::fault);
    }

    /** That this user may not write to it; empty when it may, or when the broker does not say. */
    public Optional<String> notAllowed() {
        Set<AclOperation> allowed = description.authorizedOperations();
        return allowed == null || allowed.contains(AclOperation.WRITE)
                ? Optional.empty()
                : Optional.of("not allowed to write to " + description.name());
    }

    private String fault(TopicPartitionInfo partition) {
        String name = description.name() + "-" + partition.partition();
        return hasLeader(partition)
                ? name + " takes no writes: " + partition.isr().size() + " of " + needed(partition)
                        + " required replicas in sync"
                : name + " has no leader";
    }

    /** A broker asks for no more replicas than a partition has, whatever {@code min.insync.replicas} says. */
    private int needed(TopicPartitionInfo partition) {
        return Math.min(minInSync, partition.replicas().size());
    }

    private static boolean hasLeader(TopicPartitionInfo partition) {
        return partition.leader() != null && !partition.leader().isEmpty();
    }

    /** Empty when the broker refuses it for this reason. */
    private static <T> Optional<T> answer(@Nullable KafkaFuture<T> asked, Class<? extends Exception> refusal)
            throws InterruptedException, ExecutionException {
        try {
            return asked == null ? Optional.empty() : Optional.of(asked.get());
        } catch (ExecutionException e) {
            if (refusal.isInstance(e.getCause())) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private static OptionalInt number(Optional<Config> config, String name) {
        return config.map(all -> all.get(name))
                .map(entry -> OptionalInt.of(Integer.parseInt(entry.value())))
                .orElse(OptionalInt.empty());
    }
}
