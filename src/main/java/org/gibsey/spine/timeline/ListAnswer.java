package org.gibsey.spine.timeline;

import java.sql.Timestamp;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.gibsey.spine.gift.InvalidInput;
import org.gibsey.spine.gift.InvalidInput.FieldError;
import org.springframework.stereotype.Component;

/**
 * Makes a page of the rows that were found. The SQL asks for one row more than the page has, and leaves the texts out of
 * rows that come after so many bytes. What does not belong to the page is taken off, and says that there is a next page,
 * which goes into a {@code Link} header (RFC 8288). Who counts pages would miss the rows that did not fit, and is refused.
 * Thread-safe.
 */
@Component("listAnswer")
final class ListAnswer implements Processor {

    @Override
    @SuppressWarnings("unchecked")
    public void process(Exchange exchange) throws InvalidInput {
        Message message = exchange.getMessage();
        List<Map<String, Object>> rows = message.getBody(List.class);
        int limit = exchange.getProperty(ListQuery.LIMIT, Integer.class);
        int fitting = (int) rows.stream().takeWhile(ListAnswer::fits).count();
        int shown = Math.min(fitting, limit);
        if (shown < Math.min(rows.size(), limit) && exchange.getProperty(ListQuery.COUNTS_PAGES, Boolean.class)) {
            throw new InvalidInput(List.of(new FieldError(
                    "limit",
                    "must be smaller, as the texts of this page are too long for one answer; or leave page out and"
                            + " follow the Link header")));
        }
        if (shown < rows.size()) {
            message.setBody(rows.subList(0, shown));
            message.setHeader("Link", next(exchange, rows.get(shown - 1), limit));
        }
    }

    private static boolean fits(Map<String, Object> row) {
        return !row.containsKey("question") || row.get("question") != null;
    }

    private static String next(Exchange exchange, Map<String, Object> last, int limit) {
        Timestamp time = (Timestamp) Objects.requireNonNull(last.get("created_at"));
        return String.format(
                Locale.ROOT,
                "<%s?limit=%d&%s=%s_%s%s>; rel=\"next\"",
                exchange.getProperty(ListQuery.PATH),
                limit,
                exchange.getProperty(ListQuery.KEY),
                time.toInstant(),
                last.get("id"),
                exchange.getProperty(ListQuery.FILTER));
    }
}
