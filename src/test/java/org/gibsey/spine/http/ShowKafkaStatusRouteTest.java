package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.apache.camel.CamelContext;
import org.apache.camel.EndpointInject;
import org.apache.camel.builder.AdviceWith;
import org.apache.camel.component.mock.MockEndpoint;
import org.apache.camel.test.spring.junit5.CamelSpringBootTest;
import org.apache.camel.test.spring.junit5.UseAdviceWith;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.client.TestRestTemplate;
import org.springframework.http.ResponseEntity;
import org.springframework.test.annotation.DirtiesContext;

/** The route of routes/show-kafka-status.camel.yaml, called over HTTP, with the look at the broker mocked. */
@CamelSpringBootTest
@SpringBootTest(
        webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
        properties = {"management.server.port=0", "VAULT_ROUTES=file:routes/show-kafka-status.camel.yaml"})
@UseAdviceWith
@DirtiesContext
class ShowKafkaStatusRouteTest {

    @Autowired
    CamelContext camel;

    @Autowired
    TestRestTemplate http;

    @EndpointInject("mock:broker")
    MockEndpoint broker;

    @BeforeEach
    void startWithTheBrokerMocked() throws Exception {
        if (!camel.isStarted()) {
            AdviceWith.adviceWith(
                    camel,
                    "show-kafka-status",
                    route -> route.weaveById("process-kafka-status").replace().to("mock:broker"));
            camel.start();
        }
        broker.reset();
    }

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
