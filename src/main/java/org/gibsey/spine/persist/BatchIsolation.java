package org.gibsey.spine.persist;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.gibsey.spine.deadletter.DeadLetters;
import org.gibsey.spine.deadletter.DeadLetters.DeadLetter;
import org.gibsey.spine.gift.EventId;
import org.gibsey.spine.gift.TraceParent;
import org.gibsey.spine.persist.EventFormat.UndecodableGifts;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.springframework.stereotype.Component;

/**
 * Separates the bad messages of a slice that failed from the good ones. A message that is known to be bad, or that failed
 * alone, becomes a dead letter; the others go back into the batch, in halves when it is not known which is bad. A slice that is
 * too large for its time limit goes back in halves, too. Thread-safe.
 */
@Component
final class BatchIsolation implements Processor {

    private static final Logger LOG = LoggerFactory.getLogger(BatchIsolation.class);

    private final DeadLetters deadLetters;
    private final PersistMetrics metrics;
    private final OutageLog outages;

    BatchIsolation(DeadLetters deadLetters, PersistMetrics metrics, OutageLog outages) {
        this.outages = outages;
        this.metrics = metrics;
        this.deadLetters = deadLetters;
    }

    @Override
    public void process(Exchange exchange) throws InterruptedException {
        GiftBatch batch = GiftBatch.in(exchange).orElseThrow();
        Exception cause = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Exception.class);
        List<ConsumerRecord<byte[], byte[]>> records = batch.inHand();
        if (cause instanceof UndecodableGifts undecodable) {
            Map<ConsumerRecord<byte[], byte[]>, Fault> faults = undecodable.faults();
            deadLetter(faults.entrySet().stream()
                    .map(bad -> letter(bad.getKey(), bad.getValue()))
                    .toList());
            List<ConsumerRecord<byte[], byte[]>> good = records.stream()
                    .filter(record -> !faults.containsKey(record))
                    .toList();
            batch.replace(good.isEmpty() ? List.of() : List.of(good));
        } else if (Fault.of(cause).tooSlow()) {
            outages.slow(exchange.getFromRouteId(), records.size(), batch.halve(), Fault.of(cause));
        } else if (records.size() == 1) {
            deadLetter(List.of(letter(records.get(0), Fault.of(cause))));
        } else {
            int half = records.size() / 2;
            batch.replace(List.of(records.subList(0, half), records.subList(half, records.size())));
        }
    }

    /** Sends, counts and logs them; at least one. */
    void deadLetter(List<DeadLetter> letters) throws InterruptedException {
        DeadLetter first = letters.get(0);
        if (first.record().topic().equals(deadLetters.topic())) {
            // a dead letter that cannot be indexed is in its topic already; sent there again, it would always come back
            log("not indexed", letters);
            return;
        }
        deadLetters.send(letters);
        letters.stream()
                .collect(Collectors.groupingBy(DeadLetter::reason, Collectors.counting()))
                .forEach(metrics::dead);
        log("dead-lettered", letters);
    }

    private static void log(String what, List<DeadLetter> letters) {
        DeadLetter first = letters.get(0);
        TraceParent.of(first.record()).ifPresent(trace -> MDC.put(TraceParent.LOG_KEY, trace.traceId()));
        try {
            LOG.warn(
                    "{} {}, the first: {}-{} offset {}, {}{}",
                    letters.size(),
                    what,
                    first.record().topic(),
                    first.record().partition(),
                    first.record().offset(),
                    first.reason(),
                    first.sqlState() == null ? "" : " (SQLSTATE " + first.sqlState() + ")");
        } finally {
            MDC.remove(TraceParent.LOG_KEY);
        }
    }

    private static DeadLetter letter(ConsumerRecord<byte[], byte[]> record, Fault fault) {
        return new DeadLetter(record, EventId.of(record), fault.reason(), fault.message(), fault.sqlState());
    }
}
