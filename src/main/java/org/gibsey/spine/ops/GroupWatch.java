package org.gibsey.spine.ops;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.ops.ConsumerHealth.Sight;
import org.gibsey.spine.ops.PersistRoutes.PersistRoute;
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
final class GroupWatch {

    private static final Logger LOG = LoggerFactory.getLogger(GroupWatch.class);

    private final Positions positions;
    private final SpineSettings.Topic settings;
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
        this.routes = routes;
        this.consumers = consumers;
        this.outages = outages;
        this.lag = lag;
        this.health = health;
    }

    /** Where the workers stood in the topic of the gifts at the last look; null when the broker did not say. */
    @Nullable
    Map<TopicPartition, Position> gifts() {
        return latest;
    }

    void look() {
        boolean told = false;
        try {
            Map<TopicPartition, Position> gifts = positions.of(settings.group(), settings.name());
            // before the others, which may fail for reasons of their own
            latest = gifts;
            told = true;
            Map<TopicPartition, Position> all = new HashMap<>(gifts);
            List<PersistRoute> storing = routes.all();
            for (PersistRoute route : storing) {
                if (!route.topic().equals(settings.name())) {
                    all.putAll(positions.of(route.group(), route.topic()));
                }
            }
            health.update(new Sight(storing, consumers.memberships(), outages::reason, all));
            lag.update(gifts);
        } catch (ExecutionException | KafkaException e) {
            // the watch of the broker says it aloud
            LOG.debug("Where the groups stand is not known", e);
            lag.unknown();
            health.unknown();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            if (!told) {
                latest = null;
            }
        }
    }
}
