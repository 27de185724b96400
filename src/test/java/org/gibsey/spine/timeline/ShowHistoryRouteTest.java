package org.gibsey.spine.timeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.camel.EndpointInject;
import org.apache.camel.component.mock.MockEndpoint;
import org.gibsey.spine.MockedRoutes;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.http.ResponseEntity;

/** The route of routes/show-history.camel.yaml, called over HTTP, with the database mocked. */
class ShowHistoryRouteTest extends MockedRoutes {

    @EndpointInject("mock:to-vault-history")
    MockEndpoint history;

    @Test
    void showsWhatEachStepSet() {
        answers(List.of(step("edited", "question,answer", null), step("deleted", "", null)));

        ResponseEntity<String> answer = show();

        assertThat(answer.getStatusCode().value()).isEqualTo(200);
        assertThat(answer.getBody())
                .isEqualTo(
                        "[{\"kind\":\"edited\",\"sets\":[\"question\",\"answer\"]},{\"kind\":\"deleted\",\"sets\":[]}]");
    }

    @Test
    void showsNothingOfADeletedGift() {
        answers(List.of(step("edited", "question", "2026-11-23T09:40:00Z")));

        ResponseEntity<String> answer = show();

        assertThat(answer.getStatusCode().value()).isEqualTo(410);
        assertThat(answer.getBody()).doesNotContain("edited");
    }

    @Test
    void answers404WhereThereIsNoGift() {
        answers(List.of());

        assertThat(show().getStatusCode().value()).isEqualTo(404);
    }

    private static Map<String, Object> step(String kind, String sets, @Nullable String deletedAt) {
        Map<String, Object> step = new LinkedHashMap<>();
        step.put("kind", kind);
        step.put("sets", sets);
        step.put("deleted_at", deletedAt);
        return step;
    }

    private void answers(List<Map<String, Object>> steps) {
        history.whenAnyExchangeReceived(exchange -> exchange.getMessage().setBody(new ArrayList<>(steps)));
    }

    private ResponseEntity<String> show() {
        return http.getForEntity("/vault/gifts/01a20810-5877-7710-91b0-12b1f8bbbda1/history", String.class);
    }
}
