package org.gibsey.spine.timeline;

import com.github.f4b6a3.uuid.util.UuidValidator;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.apache.camel.component.jdbc.JdbcConstants;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.http.CalledAddress;
import org.jspecify.annotations.Nullable;
import org.springframework.context.annotation.Bean;
import org.springframework.core.io.ClassPathResource;
import org.springframework.stereotype.Component;
import org.springframework.web.util.HtmlUtils;

/**
 * Makes the page of a gift: the file {@code page/gift.html} with title, description and Open Graph (<a
 * href="https://ogp.me">ogp.me</a>) for programs that show a link before it is opened. What a reader wrote becomes text in it,
 * never markup. Without a preview it is the same page for every id, and its script finds out what became of the gift. Thread-safe.
 */
@Component("giftPage")
final class GiftPage implements Processor {

    /** Whether the vault is asked. */
    private static final String PREVIEWED = "previewed";

    private static final String HEAD = "<!--head-->";
    private static final Pattern SPACE = Pattern.compile("[\\s\\p{Z}\\p{Cc}]+");
    private static final int TITLE_CHARS = 90;
    private static final int DESCRIPTION_CHARS = 200;
    private static final String NO_PREVIEW =
            "<title>A gift · The Gibsey Vault</title>\n  <meta name=\"robots\" content=\"noindex\">";

    private final SpineSettings.Auth auth;
    private final String page;

    GiftPage(SpineSettings settings) throws IOException {
        this.auth = settings.auth();
        this.page = new ClassPathResource("page/gift.html").getContentAsString(StandardCharsets.UTF_8);
    }

    /**
     * Decides whether the page of a gift may say what is in it ({@value #PREVIEWED}): only where everybody may read it,
     * because an address is opened without a token, and only for an id that a gift can have. Offers the id to the SQL of the
     * route as the named parameter {@code event_id}.
     */
    @Bean
    static Processor giftPageQuery(SpineSettings settings) {
        boolean isOpen = !settings.auth().isOwn();
        return exchange -> {
            Message message = exchange.getMessage();
            String id = message.getHeader(GiftAnswer.EVENT_ID, String.class);
            exchange.setProperty(PREVIEWED, isOpen && UuidValidator.isValid(id));
            message.setHeader(JdbcConstants.JDBC_PARAMETERS, Map.of(GiftAnswer.EVENT_ID, id));
        };
    }

    /** An id that has no row, where everybody reads, is answered 404 with the page: it may be dead, or on its way. */
    @Override
    public void process(Exchange exchange) {
        Message message = exchange.getMessage();
        Map<?, ?> row = exchange.getProperty(PREVIEWED, Boolean.class) ? message.getBody(Map.class) : null;
        String id = message.getHeader(GiftAnswer.EVENT_ID, String.class);
        message.setBody(page.replace(HEAD, row == null ? NO_PREVIEW : head(row, id, exchange)));
        if (row == null && !auth.isOwn()) {
            message.setHeader(Exchange.HTTP_RESPONSE_CODE, 404);
        }
    }

    /** Programs that show a link read it far from here: addresses are absolute. */
    private static String head(Map<?, ?> row, String id, Exchange exchange) {
        String title = text(row.get("question"), TITLE_CHARS);
        String description = text(row.get("answer"), DESCRIPTION_CHARS);
        String page = text(row.get("page_id"), TITLE_CHARS);
        String address = address(exchange, "/gifts/" + id.toLowerCase(Locale.ROOT));
        String image = address(exchange, "/book/icon.png");
        return String.format(Locale.ROOT, """
                <title>%1$s · The Gibsey Vault</title>
                  <meta name="description" content="%2$s">
                  <link rel="canonical" href="%3$s">
                  <meta property="og:type" content="article">
                  <meta property="og:url" content="%3$s">
                  <meta property="og:site_name" content="The Gibsey Vault">
                  <meta property="og:title" content="%1$s">
                  <meta property="og:description" content="%2$s">
                  <meta property="og:image" content="%5$s">
                  <meta property="article:section" content="Page %4$s">
                  <meta name="twitter:card" content="summary">""", title, description, address, page, image);
    }

    private static String address(Exchange exchange, String path) {
        return HtmlUtils.htmlEscape(CalledAddress.of(exchange, path), StandardCharsets.UTF_8.name());
    }

    /** On one line, cut after so many code points, and as HTML has it between tags and in quotes. */
    private static String text(@Nullable Object value, int most) {
        return HtmlUtils.htmlEscape(line(value, most), StandardCharsets.UTF_8.name());
    }

    /** On one line, cut after so many code points. */
    static String line(@Nullable Object value, int most) {
        return cut(SPACE.matcher(String.valueOf(value)).replaceAll(" ").strip(), most);
    }

    /** The first code points, and a mark where there are more. */
    static String cut(String text, int most) {
        return text.codePointCount(0, text.length()) <= most
                ? text
                : text.substring(0, text.offsetByCodePoints(0, most)) + "…";
    }
}
