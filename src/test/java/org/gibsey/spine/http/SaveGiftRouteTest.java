package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import org.apache.camel.EndpointInject;
import org.apache.camel.component.kafka.KafkaConstants;
import org.apache.camel.component.mock.MockEndpoint;
import org.apache.kafka.common.errors.TimeoutException;
import org.gibsey.spine.MockedRoutes;
import org.junit.jupiter.api.Test;
import org.springframework.http.ResponseEntity;

/** The route of routes/save-gift.camel.yaml, called over HTTP, with Kafka mocked. */
class SaveGiftRouteTest extends MockedRoutes {

    @EndpointInject("mock:to-gift-events")
    MockEndpoint kafka;

    @Test
    void answers503WithRetryAfterUntilTheRouteRuns() {
        assertThat(savedBeforeTheStart.getStatusCode().value()).isEqualTo(503);
        assertThat(savedBeforeTheStart.getHeaders().getFirst("Retry-After")).isNotBlank();
        assertThat(savedBeforeTheStart.getHeaders().getContentType()).hasToString("application/problem+json");
    }

    @Test
    void answers202WithTheLocationOfTheEventThatWentToKafka() throws Exception {
        kafka.expectedMessageCount(1);

        ResponseEntity<String> answer = save(Map.of("page_id", "7", "question", "Q?", "answer", "A"));

        kafka.assertIsSatisfied();
        var event = kafka.getExchanges().get(0).getMessage();
        assertThat(answer.getStatusCode().value()).isEqualTo(202);
        assertThat(answer.getBody()).isEqualTo("{\"queued\":true}");
        assertThat(answer.getHeaders().getLocation()).hasToString("/vault/gifts/" + event.getHeader("ce_id"));
        assertThat(event.getHeader(KafkaConstants.KEY)).isEqualTo("7");
        assertThat(event.getBody(String.class))
                .startsWith("{\"page_id\":7,\"question\":\"Q?\",\"answer\":\"A\",\"ts\":");
    }

    @Test
    void answers422AndSendsNothingWhenFieldsAreWrong() throws Exception {
        kafka.expectedMessageCount(0);

        ResponseEntity<JsonNode> answer = http.postForEntity("/vault/save", Map.of("page_id", 1.5), JsonNode.class);

        kafka.assertIsSatisfied();
        assertThat(answer.getStatusCode().value()).isEqualTo(422);
        assertThat(answer.getBody().findValuesAsText("pointer")).containsExactly("/page_id", "/question", "/answer");
    }

    @Test
    void answers503WithRetryAfterWhenTheBrokerDoesNotAcknowledge() {
        kafka.whenAnyExchangeReceived(exchange -> {
            throw new TimeoutException("no acknowledgement");
        });

        ResponseEntity<String> answer = save(Map.of("page_id", 7, "question", "Q?", "answer", "A"));

        assertThat(answer.getStatusCode().value()).isEqualTo(503);
        assertThat(answer.getHeaders().getFirst("Retry-After")).isNotBlank();
        assertThat(answer.getHeaders().getContentType()).hasToString("application/problem+json");
    }
}
