package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.apache.camel.CamelContext;
import org.apache.camel.builder.RouteBuilder;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.SignedInIT;
import org.gibsey.spine.embedded.TestTopic;
import org.gibsey.spine.http.RawHttp.Answer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Whose gift it is, from the token through the topic to the row; and who gets no further than the door. */
@SignedInIT
@ExtendWith(OutputCaptureExtension.class)
class SignedInSavesIT {

    private static final UUID ANNA = UUID.fromString("aaaaaaaa-0000-4000-8000-000000000001");
    private static final UUID BERT = UUID.fromString("bbbbbbbb-0000-4000-8000-000000000002");

    @LocalServerPort
    int port;

    @Autowired
    JdbcClient vault;

    @Autowired
    MeterRegistry meters;

    @Autowired
    CamelContext camel;

    @Test
    void storesAGiftAsTheReadersOfTheToken(CapturedOutput output) throws IOException {
        String token = token(ANNA);

        Answer answer = save(token, 70_001, "", "");

        assertThat(answer.status()).isEqualTo(202);
        assertThat(answer.body()).isEqualTo("{\"queued\":true}");
        String id = answer.headers().get("Location").replaceFirst(".*/", "");
        assertThat(userOf(id)).isEqualTo(ANNA);
        assertThat(records(70_001)).singleElement().satisfies(record -> {
            assertThat(text(record.value())).contains("\"user_id\":\"" + ANNA + "\"");
            String all = text(record.value())
                    + Arrays.stream(record.headers().toArray())
                            .map(header -> header.key() + text(header.value()))
                            .reduce("", String::concat);
            assertThat(all).doesNotContain(token, signature(token), "example.org");
        });
        assertThat(meters.getMeters().stream().map(Meter::getId).toList().toString())
                .contains("gifts.rejected")
                .doesNotContain(signature(token), "example.org", ANNA.toString());
        assertThat(output.getAll()).doesNotContain(signature(token), "example.org");
    }

    @Test
    void takesTheReadersOwnIdInTheBodyAndRefusesAnothers() throws IOException {
        assertThat(save(token(ANNA), 70_002, ",\"user_id\":\"" + ANNA + "\"", "")
                        .status())
                .isEqualTo(202);
        Answer refused = save(token(ANNA), 70_002, ",\"user_id\":\"" + BERT + "\"", "");

        assertThat(refused.status()).isEqualTo(422);
        assertThat(refused.body()).contains("/user_id").doesNotContain(BERT.toString());
    }

    @Test
    void keepsTheSameKeyOfTwoReadersApart() throws IOException {
        String anna = location(save(token(ANNA), 70_003, "", "Idempotency-Key: k\n"));
        String again = location(save(token(ANNA), 70_003, "", "Idempotency-Key: k\n"));
        String bert = location(save(token(BERT), 70_003, "", "Idempotency-Key: k\n"));

        assertThat(again).isEqualTo(anna);
        assertThat(bert).isNotEqualTo(anna);
        await().untilAsserted(
                        () -> assertThat(vault.sql("select user_id from vault where page_id = 70003 order by user_id")
                                        .query(UUID.class)
                                        .list())
                                .containsExactly(ANNA, BERT));
    }

    @Test
    void letsAReaderChangeTheOwnGiftsOnly() throws IOException {
        String gift = location(save(token(ANNA), 70_004, "", ""));
        userOf(gift.replaceFirst(".*/", ""));

        Answer own = call("DELETE " + gift, token(ANNA), "Idempotency-Key: k\n");
        Answer again = call("DELETE " + gift, token(ANNA), "Idempotency-Key: k\n");
        Answer foreign = call("DELETE " + gift, token(BERT), "Idempotency-Key: k\n");
        Answer absent = call("DELETE /vault/gifts/" + new UUID(0, 1), token(BERT), "");

        assertThat(location(own)).startsWith("/vault/changes/").isEqualTo(location(again));
        assertThat(foreign.status()).isEqualTo(404);
        assertThat(foreign.body().replaceFirst("\"instance\":\"[^\"]*\"", ""))
                .isEqualTo(absent.body().replaceFirst("\"instance\":\"[^\"]*\"", ""));
    }

    @Test
    void forgetsAReaderWhoAsksForIt() throws IOException {
        UUID carla = UUID.randomUUID();
        String gift = location(save(token(carla), 70_005, "", ""));
        userOf(gift.replaceFirst(".*/", ""));

        String erasure = location(call("POST /delete-account", token(carla), "Content-Length: 0\n"));
        String again = location(call("POST /delete-account", token(carla), "Content-Length: 0\n"));

        assertThat(again).isEqualTo(erasure);
        await().until(() -> call("GET " + erasure, token(carla), "").body(), body -> body.contains("\"applied\""));
        assertThat(call("GET " + erasure, token(BERT), "").status()).isEqualTo(404);
        await().until(() -> call("GET " + gift, token(carla), "").status() == 410);
        assertThat(vault.sql("select count(*) from vault where page_id = 70005 and question || answer = ''")
                        .query(Integer.class)
                        .single())
                .isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET /vault/list",
                "HEAD /vault/list",
                "GET //vault/list",
                "GET /vault;x/list",
                "GET /vault/list;jsessionid=1",
                "GET /%76ault/list",
                "GET /vault/%6Cist",
                "GET /./vault/list",
                "GET /x/../vault/list",
                "GET /vault/./list",
                "GET /vault/stream",
                "HEAD /vault/stream",
                "GET //vault/stream",
                "GET /vault;x/stream",
                "GET /%76ault/stream",
                "GET /vault/gifts/00000000-0000-0000-0000-000000000001",
                "GET /vault//gifts/x",
                "POST /vault/save",
                "POST /delete-account",
                "OPTIONS /vault/list",
                "DELETE /vault/list",
                "PUT /vault/gifts/00000000-0000-0000-0000-000000000001",
                "DELETE /vault/gifts/00000000-0000-0000-0000-000000000001",
                "POST /vault/gifts/00000000-0000-0000-0000-000000000001/restore",
                "DELETE /vault/7",
                "DELETE /vault;x/7",
                "GET /vault/nothing"
            })
    void letsNobodyPassWithoutAToken(String target) throws IOException {
        Answer answer = RawHttp.send(port, target + " HTTP/1.1\nHost: x\nConnection: close\nContent-Length: 0\n\n");

        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.headers()).containsEntry("WWW-Authenticate", "Bearer");
    }

    /** The first door does not know of it. */
    @Test
    void letsNobodySaveByARouteOfAnotherPath() throws Exception {
        camel.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("platform-http:/elsewhere/save?httpMethodRestrict=POST")
                        .routeId("save-elsewhere")
                        .process("acceptGift")
                        .setBody(constant("taken"));
            }
        });
        try {
            String gift = "{\"page_id\":70005,\"question\":\"q\",\"answer\":\"a\"}";
            Answer answer = RawHttp.send(
                    port,
                    "POST /elsewhere/save HTTP/1.1\nHost: x\nConnection: close\nContent-Type: application/json\nContent-Length: %d\n\n%s"
                            .formatted(gift.length(), gift));

            assertThat(answer.status()).isEqualTo(401);
        } finally {
            camel.getRouteController().stopRoute("save-elsewhere");
            camel.removeRoute("save-elsewhere");
        }
    }

    @Test
    void letsNobodyPassWithoutATokenInHttp2() throws Exception {
        try (RawHttp2 connection = RawHttp2.open(port, 1, RawHttp2.WINDOW)) {
            for (String path : List.of("/vault/list", "//vault/list", "/%76ault/list")) {
                connection.get(path);
            }

            assertThat(connection.answers(3)).hasSize(3).allMatch(body -> body.contains("/problems#signin"));
        }
    }

    @Test
    void leavesTheRestOpen() throws IOException {
        for (String path : List.of("/", "/openapi.yaml", "/kafka/status", "/docs")) {
            assertThat(RawHttp.send(port, "GET " + path + " HTTP/1.1\nHost: x\nConnection: close\n\n")
                            .status())
                    .as(path)
                    .isEqualTo(200);
        }
    }

    private Answer save(String token, int page, String more, String headers) throws IOException {
        String gift = "{\"page_id\":%d,\"question\":\"q\",\"answer\":\"a\"%s}".formatted(page, more);
        return RawHttp.send(
                port,
                "POST /vault/save HTTP/1.1\nHost: x\nConnection: close\nContent-Type: application/json\nAuthorization: Bearer %s\n%sContent-Length: %d\n\n%s"
                        .formatted(token, headers, gift.length(), gift));
    }

    private Answer call(String target, String token, String headers) throws IOException {
        return RawHttp.send(
                port,
                "%s HTTP/1.1\nHost: x\nConnection: close\nAuthorization: Bearer %s\n%s\n"
                        .formatted(target, token, headers));
    }

    private UUID userOf(String eventId) {
        return await().until(
                        () -> vault.sql("select user_id from vault where event_id = ?::uuid")
                                .param(eventId)
                                .query(UUID.class)
                                .optional(),
                        found -> found.isPresent())
                .orElseThrow();
    }

    private static String location(Answer answer) {
        assertThat(answer.status()).isEqualTo(202);
        return answer.headers().get("Location");
    }

    private static String token(UUID reader) {
        return SignedInIT.Readers.issuer().token(reader);
    }

    private static String signature(String token) {
        return token.substring(token.lastIndexOf('.') + 1);
    }

    private static List<ConsumerRecord<byte[], byte[]>> records(int page) {
        try (TestTopic topic =
                new TestTopic("signed_in", SharedServices.get().kafka().bootstrapServers())) {
            return topic.read(record -> text(record.value()).contains("\"page_id\":" + page + ","));
        }
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
