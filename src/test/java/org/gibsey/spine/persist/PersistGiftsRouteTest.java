package org.gibsey.spine.persist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.anyList;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.verify;

import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.camel.EndpointInject;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.component.jdbc.JdbcConstants;
import org.apache.camel.component.mock.MockEndpoint;
import org.apache.camel.support.DefaultExchange;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.gibsey.spine.MockedRoutes;
import org.gibsey.spine.deadletter.DeadLetters;
import org.junit.jupiter.api.Test;
import org.mockito.ArgumentCaptor;
import org.mockito.Mockito;
import org.springframework.beans.factory.annotation.Autowired;

/** The route of routes/persist-gifts.camel.yaml, with Kafka, the database and the dead-letter topic mocked. */
class PersistGiftsRouteTest extends MockedRoutes {

    @Autowired
    ProducerTemplate kafka;

    @EndpointInject("mock:to-vault")
    MockEndpoint vault;

    @Test
    void storesWhatOnePollBroughtInOneStatement() throws Exception {
        vault.expectedMessageCount(1);

        Exchange done = poll(values(3));

        vault.assertIsSatisfied();
        assertThat(done.isFailed()).isFalse();
        assertThat(vault.getExchanges().get(0).getMessage().getBody(String.class))
                .startsWith("insert into vault")
                .contains("on conflict (event_id) do nothing");
        assertThat(questions(vault.getExchanges().get(0))).containsExactly("q0", "q1", "q2");
        verify(deadLetters, never()).send(anyList());
    }

    @Test
    void waitsWhileTheDatabaseIsAwayAndDeadLettersNothing() throws Exception {
        vault.expectedMessageCount(3);
        vault.whenExchangeReceived(1, fails("08006"));
        vault.whenExchangeReceived(2, fails("57P03"));

        Exchange done = poll(values(2));

        vault.assertIsSatisfied();
        assertThat(done.isFailed()).isFalse();
        verify(deadLetters, never()).send(anyList());
    }

    @Test
    void findsTheOneThatIsRefusedInLogarithmicallyManyStatements() throws Exception {
        vault.whenAnyExchangeReceived(exchange -> {
            if (questions(exchange).contains("q77")) {
                throw new SQLException("refused", "23514");
            }
        });

        Exchange done = poll(values(128));

        assertThat(done.isFailed()).isFalse();
        @SuppressWarnings("unchecked")
        ArgumentCaptor<List<DeadLetters.DeadLetter>> letters = ArgumentCaptor.forClass(List.class);
        verify(deadLetters).send(letters.capture());
        assertThat(letters.getValue()).singleElement().satisfies(letter -> {
            assertThat(letter.record().offset()).isEqualTo(77);
            assertThat(letter.reason()).isEqualTo("refused");
            assertThat(letter.sqlState()).isEqualTo("23514");
        });
        // 128 = 2^7: the whole, and two halves on each of seven levels
        assertThat(vault.getReceivedCounter()).isEqualTo(1 + 2 * 7);
    }

    @Test
    void storesInSmallerStatementsWhatTakesTooLong() throws Exception {
        List<String> stored = new ArrayList<>();
        List<Integer> stopped = new ArrayList<>();
        vault.whenAnyExchangeReceived(exchange -> {
            List<String> questions = questions(exchange);
            if (questions.size() > 12) {
                stopped.add(questions.size());
                throw new SQLException("statement timeout", "57014");
            }
            stored.addAll(questions);
        });

        Exchange done = poll(values(100));

        assertThat(done.isFailed()).isFalse();
        assertThat(stopped).startsWith(100, 50, 25);
        assertThat(stored)
                .isEqualTo(IntStream.range(0, 100).mapToObj("q%d"::formatted).toList());
        verify(deadLetters, never()).send(anyList());
    }

    @Test
    void waitsForASingleGiftThatTakesTooLong() throws Exception {
        vault.expectedMessageCount(3);
        vault.whenExchangeReceived(1, fails("57014"));
        vault.whenExchangeReceived(2, fails("57014"));

        Exchange done = poll(values(1));

        vault.assertIsSatisfied();
        assertThat(done.isFailed()).isFalse();
        verify(deadLetters, never()).send(anyList());
    }

    @Test
    void failsTheBatchWhenADeadLetterIsNotAcknowledged() throws Exception {
        Mockito.doThrow(new org.apache.kafka.common.KafkaException("no acknowledgement"))
                .when(deadLetters)
                .send(anyList());

        Exchange done = poll(List.of("no gift"));

        assertThat(done.isFailed()).isTrue();
    }

    @Test
    void dividesHonestlyWhenEveryMessageIsRefused() throws Exception {
        vault.whenAnyExchangeReceived(fails("22P02"));

        Exchange done = poll(values(5));

        assertThat(done.isFailed()).isFalse();
        verify(deadLetters, Mockito.times(5)).send(anyList());
    }

    private static org.apache.camel.Processor fails(String sqlState) {
        return exchange -> {
            throw new SQLException("fails", sqlState);
        };
    }

    private Exchange poll(List<String> values) {
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        for (int i = 0; i < values.size(); i++) {
            records.add(new ConsumerRecord<>(
                    "gift_events", 0, i, null, values.get(i).getBytes(StandardCharsets.UTF_8)));
        }
        Exchange polled = new DefaultExchange(camel);
        polled.getMessage().setBody(records);
        return kafka.send(
                "direct:persist-gifts", exchange -> exchange.getMessage().setBody(List.of(polled)));
    }

    private static List<String> questions(Exchange statement) {
        Map<?, ?> parameters = statement.getMessage().getHeader(JdbcConstants.JDBC_PARAMETERS, Map.class);
        return List.of((String[]) parameters.get("question"));
    }

    private static List<String> values(int count) {
        return IntStream.range(0, count)
                .mapToObj("{\"page_id\":1,\"question\":\"q%d\",\"answer\":\"a\"}"::formatted)
                .toList();
    }
}
