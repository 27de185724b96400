package org.gibsey.spine.deadletter;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.gibsey.spine.gift.EventId;

/**
 * The headers a dead letter has beside its own: UTF-8 text each. Timestamp is the record's, in ms since the epoch; first and
 * last failure are ISO-8601, UTC.
 */
final class DeadLetterHeaders {

    static final String TOPIC = "dlq_topic";
    static final String PARTITION = "dlq_partition";
    static final String OFFSET = "dlq_offset";
    static final String TIMESTAMP = "dlq_timestamp";
    static final String REASON = "dlq_reason";
    static final String MESSAGE = "dlq_message";
    static final String SQL_STATE = "dlq_sqlstate";
    static final String ATTEMPTS = "dlq_attempts";
    static final String FIRST_FAILURE = "dlq_first_failure";
    static final String LAST_FAILURE = "dlq_last_failure";

    /** How often it was sent again: on the replayed gift, and on the dead letter it may become. */
    static final String REPLAYS = "dlq_replays";

    /** All of them: written anew at each death. */
    static final List<String> OURS = List.of(
            EventId.DEAD_LETTER_ID,
            TOPIC,
            PARTITION,
            OFFSET,
            TIMESTAMP,
            REASON,
            MESSAGE,
            SQL_STATE,
            ATTEMPTS,
            FIRST_FAILURE,
            LAST_FAILURE,
            REPLAYS);

    private DeadLetterHeaders() {}

    /** Whole number in a header: 0 when it is missing or says nothing sensible. */
    static int number(Headers headers, String name) {
        return text(headers, name).map(DeadLetterHeaders::number).orElse(0);
    }

    /** Whole number in a header, or the other one when it is missing, says nothing sensible or is larger than an int. */
    static int number(Headers headers, String name, int otherwise) {
        try {
            return text(headers, name).map(Integer::valueOf).orElse(otherwise);
        } catch (NumberFormatException e) {
            return otherwise;
        }
    }

    /** The same for a long. */
    static long number(Headers headers, String name, long otherwise) {
        try {
            return text(headers, name).map(Long::valueOf).orElse(otherwise);
        } catch (NumberFormatException e) {
            return otherwise;
        }
    }

    /** Time in a header, or the other one when it is missing or says nothing sensible. */
    static Instant time(Headers headers, String name, Instant otherwise) {
        try {
            return text(headers, name).map(Instant::parse).orElse(otherwise);
        } catch (DateTimeParseException e) {
            return otherwise;
        }
    }

    static Optional<String> text(Headers headers, String name) {
        Header header = headers.lastHeader(name);
        return header == null || header.value() == null
                ? Optional.empty()
                : Optional.of(new String(header.value(), StandardCharsets.UTF_8));
    }

    private static int number(String text) {
        try {
            return Integer.parseUnsignedInt(text);
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
