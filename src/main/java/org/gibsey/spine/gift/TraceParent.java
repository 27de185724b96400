package org.gibsey.spine.gift;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
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

    private static final String VERSION = "00-";

    /** @return empty when there is none, or it is not in the form of version 00 */
    public static Optional<TraceParent> parse(@Nullable String text) {
        if (text == null
                || text.length() != 55
                || !text.startsWith(VERSION)
                || text.charAt(35) != '-'
                || text.charAt(52) != '-') {
            return Optional.empty();
        }
        TraceParent parts = new TraceParent(text.substring(3, 35), text.substring(36, 52), text.substring(53));
        return isHex(parts.traceId)
                        && isHex(parts.spanId)
                        && isHex(parts.flags)
                        && !isZero(parts.traceId)
                        && !isZero(parts.spanId)
                ? Optional.of(parts)
                : Optional.empty();
    }

    /** Of a consumed record. */
    public static Optional<TraceParent> of(ConsumerRecord<?, ?> record) {
        Header header = record.headers().lastHeader(CloudEvent.TRACE_PARENT);
        return header == null || header.value() == null
                ? Optional.empty()
                : parse(new String(header.value(), StandardCharsets.UTF_8));
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

    private static boolean isHex(String text) {
        return text.chars().allMatch(c -> (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
    }

    private static boolean isZero(String text) {
        return text.chars().allMatch(c -> c == '0');
    }

    private static String hex(long bits) {
        return HexFormat.of().toHexDigits(bits);
    }
}
