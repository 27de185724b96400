package org.gibsey.spine.deadletter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.anyList;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.verify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.IntStream;
import org.apache.camel.EndpointInject;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.component.jdbc.JdbcConstants;
import org.apache.camel.component.mock.MockEndpoint;
import org.apache.camel.support.DefaultExchange;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.gibsey.spine.MockedRoutes;
import org.gibsey.spine.gift.EventId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.beans.factory.annotation.Autowired;

/** The route of routes/index-dead-letters.camel.yaml, with Kafka and the database mocked. */
class IndexDeadLettersRouteTest extends MockedRoutes {

    private static final String EVENT = "aaaaaaaa-0000-4000-8000-00000000000a";
    private static final long WRITTEN = 1_716_300_000_250L;

    @Autowired
    ProducerTemplate kafka;

    @Autowired
    ObjectMapper json;

    @EndpointInject("mock:to-dead-letter")
    MockEndpoint index;

    /** A record of the dead-letter topic: its value and its headers, by name. */
    private record Letter(String value, Map<String, String> headers) {}

    @Test
    void indexesWhatOnePollBroughtInOneStatement() throws Exception {
        index.expectedMessageCount(1);

        Exchange done = poll(List.of(letter("first"), letter("second"), letter("third")));

        index.assertIsSatisfied();
        assertThat(done.isFailed()).isFalse();
        assertThat(index.getExchanges().get(0).getMessage().getBody(String.class))
                .startsWith("insert into dead_letter")
                .contains("on conflict (event_id) do update");
        assertThat(rows(0)).hasSize(3);
    }

    @Test
    void indexesKeyValueAndHeadersAsBytesWithWhatTheHeadersSay() throws Exception {
        Map<String, String> headers = new HashMap<>(Map.of(
                "dlq_event_id", EVENT,
                "dlq_topic", "gift_events",
                "dlq_partition", "4",
                "dlq_offset", "42",
                "dlq_timestamp", "1716300000250",
                "dlq_reason", "refused",
                "dlq_message", "check\0",
                "dlq_sqlstate", "23514",
                "dlq_attempts", "2"));
        headers.put("dlq_first_failure", "2026-11-23T10:00:00Z");
        headers.put("dlq_last_failure", "2026-11-23T11:00:00Z");

        poll(List.of(new Letter("{\"page_id\":", headers)));

        JsonNode row = rows(0).get(0);
        assertThat(row.get("event_id").textValue()).isEqualTo(EVENT);
        assertThat(row.get("topic").textValue()).isEqualTo("gift_events");
        assertThat(row.get("partition").intValue()).isEqualTo(4);
        assertThat(row.get("record_offset").longValue()).isEqualTo(42);
        assertThat(row.get("record_timestamp").longValue()).isEqualTo(1_716_300_000_250L);
        assertThat(row.get("key").binaryValue())
                .asString(StandardCharsets.UTF_8)
                .isEqualTo("key 0");
        assertThat(row.get("value").binaryValue())
                .asString(StandardCharsets.UTF_8)
                .isEqualTo("{\"page_id\":");
        assertThat(row.get("reason").textValue()).isEqualTo("refused");
        // PostgreSQL has no NUL
        assertThat(row.get("message").textValue()).isEqualTo("check\uFFFD");
        assertThat(row.get("sqlstate").textValue()).isEqualTo("23514");
        assertThat(row.get("attempts").intValue()).isEqualTo(2);
        assertThat(row.get("first_failed_at").textValue()).isEqualTo("2026-11-23T10:00:00Z");
        assertThat(row.get("last_failed_at").textValue()).isEqualTo("2026-11-23T11:00:00Z");
        assertThat(row.get("headers")).hasSameSizeAs(headers.keySet());
    }

    @ParameterizedTest
    @CsvSource({
        "dlq_event_id, somebody",
        "dlq_topic, a topic",
        "dlq_partition, first",
        "dlq_partition, -1",
        "dlq_partition, 2147483648",
        "dlq_offset, '4,2'",
        "dlq_offset, 9223372036854775808",
        "dlq_offset, \u0664",
        "dlq_timestamp, yesterday",
        "dlq_reason, ''",
        "dlq_attempts, 0",
        "dlq_attempts, 2147483647",
        "dlq_first_failure, +1000000000-12-31T23:59:59.999999999Z",
        "dlq_first_failure, -0001-01-01T00:00:00Z",
        "dlq_last_failure, 9999-12-31T23:59:59Z"
    })
    void believesNothingOfALetterThatThisServiceCannotHaveWritten(String name, String value) throws Exception {
        poll(List.of(new Letter("{}", written(name, value))));

        assertThat(rows(0).get(0).get("reason").textValue()).isEqualTo("unknown");
        assertThat(rows(0).get(0).get("event_id").textValue())
                .isEqualTo(EventId.ofRecord("gift_events.dlq", 0, 0, WRITTEN).toString());
        assertThat(rows(0).get(0).get("partition").intValue()).isZero();
        assertThat(rows(0).get(0).get("first_failed_at").textValue()).isEqualTo("2024-05-21T14:00:00.250Z");
    }

    @Test
    void indexesAForeignRecordWhereItLies() throws Exception {
        poll(List.of(new Letter("left by somebody else", Map.of())));

        JsonNode row = rows(0).get(0);
        assertThat(row.get("event_id").textValue())
                .isEqualTo(EventId.ofRecord("gift_events.dlq", 0, 0, WRITTEN).toString());
        assertThat(row.get("topic").textValue()).isEqualTo("gift_events.dlq");
        assertThat(row.get("reason").textValue()).isEqualTo("unknown");
        assertThat(row.get("sqlstate").isNull()).isTrue();
        assertThat(row.get("attempts").intValue()).isEqualTo(1);
        assertThat(row.get("last_failed_at").textValue()).isEqualTo("2024-05-21T14:00:00.250Z");
    }

    /** One statement cannot touch a row twice. */
    @Test
    void takesTheLastOfTwoLettersOfTheSameEvent() throws Exception {
        Map<String, String> headers = written("dlq_event_id", EVENT);

        poll(List.of(new Letter("first death", headers), new Letter("second death", headers)));

        assertThat(rows(0)).hasSize(1);
        assertThat(rows(0).get(0).get("value").binaryValue())
                .asString(StandardCharsets.UTF_8)
                .isEqualTo("second death");
    }

    @Test
    void waitsWhileTheDatabaseIsAway() throws Exception {
        index.expectedMessageCount(3);
        index.whenExchangeReceived(1, fails("57P01"));
        index.whenExchangeReceived(2, fails("08001"));

        Exchange done = poll(List.of(letter("waits")));

        index.assertIsSatisfied();
        assertThat(done.isFailed()).isFalse();
    }

    /** It is in the dead-letter topic already: sending it there again would never end. */
    @Test
    void leavesALetterThatCannotBeIndexedInItsTopicAndIndexesTheOthers() throws Exception {
        index.whenAnyExchangeReceived(exchange -> {
            if (parameter(exchange).contains("\"refused\"")) {
                throw new SQLException("refused", "22001");
            }
        });
        List<Letter> letters = new ArrayList<>(
                IntStream.range(0, 7).mapToObj(i -> letter("letter " + i)).toList());
        letters.add(3, new Letter("poison", written("dlq_reason", "refused")));

        Exchange done = poll(letters);

        assertThat(done.isFailed()).isFalse();
        verify(deadLetters, never()).send(anyList());
        // 8 = 2^3: the whole, and two halves on each of three levels
        assertThat(index.getReceivedCounter()).isEqualTo(1 + 2 * 3);
        List<String> indexed = new ArrayList<>();
        for (int i = 0; i < index.getReceivedCounter(); i++) {
            if (!parameter(index.getExchanges().get(i)).contains("\"refused\"")) {
                for (JsonNode row : rows(i)) {
                    indexed.add(new String(row.get("value").binaryValue(), StandardCharsets.UTF_8));
                }
            }
        }
        assertThat(indexed)
                .containsExactlyInAnyOrderElementsOf(letters.stream()
                        .map(Letter::value)
                        .filter(value -> !value.equals("poison"))
                        .toList());
    }

    private static Letter letter(String value) {
        return new Letter(value, written("dlq_reason", "undecodable"));
    }

    /** What this service writes, with one header as given. */
    private static Map<String, String> written(String name, String value) {
        Map<String, String> headers = new HashMap<>(Map.of(
                "dlq_event_id", UUID.randomUUID().toString(),
                "dlq_topic", "gift_events",
                "dlq_partition", "4",
                "dlq_offset", "42",
                "dlq_timestamp", "1716300000250",
                "dlq_reason", "undecodable",
                "dlq_message", "no JSON",
                "dlq_attempts", "1",
                "dlq_first_failure", "2026-11-23T10:00:00Z",
                "dlq_last_failure", "2026-11-23T11:00:00Z"));
        headers.put(name, value);
        return headers;
    }

    private static Processor fails(String sqlState) {
        return exchange -> {
            throw new SQLException("fails", sqlState);
        };
    }

    private Exchange poll(List<Letter> letters) {
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        for (int i = 0; i < letters.size(); i++) {
            RecordHeaders headers = new RecordHeaders();
            letters.get(i)
                    .headers()
                    .forEach((name, value) -> headers.add(name, value.getBytes(StandardCharsets.UTF_8)));
            byte[] key = ("key " + i).getBytes(StandardCharsets.UTF_8);
            byte[] value = letters.get(i).value().getBytes(StandardCharsets.UTF_8);
            records.add(new ConsumerRecord<>(
                    "gift_events.dlq",
                    0,
                    i,
                    WRITTEN,
                    TimestampType.CREATE_TIME,
                    key.length,
                    value.length,
                    key,
                    value,
                    headers,
                    Optional.empty()));
        }
        Exchange polled = new DefaultExchange(camel);
        polled.getMessage().setBody(records);
        return kafka.send(
                "direct:index-dead-letters", exchange -> exchange.getMessage().setBody(List.of(polled)));
    }

    private JsonNode rows(int statement) throws Exception {
        return json.readTree(parameter(index.getExchanges().get(statement)));
    }

    private static String parameter(Exchange statement) {
        return statement
                .getMessage()
                .getHeader(JdbcConstants.JDBC_PARAMETERS, Map.class)
                .get("letters")
                .toString();
    }
}
