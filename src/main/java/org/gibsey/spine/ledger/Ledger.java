package org.gibsey.spine.ledger;

import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
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
 * compares the topic of the gifts, and that of their changes where this process has to do with it, with the tables, which takes a second for some ten thousand events; one at a time. Thread-safe.
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
    private final ReentrantLock auditing = new ReentrantLock();
    private volatile @Nullable Report last;

    Ledger(
            KafkaConnection kafka,
            Positions positions,
            DeadLetterBacklog deadLetters,
            EventPlaces accounts,
            PersistRoutes routes,
            SpineSettings settings,
            Clock steadyClock,
            MeterRegistry meters) {
        this.kafka = kafka;
        this.positions = positions;
        this.deadLetters = deadLetters;
        this.accounts = accounts;
        this.routes = routes;
        this.settings = settings;
        this.clock = steadyClock;
        this.meters = meters;
    }

    /**
     * What was sent, or would be.
     *
     * @param dryRun whether nothing was sent
     * @param resent how many were sent, or would be
     * @param ledger as it was before
     */
    record Resent(boolean dryRun, long resent, Report ledger) {}

    /** The last audit that somebody asked for, which costs nothing; null, and so 404 over HTTP, before the first. */
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
        if (!auditing.tryLock()) {
            throw refused("the topic is being audited already");
        }
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
            FullAudit audit = new FullAudit(accounts, stand, deadLetters.events(reader), onUnaccounted);
            reader.read(
                    stand.entrySet().stream()
                            .map(at -> new Piece(
                                    at.getKey(),
                                    at.getValue().first(),
                                    at.getValue().end()))
                            .toList(),
                    audit::take);
            Report report = audit.report(topics, began, clock.instant());
            last = report;
            return report;
        } catch (ExecutionException | KafkaException e) {
            throw new ResponseStatusException(
                    HttpStatus.SERVICE_UNAVAILABLE, "the broker does not say what is in the topics, or not yet", e);
        } catch (DeadLetterBacklog.TooMany e) {
            throw refused(String.valueOf(e.getMessage()));
        } finally {
            auditing.unlock();
        }
    }

    private static InvalidEndpointRequestException refused(String why) {
        return new InvalidEndpointRequestException(why, why);
    }
}
