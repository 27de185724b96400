package org.gibsey.spine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.gibsey.spine.embedded.Promise;
import org.gibsey.spine.embedded.SpineIT;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.client.TestRestTemplate;
import org.springframework.http.ResponseEntity;

@SpineIT
class GiftLoopIT {

    @Autowired
    TestRestTemplate http;

    @Autowired
    ObjectMapper json;

    @Test
    void storesWhatIsSavedAndListsIt() throws Exception {
        Map<String, Object> gift = Map.of("page_id", 77_001, "question", "What is the spine?", "answer", "What holds.");

        ResponseEntity<String> answer = http.postForEntity("/vault/save", gift, String.class);

        assertThat(answer.getStatusCode().value()).isEqualTo(202);
        assertThat(answer.getBody()).isEqualTo("{\"queued\":true}");
        String location = String.valueOf(answer.getHeaders().getLocation());
        String eventId = location.substring("/vault/gifts/".length());
        JsonNode row = awaitListed(eventId);
        assertThat(row.get("page_id").longValue()).isEqualTo(77_001);
        assertThat(row.get("question").textValue()).isEqualTo("What is the spine?");
    }

    /** The median of some: one may meet a collector or a flush. */
    @Test
    void listsAGiftWithin200MsOfItsAnswer() throws Exception {
        Map<String, Object> gift = Map.of("page_id", 77_002, "question", "How soon?", "answer", "At once.");
        List<Duration> took = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            String location = String.valueOf(http.postForLocation("/vault/save", gift));
            long answered = System.nanoTime();
            awaitListed(location.substring("/vault/gifts/".length()));
            took.add(Promise.since(answered));
        }

        Promise.kept("a saved gift is listed", took.stream().sorted().toList().get(4), Duration.ofMillis(200));
    }

    private JsonNode awaitListed(String eventId) {
        return await().pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(5))
                .until(() -> listed(eventId), found -> found != null);
    }

    private JsonNode listed(String eventId) throws Exception {
        for (JsonNode row : json.readTree(http.getForObject("/vault/list?limit=100", String.class))) {
            if (row.get("event_id").textValue().equals(eventId)) {
                return row;
            }
        }
        return null;
    }
}
