package org.gibsey.spine.timeline;

import java.sql.Timestamp;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.apache.camel.component.jdbc.JdbcConstants;
import org.gibsey.spine.gift.InvalidInput;
import org.gibsey.spine.gift.InvalidInput.FieldError;
import org.gibsey.spine.http.Refused;
import org.gibsey.spine.http.RequestQuery;
import org.gibsey.spine.identity.Caller;
import org.jspecify.annotations.Nullable;
import org.springframework.context.annotation.Bean;
import org.springframework.stereotype.Component;

/**
 * Reads {@code limit} (1 to 100), {@code page} (from 1), {@code before} or {@code after}, and the filters {@code page_id} and
 * {@code symbol_id} of a list request and offers them to the SQL of the route as the named parameters {@code limit, offset,
 * before_time, before_id, after_time, after_id, page_id, symbol_id, reader}, the last three null for any. Throws
 * {@link InvalidInput} naming each that is wrong. Thread-safe.
 *
 * <p>{@code before} and {@code after} are what the {@code Link} header of the page before gave. They cost the same at any depth,
 * and gifts that arrive meanwhile do not shift them. With {@code after} the list is read from the oldest on; without it
 * {@code after_time} and {@code after_id} are null.
 */
@Component("listQuery")
final class ListQuery implements Processor {

    /** As {@link #next} writes it; openapi.yaml says so. */
    private static final Pattern PLACE =
            Pattern.compile("([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(?:\\.[0-9]{1,9})?Z)_(-?[0-9]{1,19})");

    /** Years 1 to 9999, as events have them. */
    private static final Instant FIRST = Instant.parse("0001-01-01T00:00:00Z");

    private static final Instant LAST = Instant.parse("9999-12-31T23:59:59.999999Z");
    private static final int DEFAULT_LIMIT = 20;
    private static final int MAX_LIMIT = 100;

    private final Visible visible;

    ListQuery(Visible visible) {
        this.visible = visible;
    }

    /**
     * What a caller asked for, as it is needed when the rows are there.
     *
     * @param isCounted whether the caller counts pages
     * @param key       the parameter by which the next page begins
     * @param path      of the next page
     * @param filter    what the caller gave, as it stands in a query after its first parameter; empty without any
     */
    record Page(int limit, boolean isCounted, String key, String path, String filter) {

        private static final String PROPERTY = "listPage";

        static Page of(Exchange exchange) {
            return exchange.getProperty(PROPERTY, Page.class);
        }
    }

    @Override
    public void process(Exchange exchange) throws InvalidInput, Refused {
        read(RequestQuery.of(exchange), "", exchange);
    }

    /**
     * For a route that has more parameters.
     *
     * @param query  with what was found wrong in them
     * @param filter what they filter, as {@link Page} has it
     */
    void read(RequestQuery query, String filter, Exchange exchange) throws InvalidInput, Refused {
        int limit = query.positive("limit", DEFAULT_LIMIT, MAX_LIMIT);
        int page = query.positive("page", 1, Integer.MAX_VALUE);
        Long pageId = query.int64("page_id");
        Integer symbolId = query.int32("symbol_id");
        Map<String, @Nullable Object> parameters = new HashMap<>();
        parameters.put("limit", limit);
        parameters.put("offset", (page - 1L) * limit);
        parameters.put("page_id", pageId);
        parameters.put("symbol_id", symbolId);
        parameters.put("reader", visible.to(Caller.of(exchange)));
        parameters.putAll(place(query, "before", "infinity", Long.MAX_VALUE));
        parameters.putAll(place(query, "after", null, null));
        query.check();
        exchange.getMessage().setHeader(JdbcConstants.JDBC_PARAMETERS, parameters);
        exchange.setProperty(
                Page.PROPERTY,
                new Page(
                        limit,
                        query.text("page") != null,
                        query.text("after") == null ? "before" : "after",
                        exchange.getMessage().getHeader(Exchange.HTTP_PATH, String.class),
                        filter
                                + (pageId == null ? "" : "&page_id=" + pageId)
                                + (symbolId == null ? "" : "&symbol_id=" + symbolId)));
    }

    /**
     * Makes a page of the rows that were found. The SQL asks for one row more than the page has, and leaves the texts out of
     * rows that come after so many bytes. What does not belong to the page is taken off, and says that there is a next page,
     * which goes into a {@code Link} header (RFC 8288). Who counts pages would miss the rows that did not fit, and is refused.
     */
    @Bean
    @SuppressWarnings("unchecked")
    static Processor listAnswer() {
        return exchange -> {
            Message message = exchange.getMessage();
            List<Map<String, Object>> rows = message.getBody(List.class);
            Page page = Page.of(exchange);
            int fitting = (int) rows.stream().takeWhile(ListQuery::fits).count();
            int shown = Math.min(fitting, page.limit);
            if (shown < Math.min(rows.size(), page.limit) && page.isCounted) {
                throw new InvalidInput(List.of(new FieldError(
                        "limit",
                        "must be smaller, as the texts of this page are too long for one answer; or leave page out and"
                                + " follow the Link header")));
            }
            if (shown < rows.size()) {
                message.setBody(rows.subList(0, shown));
                message.setHeader("Link", next(page, rows.get(shown - 1)));
            }
        };
    }

    private static boolean fits(Map<String, Object> row) {
        return !row.containsKey("question") || row.get("question") != null;
    }

    private static String next(Page page, Map<String, Object> last) {
        Timestamp time = (Timestamp) Objects.requireNonNull(last.get("created_at"));
        String place = time.toInstant() + "_" + last.get("id");
        return "<" + page.path + "?limit=" + page.limit + "&" + page.key + "=" + place + page.filter
                + ">; rel=\"next\"";
    }

    /**
     * The place that a page begins at.
     *
     * @param time where it begins when the caller does not say so
     */
    private static Map<String, @Nullable Object> place(
            RequestQuery query, String name, @Nullable String time, @Nullable Long id) {
        Map<String, @Nullable Object> place = new HashMap<>();
        place.put(name + "_time", time);
        place.put(name + "_id", id);
        String text = query.text(name);
        if (text == null) {
            return place;
        }
        if (query.text("page") != null) {
            query.refuse(name, "must not come together with page");
        } else if (name.equals("after") && query.text("before") != null) {
            query.refuse(name, "must not come together with before");
        }
        Matcher parts = PLACE.matcher(text);
        try {
            if (parts.matches()) {
                Instant given = Instant.parse(parts.group(1));
                place.put(name + "_id", Long.valueOf(parts.group(2)));
                if (!given.isBefore(FIRST) && !given.isAfter(LAST)) {
                    place.put(name + "_time", given.toString());
                    return place;
                }
            }
        } catch (DateTimeException | NumberFormatException outOfRange) {
            // refused like any other that no Link header gave
        }
        query.refuse(name, "must be what a Link header gave");
        return place;
    }
}
