package org.gibsey.spine.deadletter;

import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.common.header.Headers;
import org.gibsey.spine.gift.CloudEvent;
import org.gibsey.spine.gift.EventId;

/**
 * The headers that a dead letter has in addition to those of its gift, each UTF-8 text. The timestamp is that of the record, in
 * ms since the epoch; first and last failure are ISO-8601, UTC. Anybody who may write to a topic may write such headers, so
 * they are read only within bounds: no value leads to a row that the database refuses.
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

    /** On a replayed gift: when it was sent again, ISO-8601, by the clock of the process that sent it. */
    static final String REPLAYED_AT = "dlq_replayed_at";

    /** On a stub: how many bytes the value had, of which the stub has the beginning. */
    static final String STUB_BYTES = "dlq_stub_bytes";

    /** On a stub: SHA-256 of the whole value, in hexadecimal digits. */
    static final String STUB_SHA256 = "dlq_stub_sha256";

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
            REPLAYS,
            REPLAYED_AT,
            STUB_BYTES,
            STUB_SHA256);

    /** Bound of the counts of deaths and replays of one gift, so that they never overflow. */
    static final int MOST_TIMES = 1_000_000;

    /** Within it no clock of another process is wrong. */
    static final Duration CLOCK_DIFFERENCE = Duration.ofDays(1);

    private DeadLetterHeaders() {}

    /** A header as a whole number within bounds. */
    static Optional<Long> number(Headers headers, String name, long least, long most) {
        return text(headers, name)
                .filter(text -> text.matches("-?[0-9]{1,19}"))
                .map(BigInteger::new)
                .filter(number -> number.compareTo(BigInteger.valueOf(least)) >= 0
                        && number.compareTo(BigInteger.valueOf(most)) <= 0)
                .map(BigInteger::longValue);
    }

    /** A header as a time since 1970, up to the given one. */
    static Optional<Instant> time(Headers headers, String name, Instant latest) {
        try {
            return text(headers, name)
                    .map(Instant::parse)
                    .filter(time -> !time.isBefore(Instant.EPOCH) && !time.isAfter(latest));
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }

    static Optional<String> text(Headers headers, String name) {
        return Optional.ofNullable(CloudEvent.header(headers, name));
    }
}
