package org.gibsey.spine.timeline;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.camel.EndpointInject;
import org.apache.camel.component.jdbc.JdbcConstants;
import org.apache.camel.component.mock.MockEndpoint;
import org.gibsey.spine.MockedRoutes;
import org.junit.jupiter.api.Test;

/** The route of routes/list-gifts.camel.yaml, called over HTTP, with the database mocked. */
class ListGiftsRouteTest extends MockedRoutes {

    @EndpointInject("mock:to-vault-list")
    MockEndpoint vault;

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
        assertThat(parameters.get("after_id")).isNull();
        assertThat(rows.at("/0/created_at").textValue()).isEqualTo("2026-11-23T10:00:00.123456Z");
    }

    @Test
    void leadsOnFromTheOldestToTheNewest() throws Exception {
        Timestamp time = Timestamp.from(Instant.parse("2026-11-23T10:00:00Z"));
        vault.expectedMessageCount(1);
        vault.returnReplyBody(org.apache.camel.builder.ExpressionBuilder.constantExpression(
                List.of(Map.of("id", 7, "created_at", time), Map.of("id", 8, "created_at", time))));

        var answer = http.getForEntity("/vault/list?limit=1&page_id=3&after=2026-11-23T09:00:00Z_-6", JsonNode.class);

        vault.assertIsSatisfied();
        Map<?, ?> parameters =
                vault.getExchanges().get(0).getMessage().getHeader(JdbcConstants.JDBC_PARAMETERS, Map.class);
        assertThat(parameters.get("after_time")).isEqualTo("2026-11-23T09:00:00Z");
        assertThat(parameters.get("after_id")).isEqualTo(-6L);
        assertThat(parameters.get("before_time")).isEqualTo("infinity");
        assertThat(answer.getBody()).hasSize(1);
        assertThat(answer.getHeaders().getFirst("Link"))
                .isEqualTo("</vault/list?limit=1&after=2026-11-23T10:00:00Z_7&page_id=3>; rel=\"next\"");
    }

    /** Its page after the next would begin behind rows that nobody has seen. */
    @Test
    void whoCountsPagesIsToldThatATextWasTooLongAndWhoFollowsLinksIsLedToIt() {
        Map<String, Object> tooLong = new HashMap<>(row(7));
        tooLong.put("question", null);
        vault.returnReplyBody(org.apache.camel.builder.ExpressionBuilder.constantExpression(List.of(row(8), tooLong)));

        var counted = http.getForEntity("/vault/list?limit=2&page=1", JsonNode.class);
        var followed = http.getForEntity("/vault/list?limit=2", JsonNode.class);

        assertThat(counted.getStatusCode().value()).isEqualTo(422);
        assertThat(counted.getBody().at("/errors/0/pointer").textValue()).isEqualTo("limit");
        assertThat(followed.getBody()).hasSize(1);
        assertThat(followed.getHeaders().getFirst("Link"))
                .isEqualTo("</vault/list?limit=2&before=2026-11-23T10:00:00Z_8>; rel=\"next\"");
    }

    private static Map<String, Object> row(int id) {
        Timestamp time = Timestamp.from(Instant.parse("2026-11-23T10:00:00Z"));
        return Map.of("id", id, "question", "q", "created_at", time);
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
