package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.util.Map;
import org.apache.camel.EndpointInject;
import org.apache.camel.component.jdbc.JdbcConstants;
import org.apache.camel.component.kafka.KafkaConstants;
import org.apache.camel.component.mock.MockEndpoint;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.http.HttpMethod;
import org.springframework.http.ResponseEntity;

/** The route of routes/edit-gift.camel.yaml. */
class EditGiftRouteTest extends ChangeRoutes {

    @EndpointInject("mock:to-vault-edit-gift")
    MockEndpoint vault;

    @EndpointInject("mock:to-changes-edit-gift")
    MockEndpoint kafka;

    @BeforeEach
    void isStored() {
        finds(vault, row());
    }

    @Test
    void answers202WithTheLocationOfTheChangeThatWentToKafka() throws Exception {
        kafka.expectedMessageCount(1);

        ResponseEntity<String> answer = edit("{\"answer\":\"B\",\"symbol_id\":null,\"user_id\":\"ignored\"}");

        kafka.assertIsSatisfied();
        var event = kafka.getExchanges().get(0).getMessage();
        assertThat(answer.getStatusCode().value()).isEqualTo(202);
        assertThat(answer.getBody()).isEqualTo("{\"queued\":true}");
        assertThat(answer.getHeaders().getLocation()).hasToString("/vault/changes/" + event.getHeader("ce_id"));
        assertThat(event.getHeaders())
                .containsEntry(KafkaConstants.KEY, GIFT.toString())
                .containsEntry("ce_subject", GIFT.toString())
                .containsEntry("ce_type", "org.gibsey.vault.gift.edited");
        assertThat(event.getBody(String.class))
                .contains(
                        "\"page_id\":7,\"question\":\"Q?\",\"answer\":\"B\"",
                        "\"created_at\":\"2026-11-01T10:00:00.000001Z\"",
                        "\"sets\":[\"answer\",\"symbol_id\"]")
                .doesNotContain("\"symbol_id\":3", "lang", "base", "user_id");
    }

    @Test
    void keepsTheLanguageThatTheRowHasAndSetsTheOneThatIsNamed() {
        Map<String, Object> german = row();
        german.put("lang", "de");
        finds(vault, german);

        edit("{\"answer\":\"B\"}");
        edit("{\"lang\":\"fr\"}");
        edit("{\"lang\":null}");

        assertThat(kafka.getExchanges())
                .extracting(sent -> sent.getMessage().getBody(String.class))
                .satisfiesExactly(
                        kept -> assertThat(kept).contains("\"lang\":\"de\"").doesNotContain("sets_lang"),
                        set -> assertThat(set).contains("\"lang\":\"fr\"", "\"sets\":[],\"sets_lang\":true"),
                        taken -> assertThat(taken)
                                .contains("\"sets\":[],\"sets_lang\":true")
                                .doesNotContain("\"lang\":"));
    }

    @Test
    void asksForTheRowByItsNumberOrByItsEvent() {
        edit("{\"answer\":\"B\"}");
        call(HttpMethod.PUT, "/vault/42", "{\"answer\":\"B\"}");

        assertThat(parameters(0)).containsEntry("event_id", GIFT.toString()).containsEntry("id", null);
        assertThat(parameters(1)).containsEntry("event_id", null).containsEntry("id", "42");
    }

    @Test
    void answers422WithAllThatIsWrongAndSendsNothing() throws Exception {
        kafka.expectedMessageCount(0);

        ResponseEntity<String> answer = edit("{\"question\":null,\"answer\":\" \",\"symbol_id\":\"x\",\"lang\":\"\"}");
        ResponseEntity<String> nothing = edit("{\"page_id\":8}");

        kafka.assertIsSatisfied();
        assertThat(answer.getStatusCode().value()).isEqualTo(422);
        assertThat(answer.getBody()).contains("/question", "/answer", "/symbol_id", "/lang");
        assertThat(nothing.getStatusCode().value()).isEqualTo(422);
    }

    @Test
    void answers404ForAGiftThatIsNotThere() {
        finds(vault, null);

        assertThat(edit("{\"answer\":\"B\"}").getStatusCode().value()).isEqualTo(404);
        assertThat(call(HttpMethod.PUT, "/vault/gifts/me", "{\"answer\":\"B\"}")
                        .getStatusCode()
                        .value())
                .isEqualTo(404);
    }

    @Test
    void answers409ForAGiftThatIsDead() {
        Map<String, Object> dead = row();
        dead.replaceAll((column, value) -> column.equals("status") ? "dead" : column.equals("event_id") ? GIFT : null);
        finds(vault, dead);

        assertThat(edit("{\"answer\":\"B\"}").getStatusCode().value()).isEqualTo(409);
    }

    /** Else an edit of the SQL would let everybody change what is deleted. */
    @ParameterizedTest
    @ValueSource(strings = {"status", "event_id", "deleted_at", "purged_at", "changed_at", "presence_at", "revision"})
    void failsWhenTheSqlGivesNotAllItHasTo(String column) throws Exception {
        kafka.expectedMessageCount(0);
        Map<String, Object> row = row();
        row.remove(column);
        finds(vault, row);

        ResponseEntity<String> answer = edit("{\"answer\":\"B\"}");

        kafka.assertIsSatisfied();
        assertThat(answer.getStatusCode().value()).isEqualTo(500);
    }

    @Test
    void answers503WhenDatabaseOrBrokerIsAway() {
        kafka.whenAnyExchangeReceived(exchange -> {
            throw new TimeoutException("no acknowledgement");
        });
        ResponseEntity<String> broker = edit("{\"answer\":\"B\"}");
        vault.whenAnyExchangeReceived(exchange -> {
            throw new SQLException("connection refused", "08001");
        });
        ResponseEntity<String> database = edit("{\"answer\":\"B\"}");

        assertThat(broker.getStatusCode().value()).isEqualTo(503);
        assertThat(broker.getBody()).contains("/problems#broker");
        assertThat(database.getStatusCode().value()).isEqualTo(503);
        assertThat(database.getHeaders().getFirst("Retry-After")).isNotBlank();
    }

    private ResponseEntity<String> edit(String body) {
        return call(HttpMethod.PUT, "/vault/gifts/" + GIFT, body);
    }

    @SuppressWarnings("unchecked")
    private Map<String, Object> parameters(int call) {
        return vault.getExchanges().get(call).getMessage().getHeader(JdbcConstants.JDBC_PARAMETERS, Map.class);
    }
}
