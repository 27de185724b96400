package org.gibsey.spine.timeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.gibsey.spine.embedded.AnonymousChangesIT;
import org.gibsey.spine.timeline.TestStream.Event;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.client.TestRestTemplate;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.http.HttpEntity;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The language that a gift carries, from the save to all that shows the gift. */
@AnonymousChangesIT
class LanguageIT {

    private static final long PAGE = 55_951;

    @LocalServerPort
    int port;

    @Autowired
    TestRestTemplate http;

    @Autowired
    ObjectMapper json;

    @Autowired
    JdbcClient vault;

    @Test
    void isWhereverTheGiftIsUntilAnEditSetsAnother() throws Exception {
        try (TestStream stream = TestStream.open(port, "?page_id=" + PAGE, null)) {
            String gift = save(Map.of("page_id", PAGE, "question", "Wer liest?", "answer", "Jeder.", "lang", "de-AT"));
            await().until(() -> inVault(gift).equals("de-AT"));
            assertShown(gift, "de-AT");
            await().until(() -> streamed(stream).equals("de-AT"));

            edit(gift, "{\"answer\":\"Jede.\"}");
            await().until(() -> listed().get("answer").textValue().equals("Jede."));
            assertShown(gift, "de-AT");

            edit(gift, "{\"answer\":\"Anybody.\",\"lang\":\"en\"}");
            await().until(() -> inVault(gift).equals("en"));
            assertShown(gift, "en");
            await().until(() -> streamed(stream).equals("en"));

            edit(gift, "{\"lang\":null}");
            await().until(() -> inVault(gift).equals("none"));
            assertShown(gift, null);
            await().until(() -> streamed(stream).equals("null"));
            assertThat(history(gift))
                    .containsExactly(
                            "lang=null",
                            "answer lang=\"en\"",
                            "answer=null",
                            "answer lang question symbol_id=\"de-AT\"");
        }
    }

    private void assertShown(String gift, String lang) {
        JsonNode expected = json.valueToTree(lang);
        assertThat(http.getForObject("/vault/gifts/" + gift, JsonNode.class).get("lang"))
                .isEqualTo(expected);
        assertThat(listed().get("lang")).isEqualTo(expected);
        // the words are taken into the index a moment later
        assertThat(await().until(() -> found(), found -> !found.isMissingNode()).get("lang"))
                .isEqualTo(expected);
        String feed = http.getForObject("/feed?page_id=" + PAGE, String.class);
        if (lang == null) {
            assertThat(feed).contains("<content>").doesNotContain("xml:lang");
        } else {
            assertThat(feed).contains("<title xml:lang=\"" + lang + "\">", "<content xml:lang=\"" + lang + "\">");
        }
    }

    private String inVault(String gift) {
        return vault.sql("select coalesce(lang, 'none') from vault where event_id = cast(? as uuid)")
                .param(gift)
                .query(String.class)
                .optional()
                .orElse("");
    }

    private JsonNode listed() {
        return http.getForObject("/vault/list?page_id=" + PAGE, JsonNode.class).path(0);
    }

    private JsonNode found() {
        return http.getForObject("/vault/search?q=liest&page_id=" + PAGE, JsonNode.class)
                .path(0);
    }

    /** Of the gift as the stream had it last. */
    private String streamed(TestStream stream) throws Exception {
        String last = "{}";
        for (Event event : stream.events()) {
            last = event.name().startsWith("gift") ? event.data() : last;
        }
        return json.readTree(last).path("lang").asText();
    }

    /** What each step set, and the language, newest first. */
    private List<String> history(String gift) {
        List<String> steps = new ArrayList<>();
        for (JsonNode step : http.getForObject("/vault/gifts/" + gift + "/history", JsonNode.class)) {
            Set<String> sets = new TreeSet<>();
            step.get("sets").forEach(field -> sets.add(field.textValue()));
            steps.add(String.join(" ", sets) + "=" + step.get("lang"));
        }
        return steps;
    }

    private String save(Map<String, Object> gift) {
        return String.valueOf(http.postForLocation("/vault/save", gift)).replaceFirst(".*/", "");
    }

    private void edit(String gift, String fields) {
        HttpHeaders headers = new HttpHeaders();
        headers.setContentType(MediaType.APPLICATION_JSON);
        // a producer that has just begun may not find its topic as fast as a caller is answered
        await().until(() -> http.exchange(
                        "/vault/gifts/" + gift, HttpMethod.PUT, new HttpEntity<>(fields, headers), String.class)
                .getStatusCode()
                .equals(HttpStatus.ACCEPTED));
    }
}
