package org.gibsey.spine.persist;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.camel.Exchange;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.gift.EventId;
import org.gibsey.spine.gift.Gift;
import org.gibsey.spine.gift.GiftReader;
import org.gibsey.spine.gift.InvalidInput;
import org.gibsey.spine.gift.MalformedJson;
import org.gibsey.spine.persist.GiftBatch.PartlyKnown;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * The data format of the gifts' topic: an array for each column of the vault, {@code event_id, user_id, page_id, question,
 * answer, symbol_id, created_at}. What the statement stored is counted when the exchange is through. Thread-safe.
 */
@Component("giftEvents")
final class GiftEvents extends EventFormat<Gift> {

    private final GiftReader reader = GiftReader.ofEvents();
    private final PersistMetrics metrics;

    GiftEvents(PersistMetrics metrics, SpineSettings settings) {
        super(settings);
        this.metrics = metrics;
    }

    @Override
    Gift read(ConsumerRecord<byte[], byte[]> record) throws MalformedJson, InvalidInput {
        return reader.read(record.value(), Instant.ofEpochMilli(Math.max(0, record.timestamp())));
    }

    @Override
    Map<String, Object> parameters(Exchange exchange, List<ConsumerRecord<byte[], byte[]>> slice, List<Gift> gifts) {
        Columns columns = new Columns(slice.size());
        for (int i = 0; i < slice.size(); i++) {
            columns.add(EventId.of(slice.get(i)), gifts.get(i));
        }
        Map<String, Object> parameters = columns.parameters();
        exchange.getExchangeExtension()
                .addOnCompletion(metrics.stored(
                        gifts.stream().map(Gift::savedAt).toList(),
                        known -> GiftBatch.in(exchange)
                                .ifPresent(batch -> batch.rowsWereThere(new PartlyKnown(slice, parameters, known)))));
        return parameters;
    }

    /** Numbers and text as arrays that the driver sends in binary form; UUIDs and times go as text, which the SQL casts. */
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
