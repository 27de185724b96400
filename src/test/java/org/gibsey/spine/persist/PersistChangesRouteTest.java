package org.gibsey.spine.persist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.anyList;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.verify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.apache.camel.EndpointInject;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.component.jdbc.JdbcConstants;
import org.apache.camel.component.mock.MockEndpoint;
import org.apache.camel.support.DefaultExchange;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.gibsey.spine.MockedRoutes;
import org.gibsey.spine.deadletter.DeadLetters;
import org.gibsey.spine.gift.CloudEvent;
import org.gibsey.spine.gift.Gift;
import org.gibsey.spine.gift.GiftChange;
import org.gibsey.spine.gift.GiftChange.Field;
import org.gibsey.spine.gift.GiftChange.Kind;
import org.gibsey.spine.gift.GiftChangeJson;
import org.gibsey.spine.gift.ReaderErasure;
import org.junit.jupiter.api.Test;
import org.mockito.ArgumentCaptor;
import org.springframework.beans.factory.annotation.Autowired;

/** The route of routes/persist-changes.camel.yaml, with Kafka, the database and the dead-letter topic mocked. */
class PersistChangesRouteTest extends MockedRoutes {

    @Autowired
    ProducerTemplate kafka;

    @Autowired
    ObjectMapper json;

    @EndpointInject("mock:to-vault-changes")
    MockEndpoint vault;

    @Test
    void storesTheChangesOfDifferentGiftsInOneStatement() throws Exception {
        vault.expectedMessageCount(1);

        Exchange done = poll("A1", "B1", "C1");

        vault.assertIsSatisfied();
        assertThat(done.isFailed()).isFalse();
        JsonNode first = changes(0).get(0);
        assertThat(first.get("kind").asText()).isEqualTo("edited");
        assertThat(first.get("sets").get(0).asText()).isEqualTo("question");
        assertThat(first.get("at").asText()).isEqualTo("2026-11-23T09:40:00.000001Z");
        assertThat(first.get("created_at").asText()).isEqualTo("2026-11-23T09:35:30.510Z");
        assertThat(first.get("page_id").asLong()).isEqualTo(7);
    }

    @Test
    void storesTheChangesOfOneGiftOneAfterTheOther() throws Exception {
        poll("A1", "B1", "A2", "C1", "A3", "B2");

        assertThat(statements()).containsExactly(List.of("A1", "B1", "C1"), List.of("A2", "B2"), List.of("A3"));
    }

    @Test
    void storesAnErasureBeforeChangesThatHaveToSeeIt() throws Exception {
        ReaderErasure erasure = ReaderErasure.of(new UUID(7, 7), Instant.parse("2026-11-23T09:40:00.000001Z"));
        ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>("gift_changes", 0, 9, null, erasure.eventValue());
        record.headers().add(CloudEvent.ID, erasure.id().toString().getBytes(StandardCharsets.UTF_8));
        record.headers().add(CloudEvent.TYPE, ReaderErasure.TYPE.getBytes(StandardCharsets.UTF_8));

        Exchange done = poll(List.of(change("A1", 0), record));

        assertThat(done.isFailed()).isFalse();
        assertThat(changes(0).findValuesAsText("kind")).containsExactly("erased");
        assertThat(changes(0).findValuesAsText("gift"))
                .containsExactly(erasure.reader().toString());
        assertThat(changes(0).findValuesAsText("at")).containsExactly("2026-11-23T09:40:00.000001Z");
        assertThat(questions(vault.getExchanges().get(1))).containsExactly("A1");
    }

    @Test
    void keepsTheirOrderWhenOneBesideThemIsRefused() throws Exception {
        List<String> stored = new ArrayList<>();
        vault.whenAnyExchangeReceived(exchange -> {
            List<String> questions = questions(exchange);
            if (questions.contains("B1")) {
                throw new SQLException("refused", "23514");
            }
            stored.addAll(questions);
        });

        Exchange done = poll("A1", "B1", "A2", "C1", "B2", "A3");

        assertThat(done.isFailed()).isFalse();
        assertThat(stored).containsExactly("A1", "C1", "A2", "B2", "A3");
        @SuppressWarnings("unchecked")
        ArgumentCaptor<List<DeadLetters.DeadLetter>> letters = ArgumentCaptor.forClass(List.class);
        verify(deadLetters).send(letters.capture());
        assertThat(letters.getValue())
                .singleElement()
                .satisfies(letter -> assertThat(new String(letter.record().value(), StandardCharsets.UTF_8))
                        .contains("B1"));
    }

    @Test
    void waitsWhileTheDatabaseIsAwayAndDeadLettersNothing() throws Exception {
        vault.expectedMessageCount(2);
        vault.whenExchangeReceived(1, exchange -> {
            throw new SQLException("fails", "08006");
        });

        Exchange done = poll("A1");

        vault.assertIsSatisfied();
        assertThat(done.isFailed()).isFalse();
        verify(deadLetters, never()).send(anyList());
    }

    /** @param changes each named by its gift, a letter, and a number */
    private Exchange poll(String... changes) {
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        for (String change : changes) {
            records.add(change(change, records.size()));
        }
        return poll(records);
    }

    private static ConsumerRecord<byte[], byte[]> change(String change, int offset) {
        UUID gift = new UUID(0, change.charAt(0));
        byte[] value = GiftChangeJson.eventValue(new GiftChange(
                new UUID(1, offset),
                Kind.EDITED,
                gift,
                new Gift(7, change, "a", null, null, null, Instant.parse("2026-11-23T09:35:30.51Z")),
                Set.of(Field.QUESTION),
                null,
                null,
                Instant.parse("2026-11-23T09:40:00.000001Z")));
        ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>("gift_changes", 0, offset, null, value);
        Map.of(
                        CloudEvent.ID, new UUID(1, offset).toString(),
                        CloudEvent.TYPE, Kind.EDITED.type(),
                        CloudEvent.SUBJECT, gift.toString())
                .forEach((name, text) -> record.headers().add(name, text.getBytes(StandardCharsets.UTF_8)));
        return record;
    }

    private Exchange poll(List<ConsumerRecord<byte[], byte[]>> records) {
        Exchange polled = new DefaultExchange(camel);
        polled.getMessage().setBody(records);
        return kafka.send(
                "direct:persist-changes", exchange -> exchange.getMessage().setBody(List.of(polled)));
    }

    private List<List<String>> statements() throws Exception {
        List<List<String>> statements = new ArrayList<>();
        for (Exchange statement : vault.getExchanges()) {
            statements.add(questions(statement));
        }
        return statements;
    }

    private JsonNode changes(int statement) throws Exception {
        return changes(vault.getExchanges().get(statement));
    }

    private JsonNode changes(Exchange statement) throws Exception {
        Map<?, ?> parameters = statement.getMessage().getHeader(JdbcConstants.JDBC_PARAMETERS, Map.class);
        return json.readTree((String) parameters.get("changes"));
    }

    private List<String> questions(Exchange statement) throws Exception {
        return changes(statement).findValuesAsText("question");
    }
}
