package org.gibsey.spine.broker;

import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/**
 * Bounds what one poll holds in memory, in bytes after decompression. The client's own limits are compressed bytes and numbers of
 * records: a batch of some hundred KB may unpack to more than the heap before {@code poll} returns.
 *
 * <p>A deserializer is called for each record as it is unpacked. When the poll has its share, this one throws, on which the
 * client returns the records it has, and the next poll begins with the record that was refused. The first record of a poll always
 * passes: one that is larger than the share comes alone. Two things escape: a record with neither key nor value, for which no
 * deserializer is called, and the size of a single record, which is unpacked whole before one is called; {@code docs/security.md}
 * says what bounds them. Used by the polling thread alone; the key and value deserializers of a consumer share one budget.
 */
public final class PollBudget implements Deserializer<byte[]> {

    private static final long MOST_BYTES = 16 << 20;
    /** What the records become on their way to the database takes several times their size, and there are several consumers. */
    private static final int SHARE_OF_HEAP = 32;
    /** A header that is empty takes two bytes of a record, and this much here. */
    private static final int OBJECTS_OF_A_HEADER = 100;

    private final long bytes = Math.min(MOST_BYTES, Runtime.getRuntime().maxMemory() / SHARE_OF_HEAP);
    private int mostRecords;
    private int records;
    private long taken;
    private boolean exhausted;
    private @Nullable Headers first;
    private @Nullable Headers last;

    /**
     * To be called before each poll.
     *
     * @param mostRecords that it may return, at least 1, where the consumer's own limit is not smaller
     */
    public void renew(int mostRecords) {
        this.mostRecords = mostRecords;
        records = 0;
        taken = 0;
        exhausted = false;
        first = null;
        last = null;
    }

    /** Whether the last poll left records to the next one. */
    public boolean exhausted() {
        return exhausted;
    }

    @Override
    public byte @Nullable [] deserialize(String topic, byte @Nullable [] data) {
        throw new UnsupportedOperationException("a record has headers");
    }

    /** Key and value of a record come with the same headers, which belong to it alone. */
    @Override
    @SuppressWarnings("ReferenceEquality") // the same record, not an equal one
    public byte @Nullable [] deserialize(String topic, Headers headers, byte @Nullable [] data) {
        boolean another = headers != last;
        long size = (data == null ? 0 : data.length) + (another ? size(headers) : 0);
        first = first == null ? headers : first;
        if (headers != first && (taken + size > bytes || (another && records == mostRecords))) {
            exhausted = true;
            throw new SerializationException("left to the next poll");
        }
        last = headers;
        taken += size;
        records += another ? 1 : 0;
        return data;
    }

    /** Bytes that the headers of a record take, about. */
    public static long size(Headers headers) {
        long size = 0;
        for (Header header : headers) {
            size += size(header);
        }
        return size;
    }

    public static int size(Header header) {
        return OBJECTS_OF_A_HEADER + header.key().length() + (header.value() == null ? 0 : header.value().length);
    }
}
