package org.gibsey.spine.persist;

import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.IntFunction;
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
        Map<String, Object> parameters = columns(events);
        exchange.getExchangeExtension()
                .addOnCompletion(metrics.stored(
                        events.stream().map(event -> event.gift().savedAt()).toList(),
                        known -> GiftBatch.in(exchange)
                                .ifPresent(batch -> batch.rowsWereThere(new PartlyKnown(slice, parameters, known)))));
        return parameters;
    }

    /** Numbers and text as arrays that the driver sends in binary form; UUIDs and times go as text, which the SQL casts. */
    private static Map<String, Object> columns(List<Event> events) {
        List<Gift> gifts = events.stream().map(Event::gift).toList();
        return Map.of(
                "event_id", column(events, Event::id, String[]::new),
                "user_id", orNone(column(gifts, gift -> Objects.toString(gift.userId(), null), String[]::new)),
                "page_id", column(gifts, Gift::pageId, Long[]::new),
                "question", column(gifts, Gift::question, String[]::new),
                "answer", column(gifts, Gift::answer, String[]::new),
                "symbol_id", orNone(column(gifts, Gift::symbolId, Integer[]::new)),
                "lang", orNone(column(gifts, Gift::lang, String[]::new)),
                "created_at", column(events, Event::createdAt, String[]::new));
    }

    private static <T, V> @Nullable V[] column(
            List<T> rows, Function<T, @Nullable V> value, IntFunction<@Nullable V[]> array) {
        return rows.stream().map(value).toArray(array);
    }

    /** Unnest fills up with nulls what is shorter; an array of nothing else takes the database 1 to 2 % of the statement. */
    private static @Nullable Object[] orNone(@Nullable Object[] column) {
        return Stream.of(column).allMatch(Objects::isNull) ? Arrays.copyOf(column, 0) : column;
    }
}
