package org.gibsey.spine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.gibsey.spine.embedded.SpineIT;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.client.TestRestTemplate;
import org.springframework.http.HttpEntity;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Real texts in six languages and scripts go all the way and come back as they were. */
@SpineIT
class RealGiftsIT {

    private static final Path GIFTS = Path.of("..", "shared", "data", "gifts.jsonl");

    /** Tells the rows of this run from those of other tests. */
    private final UUID reader = UUID.randomUUID();

    @Autowired
    TestRestTemplate http;

    @Autowired
    JdbcClient vault;

    @Autowired
    ObjectMapper json;

    private static final Pattern NEXT = Pattern.compile("<([^>]+)>; rel=\"next\"");

    private record Saved(long pageId, String question, String answer) {}

    @Test
    void comeBackByteForByte() throws Exception {
        assumeTrue(Files.exists(GIFTS), () -> "skipped, for there is no " + GIFTS + " beside the project");
        List<String> lines = Files.readAllLines(GIFTS);

        Map<UUID, Saved> sent = saveAll(lines);

        assertThat(sent).hasSameSizeAs(lines);
        await().until(() -> stored().size() == sent.size());
        assertThat(stored()).containsExactlyInAnyOrderEntriesOf(sent);
        assertThat(listed(sent.size())).containsExactlyInAnyOrderEntriesOf(sent);
    }

    /** @return what was sent, by the event id in the answer */
    private Map<UUID, Saved> saveAll(List<String> lines) throws Exception {
        ExecutorService callers = Executors.newFixedThreadPool(16);
        try {
            Map<UUID, Saved> sent = new HashMap<>();
            for (Future<Map.Entry<UUID, Saved>> answer : callers.invokeAll(lines.stream()
                    .map(line -> (Callable<Map.Entry<UUID, Saved>>) () -> save(line))
                    .toList())) {
                sent.put(answer.get().getKey(), answer.get().getValue());
            }
            return sent;
        } finally {
            callers.shutdownNow();
        }
    }

    private Map.Entry<UUID, Saved> save(String line) throws Exception {
        ObjectNode gift = (ObjectNode) json.readTree(line);
        // the line itself, with one more field: no writer of ours has touched the texts
        byte[] body =
                line.replaceFirst("^\\{", "{\"user_id\":\"" + reader + "\", ").getBytes(StandardCharsets.UTF_8);
        HttpHeaders headers = new HttpHeaders();
        headers.setContentType(MediaType.APPLICATION_JSON);

        ResponseEntity<String> answer =
                http.postForEntity("/vault/save", new HttpEntity<>(body, headers), String.class);

        assertThat(answer.getStatusCode().value()).as(answer.getBody()).isEqualTo(202);
        String location = String.valueOf(answer.getHeaders().getLocation());
        return Map.entry(UUID.fromString(location.substring("/vault/gifts/".length())), saved(gift));
    }

    private Map<UUID, Saved> stored() {
        Map<UUID, Saved> rows = new HashMap<>();
        vault.sql("select event_id, page_id, question, answer from vault where user_id = ? and symbol_id is null")
                .param(reader)
                .query(row -> {
                    rows.put(
                            row.getObject("event_id", UUID.class),
                            new Saved(row.getLong("page_id"), row.getString("question"), row.getString("answer")));
                });
        return rows;
    }

    /** By the links, as a page with the large gifts of other tests in it ends early. */
    private Map<UUID, Saved> listed(int expected) throws Exception {
        Map<UUID, Saved> rows = new HashMap<>();
        String path = "/vault/list?limit=100";
        while (rows.size() < expected) {
            // as bytes, so that nobody guesses a charset
            ResponseEntity<byte[]> page = http.getForEntity(path, byte[].class);
            for (JsonNode row : json.readTree(page.getBody())) {
                if (row.get("user_id").textValue().equals(reader.toString())) {
                    rows.put(UUID.fromString(row.get("event_id").textValue()), saved(row));
                }
            }
            Matcher next = NEXT.matcher(String.valueOf(page.getHeaders().getFirst(HttpHeaders.LINK)));
            assertThat(rows.size() == expected || next.matches())
                    .as("a page after %s, with %d of %d gifts", path, rows.size(), expected)
                    .isTrue();
            path = next.matches() ? next.group(1) : "";
        }
        return rows;
    }

    private static Saved saved(JsonNode gift) {
        return new Saved(
                gift.get("page_id").longValue(),
                gift.get("question").textValue(),
                gift.get("answer").textValue());
    }
}
