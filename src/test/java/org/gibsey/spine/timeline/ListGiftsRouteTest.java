package org.gibsey.spine.timeline;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.camel.CamelContext;
import org.apache.camel.EndpointInject;
import org.apache.camel.builder.AdviceWith;
import org.apache.camel.component.jdbc.JdbcConstants;
import org.apache.camel.component.mock.MockEndpoint;
import org.apache.camel.test.spring.junit5.CamelSpringBootTest;
import org.apache.camel.test.spring.junit5.UseAdviceWith;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.client.TestRestTemplate;
import org.springframework.test.annotation.DirtiesContext;

/** The route of routes/list-gifts.camel.yaml, called over HTTP, with the database mocked. */
@CamelSpringBootTest
@SpringBootTest(
        webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
        properties = {"management.server.port=0", "VAULT_ROUTES=file:routes/list-gifts.camel.yaml"})
@UseAdviceWith
@DirtiesContext
class ListGiftsRouteTest {

    @Autowired
    CamelContext camel;

    @Autowired
    TestRestTemplate http;

    @EndpointInject("mock:vault")
    MockEndpoint vault;

    @BeforeEach
    void startWithTheDatabaseMocked() throws Exception {
        if (!camel.isStarted()) {
            AdviceWith.adviceWith(
                    camel,
                    "list-gifts",
                    route -> route.weaveById("to-vault-list").replace().to("mock:vault"));
            camel.start();
        }
        vault.reset();
    }

    @Test
    void answersTheRowsAsJsonWithTimesToTheMicrosecond() throws Exception {
        Instant savedAt = Instant.parse("2026-11-23T10:00:00.123456Z");
        vault.expectedMessageCount(1);
        vault.returnReplyBody(org.apache.camel.builder.ExpressionBuilder.constantExpression(
                List.of(Map.of("id", 7, "created_at", Timestamp.from(savedAt)))));

        JsonNode rows = http.getForObject("/vault/list?page=3&limit=10", JsonNode.class);

        vault.assertIsSatisfied();
        Map<?, ?> parameters =
                vault.getExchanges().get(0).getMessage().getHeader(JdbcConstants.JDBC_PARAMETERS, Map.class);
        assertThat(parameters.get("limit")).hasToString("10");
        assertThat(parameters.get("offset")).hasToString("20");
        assertThat(rows.at("/0/created_at").textValue()).isEqualTo("2026-11-23T10:00:00.123456Z");
    }

    @Test
    void answers503WhenTheDatabaseIsAway() {
        vault.whenAnyExchangeReceived(exchange -> {
            throw new SQLException("connection refused", "08001");
        });

        var answer = http.getForEntity("/vault/list", String.class);

        assertThat(answer.getStatusCode().value()).isEqualTo(503);
        assertThat(answer.getHeaders().getFirst("Retry-After")).isNotBlank();
        assertThat(answer.getBody()).doesNotContain("connection refused");
    }
}
