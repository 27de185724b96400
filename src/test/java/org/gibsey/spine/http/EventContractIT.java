package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.SpineIT;
import org.gibsey.spine.embedded.TestTopic;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.client.TestRestTemplate;
import org.springframework.http.HttpEntity;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;

/** The record on the topic is what other programs rely on: every byte of it is agreed. */
@SpineIT
class EventContractIT {

    private static final String TRACE_PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    @Autowired
    TestRestTemplate http;

    @Autowired
    ObjectMapper json;

    @Test
    void writesTheAgreedRecord() throws Exception {
        Instant before = Instant.now().truncatedTo(ChronoUnit.MICROS);

        ConsumerRecord<byte[], byte[]> event = save(
                "{\"page_id\":1,\"question\":\"What is the spine?\",\"answer\":\"What holds the pages.\"}", Map.of());

        assertThat(event.key()).asString(StandardCharsets.UTF_8).isEqualTo("1");
        JsonNode value = json.readTree(event.value());
        assertThat(value.fieldNames()).toIterable().containsExactly("page_id", "question", "answer", "ts");
        assertThat(value.get("page_id").isIntegralNumber()).isTrue();
        assertThat(value.get("page_id").longValue()).isEqualTo(1);
        assertThat(value.get("question").textValue()).isEqualTo("What is the spine?");
        assertThat(value.get("answer").textValue()).isEqualTo("What holds the pages.");
        Map<String, String> headers = headers(event);
        assertThat(headers)
                .containsOnlyKeys(
                        "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "content-type", "traceparent")
                .containsEntry("ce_specversion", "1.0")
                .containsEntry("ce_source", "/vault/save")
                .containsEntry("ce_type", "org.gibsey.vault.gift.saved")
                .containsEntry("content-type", "application/json");
        assertThat(UUID.fromString(headers.get("ce_id")).version()).isEqualTo(7);
        assertThat(Instant.parse(headers.get("ce_time"))).isBetween(before, Instant.now());
        assertThat(seconds(value)).isEqualTo(Instant.parse(headers.get("ce_time")));
        assertThat(headers.get("traceparent")).matches("00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}");
    }

    @Test
    void addsSymbolLanguageAndUserWhenTheyAreGiven() throws Exception {
        ConsumerRecord<byte[], byte[]> event = save(
                "{\"page_id\":76002,\"question\":\"q\",\"answer\":\"a\",\"symbol_id\":7,\"lang\":\"de\","
                        + "\"user_id\":\"aaaaaaaa-0000-4000-8000-00000000000a\",\"mood\":\"curious\"}",
                Map.of());

        JsonNode value = json.readTree(event.value());
        assertThat(value.fieldNames())
                .toIterable()
                .containsExactly("page_id", "question", "answer", "symbol_id", "lang", "user_id", "ts");
        assertThat(value.get("symbol_id").intValue()).isEqualTo(7);
        assertThat(value.get("user_id").textValue()).isEqualTo("aaaaaaaa-0000-4000-8000-00000000000a");
    }

    @Test
    void passesTheTraceOfTheCallerOn() throws Exception {
        ConsumerRecord<byte[], byte[]> event = save(gift(76_003), Map.of("traceparent", TRACE_PARENT));

        assertThat(headers(event)).containsEntry("traceparent", TRACE_PARENT);
    }

    @Test
    void beginsATraceOfItsOwnWhenTheCallersIsNone() throws Exception {
        ConsumerRecord<byte[], byte[]> event = save(gift(76_004), Map.of("traceparent", "00-" + "0".repeat(32)));

        assertThat(headers(event).get("traceparent"))
                .matches("00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}");
    }

    @Test
    void letsNothingElseOfTheCallerOntoTheTopic() throws Exception {
        Map<String, String> hostile = new LinkedHashMap<>();
        hostile.put("Authorization", "Bearer secret");
        hostile.put("Cookie", "session=secret");
        hostile.put("kafka.KEY", "hijacked");
        hostile.put("kafka.OVERRIDE_TOPIC", "elsewhere");
        hostile.put("CamelKafkaKey", "hijacked");
        hostile.put("ce_id", UUID.randomUUID().toString());
        hostile.put("X-Anything", "else");

        ConsumerRecord<byte[], byte[]> event = save(gift(76_005), hostile);

        assertThat(event.key()).asString(StandardCharsets.UTF_8).isEqualTo("76005");
        assertThat(headers(event))
                .containsOnlyKeys(
                        "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "content-type", "traceparent");
        assertThat(headers(event).get("ce_id")).isNotEqualTo(hostile.get("ce_id"));
    }

    private static String gift(int page) {
        return "{\"page_id\":%d,\"question\":\"q\",\"answer\":\"a\"}".formatted(page);
    }

    /** Saves over HTTP and finds the record by the id that the answer names. */
    private ConsumerRecord<byte[], byte[]> save(String gift, Map<String, String> more) {
        HttpHeaders headers = new HttpHeaders();
        headers.setContentType(MediaType.APPLICATION_JSON);
        more.forEach(headers::set);

        ResponseEntity<String> answer =
                http.postForEntity("/vault/save", new HttpEntity<>(gift, headers), String.class);

        assertThat(answer.getStatusCode().value()).as(answer.getBody()).isEqualTo(202);
        assertThat(answer.getBody()).isEqualTo("{\"queued\":true}");
        String location = String.valueOf(answer.getHeaders().getLocation());
        String id = location.substring("/vault/gifts/".length());
        try (TestTopic topic =
                new TestTopic("gift_events", SharedServices.get().kafka().bootstrapServers())) {
            List<ConsumerRecord<byte[], byte[]>> found =
                    topic.read(record -> Optional.ofNullable(record.headers().lastHeader("ce_id"))
                            .filter(header -> id.equals(new String(header.value(), StandardCharsets.UTF_8)))
                            .isPresent());
            assertThat(found).hasSize(1);
            return found.get(0);
        }
    }

    private static Map<String, String> headers(ConsumerRecord<byte[], byte[]> event) {
        Map<String, String> headers = new TreeMap<>();
        for (Header header : event.headers()) {
            String value = header.value() == null ? null : new String(header.value(), StandardCharsets.UTF_8);
            assertThat(headers.put(header.key(), value))
                    .as("%s twice", header.key())
                    .isNull();
        }
        return headers;
    }

    /** {@code ts}: seconds since the epoch, as a number. */
    private static Instant seconds(JsonNode value) {
        assertThat(value.get("ts").isNumber()).isTrue();
        long micros = new BigDecimal(value.get("ts").asText()).movePointRight(6).longValueExact();
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
    }
}
