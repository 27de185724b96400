package org.gibsey.spine.broker;

import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.verifyNoInteractions;

import java.util.List;
import org.apache.kafka.common.TopicPartition;
import org.gibsey.spine.broker.TopicReader.Piece;
import org.junit.jupiter.api.Test;

class TopicReaderTest {

    /** Where workers keep up there is nothing to read, and every process asks for the lag every few seconds all the same. */
    @Test
    void hasNoClientAsLongAsThereIsNothingToRead() {
        KafkaConnection kafka = mock(KafkaConnection.class);
        try (TopicReader reader = new TopicReader(kafka, "nothing to read", 1)) {
            reader.read(List.of(), records -> {});
            reader.read(List.of(new Piece(new TopicPartition("gift_events", 0), 7, 7)), records -> {});
        }

        verifyNoInteractions(kafka);
    }
}
