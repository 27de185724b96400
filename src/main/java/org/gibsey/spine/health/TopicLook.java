package org.gibsey.spine.health;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TopicExistsException;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.broker.KafkaConnection;
import org.gibsey.spine.broker.TopicState;
import org.gibsey.spine.http.TopicLimit;

/**
 * Looks whether the broker would take a gift: its topics exist (that of changes only where a route uses it), each partition has
 * a leader and enough in-sync replicas for {@code acks=all}, and this user may write what the routes of this process write:
 * gifts where saves are taken, dead letters where gifts are stored. A broker that answers but refuses every save is not there.
 * Creates missing topics if that is allowed. Used by one thread.
 */
final class TopicLook implements Watch.Look {

    /** Records are deleted a segment at a time: with the broker's default of a week, erased texts would stay so much longer. */
    private static final Map<String, String> EVENTS = Map.of(
            TopicConfig.SEGMENT_MS_CONFIG, Long.toString(Duration.ofDays(1).toMillis()));

    /**
     * Dead letters are larger than their gifts by the headers that say why. They are not kept for ever, or no erasure would reach
     * them; the table keeps them until somebody decides.
     */
    private static final Map<String, String> DEAD_LETTERS = Map.of(
            TopicConfig.RETENTION_MS_CONFIG,
            Long.toString(Duration.ofDays(30).toMillis()),
            TopicConfig.SEGMENT_MS_CONFIG,
            Long.toString(Duration.ofDays(1).toMillis()),
            TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
            "2097152");

    private final KafkaConnection kafka;
    private final SpineSettings.Topic settings;
    private final String changes;
    private final TopicLimit limit;
    private final PersistRoutes routes;

    TopicLook(KafkaConnection kafka, SpineSettings settings, TopicLimit limit, PersistRoutes routes) {
        this.kafka = kafka;
        this.settings = settings.topic();
        this.changes = settings.changes().topic();
        this.limit = limit;
        this.routes = routes;
    }

    @Override
    public void look() throws InterruptedException, ExecutionException {
        Admin admin = kafka.admin();
        Set<String> names = new TreeSet<>(List.of(settings.name(), settings.deadLetters()));
        if (routes.uses(changes)) {
            names.add(changes);
        }
        Map<String, TopicState> topics = TopicState.of(admin, names);
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
        String faults =
                topics.values().stream().flatMap(topic -> fault(topic).stream()).collect(Collectors.joining("; "));
        if (!faults.isEmpty()) {
            throw new IllegalStateException(faults);
        }
    }

    private Optional<String> fault(TopicState topic) {
        String name = topic.description().name();
        boolean isOfGifts = name.equals(settings.name());
        boolean isWritten =
                isOfGifts ? limit.takesSaves() : name.equals(changes) ? routes.writes(changes) : routes.any();
        return (isWritten ? topic.notAllowed() : Optional.<String>empty())
                .or(topic::fault)
                .or(() -> limit.fault(topic));
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
        return new NewTopic(name, Optional.of(settings.partitions()), Optional.empty())
                .configs(name.equals(settings.deadLetters()) ? DEAD_LETTERS : EVENTS);
    }
}
