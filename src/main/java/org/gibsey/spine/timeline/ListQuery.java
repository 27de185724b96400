package org.gibsey.spine.timeline;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.apache.camel.component.jdbc.JdbcConstants;
import org.gibsey.spine.gift.InvalidInput;
import org.gibsey.spine.gift.InvalidInput.FieldError;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Reads {@code limit} (1 to 100), {@code page} (from 1) or {@code before}, and the filters {@code page_id} and
 * {@code symbol_id} of a list request and offers them to the SQL of the route as the named parameters {@code limit, offset,
 * before_time, before_id, page_id, symbol_id}, the last two null for any. Throws {@link InvalidInput} naming each that is
 * wrong. Thread-safe.
 *
 * <p>{@code before} is what the {@code Link} header of the page before gave. It costs the same at any depth, and gifts that
 * arrive meanwhile do not shift it.
 */
@Component("listQuery")
final class ListQuery implements Processor {

    /** How many rows the caller asked for, for {@link ListAnswer}. */
    static final String LIMIT = "listLimit";

    /** The filters the caller gave, as they stand in a query after its first parameter; empty without any. */
    static final String FILTER = "listFilter";

    /** Years 1 to 9999, as events have them. */
    private static final Instant FIRST = Instant.parse("0001-01-01T00:00:00Z");

    private static final Instant LAST = Instant.parse("9999-12-31T23:59:59.999999Z");
    private static final int DEFAULT_LIMIT = 20;
    private static final int MAX_LIMIT = 100;

    @Override
    public void process(Exchange exchange) throws InvalidInput {
        Message message = exchange.getMessage();
        List<FieldError> errors = new ArrayList<>();
        int limit = number(message, "limit", DEFAULT_LIMIT, MAX_LIMIT, errors);
        int page = number(message, "page", 1, Integer.MAX_VALUE, errors);
        Long pageId = filter(message, "page_id", Long::valueOf, "must be a 64-bit integer", errors);
        Integer symbolId = filter(message, "symbol_id", Integer::valueOf, "must be a 32-bit integer", errors);
        Map<String, @Nullable Object> parameters = new HashMap<>();
        parameters.put("limit", limit);
        parameters.put("offset", (page - 1L) * limit);
        parameters.put("page_id", pageId);
        parameters.put("symbol_id", symbolId);
        parameters.putAll(before(message, errors));
        if (!errors.isEmpty()) {
            throw new InvalidInput(errors);
        }
        message.setHeader(JdbcConstants.JDBC_PARAMETERS, parameters);
        exchange.setProperty(LIMIT, limit);
        exchange.setProperty(
                FILTER,
                (pageId == null ? "" : "&page_id=" + pageId) + (symbolId == null ? "" : "&symbol_id=" + symbolId));
    }

    private static Map<String, Object> before(Message message, List<FieldError> errors) {
        String text = message.getHeader("before", String.class);
        if (text != null) {
            if (message.getHeader("page") != null) {
                errors.add(new FieldError("before", "must not come together with page"));
            }
            int underscore = text.indexOf('_');
            try {
                // without an underscore this fails, as it should
                Instant time = Instant.parse(text.substring(0, Math.max(0, underscore)));
                long id = Long.parseLong(text.substring(underscore + 1));
                if (time.isBefore(FIRST) || time.isAfter(LAST)) {
                    throw new DateTimeException("no gift is of that time");
                }
                return Map.of("before_time", time.toString(), "before_id", id);
            } catch (DateTimeException | NumberFormatException e) {
                errors.add(new FieldError("before", "must be what a Link header gave"));
            }
        }
        // before the end of time: everything
        return Map.of("before_time", "infinity", "before_id", Long.MAX_VALUE);
    }

    private static <T> @Nullable T filter(
            Message message, String name, Function<String, T> parse, String rule, List<FieldError> errors) {
        String text = message.getHeader(name, String.class);
        if (text == null) {
            return null;
        }
        try {
            return parse.apply(text);
        } catch (NumberFormatException e) {
            errors.add(new FieldError(name, rule));
            return null;
        }
    }

    private static int number(Message message, String name, int otherwise, int max, List<FieldError> errors) {
        String text = message.getHeader(name, String.class);
        if (text == null) {
            return otherwise;
        }
        try {
            int number = Integer.parseInt(text);
            if (number >= 1 && number <= max) {
                return number;
            }
        } catch (NumberFormatException e) {
            // reported below, with the same rule
        }
        errors.add(new FieldError(name, "must be an integer from 1 to " + max));
        return otherwise;
    }
}
