package org.gibsey.spine.ledger;

import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.gibsey.spine.LongActs;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.broker.KafkaConnection;
import org.gibsey.spine.broker.Positions;
import org.gibsey.spine.broker.Positions.Position;
import org.gibsey.spine.broker.TopicReader;
import org.gibsey.spine.broker.TopicReader.Piece;
import org.gibsey.spine.health.PersistRoutes;
import org.gibsey.spine.ledger.FullAudit.Report;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.http.HttpStatus;
import org.springframework.lang.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ResponseStatusException;

/**
 * The audit of all events, on demand: {@code /actuator/ledger} on the management port and the same operations over JMX. It
 * compares the topic of the gifts, and that of their changes where this process has to do with it, with the tables. That takes a
 * second for some ten thousand events; one audit runs at a time. It can be stopped ({@link LongActs}): then there is no verdict,
 * and what was sent again until then is sent. Thread-safe.
 */
@Component
@Endpoint(id = "ledger")
class Ledger {

    private static final Logger LOG = LoggerFactory.getLogger(Ledger.class);
    private static final int FETCH_BYTES = 1024 * 1024;

    private final KafkaConnection kafka;
    private final Positions positions;
    private final DeadLetterBacklog deadLetters;
    private final EventPlaces accounts;
    private final PersistRoutes routes;
    private final SpineSettings settings;
    private final Clock clock;
    private final MeterRegistry meters;
    private final LongActs acts;
    private volatile @Nullable Report last;

    Ledger(
            KafkaConnection kafka,
            Positions positions,
            DeadLetterBacklog deadLetters,
            EventPlaces accounts,
            PersistRoutes routes,
            SpineSettings settings,
            Clock steadyClock,
            MeterRegistry meters,
            LongActs acts) {
        this.kafka = kafka;
        this.positions = positions;
        this.deadLetters = deadLetters;
        this.accounts = accounts;
        this.routes = routes;
        this.settings = settings;
        this.clock = steadyClock;
        this.meters = meters;
        this.acts = acts;
    }

    /**
     * What was sent, or would be.
     *
     * @param dryRun whether nothing was sent
     * @param resent how many were sent, or would be; of a stopped audit those it came to
     * @param ledger as it was before
     */
    record Resent(boolean dryRun, long resent, Report ledger) {}

    /** The last audit that somebody asked for and nobody stopped, which costs nothing; null, and so 404 over HTTP, before the first. */
    @ReadOperation
    public @Nullable Report last() {
        return last;
    }

    /**
     * Audits the topics, and sends each event that is neither stored nor a dead letter to its topic again, as the same event.
     *
     * @param dryRun only audits, and says what would be sent; true unless said otherwise
     */
    @WriteOperation
    public Resent resend(@Nullable Boolean dryRun) throws InterruptedException {
        if (dryRun == null || dryRun) {
            Report report = audit(record -> {});
            return new Resent(true, report.unaccounted(), report);
        }
        try (Resend resend = new Resend(kafka, meters)) {
            Report report = audit(resend::send);
            int sent = resend.await();
            LOG.info("{} events that had no place were sent again", sent);
            return new Resent(false, sent, report);
        }
    }

    private Report audit(Consumer<ConsumerRecord<byte[], byte[]>> onUnaccounted) throws InterruptedException {
        try (TopicReader reader = new TopicReader(kafka, "gift-spine-ledger", FETCH_BYTES)) {
            Instant began = clock.instant();
            SpineSettings.Topic gifts = settings.topic();
            Map<TopicPartition, Position> stand = new HashMap<>(positions.of(gifts.group(), gifts.name()));
            List<String> topics = new ArrayList<>(List.of(gifts.name()));
            if (routes.uses(settings.changes().topic())) {
                topics.add(settings.changes().topic());
                stand.putAll(
                        positions.of(gifts.changesGroup(), settings.changes().topic()));
            }
            List<Piece> whole = stand.entrySet().stream()
                    .map(at -> new Piece(
                            at.getKey(), at.getValue().first(), at.getValue().readable()))
                    .toList();
            long events =
                    whole.stream().mapToLong(piece -> piece.to() - piece.from()).sum();
            try (LongActs.Act act = acts.begin("audit", events)) {
                FullAudit audit = new FullAudit(accounts, stand, deadLetters.events(), onUnaccounted);
                boolean stopped = !read(reader, whole, audit, act);
                Report report = audit.report(topics, began, clock.instant(), stopped);
                last = stopped ? last : report;
                act.ends(report);
                return report;
            }
        } catch (ExecutionException | KafkaException e) {
            throw new ResponseStatusException(
                    HttpStatus.SERVICE_UNAVAILABLE, "the broker does not say what is in the topics, or not yet", e);
        } catch (DeadLetterBacklog.TooMany e) {
            String why = String.valueOf(e.getMessage());
            throw new InvalidEndpointRequestException(why, why);
        }
    }

    /** @return whether it came to the end */
    private static boolean read(TopicReader reader, List<Piece> whole, FullAudit audit, LongActs.Act act) {
        try {
            reader.read(whole, records -> {
                if (act.isToStop()) {
                    throw new CancellationException();
                }
                audit.take(records);
                act.done(records.size());
            });
            return true;
        } catch (CancellationException e) {
            return false;
        }
    }
}
