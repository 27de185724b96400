package org.gibsey.spine.timeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.UUID;
import org.apache.camel.EndpointInject;
import org.apache.camel.component.mock.MockEndpoint;
import org.gibsey.spine.MockedRoutes;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.http.ResponseEntity;

/** The route of routes/show-change.camel.yaml, called over HTTP, with both tables mocked. */
class ShowChangeRouteTest extends MockedRoutes {

    private static final String ID = "01a20810-5877-7710-91b0-12b1f8bbbda1";

    @EndpointInject("mock:to-history-change")
    MockEndpoint history;

    @EndpointInject("mock:to-dead-change")
    MockEndpoint deadLetter;

    @BeforeEach
    void nothingIsFound() {
        answers(history, null);
        answers(deadLetter, null);
    }

    @Test
    void saysWhatBecameOfAChangeWithoutAskingForDeadOnes() throws Exception {
        answers(history, Map.of("status", "superseded", "change_id", UUID.fromString(ID)));
        deadLetter.expectedMessageCount(0);

        ResponseEntity<String> answer = show(ID);

        deadLetter.assertIsSatisfied();
        assertThat(answer.getStatusCode().value()).isEqualTo(200);
        assertThat(answer.getBody()).contains("\"status\":\"superseded\"").contains("\"change_id\":\"" + ID + "\"");
    }

    @Test
    void saysWhyAChangeIsDead() {
        answers(deadLetter, Map.of("status", "dead", "reason", "refused"));

        assertThat(show(ID).getBody()).contains("\"status\":\"dead\"").contains("\"reason\":\"refused\"");
    }

    @Test
    void answers404ForAChangeThatIsOnItsWay() {
        assertThat(show(ID).getStatusCode().value()).isEqualTo(404);
    }

    private static void answers(MockEndpoint table, @Nullable Map<String, Object> row) {
        table.whenAnyExchangeReceived(exchange -> exchange.getMessage().setBody(row));
    }

    private ResponseEntity<String> show(String id) {
        return http.getForEntity("/vault/changes/" + id, String.class);
    }
}
