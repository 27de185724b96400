package org.gibsey.spine.broker;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;

class PollBudgetTest {

    /** Two bytes each in a record, next to none in a compressed batch, and objects here. */
    @Test
    void headersThatAreEmptyCountToo() {
        PollBudget budget = new PollBudget();
        budget.renew(2_000);
        deserialize(budget, empty(200_000));

        assertThatThrownBy(() -> deserialize(budget, empty(200_000))).isInstanceOf(SerializationException.class);
    }

    private static void deserialize(PollBudget budget, Headers headers) {
        budget.deserialize("topic", headers, "value".getBytes(StandardCharsets.UTF_8));
    }

    private static Headers empty(int headers) {
        RecordHeaders made = new RecordHeaders();
        for (int i = 0; i < headers; i++) {
            made.add("", null);
        }
        return made;
    }
}
