package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.apache.camel.EndpointInject;
import org.apache.camel.component.mock.MockEndpoint;
import org.junit.jupiter.api.Test;
import org.springframework.http.HttpMethod;
import org.springframework.http.ResponseEntity;

/** The route of routes/delete-gift.camel.yaml. */
class DeleteGiftRouteTest extends ChangeRoutes {

    @EndpointInject("mock:to-vault-delete-gift")
    MockEndpoint vault;

    @EndpointInject("mock:to-changes-delete-gift")
    MockEndpoint kafka;

    @Test
    void answers202WithTheLocationOfTheChangeThatWentToKafka() throws Exception {
        kafka.expectedMessageCount(1);
        finds(vault, row());

        ResponseEntity<String> answer = delete();

        kafka.assertIsSatisfied();
        var event = kafka.getExchanges().get(0).getMessage();
        assertThat(answer.getStatusCode().value()).isEqualTo(202);
        assertThat(answer.getBody()).isEqualTo("{\"queued\":true}");
        assertThat(answer.getHeaders().getLocation()).hasToString("/vault/changes/" + event.getHeader("ce_id"));
        assertThat(event.getHeaders())
                .containsEntry("ce_subject", GIFT.toString())
                .containsEntry("ce_type", "org.gibsey.vault.gift.deleted");
        assertThat(event.getBody(String.class)).contains("\"question\":\"Q?\"", "\"sets\":[]");
    }

    @Test
    void answers410ForAGiftThatIsDeleted() throws Exception {
        kafka.expectedMessageCount(0);
        finds(vault, deleted());

        ResponseEntity<String> answer = delete();

        kafka.assertIsSatisfied();
        assertThat(answer.getStatusCode().value()).isEqualTo(410);
        assertThat(answer.getHeaders().getContentType()).hasToString("application/problem+json");
    }

    private ResponseEntity<String> delete() {
        return call(HttpMethod.DELETE, "/vault/gifts/" + GIFT, null);
    }

    private static Map<String, Object> deleted() {
        Map<String, Object> row = row();
        row.put("deleted_at", THEN);
        row.put("presence_at", THEN);
        return row;
    }
}
