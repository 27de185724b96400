package org.gibsey.spine.ledger;

import com.github.f4b6a3.uuid.util.UuidValidator;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.gibsey.spine.Repeating;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.broker.KafkaConnection;
import org.gibsey.spine.health.Watch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.context.annotation.Bean;
import org.springframework.dao.DataAccessException;
import org.springframework.http.HttpStatus;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.lang.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ResponseStatusException;

/**
 * The proof that a reader is forgotten: {@code /actuator/erasures/{reader}} on the management port. What the tables still hold is
 * counted; the topics cannot be searched, but whatever was in them at the time of the erasure is gone when the oldest record of each
 * partition is younger. A gauge says how long the erasure that takes longest is under way. Thread-safe.
 */
@Component
@Endpoint(id = "erasures")
class Erasures {

    /** Counts what still has the reader's id: everything before the erasure has swept, afterwards only what it missed. */
    private static final String SQL = """
            select at, swept_at,
                   (select count(*) from vault
                     where vault.user_id = reader.user_id and question || answer <> '') as gifts,
                   (select count(*) from gift_change
                     where change_id in (select change_id from gift_change where by_user = reader.user_id
                                         union all
                                         select change_id from gift_change
                                          where gift in (select event_id from vault where vault.user_id = reader.user_id))
                       and question || answer || coalesce(before_question || before_answer, '') <> '') as changes,
                   (select count(*) from dead_letter where dead_letter.user_id = reader.user_id) as letters,
                   (select count(*) from dead_letter
                     where dead_letter.user_id is null and value is not null) as of_nobody
              from erased_reader reader
             where user_id = ?
            """;

    /** The table of the old worker is kept by who adopted it, in whatever shape it was, and no route knows it. */
    private static final String HAS_OLD_TABLE_READERS = """
            select exists (select from pg_attribute
                            where attrelid = to_regclass('vault_before_gift_spine') and attname = 'user_id' and not attisdropped)
            """;

    private static final String OLD_ROWS =
            "select count(*) from vault_before_gift_spine where lower(user_id::text) = ?";

    private static final String OLDEST = """
            select coalesce(extract(epoch from now() - min(stored_at)), 0)
              from erased_reader
             where swept_at is null
            """;

    private static final Duration PAUSE = Duration.ofSeconds(30);
    private static final Logger LOG = LoggerFactory.getLogger(Erasures.class);

    private final JdbcClient vault;
    private final KafkaConnection kafka;
    private final Watch database;
    private final List<String> topics;
    private volatile double oldestSeconds = Double.NaN;

    Erasures(JdbcClient vault, KafkaConnection kafka, Watch database, SpineSettings settings, MeterRegistry meters) {
        this.vault = vault;
        this.kafka = kafka;
        this.database = database;
        Gauge.builder("erasures.oldest.seconds", this, erasures -> erasures.oldestSeconds)
                .description("How long the reader who waits longest to be forgotten has waited; 0 when nobody does")
                .register(meters);
        this.topics = List.of(
                settings.topic().name(),
                settings.changes().topic(),
                settings.topic().deadLetters());
    }

    @Bean
    static Repeating erasuresThread(Erasures erasures) {
        return new Repeating("erasures", PAUSE, erasures::look);
    }

    /** Looks who waits to be forgotten. */
    void look() {
        if (database.reason() != null) {
            return;
        }
        try {
            oldestSeconds = vault.sql(OLDEST).query(Double.class).single();
        } catch (DataAccessException e) {
            // health says why
            LOG.debug("It is not known who waits to be forgotten", e);
        }
    }

    /** What the tables say, as {@link #SQL} names it. */
    private record Rows(Instant at, @Nullable Instant sweptAt, long gifts, long changes, long letters, long ofNobody) {}

    /**
     * What is left of a reader. All is gone when nothing is with text and the topics are clean.
     *
     * @param sweptAt         when nothing was left in the tables; null while they are swept
     * @param withText        rows that still have something the reader wrote
     * @param clean           whether all topics are
     * @param cleanBy         when the last of them will be, UTC; null while the tables are swept, and where a topic keeps records
     *                        for ever
     * @param lettersOfNobody dead letters that cannot be read, or name no reader: whether one is this reader's cannot be told
     */
    record Erasure(
            UUID reader,
            Instant askedAt,
            @Nullable Instant sweptAt,
            WithText withText,
            boolean clean,
            @Nullable Instant cleanBy,
            List<OfTopic> topics,
            long lettersOfNobody) {}

    /**
     * Numbers of rows.
     *
     * @param oldTable of {@code vault_before_gift_spine}, which only a person takes away
     */
    record WithText(long gifts, long changes, long deadLetters, long oldTable) {}

    /**
     * A topic.
     *
     * @param clean   whether the oldest record of each partition is younger than the sweep
     * @param cleanBy when it will be at the latest, by its settings; null as above
     */
    record OfTopic(String topic, boolean clean, @Nullable Instant cleanBy) {}

    /** Of a reader; null, and so 404 over HTTP, when no such reader asked to be forgotten. */
    @ReadOperation
    public @Nullable Erasure show(@Selector String reader) throws InterruptedException {
        if (!UuidValidator.isValid(reader)) {
            throw new InvalidEndpointRequestException("the reader must be a UUID", "the reader must be a UUID");
        }
        UUID id = UUID.fromString(reader);
        Rows rows = vault.sql(SQL).param(id).query(Rows.class).optional().orElse(null);
        if (rows == null) {
            return null;
        }
        List<OfTopic> found = topics(rows.sweptAt());
        return new Erasure(
                id,
                rows.at(),
                rows.sweptAt(),
                new WithText(rows.gifts(), rows.changes(), rows.letters(), oldRows(id)),
                found.stream().allMatch(OfTopic::clean),
                Collections.max(
                        found.stream().map(OfTopic::cleanBy).toList(), Comparator.nullsLast(Comparator.naturalOrder())),
                found,
                rows.ofNobody());
    }

    private long oldRows(UUID reader) {
        return vault.sql(HAS_OLD_TABLE_READERS).query(Boolean.class).single()
                ? vault.sql(OLD_ROWS).param(reader.toString()).query(Long.class).single()
                : 0;
    }

    private List<OfTopic> topics(@Nullable Instant swept) throws InterruptedException {
        List<OfTopic> found = new ArrayList<>();
        try {
            Admin admin = kafka.admin();
            for (TopicDescription topic :
                    admin.describeTopics(topics).allTopicNames().get().values()) {
                found.add(ofTopic(admin, topic, swept));
            }
            return found;
        } catch (ExecutionException | KafkaException e) {
            throw new ResponseStatusException(
                    HttpStatus.SERVICE_UNAVAILABLE, "the broker does not say what is in the topics", e);
        }
    }

    private static OfTopic ofTopic(Admin admin, TopicDescription topic, @Nullable Instant swept)
            throws InterruptedException, ExecutionException {
        if (swept == null) {
            return new OfTopic(topic.name(), false, null);
        }
        var first = offsets(admin, topic, OffsetSpec.earliest());
        var end = offsets(admin, topic, OffsetSpec.latest());
        // the first record that is not older than the sweep; -1 when all are older
        var younger = offsets(admin, topic, OffsetSpec.forTimestamp(swept.toEpochMilli()));
        boolean clean = first.entrySet().stream().allMatch(partition -> {
            long from = partition.getValue().offset();
            return from == offset(end, partition.getKey()) || offset(younger, partition.getKey()) == from;
        });
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic.name());
        Config config = admin.describeConfigs(List.of(resource)).all().get().values().stream()
                .findFirst()
                .orElseThrow();
        long retention = number(config, TopicConfig.RETENTION_MS_CONFIG);
        // a record goes with its segment, whose youngest record may be that much younger
        Duration longest = Duration.ofMillis(retention).plusMillis(number(config, TopicConfig.SEGMENT_MS_CONFIG));
        return new OfTopic(topic.name(), clean, retention < 0 ? null : swept.plus(longest));
    }

    private static Map<TopicPartition, ListOffsetsResultInfo> offsets(
            Admin admin, TopicDescription topic, OffsetSpec spec) throws InterruptedException, ExecutionException {
        Map<TopicPartition, OffsetSpec> wanted = new HashMap<>();
        topic.partitions().forEach(info -> wanted.put(new TopicPartition(topic.name(), info.partition()), spec));
        return admin.listOffsets(wanted).all().get();
    }

    private static long offset(Map<TopicPartition, ListOffsetsResultInfo> offsets, TopicPartition partition) {
        ListOffsetsResultInfo found = offsets.get(partition);
        return found == null ? -1 : found.offset();
    }

    private static long number(Config config, String name) {
        return Long.parseLong(config.get(name).value());
    }
}
