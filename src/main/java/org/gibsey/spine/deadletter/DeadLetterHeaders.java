package org.gibsey.spine.deadletter;

import java.nio.charset.StandardCharsets;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.gibsey.spine.gift.EventId;

/**
 * The headers that a dead letter has in addition to those of its gift, each UTF-8 text. The timestamp is that of the record, in
 * ms since the epoch; first and last failure are ISO-8601, UTC.
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

    /** A header as a number or time; the other value when it is missing or cannot be parsed. */
    static <T> T value(Headers headers, String name, Function<String, T> parse, T otherwise) {
        try {
            return text(headers, name).map(parse).orElse(otherwise);
        } catch (NumberFormatException | DateTimeParseException e) {
            return otherwise;
        }
    }

    static Optional<String> text(Headers headers, String name) {
        Header header = headers.lastHeader(name);
        return header == null || header.value() == null
                ? Optional.empty()
                : Optional.of(new String(header.value(), StandardCharsets.UTF_8));
    }
}
