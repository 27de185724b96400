package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import org.apache.camel.CamelContext;
import org.apache.camel.EndpointInject;
import org.apache.camel.builder.AdviceWith;
import org.apache.camel.component.kafka.KafkaConstants;
import org.apache.camel.component.mock.MockEndpoint;
import org.apache.camel.test.spring.junit5.CamelSpringBootTest;
import org.apache.camel.test.spring.junit5.UseAdviceWith;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.client.TestRestTemplate;
import org.springframework.http.ResponseEntity;
import org.springframework.test.annotation.DirtiesContext;

/** The route of routes/save-gift.camel.yaml, called over HTTP, with Kafka mocked. */
@CamelSpringBootTest
@SpringBootTest(
        webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
        properties = {"management.server.port=0", "VAULT_ROUTES=file:routes/save-gift.camel.yaml"})
@UseAdviceWith
@DirtiesContext
class SaveGiftRouteTest {

    @Autowired
    CamelContext camel;

    @Autowired
    TestRestTemplate http;

    @EndpointInject("mock:gift_events")
    MockEndpoint kafka;

    static ResponseEntity<String> answerBeforeTheStart;

    @BeforeEach
    void startWithKafkaMocked() throws Exception {
        if (!camel.isStarted()) {
            answerBeforeTheStart = save(Map.of("page_id", 7, "question", "Q?", "answer", "A"));
            AdviceWith.adviceWith(
                    camel,
                    "save-gift",
                    route -> route.weaveById("to-gift-events").replace().to("mock:gift_events"));
            camel.start();
        }
        kafka.reset();
    }

    @Test
    void answers503WithRetryAfterUntilTheRouteRuns() {
        assertThat(answerBeforeTheStart.getStatusCode().value()).isEqualTo(503);
        assertThat(answerBeforeTheStart.getHeaders().getFirst("Retry-After")).isNotBlank();
        assertThat(answerBeforeTheStart.getHeaders().getContentType()).hasToString("application/problem+json");
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

    private ResponseEntity<String> save(Map<String, Object> gift) {
        return http.postForEntity("/vault/save", gift, String.class);
    }
}
