package org.gibsey.spine.timeline;

import com.github.f4b6a3.uuid.util.UuidValidator;
import java.util.Map;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.apache.camel.component.jdbc.JdbcConstants;
import org.gibsey.spine.gift.UnknownGift;
import org.springframework.stereotype.Component;

/**
 * Reads the {@code event_id} of a request's path and offers it to the SQL of the route as the named parameter
 * {@code event_id}. Throws {@link UnknownGift} for what is no UUID, as no event can have it. Thread-safe.
 */
@Component("giftQuery")
final class GiftQuery implements Processor {

    private static final String EVENT_ID = "event_id";

    @Override
    public void process(Exchange exchange) throws UnknownGift {
        Message message = exchange.getMessage();
        String id = message.getHeader(EVENT_ID, String.class);
        if (!UuidValidator.isValid(id)) {
            throw new UnknownGift("No gift has such an id: it is a UUID.");
        }
        message.setHeader(JdbcConstants.JDBC_PARAMETERS, Map.of(EVENT_ID, id));
    }
}
