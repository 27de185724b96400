package org.gibsey.spine.persist;

import java.util.Collections;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Some records of a slice cannot be decoded: which, and why, in the order of the slice. */
final class UndecodableGifts extends Exception {

    private final transient Map<ConsumerRecord<byte[], byte[]>, Fault> faults;

    UndecodableGifts(Map<ConsumerRecord<byte[], byte[]>, Fault> faults) {
        super(faults.size() + " records cannot be decoded");
        this.faults = Collections.unmodifiableMap(faults);
    }

    Map<ConsumerRecord<byte[], byte[]>, Fault> faults() {
        return faults;
    }
}
