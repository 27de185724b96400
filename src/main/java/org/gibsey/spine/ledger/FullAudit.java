package org.gibsey.spine.ledger;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.gibsey.spine.broker.Positions.Position;
import org.gibsey.spine.gift.EventId;
import org.gibsey.spine.ledger.EventPlaces.Account;
import org.gibsey.spine.ledger.EventPlaces.Place;
import org.jspecify.annotations.Nullable;

/**
 * One pass over the topics that says of each event where it ended. It keeps one bit a row, which says whether an event of that
 * row was counted: the first counts as stored, further ones as duplicates. Not thread-safe.
 */
final class FullAudit {

    private static final int SHOWN = 20;

    private final EventPlaces accounts;
    private final Map<TopicPartition, Position> positions;
    private final Set<UUID> notIndexed;
    private final Consumer<ConsumerRecord<byte[], byte[]>> onUnaccounted;
    private final Map<Place, SparseBits> seen = new EnumMap<>(Place.class);
    private final Set<UUID> lettersNotIndexed = new HashSet<>();
    private final List<Unaccounted> first = new ArrayList<>();
    private long events;
    private long stored;
    private long duplicates;
    private long dead;
    private long inFlight;
    private long unaccounted;

    /**
     * @param positions     where the workers stood when the audit began; what was before that must have its place
     * @param notIndexed    events whose dead letter is not in the table yet
     */
    FullAudit(
            EventPlaces accounts,
            Map<TopicPartition, Position> positions,
            Set<UUID> notIndexed,
            Consumer<ConsumerRecord<byte[], byte[]>> onUnaccounted) {
        this.accounts = accounts;
        this.positions = positions;
        this.notIndexed = notIndexed;
        this.onUnaccounted = onUnaccounted;
    }

    /**
     * What was found: {@code events = stored + duplicates + dead + inFlight + unaccounted}. A duplicate is an event that
     * another record of the topic carries, too: it was sent twice, or replayed. In flight is what the workers have not committed
     * yet; unaccounted is what they have committed and no table has. None of these is expected; the first {@value #SHOWN} are named.
     *
     * @param stopped  whether somebody stopped it: the figures are of a part of the topics
     * @param balanced whether none is unaccounted; null of a stopped one, which is no verdict
     */
    record Report(
            List<String> topics,
            Instant at,
            double seconds,
            boolean stopped,
            @Nullable Boolean balanced,
            long events,
            long stored,
            long duplicates,
            long dead,
            long inFlight,
            long unaccounted,
            List<Unaccounted> firstUnaccounted) {}

    /** An event that is neither row nor dead letter though the workers are past it. */
    record Unaccounted(String topic, int partition, long offset, UUID eventId, Instant recordedAt) {

        static Unaccounted of(ConsumerRecord<?, ?> record) {
            return new Unaccounted(
                    record.topic(),
                    record.partition(),
                    record.offset(),
                    EventId.of(record),
                    Instant.ofEpochMilli(record.timestamp()));
        }
    }

    /** Takes the next records of a partition, some thousand at most. */
    void take(List<ConsumerRecord<byte[], byte[]>> records) {
        List<UUID> ids = records.stream().map(EventId::of).toList();
        List<UUID> conflicts = records.stream().map(EventId::ofConflict).toList();
        Map<UUID, Account> found =
                accounts.of(Stream.concat(ids.stream(), conflicts.stream()).toList());
        for (int i = 0; i < records.size(); i++) {
            events++;
            // a gift whose id was another's has a dead letter, though there is a row of that id
            UUID conflict = conflicts.get(i);
            UUID id = found.containsKey(conflict) || notIndexed.contains(conflict) ? conflict : ids.get(i);
            Account account = found.get(id);
            if (account != null) {
                SparseBits rows = seen.computeIfAbsent(account.place(), place -> new SparseBits());
                count(rows.add(account.id()), account.place() == Place.DEAD_LETTER);
            } else if (notIndexed.contains(id)) {
                count(lettersNotIndexed.add(id), true);
            } else if (inFlight(records.get(i))) {
                inFlight++;
            } else {
                miss(records.get(i));
            }
        }
    }

    Report report(List<String> topics, Instant began, Instant ended, boolean stopped) {
        return new Report(
                topics,
                began,
                Duration.between(began, ended).toMillis() / 1000.0,
                stopped,
                stopped ? null : unaccounted == 0,
                events,
                stored,
                duplicates,
                dead,
                inFlight,
                unaccounted,
                List.copyOf(first));
    }

    private void count(boolean isFirst, boolean isDead) {
        if (!isFirst) {
            duplicates++;
        } else if (isDead) {
            dead++;
        } else {
            stored++;
        }
    }

    private boolean inFlight(ConsumerRecord<?, ?> record) {
        Position position = positions.get(new TopicPartition(record.topic(), record.partition()));
        return position == null || record.offset() >= position.next();
    }

    private void miss(ConsumerRecord<byte[], byte[]> record) {
        unaccounted++;
        if (first.size() < SHOWN) {
            first.add(Unaccounted.of(record));
        }
        onUnaccounted.accept(record);
    }

    /**
     * A set of numbers that lie mostly side by side, like those of an identity column: about a bit each, so that the ledger of a
     * hundred million rows takes some 12 MB. Not thread-safe.
     */
    static final class SparseBits {

        private static final int CHUNK_BITS = 16;
        private static final int IN_CHUNK = (1 << CHUNK_BITS) - 1;

        private final Map<Long, BitSet> chunks = new HashMap<>();

        /** @return false if it was there already */
        boolean add(long number) {
            BitSet chunk = chunks.computeIfAbsent(number >> CHUNK_BITS, unused -> new BitSet());
            int bit = (int) (number & IN_CHUNK);
            boolean added = !chunk.get(bit);
            chunk.set(bit);
            return added;
        }
    }
}
