package org.gibsey.spine.timeline;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;
import org.apache.camel.component.jdbc.JdbcConstants;
import org.gibsey.spine.gift.InvalidInput;
import org.gibsey.spine.gift.InvalidInput.FieldError;
import org.gibsey.spine.http.Refused;
import org.gibsey.spine.http.RequestQuery;
import org.jspecify.annotations.Nullable;
import org.springframework.context.annotation.Bean;
import org.springframework.stereotype.Component;

/**
 * Reads what a search looks for, {@code q}, and offers it to the SQL of the route as the named parameter {@code q}, beside those of
 * {@link ListQuery}. Throws {@link InvalidInput} naming each that is wrong. Thread-safe.
 */
@Component("searchQuery")
final class SearchQuery implements Processor {

    /** In code points. */
    private static final int MOST_CHARS = 200;

    private static final Pattern SPACE = Pattern.compile("[\\p{Z}\\s\\p{Cc}]+");

    private final ListQuery list;

    SearchQuery(ListQuery list) {
        this.list = list;
    }

    /**
     * Refuses a search that the index cannot answer: one without a word, or with excluded words only, which almost every
     * gift matches. The body is PostgreSQL's {@code querytree} of the search.
     */
    @Bean
    static Processor searchAsked() {
        return exchange -> {
            String asked = exchange.getMessage().getBody(String.class);
            if (asked == null || asked.isBlank() || asked.equals("T")) {
                throw new InvalidInput(
                        List.of(new FieldError("q", "must name a word to look for, and not only what to leave out")));
            }
        };
    }

    @Override
    @SuppressWarnings("unchecked")
    public void process(Exchange exchange) throws InvalidInput, Refused {
        RequestQuery query = RequestQuery.of(exchange);
        String given = query.text("q");
        String words = SPACE.matcher(given == null ? "" : given).replaceAll(" ").strip();
        if (words.isEmpty()) {
            query.refuse("q", "is required");
        } else if (words.codePointCount(0, words.length()) > MOST_CHARS) {
            query.refuse("q", "must have at most " + MOST_CHARS + " characters");
        }
        for (String other : List.of("page", "after")) {
            if (query.text(other) != null) {
                query.refuse(other, "is not for searches: follow the Link header");
            }
        }
        list.read(query, "&q=" + URLEncoder.encode(words, StandardCharsets.UTF_8), exchange);
        Map<String, @Nullable Object> parameters =
                exchange.getMessage().getHeader(JdbcConstants.JDBC_PARAMETERS, Map.class);
        parameters.put("q", words);
    }
}
