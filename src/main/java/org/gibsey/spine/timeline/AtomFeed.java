package org.gibsey.spine.timeline;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import javax.xml.XMLConstants;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.stereotype.Component;
import org.springframework.util.DigestUtils;

/**
 * Makes an Atom feed (RFC 4287) of rows of the vault. Addresses in it are relative to its own, so that they hold behind a prefix. It has
 * an {@code ETag}: who has it already is answered 304. A proxy may keep it for a minute, except where readers see their own gifts only.
 * Thread-safe.
 */
@Component("atomFeed")
final class AtomFeed implements Processor {

    private static final int TITLE_CHARS = 90;
    private static final int ANSWER_CHARS = 4000;

    /** What XML 1.0 cannot say. */
    private static final Pattern NOT_XML =
            Pattern.compile("[^\\t\\n\\r\\u0020-\\uD7FF\\uE000-\\uFFFD\\x{10000}-\\x{10FFFF}]");

    private final XMLOutputFactory xml = XMLOutputFactory.newDefaultFactory();

    @Override
    @SuppressWarnings("unchecked")
    public void process(Exchange exchange) throws XMLStreamException {
        Message message = exchange.getMessage();
        String filter = ListQuery.Page.of(exchange).filter().replaceFirst("^&", "");
        byte[] feed = feed(message.getBody(List.class), filter);
        String etag = '"' + DigestUtils.md5DigestAsHex(feed) + '"';
        // a weak one: Tomcat packs nothing that has a strong one
        message.setHeader(HttpHeaders.ETAG, "W/" + etag);
        message.setHeader(HttpHeaders.CACHE_CONTROL, "public, max-age=60");
        String known = message.getHeader(HttpHeaders.IF_NONE_MATCH, "", String.class);
        if (known.contains(etag)) {
            message.setHeader(Exchange.HTTP_RESPONSE_CODE, 304);
            message.setBody(null);
        } else {
            message.setBody(feed);
        }
    }

    /** @param filter as a query has it, empty for none */
    private byte[] feed(List<Map<String, Object>> rows, String filter) throws XMLStreamException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        XMLStreamWriter out = xml.createXMLStreamWriter(bytes, StandardCharsets.UTF_8.name());
        String query = filter.isEmpty() ? "" : "?" + filter;
        out.writeStartDocument(StandardCharsets.UTF_8.name(), "1.0");
        out.writeStartElement("feed");
        out.writeDefaultNamespace("http://www.w3.org/2005/Atom");
        element(out, "id", "tag:gibsey.org,2026:vault" + query);
        element(out, "title", "The Gibsey Vault" + (filter.isEmpty() ? "" : ": " + filter.replace("&", ", ")));
        element(
                out,
                "updated",
                rows.stream()
                        .map(row -> time(row, "updated_at"))
                        .max(Instant::compareTo)
                        .orElse(Instant.EPOCH)
                        .toString());
        link(out, "self", "feed" + query);
        link(out, "alternate", "./" + query);
        out.writeStartElement("author");
        element(out, "name", "Readers of the Vault");
        out.writeEndElement();
        for (Map<String, Object> row : rows) {
            entry(out, row);
        }
        out.writeEndDocument();
        out.close();
        return bytes.toByteArray();
    }

    private static void entry(XMLStreamWriter out, Map<String, Object> row) throws XMLStreamException {
        out.writeStartElement("entry");
        element(out, "id", "urn:uuid:" + row.get("event_id"));
        element(out, "title", GiftPage.line(row.get("question"), TITLE_CHARS), row.get("lang"));
        element(out, "published", time(row, "created_at").toString());
        element(out, "updated", time(row, "updated_at").toString());
        link(out, "alternate", "gifts/" + row.get("event_id"));
        out.writeEmptyElement("category");
        out.writeAttribute("term", "page-" + row.get("page_id"));
        out.writeAttribute("label", "Page " + row.get("page_id"));
        element(out, "content", GiftPage.cut(String.valueOf(row.get("answer")), ANSWER_CHARS), row.get("lang"));
        out.writeEndElement();
    }

    private static Instant time(Map<String, Object> row, String column) {
        return ((Timestamp) Objects.requireNonNull(row.get(column))).toInstant();
    }

    private static void link(XMLStreamWriter out, String rel, String href) throws XMLStreamException {
        out.writeEmptyElement("link");
        out.writeAttribute("rel", rel);
        out.writeAttribute("href", href);
    }

    private static void element(XMLStreamWriter out, String name, String text) throws XMLStreamException {
        element(out, name, text, null);
    }

    /** @param lang of the text, or null when not known */
    private static void element(XMLStreamWriter out, String name, String text, @Nullable Object lang)
            throws XMLStreamException {
        out.writeStartElement(name);
        if (lang != null) {
            out.writeAttribute("xml", XMLConstants.XML_NS_URI, "lang", lang.toString());
        }
        out.writeCharacters(NOT_XML.matcher(text).replaceAll("\uFFFD"));
        out.writeEndElement();
    }
}
