package org.gibsey.spine.persist;

import java.io.InputStream;
import java.io.OutputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.camel.Exchange;
import org.apache.camel.support.DefaultDataFormat;
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
 * The data format of the gifts' topic. A slice of a batch becomes the named parameters of one SQL statement, an array for each
 * column of the vault: {@code event_id, user_id, page_id, question, answer, symbol_id, created_at}. Throws
 * {@link UndecodableGifts} naming every record that is no gift. What the statement stored is counted when the exchange is
 * through. Reads only: gifts are written by route save-gift. Thread-safe.
 */
@Component("giftEvents")
final class GiftEvents extends DefaultDataFormat {

    /** The largest event that is read, unless larger ones are accepted: to read and store one takes many times its size. */
    private static final int MOST_BYTES = 8 << 20;

    private final GiftReader reader = GiftReader.ofEvents();
    private final PersistMetrics metrics;
    private final long mostBytes;

    GiftEvents(PersistMetrics metrics, SpineSettings settings) {
        this.metrics = metrics;
        this.mostBytes = Math.max(MOST_BYTES, 2L * settings.limits().bodyBytes());
    }

    /** @param body the records, as {@link GiftBatch} hands them out */
    @Override
    public Map<String, Object> unmarshal(Exchange exchange, Object body) throws UndecodableGifts {
        @SuppressWarnings("unchecked")
        List<ConsumerRecord<byte[], byte[]>> slice = (List<ConsumerRecord<byte[], byte[]>>) body;
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
        Map<String, Object> parameters = columns.parameters();
        exchange.getExchangeExtension()
                .addOnCompletion(metrics.stored(
                        savedAt,
                        known -> GiftBatch.in(exchange)
                                .ifPresent(batch -> batch.rowsWereThere(new PartlyKnown(slice, parameters, known)))));
        return parameters;
    }

    @Override
    public Object unmarshal(Exchange exchange, InputStream stream) {
        throw new UnsupportedOperationException("gifts are read from Kafka records, with their headers");
    }

    @Override
    public void marshal(Exchange exchange, Object gifts, OutputStream stream) {
        throw new UnsupportedOperationException("gifts are written by route save-gift");
    }

    private Gift read(ConsumerRecord<byte[], byte[]> record) throws MalformedJson, InvalidInput {
        if (record.value() == null) {
            throw new MalformedJson("the event has no value");
        }
        if (record.value().length > mostBytes) {
            throw new MalformedJson("the event is larger than " + mostBytes + " bytes");
        }
        return reader.read(record.value(), Instant.ofEpochMilli(Math.max(0, record.timestamp())));
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

    /** Some records of a slice cannot be decoded: which, and why, in the order of the slice. */
    static final class UndecodableGifts extends Exception {

        private final transient Map<ConsumerRecord<byte[], byte[]>, Fault> faults;

        UndecodableGifts(Map<ConsumerRecord<byte[], byte[]>, Fault> faults) {
            super(faults.size() + " records cannot be decoded");
            this.faults = Collections.unmodifiableMap(faults);
        }

        Map<ConsumerRecord<byte[], byte[]>, Fault> faults() {
            return faults;
        }
    }
}
