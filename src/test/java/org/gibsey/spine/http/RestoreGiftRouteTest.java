package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.apache.camel.EndpointInject;
import org.apache.camel.component.mock.MockEndpoint;
import org.junit.jupiter.api.Test;
import org.springframework.http.HttpMethod;
import org.springframework.http.ResponseEntity;

/** The route of routes/restore-gift.camel.yaml. */
class RestoreGiftRouteTest extends ChangeRoutes {

    @EndpointInject("mock:to-vault-restore-gift")
    MockEndpoint vault;

    @EndpointInject("mock:to-changes-restore-gift")
    MockEndpoint kafka;

    @Test
    void answers202WithTheLocationOfTheChangeThatWentToKafka() throws Exception {
        kafka.expectedMessageCount(1);
        finds(vault, deleted());

        ResponseEntity<String> answer = restore();

        kafka.assertIsSatisfied();
        var event = kafka.getExchanges().get(0).getMessage();
        assertThat(answer.getStatusCode().value()).isEqualTo(202);
        assertThat(answer.getBody()).isEqualTo("{\"queued\":true}");
        assertThat(answer.getHeaders().getLocation()).hasToString("/vault/changes/" + event.getHeader("ce_id"));
        assertThat(event.getHeaders())
                .containsEntry("ce_subject", GIFT.toString())
                .containsEntry("ce_type", "org.gibsey.vault.gift.restored");
        assertThat(event.getBody(String.class)).contains("\"question\":\"Q?\"", "\"sets\":[]");
    }

    @Test
    void answers409ForAGiftThatIsNotDeleted() throws Exception {
        kafka.expectedMessageCount(0);
        finds(vault, row());

        ResponseEntity<String> answer = restore();

        kafka.assertIsSatisfied();
        assertThat(answer.getStatusCode().value()).isEqualTo(409);
        assertThat(answer.getHeaders().getContentType()).hasToString("application/problem+json");
    }

    @Test
    void answers410WhenNothingIsLeftOfTheGift() {
        Map<String, Object> purged = deleted();
        purged.put("purged_at", THEN);
        finds(vault, purged);

        assertThat(restore().getStatusCode().value()).isEqualTo(410);
    }

    private ResponseEntity<String> restore() {
        return call(HttpMethod.POST, "/vault/gifts/" + GIFT + "/restore", null);
    }

    private static Map<String, Object> deleted() {
        Map<String, Object> row = row();
        row.put("deleted_at", THEN);
        row.put("presence_at", THEN);
        return row;
    }
}
