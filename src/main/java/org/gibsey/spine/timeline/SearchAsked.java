package org.gibsey.spine.timeline;

import java.util.List;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;
import org.gibsey.spine.gift.InvalidInput;
import org.gibsey.spine.gift.InvalidInput.FieldError;
import org.springframework.stereotype.Component;

/**
 * Refuses a search that no index answers: signs without a word, or only words that are to be missing, which is almost every gift.
 * The body is PostgreSQL's {@code querytree} of it. Thread-safe.
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
