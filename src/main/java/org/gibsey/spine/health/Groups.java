package org.gibsey.spine.health;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.common.ConsumerGroupState;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.broker.KafkaConnection;
import org.gibsey.spine.broker.Positions;
import org.gibsey.spine.broker.Positions.Position;
import org.gibsey.spine.broker.TopicState;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.stereotype.Component;

/**
 * Who is in the consumer groups of the workers, those that index dead letters too, and of the routes of this process, and how the
 * topics are replicated: {@code /actuator/groups}. The broker knows them, so each process shows all of the workers, also those
 * that no longer answer. Looks from one thread, may be read by any.
 */
@Component
@Endpoint(id = "groups")
class Groups {

    private static final Logger LOG = LoggerFactory.getLogger(Groups.class);

    /** How old what is known may be; what is not is asked again at the next look. */
    private static final Duration KEPT = Duration.ofSeconds(10);

    private final KafkaConnection kafka;
    private final GroupWatch watch;
    private final Positions positions;
    private final SpineSettings settings;
    private final Clock clock;
    private volatile Report latest;

    Groups(KafkaConnection kafka, GroupWatch watch, Positions positions, SpineSettings settings, Clock steadyClock) {
        this.kafka = kafka;
        this.watch = watch;
        this.positions = positions;
        this.settings = settings;
        this.clock = steadyClock;
        this.latest = new Report(clock.instant(), "not looked yet", List.of(), List.of());
    }

    /**
     * @param at      UTC
     * @param problem why the broker did not say; null when it did
     */
    record Report(Instant at, @Nullable String problem, List<Group> groups, List<Topic> topics) {}

    /**
     * @param state   in the broker's words: {@code Stable}, {@code Empty}, {@code PreparingRebalance}, …
     * @param nobodys partitions that no member has
     */
    record Group(String group, String state, List<Member> members, List<Share> nobodys) {}

    /**
     * A consumer.
     *
     * @param host   address it connects from
     */
    record Member(String client, String host, List<Share> partitions) {}

    /** @param lag records not committed; null when not known */
    record Share(String topic, int partition, @Nullable Long lag) {}

    /**
     * @param replicas   of a partition
     * @param notInSync  partitions with fewer replicas in sync than they have
     * @param fault      why it would not take an event at the moment; null when it would
     */
    record Topic(
            String topic,
            int partitions,
            int replicas,
            int minInSync,
            List<Integer> notInSync,
            @Nullable String fault) {}

    /** As it was at the last look. */
    @ReadOperation
    public Report report() {
        return latest;
    }

    void look() {
        if (!latest.groups().isEmpty() && clock.instant().isBefore(latest.at().plus(KEPT))) {
            return;
        }
        try {
            latest = ask();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | KafkaException e) {
            Throwable cause = e instanceof ExecutionException && e.getCause() != null ? e.getCause() : e;
            latest = new Report(clock.instant(), String.valueOf(cause.getMessage()), List.of(), List.of());
        }
    }

    private Report ask() throws InterruptedException, ExecutionException {
        Admin admin = kafka.admin();
        Map<String, Map<TopicPartition, Position>> known = watch.groups();
        var groups = admin.describeConsumerGroups(known.keySet()).all();
        var topics = TopicState.of(
                admin,
                List.of(
                        settings.topic().name(),
                        settings.changes().topic(),
                        settings.topic().deadLetters()));
        return new Report(
                clock.instant(),
                null,
                Stream.concat(
                                groups.get().values().stream()
                                        .map(group -> group(group, known.getOrDefault(group.groupId(), Map.of()))),
                                known.containsKey(settings.topic().deadLettersGroup())
                                        ? Stream.empty()
                                        : indexing(admin).stream())
                        .sorted(Comparator.comparing(Group::group))
                        .toList(),
                topics.values().stream().map(Groups::topic).toList());
    }

    /** The group that indexes the dead letters, which an API has no route of; empty where there is none, or this user may not know. */
    private Optional<Group> indexing(Admin admin) throws InterruptedException {
        String name = settings.topic().deadLettersGroup();
        try {
            ConsumerGroupDescription found =
                    admin.describeConsumerGroups(List.of(name)).all().get().get(name);
            return found == null || found.state() == ConsumerGroupState.DEAD
                    ? Optional.empty()
                    : Optional.of(
                            group(found, positions.of(name, settings.topic().deadLetters())));
        } catch (ExecutionException e) {
            LOG.debug("Who is in group {} is not known", name, e);
            return Optional.empty();
        }
    }

    private static Group group(ConsumerGroupDescription group, Map<TopicPartition, Position> lag) {
        Set<TopicPartition> nobodys = new HashSet<>(lag.keySet());
        List<Member> members = new ArrayList<>();
        for (MemberDescription member : group.members()) {
            Set<TopicPartition> own = member.assignment().topicPartitions();
            nobodys.removeAll(own);
            members.add(new Member(member.clientId(), member.host().replaceFirst("^/", ""), shares(own, lag)));
        }
        members.sort(Comparator.comparing(Member::host).thenComparing(Member::client));
        return new Group(group.groupId(), group.state().toString(), members, shares(nobodys, lag));
    }

    private static List<Share> shares(Set<TopicPartition> partitions, Map<TopicPartition, Position> lag) {
        return partitions.stream()
                .sorted(Comparator.comparing(TopicPartition::topic).thenComparing(TopicPartition::partition))
                .map(partition -> share(partition, lag.get(partition)))
                .toList();
    }

    private static Share share(TopicPartition partition, @Nullable Position position) {
        return new Share(partition.topic(), partition.partition(), position == null ? null : position.waiting());
    }

    private static Topic topic(TopicState state) {
        var partitions = state.description().partitions();
        return new Topic(
                state.description().name(),
                partitions.size(),
                partitions.stream()
                        .mapToInt(partition -> partition.replicas().size())
                        .max()
                        .orElse(0),
                state.minInSync(),
                partitions.stream()
                        .filter(partition ->
                                partition.isr().size() < partition.replicas().size())
                        .map(partition -> partition.partition())
                        .toList(),
                state.fault().orElse(null));
    }
}
