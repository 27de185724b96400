package org.gibsey.spine.bench;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.component.jdbc.JdbcConstants;
import org.apache.camel.component.kafka.KafkaConstants;
import org.apache.camel.impl.DefaultCamelContext;
import org.gibsey.spine.embedded.EmbeddedDatabase;
import org.gibsey.spine.gift.EventId;
import org.gibsey.spine.gift.Gift;
import org.gibsey.spine.gift.GiftReader;

/** The persist route as a first example would have it: one message, one insert, Camel's own settings. */
final class NaiveRoutePeer {

    private NaiveRoutePeer() {}

    /** Arguments: brokers, topic, group, database URL. Runs until it is killed. */
    public static void main(String[] args) throws Exception {
        HikariConfig pool = new HikariConfig();
        pool.setJdbcUrl(args[3]);
        pool.setUsername(EmbeddedDatabase.USER);
        pool.setPassword(EmbeddedDatabase.PASSWORD);
        GiftReader reader = GiftReader.ofEvents();
        try (HikariDataSource vault = new HikariDataSource(pool);
                DefaultCamelContext camel = new DefaultCamelContext()) {
            camel.getRegistry().bind("vault", vault);
            camel.addRoutes(new RouteBuilder() {
                @Override
                public void configure() {
                    fromF("kafka:%s?brokers=%s&groupId=%s&autoOffsetReset=earliest", args[1], args[0], args[2])
                            .process(exchange -> exchange.getMessage()
                                    .setHeader(JdbcConstants.JDBC_PARAMETERS, parameters(exchange, reader)))
                            .setBody(constant(
                                    "insert into vault (event_id, page_id, question, answer, created_at) values"
                                            + " (:?event_id, :?page_id, :?question, :?answer, :?created_at)"
                                            + " on conflict (event_id) do nothing"))
                            .to("jdbc:vault?useHeadersAsParameters=true");
                }
            });
            camel.start();
            new CountDownLatch(1).await();
        }
    }

    private static Map<String, Object> parameters(Exchange exchange, GiftReader reader) throws Exception {
        Message message = exchange.getMessage();
        long timestamp = message.getHeader(KafkaConstants.TIMESTAMP, Long.class);
        Gift gift = reader.read(message.getMandatoryBody(byte[].class), Instant.ofEpochMilli(timestamp));
        Map<String, Object> parameters = new HashMap<>();
        parameters.put("event_id", EventId.ofCloudEvent(message.getHeader("ce_id", String.class), "/vault/save"));
        parameters.put("page_id", gift.pageId());
        parameters.put("question", gift.question());
        parameters.put("answer", gift.answer());
        parameters.put("created_at", gift.savedAt().atOffset(ZoneOffset.UTC));
        return parameters;
    }
}
