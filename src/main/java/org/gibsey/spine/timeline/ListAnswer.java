package org.gibsey.spine.timeline;

import java.sql.Timestamp;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.springframework.stereotype.Component;

/**
 * Makes a page of the rows that were found. The SQL asks for one row more than the page has: it is taken off, and says
 * that there is a next page, which goes into a {@code Link} header (RFC 8288). Thread-safe.
 */
@Component("listAnswer")
final class ListAnswer implements Processor {

    @Override
    @SuppressWarnings("unchecked")
    public void process(Exchange exchange) {
        Message message = exchange.getMessage();
        List<Map<String, Object>> rows = message.getBody(List.class);
        int limit = exchange.getProperty(ListQuery.LIMIT, Integer.class);
        if (rows.size() > limit) {
            List<Map<String, Object>> page = rows.subList(0, limit);
            message.setBody(page);
            message.setHeader(
                    "Link", next(page.get(limit - 1), limit, exchange.getProperty(ListQuery.FILTER, "", String.class)));
        }
    }

    private static String next(Map<String, Object> last, int limit, String filter) {
        Timestamp time = (Timestamp) Objects.requireNonNull(last.get("created_at"));
        return "</vault/list?limit=%d&before=%s_%s%s>; rel=\"next\""
                .formatted(limit, time.toInstant(), last.get("id"), filter);
    }
}
