package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.function.UnaryOperator;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.header.Header;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.SpineIT;
import org.gibsey.spine.embedded.TestTopic;
import org.gibsey.spine.http.RawHttp.Answer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.test.web.server.LocalServerPort;

/** What CVE-2026-49098 does to other services on Camel, tried on this one: headers and parameters that steer or leak. */
@SpineIT
class AllowListIT {

    private static final String ELSEWHERE = "edge_elsewhere";

    private static final List<String> HOSTILE = List.of(
            "kafka.OVERRIDE_TOPIC",
            "kafka.OVERRIDE_TIMESTAMP",
            "kafka.KEY",
            "kafka.PARTITION_KEY",
            "kafka.TOPIC",
            "CamelKafkaOverrideTopic",
            "CamelKafkaKey",
            "CamelKafkaPartitionKey",
            "CamelHttpResponseCode",
            "CamelHttpUri",
            "CamelJdbcParameters",
            "CamelCharsetName",
            "org.apache.camel.anything",
            "Authorization",
            "Cookie",
            "ce_id",
            "ce_type",
            "content-encoding-of-nobody",
            "X-Forwarded-For");

    /** Each of the names, written as people who look for a gap write them. */
    private static final List<UnaryOperator<String>> WRITINGS = List.of(
            name -> name,
            name -> name.toUpperCase(Locale.ROOT),
            name -> name.toLowerCase(Locale.ROOT),
            name -> mixed(name));

    @LocalServerPort
    int port;

    /** It has to be there, or a record sent to it would fail for another reason. */
    @BeforeAll
    static void createTheTopicToBeReroutedTo() throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers()))) {
            admin.createTopics(List.of(new NewTopic(ELSEWHERE, Optional.of(1), Optional.empty())))
                    .all()
                    .get();
        } catch (ExecutionException e) {
            assertThat(e).hasCauseInstanceOf(TopicExistsException.class);
        }
    }

    @Test
    void letsNoHeaderOrParameterOfTheCallerOntoTheTopicOrIntoTheAnswer() throws IOException {
        List<Answer> answers = new ArrayList<>();
        for (UnaryOperator<String> writing : WRITINGS) {
            List<String> names = HOSTILE.stream().map(writing).toList();
            answers.add(save(
                    "",
                    names.stream().map(name -> name + ": " + ELSEWHERE + "\n").reduce("", String::concat)));
            answers.add(save(
                    names.stream()
                            .map(name -> URLEncoder.encode(name, StandardCharsets.UTF_8) + "=" + ELSEWHERE)
                            .reduce("?q=1", (a, b) -> a + "&" + b),
                    ""));
        }

        assertThat(answers).hasSize(2 * WRITINGS.size()).allSatisfy(answer -> {
            assertThat(answer.status()).isEqualTo(202);
            assertThat(answer.body()).isEqualTo("{\"queued\":true}");
            assertThat(answer.headers().toString()).doesNotContain(ELSEWHERE);
            assertThat(answer.headers().keySet())
                    .isSubsetOf(
                            "Cache-Control",
                            "Connection",
                            "Content-Length",
                            "Content-Security-Policy",
                            "Content-Type",
                            "Date",
                            "Keep-Alive",
                            "Location",
                            "Referrer-Policy",
                            "Vary",
                            "X-Content-Type-Options");
        });
        assertThat(recordsOf("gift_events")).hasSize(answers.size()).allSatisfy(record -> {
            assertThat(record.key()).asString(StandardCharsets.UTF_8).isEqualTo("42001");
            assertThat(Arrays.stream(record.headers().toArray()).map(Header::key))
                    .containsExactlyInAnyOrder(
                            "ce_specversion",
                            "ce_id",
                            "ce_source",
                            "ce_type",
                            "ce_time",
                            "content-type",
                            "traceparent");
            assertThat(Arrays.stream(record.headers().toArray())
                            .map(header -> new String(header.value(), StandardCharsets.UTF_8)))
                    .doesNotContain(ELSEWHERE);
        });
        assertThat(recordsOf(ELSEWHERE)).isEmpty();
    }

    private Answer save(String query, String headers) throws IOException {
        String gift = "{\"page_id\":42001,\"question\":\"q\",\"answer\":\"a\"}";
        return RawHttp.send(
                port,
                "POST /vault/save%s HTTP/1.1\nHost: x\nConnection: close\nContent-Type: application/json\n%sContent-Length: %d\n\n%s"
                        .formatted(query, headers, gift.length(), gift));
    }

    private static List<ConsumerRecord<byte[], byte[]>> recordsOf(String name) {
        try (TestTopic topic = new TestTopic(name, bootstrapServers())) {
            return topic.read(record -> name.equals(ELSEWHERE)
                    || new String(record.value(), StandardCharsets.UTF_8).contains("\"page_id\":42001,"));
        }
    }

    private static String bootstrapServers() {
        return SharedServices.get().kafka().bootstrapServers();
    }

    private static String mixed(String name) {
        StringBuilder mixed = new StringBuilder();
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            mixed.append(i % 2 == 0 ? Character.toUpperCase(c) : Character.toLowerCase(c));
        }
        return mixed.toString();
    }
}
