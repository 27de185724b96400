package org.gibsey.spine.health;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.broker.Positions;
import org.gibsey.spine.broker.Positions.Position;
import org.gibsey.spine.health.ConsumerHealth.Sight;
import org.gibsey.spine.health.PersistRoutes.PersistRoute;
import org.gibsey.spine.persist.BatchConsumerFactory;
import org.gibsey.spine.persist.OutageLog;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Asks the broker every few seconds where the consumer groups stand, once for everything here that wants to know. Looks from
 * one thread; what it found may be asked by any.
 */
@Component
public final class GroupWatch {

    private static final Logger LOG = LoggerFactory.getLogger(GroupWatch.class);

    private final Positions positions;
    private final SpineSettings.Topic settings;
    private final String changes;
    private final PersistRoutes routes;
    private final BatchConsumerFactory consumers;
    private final OutageLog outages;
    private final Lag lag;
    private final ConsumerHealth health;
    private volatile @Nullable Map<TopicPartition, Position> latest;

    GroupWatch(
            Positions positions,
            SpineSettings settings,
            PersistRoutes routes,
            BatchConsumerFactory consumers,
            OutageLog outages,
            Lag lag,
            ConsumerHealth health) {
        this.positions = positions;
        this.settings = settings.topic();
        this.changes = settings.changes().topic();
        this.routes = routes;
        this.consumers = consumers;
        this.outages = outages;
        this.lag = lag;
        this.health = health;
    }

    /**
     * Where the workers stood at the last look, in the topic of the gifts and, where this process has to do with it, in that of their
     * changes; null when the broker did not say.
     */
    public @Nullable Map<TopicPartition, Position> events() {
        return latest;
    }

    void look() {
        try {
            Map<TopicPartition, Position> events = ask(settings.group(), settings.name());
            if (events != null && routes.uses(changes)) {
                Map<TopicPartition, Position> ofChanges = ask(settings.changesGroup(), changes);
                events = ofChanges == null ? null : both(events, ofChanges);
            }
            latest = events;
            if (events == null) {
                lag.unknown();
                health.unknown();
                return;
            }
            lag.update(events);
            List<PersistRoute> storing = routes.all();
            Map<String, Map<TopicPartition, Position>> ofRoutes = new HashMap<>();
            for (PersistRoute route : storing) {
                // a route of an operator's own may read the same topic in another group
                Map<TopicPartition, Position> own =
                        route.reads(settings.name(), settings.group()) || route.reads(changes, settings.changesGroup())
                                ? events
                                : ask(route.group(), route.topic());
                if (own == null) {
                    health.unknown();
                    return;
                }
                ofRoutes.put(route.id(), own);
            }
            health.update(new Sight(storing, consumers.memberships(), outages::reason, ofRoutes));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static Map<TopicPartition, Position> both(
            Map<TopicPartition, Position> some, Map<TopicPartition, Position> others) {
        Map<TopicPartition, Position> all = new HashMap<>(some);
        all.putAll(others);
        return all;
    }

    /** Null when the broker does not say; the broker's own watch logs that. */
    private @Nullable Map<TopicPartition, Position> ask(String group, String topic) throws InterruptedException {
        try {
            return positions.of(group, topic);
        } catch (ExecutionException | KafkaException e) {
            LOG.debug("Where group {} stands in {} is not known", group, topic, e);
            return null;
        }
    }
}
