package org.gibsey.spine.gift;

import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * The trace an event belongs to, as W3C Trace Context writes it in {@value CloudEvent#TRACE_PARENT}: it connects a row, a dead
 * letter and their log lines with the request they came from.
 *
 * @param traceId 32 lower-case hexadecimal digits
 * @param spanId  16 of them
 * @param flags   2 of them; the lowest bit says that the trace is recorded
 */
public record TraceParent(String traceId, String spanId, String flags) {

    /** Key of the trace id in the logging context, as the Elastic Common Schema names it. */
    public static final String LOG_KEY = "trace.id";

    /** Ids of zeros are none. */
    private static final Pattern FORM =
            Pattern.compile("00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})");

    /** @return empty when there is none, or it is not in the form of version 00 */
    public static Optional<TraceParent> parse(@Nullable String text) {
        Matcher parts = FORM.matcher(text == null ? "" : text);
        return parts.matches()
                ? Optional.of(new TraceParent(parts.group(1), parts.group(2), parts.group(3)))
                : Optional.empty();
    }

    /** Of a consumed record. */
    public static Optional<TraceParent> of(ConsumerRecord<?, ?> record) {
        return parse(CloudEvent.header(record.headers(), CloudEvent.TRACE_PARENT));
    }

    /** A new trace that nobody records. Its ids are unique, not secret. */
    public static TraceParent begin() {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        return new TraceParent(hex(random.nextLong()) + hex(random.nextLong() | 1), hex(random.nextLong() | 1), "00");
    }

    /** Whether somebody records this trace. */
    public boolean recorded() {
        return (Character.digit(flags.charAt(1), 16) & 1) == 1;
    }

    @Override
    public String toString() {
        return "00-" + traceId + "-" + spanId + "-" + flags;
    }

    private static String hex(long bits) {
        return HexFormat.of().toHexDigits(bits);
    }
}
