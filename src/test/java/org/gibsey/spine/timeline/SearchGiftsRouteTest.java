package org.gibsey.spine.timeline;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.camel.EndpointInject;
import org.apache.camel.builder.ExpressionBuilder;
import org.apache.camel.component.jdbc.JdbcConstants;
import org.apache.camel.component.mock.MockEndpoint;
import org.gibsey.spine.MockedRoutes;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.http.ResponseEntity;

/** The route of routes/search-gifts.camel.yaml, called over HTTP, with the database mocked. */
class SearchGiftsRouteTest extends MockedRoutes {

    @EndpointInject("mock:to-asked")
    MockEndpoint asked;

    @EndpointInject("mock:to-vault-found")
    MockEndpoint found;

    @BeforeEach
    void asksForSomething() {
        asked.returnReplyBody(ExpressionBuilder.constantExpression("'spine'"));
        found.returnReplyBody(ExpressionBuilder.constantExpression(List.of()));
    }

    @Test
    void offersTheWordsAsAParameterAndKeepsThemInTheLink() throws Exception {
        found.expectedMessageCount(1);
        Timestamp time = Timestamp.from(Instant.parse("2026-11-23T10:00:00Z"));
        found.returnReplyBody(ExpressionBuilder.constantExpression(
                List.of(Map.of("id", 8, "created_at", time), Map.of("id", 7, "created_at", time))));

        ResponseEntity<JsonNode> answer = http.getForEntity(
                URI.create("/vault/search?q=%20a%26b%09%22%E6%BC%A2%22%00&symbol_id=3&limit=1"), JsonNode.class);

        found.assertIsSatisfied();
        Map<?, ?> parameters =
                found.getExchanges().get(0).getMessage().getHeader(JdbcConstants.JDBC_PARAMETERS, Map.class);
        assertThat(parameters.get("q")).isEqualTo("a&b \"漢\"");
        assertThat(answer.getBody()).hasSize(1);
        assertThat(answer.getHeaders().getFirst("Link"))
                .isEqualTo("</vault/search?limit=1&before=2026-11-23T10:00:00Z_8&q=a%26b+%22%E6%BC%A2%22&symbol_id=3>;"
                        + " rel=\"next\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "q=",
                "q=%20%C2%A0%E2%80%A8",
                "q=%00",
                "q=a&page=1",
                "q=a&before=yesterday",
                "q=a&after=2026-11-23T10:00:00Z_1",
                "q=a&limit=101",
                "q=a&symbol_id=moon"
            })
    void refusesOtherQueries(String query) {
        ResponseEntity<JsonNode> answer = http.getForEntity(URI.create("/vault/search?" + query), JsonNode.class);

        assertThat(answer.getStatusCode().value()).isEqualTo(422);
        assertThat(answer.getBody().get("errors")).hasSize(1);
    }

    @Test
    void takesTwoHundredCharactersAndNoMore() {
        assertThat(status("😀".repeat(200))).isEqualTo(200);
        assertThat(status("😀".repeat(201))).isEqualTo(422);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "T"})
    void refusesASearchThatNoIndexAnswers(String tree) {
        asked.returnReplyBody(ExpressionBuilder.constantExpression(tree));

        ResponseEntity<JsonNode> answer = http.getForEntity("/vault/search?q=-spine", JsonNode.class);

        assertThat(answer.getStatusCode().value()).isEqualTo(422);
        assertThat(answer.getBody().at("/errors/0/reason").textValue())
                .isEqualTo("must name a word to look for, and not only what to leave out");
    }

    @Test
    void answers503WhenTheDatabaseIsAway() {
        found.whenAnyExchangeReceived(exchange -> {
            throw new SQLException("connection refused", "08001");
        });

        assertThat(status("spine")).isEqualTo(503);
    }

    private int status(String words) {
        return http.getForEntity("/vault/search?q={words}", String.class, words)
                .getStatusCode()
                .value();
    }
}
