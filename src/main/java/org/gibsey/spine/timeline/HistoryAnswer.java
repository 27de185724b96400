package org.gibsey.spine.timeline;

import java.util.List;
import java.util.Map;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;
import org.gibsey.spine.gift.UnknownGift;
import org.gibsey.spine.http.Refused;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Answers with the steps of a gift's life that were found; {@code sets} becomes a list of names. Throws {@link UnknownGift} when there
 * is no gift, and {@link Refused} when it is deleted: what it said is shown to nobody. Thread-safe.
 */
@Component("historyAnswer")
final class HistoryAnswer implements Processor {

    @Override
    @SuppressWarnings("unchecked")
    public void process(Exchange exchange) throws UnknownGift, Refused {
        List<Map<String, @Nullable Object>> steps = exchange.getMessage().getBody(List.class);
        if (steps.isEmpty()) {
            throw new UnknownGift("No gift of this id is stored. If it was just saved, ask again in a moment.");
        }
        for (Map<String, @Nullable Object> step : steps) {
            if (step.remove("deleted_at") != null) {
                throw Refused.gone("The gift is deleted. Restore it first.");
            }
            String sets = String.valueOf(step.get("sets"));
            step.put("sets", sets.isEmpty() ? List.of() : List.of(sets.split(",", -1)));
        }
    }
}
