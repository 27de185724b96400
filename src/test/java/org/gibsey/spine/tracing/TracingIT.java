package org.gibsey.spine.tracing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HexFormat;
import java.util.List;
import org.gibsey.spine.embedded.SpanReceiver;
import org.gibsey.spine.embedded.SpineIT;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.client.TestRestTemplate;
import org.springframework.http.HttpEntity;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** With an OpenTelemetry receiver. A topic of its own keeps other tests' gifts out of the batches. */
@SpineIT
class TracingIT {

    private static SpanReceiver receiver;

    @Autowired
    TestRestTemplate http;

    @Autowired
    Tracing tracing;

    @DynamicPropertySource
    static void endpoint(DynamicPropertyRegistry properties) {
        try {
            receiver = SpanReceiver.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        properties.add("OTEL_EXPORTER_OTLP_ENDPOINT", receiver::endpoint);
        properties.add("KAFKA_TOPIC", () -> "tracing_it");
        properties.add("KAFKA_DEAD_LETTER_TOPIC", () -> "tracing_it.dlq");
        properties.add("KAFKA_GROUP", () -> "tracing-it");
    }

    @AfterAll
    static void stop() {
        receiver.close();
    }

    @Test
    void oneTraceFromTheCallerThroughKafkaToTheStatement() {
        String trace = "4bf92f3577b34da6a3ce929d0e0e4736";

        save("00-" + trace + "-00f067aa0ba902b7-01");

        await().untilAsserted(() -> assertThat(spansOf(trace)).hasSize(4));
        Span request = named(trace, "POST /vault/save");
        assertThat(hex(request.getParentSpanId())).isEqualTo("00f067aa0ba902b7");
        assertThat(request.getKind()).isEqualTo(Span.SpanKind.SPAN_KIND_SERVER);
        Span send = named(trace, "send tracing_it");
        assertThat(send.getParentSpanId()).isEqualTo(request.getSpanId());
        Span process = named(trace, "process tracing_it");
        assertThat(process.getParentSpanId()).isEqualTo(send.getSpanId());
        assertThat(process.getKind()).isEqualTo(Span.SpanKind.SPAN_KIND_CONSUMER);
        Span statement = named(trace, "sql persist-gifts");
        assertThat(statement.getParentSpanId()).isEqualTo(process.getSpanId());
        assertThat(statement.getEndTimeUnixNano()).isGreaterThan(request.getStartTimeUnixNano());
    }

    @Test
    void readingTheVaultIsTracedToItsStatement() {
        String trace = "5bf92f3577b34da6a3ce929d0e0e4736";
        HttpHeaders headers = new HttpHeaders();
        headers.set("traceparent", "00-" + trace + "-00f067aa0ba902b7-01");

        http.exchange("/vault/list", org.springframework.http.HttpMethod.GET, new HttpEntity<>(headers), String.class);

        await().untilAsserted(() -> assertThat(spansOf(trace)).hasSize(2));
        assertThat(named(trace, "sql list-gifts").getParentSpanId())
                .isEqualTo(named(trace, "GET /vault/list").getSpanId());
    }

    @Test
    void recordsNothingOfATraceThatTheCallerDoesNotRecord() {
        String unrecorded = "6bf92f3577b34da6a3ce929d0e0e4736";
        save("00-" + unrecorded + "-00f067aa0ba902b7-00");
        String recorded = "7bf92f3577b34da6a3ce929d0e0e4736";

        save("00-" + recorded + "-00f067aa0ba902b7-01");

        await().untilAsserted(() -> assertThat(spansOf(recorded)).hasSize(4));
        assertThat(spansOf(unrecorded)).isEmpty();
    }

    private void save(String traceParent) {
        HttpHeaders headers = new HttpHeaders();
        headers.setContentType(MediaType.APPLICATION_JSON);
        headers.set("traceparent", traceParent);
        ResponseEntity<String> answer = http.postForEntity(
                "/vault/save",
                new HttpEntity<>("{\"page_id\":93001,\"question\":\"q\",\"answer\":\"a\"}", headers),
                String.class);
        assertThat(answer.getStatusCode().value()).isEqualTo(202);
    }

    private List<Span> spansOf(String trace) {
        tracing.flush();
        return receiver.spans().stream()
                .filter(span -> hex(span.getTraceId()).equals(trace))
                .toList();
    }

    private Span named(String trace, String name) {
        return spansOf(trace).stream()
                .filter(span -> span.getName().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no span " + name + " in "
                        + spansOf(trace).stream().map(Span::getName).toList()));
    }

    private static String hex(ByteString bytes) {
        return HexFormat.of().formatHex(bytes.toByteArray());
    }
}
