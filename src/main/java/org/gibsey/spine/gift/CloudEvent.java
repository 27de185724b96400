package org.gibsey.spine.gift;

import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * The headers of the event contract: CloudEvents 1.0 in its Kafka protocol binding, binary mode, and W3C trace context.
 * The value is plain JSON, as publishers and workers that know nothing of these headers write and read it.
 */
public final class CloudEvent {

    public static final String SPEC_VERSION = "ce_specversion";
    public static final String ID = "ce_id";
    public static final String SOURCE = "ce_source";
    public static final String TYPE = "ce_type";
    /** Of a change: the id of the gift; of an erasure: that of the reader. */
    public static final String SUBJECT = "ce_subject";

    public static final String TIME = "ce_time";
    public static final String CONTENT_TYPE = "content-type";
    public static final String TRACE_PARENT = "traceparent";

    /** A reader saved a gift. */
    public static final String GIFT_SAVED = "org.gibsey.vault.gift.saved";

    private CloudEvent() {}

    /** A header of a record as text; null when it has none of this name. */
    public static @Nullable String header(Headers headers, String name) {
        Header header = headers.lastHeader(name);
        return header == null || header.value() == null ? null : new String(header.value(), StandardCharsets.UTF_8);
    }
}
