package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.mockito.Mockito.RETURNS_DEEP_STUBS;
import static org.mockito.Mockito.atMost;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.when;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.apache.camel.Exchange;
import org.apache.kafka.common.KafkaException;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.broker.KafkaConnection;
import org.junit.jupiter.api.Test;

/** How often the broker is asked, and who waits for its answer. */
class KafkaStatusTest {

    private final KafkaConnection kafka = mock(KafkaConnection.class);
    private final KafkaStatus status = new KafkaStatus(kafka, mock(SpineSettings.class, RETURNS_DEEP_STUBS));

    /** A second is enough for many of these calls, on however slow a machine. */
    @Test
    void asksTheBrokerOnceASecondHoweverManyAsk() {
        when(kafka.admin()).thenThrow(new KafkaException("nobody there"));

        for (int i = 0; i < 1_000; i++) {
            assertRefused("The broker cannot be reached at the moment.");
        }

        verify(kafka, atMost(500)).admin();
    }

    @Test
    void whileOneAsksNobodyElseWaits() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        when(kafka.admin()).thenAnswer(call -> {
            asked.countDown();
            end.await();
            throw new KafkaException("nobody there");
        });
        CompletableFuture<Void> first = refusal("The broker cannot be reached at the moment.");
        try {
            asked.await();
            CompletableFuture<Void> second = refusal("The broker has not answered yet.");

            await().until(second::isDone);
            second.join();
        } finally {
            end.countDown();
            first.join();
        }
    }

    /** On a thread of its own: Java 25 has one in all for such tasks where there are two processors. */
    private CompletableFuture<Void> refusal(String detail) {
        return CompletableFuture.runAsync(() -> assertRefused(detail), task -> new Thread(task).start());
    }

    private void assertRefused(String detail) {
        assertThatThrownBy(() -> status.process(mock(Exchange.class)))
                .isInstanceOfSatisfying(
                        Refused.class,
                        refused -> assertThat(refused.problem().detail()).isEqualTo(detail));
    }
}
