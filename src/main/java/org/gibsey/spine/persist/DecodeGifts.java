package org.gibsey.spine.persist;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
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
import org.springframework.stereotype.Component;

/**
 * Decodes a slice of a batch and offers it to the SQL of the route as the named parameter {@code gifts}: a JSON array of
 * objects with {@code event_id, user_id, page_id, question, answer, symbol_id, created_at}. Throws
 * {@link UndecodableGifts} naming every record that is no gift. Thread-safe.
 */
@Component("decodeGifts")
final class DecodeGifts implements Processor {

    private static final JsonFactory JSON = new JsonFactory();

    private final GiftReader reader = GiftReader.ofEvents();
    private final PersistMetrics metrics;

    DecodeGifts(PersistMetrics metrics) {
        this.metrics = metrics;
    }

    @Override
    public void process(Exchange exchange) throws UndecodableGifts, InvalidPayloadException, IOException {
        @SuppressWarnings("unchecked")
        List<ConsumerRecord<byte[], byte[]>> slice = exchange.getMessage().getMandatoryBody(List.class);
        Map<ConsumerRecord<byte[], byte[]>, Fault> faults = new LinkedHashMap<>();
        List<Instant> savedAt = new ArrayList<>(slice.size());
        StringWriter rows = new StringWriter(slice.size() * 512);
        try (JsonGenerator json = JSON.createGenerator(rows)) {
            json.writeStartArray();
            for (ConsumerRecord<byte[], byte[]> record : slice) {
                try {
                    Gift gift = read(record);
                    write(json, EventId.of(record), gift);
                    savedAt.add(gift.savedAt());
                } catch (MalformedJson | InvalidInput e) {
                    faults.put(record, Fault.of(e));
                }
            }
            json.writeEndArray();
        }
        if (!faults.isEmpty()) {
            throw new UndecodableGifts(faults);
        }
        exchange.getMessage().setHeader(JdbcConstants.JDBC_PARAMETERS, Map.of("gifts", rows.toString()));
        exchange.getExchangeExtension().addOnCompletion(metrics.stored(savedAt));
    }

    private Gift read(ConsumerRecord<byte[], byte[]> record) throws MalformedJson, InvalidInput {
        if (record.value() == null) {
            throw new MalformedJson("the event has no value");
        }
        return reader.read(record.value(), Instant.ofEpochMilli(Math.max(0, record.timestamp())));
    }

    private static void write(JsonGenerator json, UUID id, Gift gift) throws IOException {
        json.writeStartObject();
        json.writeStringField("event_id", id.toString());
        if (gift.userId() != null) {
            json.writeStringField("user_id", gift.userId().toString());
        }
        json.writeNumberField("page_id", gift.pageId());
        json.writeStringField("question", gift.question());
        json.writeStringField("answer", gift.answer());
        if (gift.symbolId() != null) {
            json.writeNumberField("symbol_id", gift.symbolId());
        }
        json.writeStringField("created_at", gift.savedAt().toString());
        json.writeEndObject();
    }
}
