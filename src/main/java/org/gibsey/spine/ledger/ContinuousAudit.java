package org.gibsey.spine.ledger;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.gibsey.spine.Outage;
import org.gibsey.spine.Repeating;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.broker.KafkaConnection;
import org.gibsey.spine.broker.Positions.Position;
import org.gibsey.spine.broker.TopicReader;
import org.gibsey.spine.broker.TopicReader.Piece;
import org.gibsey.spine.gift.EventId;
import org.gibsey.spine.health.GroupWatch;
import org.gibsey.spine.health.Watch;
import org.gibsey.spine.ledger.FullAudit.Unaccounted;
import org.gibsey.spine.persist.BatchConsumerFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.context.annotation.Bean;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;

/**
 * The audit of all events, all the time: each worker compares the partitions it is assigned with the tables, at a bounded rate.
 * What has just been committed comes first; the rest of the rate goes round and round over everything retained, so that a row
 * that vanishes later is noticed, too.
 *
 * <p>An event is unaccounted for when two looks in a row found it nowhere, until one finds it. With {@code LEDGER_HEAL=auto} it is
 * sent again after a minute: what only looked lost has been found by then. Looks from one thread; its gauges are read by any.
 */
@Component
final class ContinuousAudit implements DisposableBean {

    private static final Duration PAUSE = Duration.ofSeconds(2);

    private static final Logger LOG = LoggerFactory.getLogger(ContinuousAudit.class);
    private static final int FETCH_BYTES = 256 * 1024;
    /** More are not kept; the ledger on demand counts them all. */
    private static final int MOST_SUSPECTS = 10_000;

    private static final int LOGGED = 5;

    /** How long an event has to be missing before it is sent again, and how long after that until it is sent once more. */
    private static final Duration HEAL_AFTER = Duration.ofMinutes(1);

    private static final Duration HEAL_AGAIN_AFTER = Duration.ofMinutes(10);
    /** So that the most that is sent at once is the most a minute. */
    private static final Duration HEAL_EVERY = Duration.ofMinutes(1);

    private final KafkaConnection kafka;
    private final GroupWatch groups;
    private final DeadLetterBacklog deadLetters;
    private final EventPlaces accounts;
    private final BatchConsumerFactory consumers;
    private final Watch database;
    private final SpineSettings settings;
    private final Clock clock;
    private final MeterRegistry meters;
    private final Counter checked;
    private final Map<TopicPartition, Progress> progress = new HashMap<>();
    /** Not found once. */
    private final Map<UUID, Unaccounted> suspects = new LinkedHashMap<>();
    /** Not found twice. */
    private final Map<UUID, Missing> missing = new LinkedHashMap<>();

    private Instant nextHeal = Instant.MIN;

    /** Which topic a name stood for at the last look. */
    private final Map<String, Uuid> topics = new HashMap<>();

    private final TopicReader reader;
    private final Outage pause;
    private volatile int unaccounted;
    private volatile @Nullable Instant roundEnded;

    ContinuousAudit(
            KafkaConnection kafka,
            GroupWatch groups,
            DeadLetterBacklog deadLetters,
            EventPlaces accounts,
            BatchConsumerFactory consumers,
            Watch database,
            SpineSettings settings,
            Clock steadyClock,
            MeterRegistry meters) {
        this.kafka = kafka;
        this.reader = new TopicReader(kafka, "gift-spine-audit", FETCH_BYTES);
        this.groups = groups;
        this.deadLetters = deadLetters;
        this.accounts = accounts;
        this.consumers = consumers;
        this.database = database;
        this.settings = settings;
        this.clock = steadyClock;
        this.pause = new Outage(steadyClock);
        this.meters = meters;
        Resend.counter(meters);
        this.checked = Counter.builder("gifts.ledger.checked")
                .description("Events compared with the tables")
                .register(meters);
        Gauge.builder("gifts.unaccounted", this, audit -> audit.unaccounted)
                .description("Events known to be neither row nor dead letter though the workers are past them")
                .register(meters);
        Gauge.builder("gifts.ledger.balanced", this, audit -> audit.unaccounted == 0 ? 1 : 0)
                .description("1 while every event looked at has its place, else 0")
                .register(meters);
        Gauge.builder("gifts.ledger.round.age.seconds", this, ContinuousAudit::roundAge)
                .description("Since the last round over everything retained ended; NaN before the first")
                .register(meters);
    }

    @Bean
    static Repeating continuousAuditThread(ContinuousAudit audit) {
        return new Repeating("continuous audit", PAUSE, audit::look);
    }

    /** When a missing event is sent again. */
    private record Missing(Unaccounted event, Instant healAt) {}

    /** Where the audit is in a partition: offsets up to which new events are checked, and which the round has reached. */
    private record Progress(long head, long round) {}

    /** Looks at the next piece. */
    void look() {
        // a few seconds old: what was committed then is in a table now
        Map<TopicPartition, Position> known = groups.events();
        if (settings.ledger().eventsPerSecond() == 0 || database.reason() != null || known == null) {
            return;
        }
        try {
            Map<TopicPartition, Position> mine = new HashMap<>(known);
            mine.keySet().retainAll(assigned());
            judge(mine);
            heal();
            check(mine);
            pause.end().ifPresent(lasted -> LOG.info("The ledger goes on after {} s", lasted.toSeconds()));
        } catch (DeadLetterBacklog.TooMany e) {
            if (pause.isToBeLogged()) {
                LOG.warn("The ledger pauses: {}", e.getMessage());
            }
        } catch (ExecutionException | KafkaException | DataAccessException e) {
            // health says why; what was not looked at is looked at the next time
            LOG.debug("The ledger pauses", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void destroy() {
        reader.close();
    }

    private Set<TopicPartition> assigned() {
        Set<TopicPartition> mine = new HashSet<>();
        consumers.memberships().stream()
                .filter(member -> member.group().equals(settings.topic().group())
                        || member.group().equals(settings.topic().changesGroup()))
                .map(BatchConsumerFactory.Membership::partitions)
                .filter(Objects::nonNull)
                .forEach(mine::addAll);
        return mine;
    }

    /** Looks a second time for those that were not found. What is no longer assigned here, another worker looks for. */
    private void judge(Map<TopicPartition, Position> mine)
            throws ExecutionException, InterruptedException, DeadLetterBacklog.TooMany {
        mine.forEach((partition, position) -> {
            if (!position.topic().equals(topics.put(partition.topic(), position.topic()))) {
                // the first look, or the topic was deleted and made again: it no longer has what was missing
                progress.keySet().removeIf(at -> at.topic().equals(partition.topic()));
                suspects.values().removeIf(event -> event.topic().equals(partition.topic()));
                missing.values().removeIf(lost -> lost.event.topic().equals(partition.topic()));
            }
        });
        suspects.values().removeIf(event -> !passed(event, mine));
        missing.values().removeIf(lost -> !passed(lost.event, mine));
        if (!suspects.isEmpty() || !missing.isEmpty()) {
            Set<UUID> open = new HashSet<>(suspects.keySet());
            open.addAll(missing.keySet());
            Set<UUID> placed = accounts.of(open).keySet();
            suspects.keySet().removeAll(placed);
            if (missing.keySet().removeAll(placed)) {
                LOG.info("Events that had no place have one again; {} have none", missing.size());
            }
        }
        if (!suspects.isEmpty()) {
            suspects.keySet().removeAll(deadLetters.events());
            suspects.values().stream()
                    .limit(LOGGED)
                    .forEach(event -> LOG.error(
                            "{}-{} offset {} (event {}) is neither row nor dead letter",
                            event.topic(),
                            event.partition(),
                            event.offset(),
                            event.eventId()));
            Instant healAt = clock.instant().plus(HEAL_AFTER);
            suspects.forEach((id, event) -> missing.put(id, new Missing(event, healAt)));
            suspects.clear();
        }
        unaccounted = missing.size();
    }

    /** Sends those again whose time has come, if that is wanted: the eldest first, and no more than a number a minute. */
    private void heal() throws InterruptedException {
        Instant now = clock.instant();
        if (settings.ledger().heal() != SpineSettings.Heal.AUTO || now.isBefore(nextHeal)) {
            return;
        }
        List<Unaccounted> due = missing.values().stream()
                .filter(lost -> !now.isBefore(lost.healAt))
                .map(Missing::event)
                .limit(settings.ledger().healsPerMinute())
                .toList();
        if (due.isEmpty()) {
            return;
        }
        nextHeal = now.plus(HEAL_EVERY);
        try (Resend resend = new Resend(kafka, meters)) {
            for (Unaccounted event : due) {
                TopicPartition partition = new TopicPartition(event.topic(), event.partition());
                reader.read(
                        List.of(new Piece(partition, event.offset(), event.offset() + 1)),
                        records -> records.forEach(resend::send));
            }
            int sent = resend.await();
            due.forEach(event -> missing.put(event.eventId(), new Missing(event, now.plus(HEAL_AGAIN_AFTER))));
            LOG.warn("{} events that had no place for a minute were sent again: {}", sent, places(due));
        }
    }

    /** Partitions with their offsets. */
    private static String places(List<Unaccounted> events) {
        return events.stream()
                .collect(Collectors.groupingBy(
                        event -> event.topic() + "-" + event.partition() + " offsets",
                        TreeMap::new,
                        Collectors.mapping(event -> Long.toString(event.offset()), Collectors.joining(", "))))
                .entrySet()
                .stream()
                .map(of -> of.getKey() + " " + of.getValue())
                .collect(Collectors.joining("; "));
    }

    /** Whether its record is there and the workers are past it: the group can be set back by hand. */
    private static boolean passed(Unaccounted event, Map<TopicPartition, Position> mine) {
        Position position = mine.get(new TopicPartition(event.topic(), event.partition()));
        return position != null && event.offset() >= position.first() && event.offset() < position.next();
    }

    private void check(Map<TopicPartition, Position> mine) {
        progress.keySet().retainAll(mine.keySet());
        if (mine.isEmpty()) {
            return;
        }
        long share = Math.max(1, settings.ledger().eventsPerSecond() * PAUSE.toSeconds() / mine.size());
        boolean roundDue = roundDue();
        List<Piece> heads = new ArrayList<>();
        List<Piece> rounds = new ArrayList<>();
        mine.forEach((partition, position) -> {
            Progress at =
                    progress.computeIfAbsent(partition, unused -> new Progress(position.next(), position.first()));
            // the group can be set back by hand, and retention can overtake
            long from = Math.min(Math.max(at.head, position.first()), position.next());
            long to = Math.min(position.next(), from + share);
            heads.add(new Piece(partition, from, to));
            long round = Math.min(Math.max(at.round, position.first()), to);
            rounds.add(new Piece(partition, round, roundDue ? Math.min(to, round + share - (to - from)) : round));
        });
        reader.read(heads, this::compare);
        reader.read(rounds, this::compare);
        for (int i = 0; i < heads.size(); i++) {
            progress.put(
                    heads.get(i).partition(),
                    new Progress(heads.get(i).to(), rounds.get(i).to()));
        }
        if (roundDue && progress.values().stream().allMatch(at -> at.round >= at.head)) {
            roundEnded = clock.instant();
            // from the first retained one again
            progress.replaceAll((partition, at) -> new Progress(at.head, 0));
        }
    }

    private boolean roundDue() {
        Instant ended = roundEnded;
        return ended == null || ended.plus(settings.ledger().roundPause()).isBefore(clock.instant());
    }

    private double roundAge() {
        Instant ended = roundEnded;
        return ended == null
                ? Double.NaN
                : Duration.between(ended, clock.instant()).toMillis() / 1000.0;
    }

    private void compare(List<ConsumerRecord<byte[], byte[]>> records) {
        Set<UUID> placed =
                accounts.of(records.stream().map(EventId::of).toList()).keySet();
        checked.increment(records.size());
        records.stream()
                .map(Unaccounted::of)
                .filter(event -> !placed.contains(event.eventId()) && !missing.containsKey(event.eventId()))
                .limit(Math.max(0, MOST_SUSPECTS - suspects.size() - missing.size()))
                .forEach(event -> suspects.put(event.eventId(), event));
    }
}
