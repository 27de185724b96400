package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.UUID;
import org.gibsey.spine.SpineApplication;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.TestIssuer;
import org.gibsey.spine.gift.EventId;
import org.gibsey.spine.http.RawHttp.Answer;
import org.junit.jupiter.api.Test;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.servlet.context.ServletWebServerApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * The event of a reader who asked to be forgotten died. Its id follows from the reader's, which everybody knows where everybody reads all
 * gifts.
 */
class DeadWishIT {

    private static final UUID ANNA = UUID.randomUUID();
    private static final UUID BERT = UUID.randomUUID();

    @Test
    void isKnownToThatReaderAlone() throws Exception {
        UUID wish = EventId.ofErasure(ANNA);
        try (TestIssuer issuer = TestIssuer.start();
                var application =
                        (ServletWebServerApplicationContext) new SpringApplicationBuilder(SpineApplication.class)
                                .initializers(new SharedServices())
                                .run(
                                        "--AUTH_ISSUER=" + issuer.issuer(),
                                        "--AUTH_READ=everyone",
                                        "--VAULT_ROUTES=file:routes/show-*.camel.yaml,file:routes/*-gift.camel.yaml",
                                        "--SERVER_PORT=0",
                                        "--MANAGEMENT_SERVER_PORT=0")) {
            int port = application.getWebServer().getPort();
            JdbcClient vault = application.getBean(JdbcClient.class);
            vault.sql(
                            "insert into dead_letter (event_id, user_id, topic, partition, record_offset, record_timestamp, reason, message,"
                                    + " first_failed_at, last_failed_at) values (?, ?, 'gift_changes', 0, 0, 0, 'refused', '', now(), now())")
                    .params(wish, ANNA)
                    .update();
            try {
                for (String call : new String[] {
                    "GET /vault/changes/%s",
                    "GET /vault/gifts/%s",
                    "PUT /vault/gifts/%s",
                    "DELETE /vault/gifts/%s",
                    "POST /vault/gifts/%s/restore"
                }) {
                    Answer unknown = call(port, call.formatted(UUID.randomUUID()), issuer.token(BERT));
                    assertThat(unknown.status()).as(call).isEqualTo(404);
                    assertThat(said(call(port, call.formatted(wish), issuer.token(BERT))))
                            .as(call)
                            .isEqualTo(said(unknown));
                }
                assertThat(call(port, "GET /vault/changes/" + wish, null).status())
                        .isEqualTo(404);

                assertThat(call(port, "GET /vault/changes/" + wish, issuer.token(ANNA))
                                .body())
                        .contains("\"status\":\"dead\"", "\"reason\":\"refused\"")
                        .doesNotContain("user_id");
            } finally {
                vault.sql("delete from dead_letter where event_id = ?")
                        .param(wish)
                        .update();
            }
        }
    }

    private static Answer call(int port, String target, String token) throws IOException {
        String body = "{\"answer\":\"b\"}";
        return RawHttp.send(
                port,
                "%s HTTP/1.1\nHost: x\nConnection: close\n%sContent-Type: application/json\nContent-Length: %d\n\n%s"
                        .formatted(
                                target,
                                token == null ? "" : "Authorization: Bearer " + token + "\n",
                                body.length(),
                                body));
    }

    /** But for the path, which is the call's. */
    private static String said(Answer answer) {
        return answer.status() + " " + answer.body().replaceFirst("\"instance\":\"[^\"]*\"", "");
    }
}
