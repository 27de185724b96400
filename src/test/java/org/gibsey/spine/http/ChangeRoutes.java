package org.gibsey.spine.http;

import java.sql.Timestamp;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.apache.camel.component.mock.MockEndpoint;
import org.gibsey.spine.MockedRoutes;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpEntity;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;

/** The routes that take changes, called over HTTP, with the row of a gift there and Kafka mocked. */
abstract class ChangeRoutes extends MockedRoutes {

    static final UUID GIFT = UUID.fromString("01a20810-5877-7710-91b0-12b1f8bbbda1");
    static final UUID REVISION = UUID.fromString("01a20810-5877-7710-91b0-12b1f8bbbda2");
    static final Timestamp THEN = Timestamp.from(Instant.parse("2026-11-01T10:00:00.000001Z"));

    /** The columns of a stored gift. */
    static Map<String, Object> row() {
        Map<String, Object> row = new HashMap<>();
        row.put("status", "stored");
        row.put("event_id", GIFT);
        row.put("user_id", new UUID(0, 0));
        row.put("page_id", 7L);
        row.put("question", "Q?");
        row.put("answer", "A");
        row.put("symbol_id", 3);
        row.put("created_at", THEN);
        row.put("revision", REVISION);
        for (String absent : new String[] {"changed_at", "presence_at", "deleted_at", "purged_at"}) {
            row.put(absent, null);
        }
        return row;
    }

    static void finds(MockEndpoint vault, @Nullable Map<String, Object> row) {
        vault.whenAnyExchangeReceived(exchange -> exchange.getMessage().setBody(row));
    }

    ResponseEntity<String> call(HttpMethod method, String path, @Nullable String body) {
        HttpHeaders headers = new HttpHeaders();
        if (body != null) {
            headers.setContentType(MediaType.APPLICATION_JSON);
        }
        return http.exchange(path, method, new HttpEntity<>(body, headers), String.class);
    }
}
