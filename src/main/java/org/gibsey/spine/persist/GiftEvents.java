package org.gibsey.spine.persist;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.camel.Exchange;
import org.apache.camel.InvalidPayloadException;
import org.apache.camel.Processor;
import org.apache.camel.component.jdbc.JdbcConstants;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.gibsey.spine.gift.EventId;
import org.gibsey.spine.gift.Gift;
import org.gibsey.spine.gift.GiftReader;
import org.gibsey.spine.gift.InvalidInput;
import org.gibsey.spine.gift.MalformedJson;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Decodes a slice of a batch and offers it to the SQL of the route as named parameters, an array for each column of the
 * vault: {@code event_id, user_id, page_id, question, answer, symbol_id, created_at}. Throws {@link UndecodableGifts} naming
 * every record that is no gift. Thread-safe.
 */
@Component("decodeGifts")
final class GiftEvents implements Processor {

    private final GiftReader reader = GiftReader.ofEvents();
    private final PersistMetrics metrics;

    GiftEvents(PersistMetrics metrics) {
        this.metrics = metrics;
    }

    @Override
    public void process(Exchange exchange) throws UndecodableGifts, InvalidPayloadException {
        @SuppressWarnings("unchecked")
        List<ConsumerRecord<byte[], byte[]>> slice = exchange.getMessage().getMandatoryBody(List.class);
        Map<ConsumerRecord<byte[], byte[]>, Fault> faults = new LinkedHashMap<>();
        List<Instant> savedAt = new ArrayList<>(slice.size());
        Columns columns = new Columns(slice.size());
        for (ConsumerRecord<byte[], byte[]> record : slice) {
            try {
                Gift gift = read(record);
                columns.add(EventId.of(record), gift);
                savedAt.add(gift.savedAt());
            } catch (MalformedJson | InvalidInput e) {
                faults.put(record, Fault.of(e));
            }
        }
        if (!faults.isEmpty()) {
            throw new UndecodableGifts(faults);
        }
        exchange.getMessage().setHeader(JdbcConstants.JDBC_PARAMETERS, columns.parameters());
        exchange.getExchangeExtension().addOnCompletion(metrics.stored(savedAt));
    }

    private Gift read(ConsumerRecord<byte[], byte[]> record) throws MalformedJson, InvalidInput {
        if (record.value() == null) {
            throw new MalformedJson("the event has no value");
        }
        return reader.read(record.value(), Instant.ofEpochMilli(Math.max(0, record.timestamp())));
    }

    /** Arrays that the driver sends in binary form; what PostgreSQL has of its own goes as text. */
    private static final class Columns {

        private final @Nullable String[] eventIds;
        private final @Nullable String[] userIds;
        private final @Nullable Long[] pageIds;
        private final @Nullable String[] questions;
        private final @Nullable String[] answers;
        private final @Nullable Integer[] symbolIds;
        private final @Nullable String[] createdAt;
        private int size;

        Columns(int gifts) {
            eventIds = new String[gifts];
            userIds = new String[gifts];
            pageIds = new Long[gifts];
            questions = new String[gifts];
            answers = new String[gifts];
            symbolIds = new Integer[gifts];
            createdAt = new String[gifts];
        }

        void add(UUID id, Gift gift) {
            eventIds[size] = id.toString();
            userIds[size] = gift.userId() == null ? null : gift.userId().toString();
            pageIds[size] = gift.pageId();
            questions[size] = gift.question();
            answers[size] = gift.answer();
            symbolIds[size] = gift.symbolId();
            createdAt[size] = gift.savedAt().toString();
            size++;
        }

        Map<String, Object> parameters() {
            return Map.of(
                    "event_id", eventIds,
                    "user_id", userIds,
                    "page_id", pageIds,
                    "question", questions,
                    "answer", answers,
                    "symbol_id", symbolIds,
                    "created_at", createdAt);
        }
    }
}
