package org.gibsey.spine.timeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import org.apache.camel.EndpointInject;
import org.apache.camel.component.mock.MockEndpoint;
import org.gibsey.spine.MockedRoutes;
import org.junit.jupiter.api.Test;
import org.springframework.http.HttpEntity;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.ResponseEntity;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/** The route of routes/feed-gifts.camel.yaml, called over HTTP, with the table mocked. */
class FeedGiftsRouteTest extends MockedRoutes {

    private static final UUID GIFT = UUID.fromString("01a20810-5877-7710-91b0-12b1f8bbbda1");
    private static final Instant SAVED = Instant.parse("2024-05-21T14:00:00.000001Z");
    private static final Instant EDITED = Instant.parse("2024-05-22T09:30:00Z");

    @EndpointInject("mock:to-vault-feed")
    MockEndpoint vault;

    @Test
    void anEntryIsAGiftAndLeadsToIt() throws Exception {
        found(row(GIFT, "Who reads\n this?", "Whoever\nhas it open."));

        ResponseEntity<String> answer = feed("", "");

        assertThat(answer.getHeaders().getContentType()).hasToString("application/atom+xml;charset=utf-8");
        assertThat(answer.getHeaders().getCacheControl()).isEqualTo("public, max-age=60");
        Element feed = parse(answer);
        assertThat(feed.getNamespaceURI()).isEqualTo("http://www.w3.org/2005/Atom");
        assertThat(text(feed, "id")).isEqualTo("tag:gibsey.org,2026:vault");
        assertThat(text(feed, "updated")).isEqualTo(EDITED.toString());
        Element entry = (Element) feed.getElementsByTagName("entry").item(0);
        assertThat(text(entry, "id")).isEqualTo("urn:uuid:" + GIFT);
        assertThat(text(entry, "title")).isEqualTo("Who reads this?");
        assertThat(text(entry, "content")).isEqualTo("Whoever\nhas it open.");
        assertThat(text(entry, "published")).isEqualTo(SAVED.toString());
        assertThat(text(entry, "updated")).isEqualTo(EDITED.toString());
        assertThat(((Element) entry.getElementsByTagName("link").item(0)).getAttribute("href"))
                .isEqualTo("gifts/" + GIFT);
    }

    @Test
    void questionAndAnswerAreInTheLanguageThatTheGiftCarries() throws Exception {
        Map<String, Object> german = new HashMap<>(row(GIFT, "Wer liest?", "Wer sie offen hat."));
        german.put("lang", "de-AT");
        found(List.of(german, row(GIFT, "Q?", "A")));

        NodeList entries = parse(feed("", "")).getElementsByTagName("entry");

        assertThat(languages(entries.item(0), "title", "content")).containsExactly("de-AT", "de-AT");
        assertThat(languages(entries.item(0), "category", "id")).containsExactly("", "");
        assertThat(languages(entries.item(1), "title", "content")).containsExactly("", "");
    }

    private static List<String> languages(Node entry, String... names) {
        return Stream.of(names)
                .map(name ->
                        (Element) ((Element) entry).getElementsByTagName(name).item(0))
                .map(element -> element.getAttributeNS(XMLConstants.XML_NS_URI, "lang"))
                .toList();
    }

    @Test
    void whatAReaderWroteIsTextAndAlwaysXml() throws Exception {
        String hostile = "</content><script>alert(1)</script> & \"' ]]> \u0001 \uFFFE 😀";
        found(row(GIFT, hostile, hostile));

        Element feed = parse(feed("", ""));

        assertThat(feed.getElementsByTagName("script").getLength()).isZero();
        assertThat(text(feed, "content")).isEqualTo("</content><script>alert(1)</script> & \"' ]]> \uFFFD \uFFFD 😀");
    }

    @Test
    void longAnswersBeginInItAndAreCutBetweenCharacters() throws Exception {
        found(row(GIFT, "Q?", "😀".repeat(4001)));

        assertThat(text(parse(feed("", "")), "content")).isEqualTo("😀".repeat(4000) + "…");
    }

    @Test
    void whoHasItAlreadyIsToldSo() {
        found(row(GIFT, "Q?", "A"));
        String etag = feed("", "").getHeaders().getETag();

        ResponseEntity<String> again = feed("", etag);
        found(row(GIFT, "Q?", "Another"));
        ResponseEntity<String> edited = feed("", etag);

        assertThat(again.getStatusCode().value()).isEqualTo(304);
        assertThat(again.getBody()).isNull();
        assertThat(again.getHeaders().getETag()).isEqualTo(etag);
        assertThat(edited.getStatusCode().value()).isEqualTo(200);
    }

    @Test
    void ofOnePageItSaysSoAndLeadsOnInIt() throws Exception {
        found(IntStream.range(0, 3)
                .mapToObj(i -> row(UUID.randomUUID(), "Q" + i, "A"))
                .toList());

        ResponseEntity<String> answer = feed("?page_id=7&symbol_id=3&limit=2", "");

        Element feed = parse(answer);
        assertThat(feed.getElementsByTagName("entry").getLength()).isEqualTo(2);
        assertThat(text(feed, "id")).isEqualTo("tag:gibsey.org,2026:vault?page_id=7&symbol_id=3");
        assertThat(text(feed, "title")).isEqualTo("The Gibsey Vault: page_id=7, symbol_id=3");
        assertThat(answer.getHeaders().getFirst(HttpHeaders.LINK))
                .startsWith("</feed?limit=2&before=" + SAVED + "_1")
                .endsWith("&page_id=7&symbol_id=3>; rel=\"next\"");
    }

    @Test
    void isAFeedWithoutGiftsToo() throws Exception {
        found(List.of());

        assertThat(text(parse(feed("", "")), "updated")).isEqualTo("1970-01-01T00:00:00Z");
    }

    private static Map<String, Object> row(UUID gift, String question, String answer) {
        return Map.of(
                "id",
                1L,
                "event_id",
                gift,
                "page_id",
                7L,
                "question",
                question,
                "answer",
                answer,
                "created_at",
                Timestamp.from(SAVED),
                "updated_at",
                Timestamp.from(EDITED));
    }

    private void found(Map<String, Object> row) {
        found(List.of(row));
    }

    private void found(List<Map<String, Object>> rows) {
        vault.whenAnyExchangeReceived(exchange -> exchange.getMessage().setBody(rows));
    }

    private ResponseEntity<String> feed(String query, String etag) {
        HttpHeaders headers = new HttpHeaders();
        if (!etag.isEmpty()) {
            headers.setIfNoneMatch(etag);
        }
        return http.exchange("/feed" + query, HttpMethod.GET, new HttpEntity<>(headers), String.class);
    }

    private static Element parse(ResponseEntity<String> answer) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        Document document = factory.newDocumentBuilder().parse(new InputSource(new StringReader(answer.getBody())));
        return document.getDocumentElement();
    }

    private static String text(Element element, String name) {
        return element.getElementsByTagName(name).item(0).getTextContent();
    }
}
