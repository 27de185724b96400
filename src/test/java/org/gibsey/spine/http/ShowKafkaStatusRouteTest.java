package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.apache.camel.EndpointInject;
import org.apache.camel.component.mock.MockEndpoint;
import org.gibsey.spine.MockedRoutes;
import org.junit.jupiter.api.Test;
import org.springframework.http.ResponseEntity;

/** The route of routes/show-kafka-status.camel.yaml, called over HTTP, with the look at the broker mocked. */
class ShowKafkaStatusRouteTest extends MockedRoutes {

    @EndpointInject("mock:process-kafka-status")
    MockEndpoint broker;

    @Test
    void answersWhatItSawAsJson() {
        broker.whenAnyExchangeReceived(exchange -> exchange.getMessage().setBody(Map.of("ok", true)));

        ResponseEntity<String> answer = http.getForEntity("/kafka/status", String.class);

        assertThat(answer.getStatusCode().value()).isEqualTo(200);
        assertThat(answer.getHeaders().getContentType()).hasToString("application/json");
        assertThat(answer.getBody()).isEqualTo("{\"ok\":true}");
    }

    @Test
    void answers503AndSaysWhyWhenASaveWouldNotBeTaken() {
        broker.whenAnyExchangeReceived(exchange -> {
            throw new Refused(Problem.broker("Topic gift_events does not exist."));
        });

        ResponseEntity<String> answer = http.getForEntity("/kafka/status", String.class);

        assertThat(answer.getStatusCode().value()).isEqualTo(503);
        assertThat(answer.getHeaders().getFirst("Retry-After")).isNotBlank();
        assertThat(answer.getBody()).contains("Topic gift_events does not exist.");
    }
}
