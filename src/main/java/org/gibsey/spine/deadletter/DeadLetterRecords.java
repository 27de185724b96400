package org.gibsey.spine.deadletter;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.camel.Exchange;
import org.apache.camel.InvalidPayloadException;
import org.apache.camel.Processor;
import org.apache.camel.component.jdbc.JdbcConstants;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.gibsey.spine.gift.EventId;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Offers a slice of dead letters to the SQL of the index route as the named parameter {@code letters}: a JSON array of
 * objects named like the columns of {@code dead_letter}, with key, value and header values in base64, because they may be
 * anything. Never refuses one: what is no dead letter of ours is indexed where it lies. Thread-safe.
 */
@Component("indexDeadLetters")
final class DeadLetterRecords implements Processor {

    private static final JsonFactory JSON = new JsonFactory();

    @Override
    public void process(Exchange exchange) throws InvalidPayloadException, IOException {
        @SuppressWarnings("unchecked")
        List<ConsumerRecord<byte[], byte[]>> slice = exchange.getMessage().getMandatoryBody(List.class);
        // of letters of the same event the last one counts, for one statement cannot touch a row twice
        Map<UUID, ConsumerRecord<byte[], byte[]>> latest = new LinkedHashMap<>();
        slice.forEach(letter -> latest.put(EventId.of(letter), letter));
        StringWriter rows = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(rows)) {
            json.writeStartArray();
            for (Map.Entry<UUID, ConsumerRecord<byte[], byte[]>> letter : latest.entrySet()) {
                write(json, letter.getKey(), letter.getValue());
            }
            json.writeEndArray();
        }
        exchange.getMessage().setHeader(JdbcConstants.JDBC_PARAMETERS, Map.of("letters", rows.toString()));
    }

    private static void write(JsonGenerator json, UUID id, ConsumerRecord<byte[], byte[]> letter) throws IOException {
        Headers headers = letter.headers();
        Instant consumed = Instant.ofEpochMilli(Math.max(0, letter.timestamp()));
        json.writeStartObject();
        json.writeStringField("event_id", id.toString());
        json.writeStringField("topic", text(headers, DeadLetterHeaders.TOPIC, letter.topic()));
        json.writeNumberField(
                "partition", DeadLetterHeaders.number(headers, DeadLetterHeaders.PARTITION, letter.partition()));
        json.writeNumberField(
                "record_offset", DeadLetterHeaders.number(headers, DeadLetterHeaders.OFFSET, letter.offset()));
        json.writeNumberField(
                "record_timestamp", DeadLetterHeaders.number(headers, DeadLetterHeaders.TIMESTAMP, letter.timestamp()));
        writeBytes(json, "key", letter.key());
        writeBytes(json, "value", letter.value());
        json.writeStringField("reason", text(headers, DeadLetterHeaders.REASON, "unknown"));
        json.writeStringField("message", text(headers, DeadLetterHeaders.MESSAGE, ""));
        json.writeStringField(
                "sqlstate",
                DeadLetterHeaders.text(headers, DeadLetterHeaders.SQL_STATE).orElse(null));
        json.writeNumberField("attempts", Math.max(1, DeadLetterHeaders.number(headers, DeadLetterHeaders.ATTEMPTS)));
        json.writeStringField(
                "first_failed_at",
                DeadLetterHeaders.time(headers, DeadLetterHeaders.FIRST_FAILURE, consumed)
                        .toString());
        json.writeStringField(
                "last_failed_at",
                DeadLetterHeaders.time(headers, DeadLetterHeaders.LAST_FAILURE, consumed)
                        .toString());
        json.writeArrayFieldStart("headers");
        for (Header header : headers) {
            json.writeStartObject();
            json.writeStringField("name", header.key().replace("\0", "\uFFFD"));
            writeBytes(json, "value", header.value());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    /** PostgreSQL has no NUL in text; nobody needs it in a reason. */
    private static String text(Headers headers, String name, String otherwise) {
        return DeadLetterHeaders.text(headers, name).orElse(otherwise).replace("\0", "\uFFFD");
    }

    private static void writeBytes(JsonGenerator json, String field, byte @Nullable [] bytes) throws IOException {
        json.writeFieldName(field);
        if (bytes == null) {
            json.writeNull();
        } else {
            json.writeBinary(bytes);
        }
    }
}
