package org.gibsey.spine.faults;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.gibsey.spine.embedded.Patience;
import org.gibsey.spine.gift.CloudEvent;
import org.gibsey.spine.gift.Gift;
import org.gibsey.spine.gift.GiftChange;
import org.gibsey.spine.gift.GiftChangeJson;
import org.gibsey.spine.gift.GiftWriter;

/**
 * Writes gifts to a topic and remembers which ones the broker acknowledged: those are the ones that must not be lost. Either
 * a number at once, or at a steady rate in the background until stopped. One gift in ten is changed at once, when its save may not be
 * stored yet, and with it another one that was changed before.
 */
final class Load implements AutoCloseable {

    private static final Instant SAVED_AT = Instant.parse("2024-05-21T14:00:00.25Z");

    private static final int LATER = 200;

    /** Page ids of a load, from its own on: over HTTP the page decides the partition. */
    static final int PAGES = 100;

    private final KafkaProducer<byte[], byte[]> producer;
    private final String topic;
    private final int page;
    private final WorkerGroup group;
    private final WorkerGroup changesGroup;
    private final Set<UUID> accepted = ConcurrentHashMap.newKeySet();
    private final Set<UUID> poison = ConcurrentHashMap.newKeySet();
    private final ChangedGifts changes;
    private final Deque<UUID> toChange = new ArrayDeque<>();
    private Predicate<UUID> isStored = gift -> true;
    private int waiting;
    private volatile boolean steady;
    private Thread background;
    private int poisonPercent;
    private int written;
    private int changed;

    /** @param page the first of the page ids of its gifts, by which they are found again */
    Load(String bootstrapServers, String topic, int page) {
        this.topic = topic;
        this.page = page;
        this.changes = new ChangedGifts(page);
        this.group = new WorkerGroup(bootstrapServers, topic, topic);
        this.changesGroup = new WorkerGroup(bootstrapServers, topic + "-changes", changesTopic());
        this.producer = new KafkaProducer<>(
                Map.of(
                        ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        ProducerConfig.ACKS_CONFIG,
                        "all",
                        ProducerConfig.LINGER_MS_CONFIG,
                        2,
                        // with more, a first batch that meets a partition still without a leader can wait until it
                        // expires
                        ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION,
                        1),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    /** From now on this share of the gifts and changes cannot be stored, evenly spread and half of them undecodable. */
    Load poison(int percent) {
        poisonPercent = percent;
        return this;
    }

    /** From now on a gift is changed only when it is stored and {@value #LATER} more have been written: a reader looks at it first. */
    Load changingWhatIsStored(Predicate<UUID> isStored) {
        this.isStored = isStored;
        waiting = LATER / 10;
        return this;
    }

    /** Writes that many and waits for their acknowledgements. */
    Load write(int gifts) {
        for (int i = 0; i < gifts; i++) {
            writeOneOrMore();
        }
        producer.flush();
        return this;
    }

    /** Writes one that is never changed, and waits for its acknowledgement. */
    UUID probe() {
        UUID id = writeOne(written++);
        producer.flush();
        return id;
    }

    /** Writes at that rate until {@link #stop}. */
    Load steady(int perSecond) {
        steady = true;
        background = new Thread(
                () -> {
                    long start = System.nanoTime();
                    for (long i = 0; steady; i++) {
                        writeOneOrMore();
                        LockSupport.parkNanos(start + i * 1_000_000_000L / perSecond - System.nanoTime());
                    }
                },
                "load of page " + page);
        background.start();
        return this;
    }

    /** Ends the steady load and waits for the acknowledgements. */
    Load stop() throws InterruptedException {
        steady = false;
        background.join(Patience.LIMIT.toMillis());
        producer.flush();
        return this;
    }

    int page() {
        return page;
    }

    /** In SQL: whether a row of the vault is one of its gifts. */
    String isOfIt() {
        return "page_id between %d and %d".formatted(page, page + PAGES - 1);
    }

    String topic() {
        return topic;
    }

    String changesTopic() {
        return changesTopic(topic);
    }

    static String changesTopic(String topic) {
        return topic + ".changes";
    }

    /** Gifts. */
    Set<UUID> accepted() {
        return accepted;
    }

    /** Gifts that were never deleted: every timeline that was open has to show them. */
    Set<UUID> neverDeleted() {
        Set<UUID> gifts = new HashSet<>(accepted);
        gifts.removeAll(changes.everDeleted());
        return gifts;
    }

    /** What was done to some of them. */
    ChangedGifts changes() {
        return changes;
    }

    /** Acknowledged gifts and changes. */
    int acceptedEvents() {
        return accepted.size() + changes.accepted().size();
    }

    /** The workers of its topic. */
    WorkerGroup group() {
        return group;
    }

    /** The workers of the changes. */
    WorkerGroup changesGroup() {
        return changesGroup;
    }

    /** Whether the workers have committed all that was acknowledged; more if anything was written twice. */
    boolean isCommitted() throws Exception {
        return group.committed() >= accepted.size()
                && changesGroup.committed() >= changes.accepted().size();
    }

    /** How many of those accepted cannot be stored. */
    long acceptedPoison() {
        return poison.stream()
                .filter(id -> accepted.contains(id) || changes.accepted().contains(id))
                .count();
    }

    boolean isPoison(UUID id) {
        return poison.contains(id);
    }

    @Override
    public void close() {
        steady = false;
        producer.close(Duration.ofSeconds(5));
    }

    private void writeOneOrMore() {
        int number = written++;
        UUID gift = writeOne(number);
        if (number % 10 == 9 && !poison.contains(gift)) {
            toChange.add(gift);
            if (toChange.size() > waiting && isStored.test(toChange.element())) {
                UUID next = toChange.remove();
                changes.add(next, gift(question(next)));
                change(next);
                change(changes.any());
            }
        }
    }

    private UUID writeOne(int number) {
        UUID id = UUID.randomUUID();
        boolean bad = number % 100 < poisonPercent;
        String question = bad ? "poison " + id : question(id);
        write(
                topic,
                Integer.toString(number),
                bad && number % 2 == 0 ? undecodable() : GiftWriter.eventValue(gift(question)),
                id,
                bad,
                accepted,
                Map.of());
        return id;
    }

    private static String question(UUID gift) {
        return "gift " + gift;
    }

    private Gift gift(String question) {
        return new Gift(page, question, "answer ".repeat(20), null, null, null, SAVED_AT);
    }

    private byte[] undecodable() {
        return "{\"page_id\":%d,".formatted(page).getBytes(StandardCharsets.UTF_8);
    }

    private void change(UUID gift) {
        int number = changed++;
        boolean bad = number % 100 < poisonPercent;
        GiftChange change = bad ? changes.refusedChange(gift) : changes.change(gift);
        write(
                changesTopic(),
                gift.toString(),
                bad && number % 2 == 0 ? undecodable() : GiftChangeJson.eventValue(change),
                change.id(),
                bad,
                changes.accepted(),
                Map.of(CloudEvent.TYPE, change.kind().type(), CloudEvent.SUBJECT, gift.toString()));
    }

    private void write(
            String to,
            String key,
            byte[] value,
            UUID id,
            boolean bad,
            Set<UUID> acknowledged,
            Map<String, String> headers) {
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(to, key.getBytes(StandardCharsets.UTF_8), value);
        record.headers().add(CloudEvent.ID, id.toString().getBytes(StandardCharsets.UTF_8));
        headers.forEach((name, header) -> record.headers().add(name, header.getBytes(StandardCharsets.UTF_8)));
        if (bad) {
            poison.add(id);
        }
        var unused = producer.send(record, (metadata, fault) -> {
            if (fault == null) {
                acknowledged.add(id);
            } else {
                // not acknowledged, so nobody promised anything; why is worth knowing all the same
                System.out.println("not accepted: " + fault);
            }
        });
    }
}
