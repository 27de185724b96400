package org.gibsey.spine.health;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
    private final MultiGauge lags;
    private volatile @Nullable Map<TopicPartition, Position> events;
    private volatile Map<String, Map<TopicPartition, Position>> groups = Map.of();

    GroupWatch(
            Positions positions,
            SpineSettings settings,
            PersistRoutes routes,
            BatchConsumerFactory consumers,
            OutageLog outages,
            Lag lag,
            ConsumerHealth health,
            MeterRegistry meters) {
        this.positions = positions;
        this.settings = settings.topic();
        this.changes = settings.changes().topic();
        this.routes = routes;
        this.consumers = consumers;
        this.outages = outages;
        this.lag = lag;
        this.health = health;
        this.lags = MultiGauge.builder("consumer.group.lag.records")
                .description("Records a consumer group has not committed; not there when not known")
                .register(meters);
    }

    /**
     * Where the workers stood at the last look, in the topic of the gifts and, where this process has to do with it, in that of their
     * changes; null when the broker did not say.
     */
    public @Nullable Map<TopicPartition, Position> events() {
        return events;
    }

    /**
     * Where each consumer group stood, by its name: those of the vault, and those that routes of this process are in. Without what the
     * broker did not say.
     */
    Map<String, Map<TopicPartition, Position>> groups() {
        return groups;
    }

    void look() {
        Map<String, Map<TopicPartition, Position>> all = new HashMap<>();
        all.put(settings.group(), new HashMap<>());
        all.put(settings.changesGroup(), new HashMap<>());
        List<PersistRoute> storing = routes.all();
        // a route of an operator's own may read the same topic in another group
        List<PersistRoute> others = storing.stream()
                .filter(route -> !route.reads(settings.name(), settings.group())
                        && !route.reads(changes, settings.changesGroup()))
                .toList();
        Set<String> unknown = new HashSet<>();
        try {
            boolean known = ask(settings.group(), settings.name(), all, unknown)
                    && (!routes.uses(changes) || ask(settings.changesGroup(), changes, all, unknown));
            Map<TopicPartition, Position> ofVault = new HashMap<>();
            all.values().forEach(ofVault::putAll);
            events = known ? ofVault : null;
            if (!known) {
                others.forEach(route -> unknown.add(route.group()));
                lag.unknown();
                health.unknown();
                return;
            }
            lag.update(ofVault);
            for (PersistRoute route : others) {
                known &= ask(route.group(), route.topic(), all, unknown);
            }
            if (known) {
                health.update(new Sight(storing, consumers.memberships(), outages::reason, all));
            } else {
                health.unknown();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            // of a group that reads several topics a part of the lag would look like all of it
            unknown.forEach(group -> all.put(group, Map.of()));
            groups = all;
            lags.register(
                    all.entrySet().stream()
                            .filter(group -> !group.getValue().isEmpty())
                            .<MultiGauge.Row<?>>map(group -> MultiGauge.Row.of(
                                    Tags.of("group", group.getKey()),
                                    group.getValue().values().stream()
                                            .mapToLong(Position::waiting)
                                            .sum()))
                            .toList(),
                    true);
        }
    }

    /** @return false when the broker does not say, and the group is unknown; the broker's own watch logs that */
    private boolean ask(String group, String topic, Map<String, Map<TopicPartition, Position>> all, Set<String> unknown)
            throws InterruptedException {
        try {
            all.computeIfAbsent(group, unused -> new HashMap<>()).putAll(positions.of(group, topic));
            return true;
        } catch (ExecutionException | KafkaException e) {
            LOG.debug("Where group {} stands in {} is not known", group, topic, e);
            unknown.add(group);
            return false;
        }
    }
}
