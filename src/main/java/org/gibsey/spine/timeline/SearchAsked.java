package org.gibsey.spine.timeline;

import java.util.List;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;
import org.gibsey.spine.gift.InvalidInput;
import org.gibsey.spine.gift.InvalidInput.FieldError;
import org.springframework.stereotype.Component;

/**
 * Refuses a search that the index cannot answer: one without a word, or with excluded words only, which almost every gift
 * matches. The body is PostgreSQL's {@code querytree} of the search. Thread-safe.
 */
@Component("searchAsked")
final class SearchAsked implements Processor {

    @Override
    public void process(Exchange exchange) throws InvalidInput {
        String asked = exchange.getMessage().getBody(String.class);
        if (asked == null || asked.isBlank() || asked.equals("T")) {
            throw new InvalidInput(
                    List.of(new FieldError("q", "must name a word to look for, and not only what to leave out")));
        }
    }
}
