package org.gibsey.spine.persist;

import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
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
 * answer, symbol_id, lang, created_at}; that of a column which no gift has is empty. What the statement stored is counted when the
 * exchange is through. Thread-safe.
 */
@Component("giftEvents")
final class GiftEvents extends EventFormat<GiftEvents.Event> {

    private final GiftReader reader = GiftReader.ofEvents();
    private final PersistMetrics metrics;

    GiftEvents(PersistMetrics metrics, SpineSettings settings) {
        super(settings);
        this.metrics = metrics;
    }

    /** With the texts that the statement takes for what is none of its types. */
    record Event(String id, Gift gift, String createdAt) {}

    @Override
    Event read(ConsumerRecord<byte[], byte[]> record) throws MalformedJson, InvalidInput {
        Gift gift = reader.read(record.value(), Instant.ofEpochMilli(Math.max(0, record.timestamp())));
        return new Event(EventId.of(record).toString(), gift, gift.savedAt().toString());
    }

    @Override
    Map<String, Object> parameters(Exchange exchange, List<ConsumerRecord<byte[], byte[]>> slice, List<Event> events) {
        Columns columns = new Columns(slice.size());
        events.forEach(columns::add);
        Map<String, Object> parameters = columns.parameters();
        exchange.getExchangeExtension()
                .addOnCompletion(metrics.stored(
                        events.stream().map(event -> event.gift().savedAt()).toList(),
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
        private final @Nullable String[] langs;
        private final @Nullable String[] createdAt;
        private int size;

        Columns(int gifts) {
            eventIds = new String[gifts];
            userIds = new String[gifts];
            pageIds = new Long[gifts];
            questions = new String[gifts];
            answers = new String[gifts];
            symbolIds = new Integer[gifts];
            langs = new String[gifts];
            createdAt = new String[gifts];
        }

        void add(Event event) {
            Gift gift = event.gift();
            eventIds[size] = event.id();
            userIds[size] = gift.userId() == null ? null : gift.userId().toString();
            pageIds[size] = gift.pageId();
            questions[size] = gift.question();
            answers[size] = gift.answer();
            symbolIds[size] = gift.symbolId();
            langs[size] = gift.lang();
            createdAt[size] = event.createdAt();
            size++;
        }

        Map<String, Object> parameters() {
            return Map.of(
                    "event_id", eventIds,
                    "user_id", orNone(userIds),
                    "page_id", pageIds,
                    "question", questions,
                    "answer", answers,
                    "symbol_id", orNone(symbolIds),
                    "lang", orNone(langs),
                    "created_at", createdAt);
        }

        /** Unnest fills up with nulls what is shorter; an array of nothing else takes the database 1 to 2 % of the statement. */
        private static @Nullable Object[] orNone(@Nullable Object[] column) {
            return Stream.of(column).allMatch(Objects::isNull) ? Arrays.copyOf(column, 0) : column;
        }
    }
}
