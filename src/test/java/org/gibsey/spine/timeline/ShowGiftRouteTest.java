package org.gibsey.spine.timeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.camel.EndpointInject;
import org.apache.camel.component.jdbc.JdbcConstants;
import org.apache.camel.component.mock.MockEndpoint;
import org.gibsey.spine.MockedRoutes;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.http.ResponseEntity;

/** The route of routes/show-gift.camel.yaml, called over HTTP, with both tables mocked. */
class ShowGiftRouteTest extends MockedRoutes {

    private static final String ID = "01a20810-5877-7710-91b0-12b1f8bbbda1";
    private static final String OTHER_ID = "01a20810-5877-7710-91b0-12b1f8bbbda2";

    @EndpointInject("mock:to-vault-gift")
    MockEndpoint vault;

    @EndpointInject("mock:to-dead-gift")
    MockEndpoint deadLetter;

    @BeforeEach
    void nothingIsFound() {
        answers(vault, null);
        answers(deadLetter, null);
    }

    @Test
    void showsAStoredGiftWithoutAskingForDeadOnes() throws Exception {
        answers(vault, Map.of("status", "stored", "event_id", UUID.fromString(ID)));
        deadLetter.expectedMessageCount(0);

        ResponseEntity<String> answer = show(ID);

        deadLetter.assertIsSatisfied();
        assertThat(answer.getStatusCode().value()).isEqualTo(200);
        assertThat(answer.getHeaders().getContentType()).hasToString("application/json");
        assertThat(answer.getBody()).contains("\"status\":\"stored\"").contains("\"event_id\":\"" + ID + "\"");
        Map<?, ?> parameters =
                vault.getExchanges().get(0).getMessage().getHeader(JdbcConstants.JDBC_PARAMETERS, Map.class);
        assertThat(parameters.get("event_id")).isEqualTo(ID);
    }

    @Test
    void namesTheRevisionInTheEntityTagAlone() {
        answers(
                vault,
                // in an order that is the same in each run
                new TreeMap<>(Map.of(
                        "status", "stored", "event_id", UUID.fromString(ID), "revision", UUID.fromString(OTHER_ID))));

        ResponseEntity<String> answer = show(ID);

        assertThat(answer.getHeaders().getETag()).isEqualTo("\"" + OTHER_ID + "\"");
        assertThat(answer.getBody()).isEqualTo("{\"event_id\":\"" + ID + "\",\"status\":\"stored\"}");
    }

    @Test
    void saysUntilWhenADeletedGiftCanBeRestoredAndNothingThatWasInIt() {
        Instant deletedAt = Instant.parse("2026-11-01T10:00:00.000001Z");
        answers(
                vault,
                Map.of(
                        "status",
                        "stored",
                        "event_id",
                        UUID.fromString(ID),
                        "page_id",
                        7L,
                        "question",
                        "kept, as an edit of the route may have it",
                        "revision",
                        UUID.fromString(OTHER_ID),
                        "deleted_at",
                        Timestamp.from(deletedAt)));

        ResponseEntity<String> answer = show(ID);

        assertThat(answer.getStatusCode().value()).isEqualTo(200);
        assertThat(answer.getHeaders().getETag()).isEqualTo("\"" + OTHER_ID + "\"");
        assertThat(answer.getBody())
                .isEqualTo(
                        "{\"status\":\"deleted\",\"event_id\":\"" + ID
                                + "\",\"deleted_at\":\"2026-11-01T10:00:00.000001Z\",\"restorable_until\":\"2026-12-01T10:00:00.000001Z\"}");
    }

    @Test
    void answers410WhenNothingIsLeftOfAGift() {
        Timestamp then = Timestamp.from(Instant.EPOCH);
        answers(vault, Map.of("status", "stored", "question", "", "deleted_at", then, "purged_at", then));

        ResponseEntity<String> answer = show(ID);

        assertThat(answer.getStatusCode().value()).isEqualTo(410);
        assertThat(answer.getHeaders().getContentType()).hasToString("application/problem+json");
    }

    @Test
    void showsWhyAGiftIsDead() {
        answers(deadLetter, Map.of("status", "dead", "reason", "refused"));

        ResponseEntity<String> answer = show(ID);

        assertThat(answer.getStatusCode().value()).isEqualTo(200);
        assertThat(answer.getBody()).contains("\"status\":\"dead\"").contains("\"reason\":\"refused\"");
    }

    @Test
    void answers404ForAGiftThatIsNeitherStoredNorDead() {
        ResponseEntity<String> answer = show(ID);

        assertThat(answer.getStatusCode().value()).isEqualTo(404);
        assertThat(answer.getHeaders().getContentType()).hasToString("application/problem+json");
    }

    @Test
    void asksNoTableForWhatIsNoUuid() throws Exception {
        vault.expectedMessageCount(0);

        ResponseEntity<String> answer = show("7");

        vault.assertIsSatisfied();
        assertThat(answer.getStatusCode().value()).isEqualTo(404);
    }

    @Test
    void answers503WhenTheDatabaseIsAway() {
        vault.whenAnyExchangeReceived(exchange -> {
            throw new SQLException("connection refused", "08001");
        });

        ResponseEntity<String> answer = show(ID);

        assertThat(answer.getStatusCode().value()).isEqualTo(503);
        assertThat(answer.getHeaders().getFirst("Retry-After")).isNotBlank();
        assertThat(answer.getBody()).doesNotContain("connection refused");
    }

    private ResponseEntity<String> show(String id) {
        return http.getForEntity("/vault/gifts/" + id, String.class);
    }

    private static void answers(MockEndpoint table, Map<String, Object> row) {
        table.whenAnyExchangeReceived(exchange -> exchange.getMessage().setBody(row));
    }
}
