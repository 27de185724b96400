package org.gibsey.spine.health;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.broker.BrokerAdmin;

/**
 * Looks whether the broker would take a gift: both topics exist, each partition has a leader and enough in-sync replicas for
 * {@code acks=all}, and this user may write. A broker that answers but refuses every save is not there. Creates missing
 * topics if that is allowed. Used by one thread.
 */
final class TopicLook implements Watch.Look {

    /** Dead letters are kept until somebody decides, and are larger than their gifts by the headers that say why. */
    private static final Map<String, String> DEAD_LETTERS =
            Map.of(TopicConfig.RETENTION_MS_CONFIG, "-1", TopicConfig.MAX_MESSAGE_BYTES_CONFIG, "2097152");

    private final BrokerAdmin broker;
    private final SpineSettings.Topic settings;

    TopicLook(BrokerAdmin broker, SpineSettings.Topic settings) {
        this.broker = broker;
        this.settings = settings;
    }

    @Override
    public void look() throws InterruptedException, ExecutionException {
        Admin admin = broker.get();
        Set<String> names = new TreeSet<>(List.of(settings.name(), settings.deadLetters()));
        Map<String, TopicDescription> topics = describe(admin, names);
        Set<String> missing = new TreeSet<>(names);
        missing.removeAll(topics.keySet());
        if (!missing.isEmpty()) {
            if (!settings.create()) {
                throw new IllegalStateException("missing topics " + missing);
            }
            create(admin, missing);
            // a topic this young may not be known everywhere yet; the next look sees all of it
            return;
        }
        List<String> problems = new ArrayList<>();
        Map<String, Integer> minInSync = minInSync(admin, names);
        for (TopicDescription topic : topics.values()) {
            problem(topic, minInSync.getOrDefault(topic.name(), 1)).ifPresent(problems::add);
        }
        if (!problems.isEmpty()) {
            throw new IllegalStateException(String.join("; ", problems));
        }
    }

    private static Map<String, TopicDescription> describe(Admin admin, Set<String> names)
            throws InterruptedException, ExecutionException {
        Map<String, TopicDescription> found = new HashMap<>();
        var answers = admin.describeTopics(names, new DescribeTopicsOptions().includeAuthorizedOperations(true))
                .topicNameValues();
        for (var answer : answers.entrySet()) {
            try {
                found.put(answer.getKey(), answer.getValue().get());
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
                    throw e;
                }
            }
        }
        return found;
    }

    private static Optional<String> problem(TopicDescription topic, int needed) {
        Set<AclOperation> allowed = topic.authorizedOperations();
        if (allowed != null && !allowed.contains(AclOperation.WRITE)) {
            return Optional.of("not allowed to write to " + topic.name());
        }
        for (TopicPartitionInfo partition : topic.partitions()) {
            if (partition.leader() == null || partition.leader().isEmpty()) {
                return Optional.of("%s-%d has no leader".formatted(topic.name(), partition.partition()));
            }
            if (partition.isr().size() < needed) {
                return Optional.of("%s-%d takes no writes: %d of %d required replicas in sync"
                        .formatted(
                                topic.name(),
                                partition.partition(),
                                partition.isr().size(),
                                needed));
            }
        }
        return Optional.empty();
    }

    /** How many replicas {@code acks=all} asks for; one where the configuration may not be read. */
    private static Map<String, Integer> minInSync(Admin admin, Set<String> topics)
            throws InterruptedException, ExecutionException {
        Map<String, Integer> needed = new HashMap<>();
        var answers = admin.describeConfigs(topics.stream()
                        .map(topic -> new ConfigResource(ConfigResource.Type.TOPIC, topic))
                        .toList())
                .values();
        for (var answer : answers.entrySet()) {
            try {
                ConfigEntry entry = answer.getValue().get().get(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG);
                needed.put(answer.getKey().name(), entry == null ? 1 : Integer.parseInt(entry.value()));
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof TopicAuthorizationException)) {
                    throw e;
                }
            }
        }
        return needed;
    }

    private void create(Admin admin, Set<String> names) throws InterruptedException, ExecutionException {
        try {
            admin.createTopics(names.stream().map(this::newTopic).toList())
                    .all()
                    .get();
        } catch (ExecutionException e) {
            // another process that starts beside this one was faster
            if (!(e.getCause() instanceof TopicExistsException)) {
                throw e;
            }
        }
    }

    private NewTopic newTopic(String name) {
        NewTopic topic = new NewTopic(name, Optional.of(settings.partitions()), Optional.empty());
        return name.equals(settings.deadLetters()) ? topic.configs(DEAD_LETTERS) : topic;
    }
}
