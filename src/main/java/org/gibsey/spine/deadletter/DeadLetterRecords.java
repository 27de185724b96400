package org.gibsey.spine.deadletter;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.camel.Exchange;
import org.apache.camel.support.DefaultDataFormat;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Headers;
import org.gibsey.spine.deadletter.DeadLetterIndex.StoredHeader;
import org.gibsey.spine.gift.EventId;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * The data format of the dead letters' topic. A slice of a batch becomes the named parameter {@code letters} of one SQL
 * statement: a JSON array of objects named like the columns of {@code dead_letter}, with key, value and header values in
 * base64, because they may be any bytes. Never refuses a record: one that this service did not write is indexed under the
 * place where it lies. Reads only: dead letters are written by {@link DeadLetters}. Thread-safe.
 */
@Component("deadLetterRecords")
final class DeadLetterRecords extends DefaultDataFormat {

    private final ObjectMapper json;

    DeadLetterRecords(ObjectMapper json) {
        this.json = json;
    }

    /** A row of {@code dead_letter}, as far as the record tells it. */
    @JsonNaming(SnakeCaseStrategy.class)
    @SuppressWarnings("ArrayRecordComponent") // written, never compared
    private record Row(
            UUID eventId,
            String topic,
            int partition,
            long recordOffset,
            long recordTimestamp,
            byte @Nullable [] key,
            byte @Nullable [] value,
            List<StoredHeader> headers,
            String reason,
            String message,
            @Nullable String sqlstate,
            int attempts,
            Instant firstFailedAt,
            Instant lastFailedAt) {}

    /** @param body the records, a list */
    @Override
    public Map<String, String> unmarshal(Exchange exchange, Object body) throws JsonProcessingException {
        @SuppressWarnings("unchecked")
        List<ConsumerRecord<byte[], byte[]>> slice = (List<ConsumerRecord<byte[], byte[]>>) body;
        // of several letters of the same event the last one counts: one statement cannot touch a row twice
        Map<UUID, Row> latest = new LinkedHashMap<>();
        for (ConsumerRecord<byte[], byte[]> letter : slice) {
            Row row = row(letter);
            latest.put(row.eventId(), row);
        }
        return Map.of("letters", json.writeValueAsString(latest.values()));
    }

    @Override
    public Object unmarshal(Exchange exchange, InputStream stream) {
        throw new UnsupportedOperationException("dead letters are read from Kafka records, with their headers");
    }

    @Override
    public void marshal(Exchange exchange, Object letters, OutputStream stream) {
        throw new UnsupportedOperationException("dead letters are written by DeadLetters");
    }

    private static Row row(ConsumerRecord<byte[], byte[]> letter) {
        Headers headers = letter.headers();
        Instant consumed = Instant.ofEpochMilli(Math.max(0, letter.timestamp()));
        return new Row(
                EventId.of(letter),
                text(headers, DeadLetterHeaders.TOPIC, letter.topic()),
                DeadLetterHeaders.value(headers, DeadLetterHeaders.PARTITION, Integer::valueOf, letter.partition()),
                DeadLetterHeaders.value(headers, DeadLetterHeaders.OFFSET, Long::valueOf, letter.offset()),
                DeadLetterHeaders.value(headers, DeadLetterHeaders.TIMESTAMP, Long::valueOf, letter.timestamp()),
                letter.key(),
                letter.value(),
                Arrays.stream(headers.toArray())
                        .map(header -> new StoredHeader(withoutNul(header.key()), header.value()))
                        .toList(),
                text(headers, DeadLetterHeaders.REASON, "unknown"),
                text(headers, DeadLetterHeaders.MESSAGE, ""),
                DeadLetterHeaders.text(headers, DeadLetterHeaders.SQL_STATE)
                        .map(DeadLetterRecords::withoutNul)
                        .orElse(null),
                Math.max(1, DeadLetterHeaders.value(headers, DeadLetterHeaders.ATTEMPTS, Integer::valueOf, 1)),
                DeadLetterHeaders.value(headers, DeadLetterHeaders.FIRST_FAILURE, Instant::parse, consumed),
                DeadLetterHeaders.value(headers, DeadLetterHeaders.LAST_FAILURE, Instant::parse, consumed));
    }

    private static String text(Headers headers, String name, String otherwise) {
        return withoutNul(DeadLetterHeaders.text(headers, name).orElse(otherwise));
    }

    /** PostgreSQL stores no NUL in text, and a reader needs none. */
    private static String withoutNul(String text) {
        return text.replace('\0', '\uFFFD');
    }
}
