package org.gibsey.spine.deadletter;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import com.github.f4b6a3.uuid.util.UuidValidator;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Clock;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.UUID;
import org.apache.camel.Exchange;
import org.apache.camel.support.DefaultDataFormat;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Headers;
import org.gibsey.spine.deadletter.DeadLetterIndex.StoredHeader;
import org.gibsey.spine.gift.EventId;
import org.gibsey.spine.gift.GiftReader;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * The data format of the dead letters' topic. A slice of a batch becomes the named parameter {@value DeadLetters#LETTERS} of one SQL
 * statement: a JSON array of objects named like the columns of {@code dead_letter}, with key, value and header values in
 * base64, because they may be any bytes. Never refuses a record: one that this service did not write, as far as its headers
 * tell, is indexed under the place where it lies, and nothing it says of itself is believed. Reads only: dead letters are
 * written by {@link DeadLetters}. Thread-safe.
 */
@Component("deadLetterRecords")
final class DeadLetterRecords extends DefaultDataFormat {

    /** What a topic may be called. */
    private static final String TOPIC = "[a-zA-Z0-9._-]{1,249}";

    static final String REASON = "[a-z][a-z-]{0,63}";
    private static final String SQL_STATE = "[0-9A-Z]{5}";
    private static final int LONGEST_MESSAGE = 10_000;

    private final GiftReader gifts = GiftReader.ofEvents();
    private final ObjectMapper json;
    private final Clock clock;

    DeadLetterRecords(ObjectMapper json, Clock clock) {
        this.json = json;
        this.clock = clock;
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
            Instant lastFailedAt,
            @Nullable UUID userId) {}

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
        return Map.of(DeadLetters.LETTERS, json.writeValueAsString(latest.values()));
    }

    @Override
    public Object unmarshal(Exchange exchange, InputStream stream) {
        throw new UnsupportedOperationException("dead letters are read from Kafka records, with their headers");
    }

    @Override
    public void marshal(Exchange exchange, Object letters, OutputStream stream) {
        throw new UnsupportedOperationException("dead letters are written by DeadLetters");
    }

    private Row row(ConsumerRecord<byte[], byte[]> letter) {
        if (DeadLetters.size(letter.key(), letter.value(), letter.headers()) > DeadLetters.MOST_BYTES) {
            // this service writes none that is larger
            return foreign(
                    letter,
                    "too large to be indexed whole: this is the beginning",
                    DeadLetters.beginning(letter.key()),
                    DeadLetters.beginning(letter.value()),
                    List.of());
        }
        return written(letter)
                .orElseGet(() -> foreign(letter, "", letter.key(), letter.value(), stored(letter.headers())));
    }

    /** The row of a letter that has all that this service writes; empty when anything is missing or out of its bounds. */
    private Optional<Row> written(ConsumerRecord<byte[], byte[]> letter) {
        Headers headers = letter.headers();
        Instant latest = clock.instant().plus(DeadLetterHeaders.CLOCK_DIFFERENCE);
        try {
            return Optional.of(new Row(
                    text(headers, EventId.DEAD_LETTER_ID, ".{36}")
                            .filter(UuidValidator::isValid)
                            .map(UUID::fromString)
                            .orElseThrow(),
                    text(headers, DeadLetterHeaders.TOPIC, TOPIC).orElseThrow(),
                    number(headers, DeadLetterHeaders.PARTITION, 0, Integer.MAX_VALUE)
                            .intValue(),
                    number(headers, DeadLetterHeaders.OFFSET, 0, Long.MAX_VALUE),
                    number(headers, DeadLetterHeaders.TIMESTAMP, Long.MIN_VALUE, Long.MAX_VALUE),
                    letter.key(),
                    letter.value(),
                    stored(headers),
                    text(headers, DeadLetterHeaders.REASON, REASON).orElseThrow(),
                    beginning(withoutNul(DeadLetterHeaders.text(headers, DeadLetterHeaders.MESSAGE)
                            .orElse(""))),
                    text(headers, DeadLetterHeaders.SQL_STATE, SQL_STATE).orElse(null),
                    number(headers, DeadLetterHeaders.ATTEMPTS, 1, DeadLetterHeaders.MOST_TIMES)
                            .intValue(),
                    DeadLetterHeaders.time(headers, DeadLetterHeaders.FIRST_FAILURE, latest)
                            .orElseThrow(),
                    DeadLetterHeaders.time(headers, DeadLetterHeaders.LAST_FAILURE, latest)
                            .orElseThrow(),
                    gifts.readerOf(letter.value()).orElse(null)));
        } catch (NoSuchElementException e) {
            return Optional.empty();
        }
    }

    private Row foreign(
            ConsumerRecord<byte[], byte[]> letter,
            String message,
            byte @Nullable [] key,
            byte @Nullable [] value,
            List<StoredHeader> headers) {
        // its producer may have set any time; in the future it would stand before every other letter
        Instant consumed = Instant.ofEpochMilli(Math.min(clock.millis(), Math.max(0, letter.timestamp())));
        return new Row(
                EventId.ofRecord(letter.topic(), letter.partition(), letter.offset(), letter.timestamp()),
                letter.topic(),
                letter.partition(),
                letter.offset(),
                letter.timestamp(),
                key,
                value,
                headers,
                "unknown",
                message,
                null,
                1,
                consumed,
                consumed,
                gifts.readerOf(value).orElse(null));
    }

    private static List<StoredHeader> stored(Headers headers) {
        return Arrays.stream(headers.toArray())
                .map(header -> new StoredHeader(withoutNul(header.key()), header.value()))
                .toList();
    }

    private static Long number(Headers headers, String name, long least, long most) {
        return DeadLetterHeaders.number(headers, name, least, most).orElseThrow();
    }

    private static Optional<String> text(Headers headers, String name, String pattern) {
        return DeadLetterHeaders.text(headers, name).filter(text -> text.matches(pattern));
    }

    private static String beginning(String text) {
        return text.codePointCount(0, text.length()) <= LONGEST_MESSAGE
                ? text
                : text.substring(0, text.offsetByCodePoints(0, LONGEST_MESSAGE));
    }

    /** PostgreSQL stores no NUL in text, and a reader needs none. */
    private static String withoutNul(String text) {
        return text.replace('\0', '\uFFFD');
    }
}
