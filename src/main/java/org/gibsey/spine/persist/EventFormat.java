package org.gibsey.spine.persist;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.camel.Exchange;
import org.apache.camel.support.DefaultDataFormat;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.gift.InvalidInput;
import org.gibsey.spine.gift.MalformedJson;

/**
 * The data format of a topic of events. A slice of a batch becomes the named parameters of one SQL statement. Throws
 * {@link UndecodableGifts} naming every record that is no such event. Reads only: events are written by the routes that take
 * requests. Thread-safe.
 *
 * @param <E> what an event is read as
 */
abstract class EventFormat<E> extends DefaultDataFormat {

    /** The largest event that is read, unless larger ones are accepted: to read and store one takes many times its size. */
    private static final int MOST_BYTES = 8 << 20;

    private final long mostBytes;

    EventFormat(SpineSettings settings) {
        this.mostBytes = Math.max(MOST_BYTES, 2L * settings.limits().bodyBytes());
    }

    /** Reads an event that has a value of bearable size. */
    abstract E read(ConsumerRecord<byte[], byte[]> record) throws MalformedJson, InvalidInput;

    /** @param events of the records of the slice, in their order */
    abstract Map<String, Object> parameters(
            Exchange exchange, List<ConsumerRecord<byte[], byte[]>> slice, List<E> events)
            throws JsonProcessingException;

    /** Those of the records in hand that this statement takes. */
    List<ConsumerRecord<byte[], byte[]>> slice(Exchange exchange, List<ConsumerRecord<byte[], byte[]>> inHand) {
        return inHand;
    }

    /** @param body the records, as {@link GiftBatch} hands them out */
    @Override
    public final Map<String, Object> unmarshal(Exchange exchange, Object body)
            throws UndecodableGifts, JsonProcessingException {
        @SuppressWarnings("unchecked")
        List<ConsumerRecord<byte[], byte[]>> slice = slice(exchange, (List<ConsumerRecord<byte[], byte[]>>) body);
        Map<ConsumerRecord<byte[], byte[]>, Fault> faults = new LinkedHashMap<>();
        List<E> events = new ArrayList<>(slice.size());
        for (ConsumerRecord<byte[], byte[]> record : slice) {
            try {
                requireBearable(record);
                events.add(read(record));
            } catch (MalformedJson | InvalidInput e) {
                faults.put(record, Fault.of(e));
            }
        }
        if (!faults.isEmpty()) {
            throw new UndecodableGifts(faults);
        }
        return parameters(exchange, slice, events);
    }

    private void requireBearable(ConsumerRecord<byte[], byte[]> record) throws MalformedJson {
        if (record.value() == null) {
            throw new MalformedJson("the event has no value");
        }
        if (record.value().length > mostBytes) {
            throw new MalformedJson("the event is larger than " + mostBytes + " bytes");
        }
    }

    @Override
    public Object unmarshal(Exchange exchange, InputStream stream) {
        throw new UnsupportedOperationException("events are read from Kafka records, with their headers");
    }

    @Override
    public void marshal(Exchange exchange, Object events, OutputStream stream) {
        throw new UnsupportedOperationException("events are written by the routes that take requests");
    }

    /** Some records of a slice cannot be decoded: which, and why, in the order of the slice. */
    static final class UndecodableGifts extends Exception {

        private final transient Map<ConsumerRecord<byte[], byte[]>, Fault> faults;

        UndecodableGifts(Map<ConsumerRecord<byte[], byte[]>, Fault> faults) {
            super(faults.size() + " records cannot be decoded");
            this.faults = Collections.unmodifiableMap(faults);
        }

        Map<ConsumerRecord<byte[], byte[]>, Fault> faults() {
            return faults;
        }
    }
}
