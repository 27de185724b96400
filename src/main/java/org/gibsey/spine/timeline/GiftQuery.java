package org.gibsey.spine.timeline;

import com.github.f4b6a3.uuid.util.UuidValidator;
import java.util.HashMap;
import java.util.Map;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.apache.camel.component.jdbc.JdbcConstants;
import org.gibsey.spine.gift.UnknownGift;
import org.gibsey.spine.http.Refused;
import org.gibsey.spine.identity.Caller;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Reads the {@code event_id} of a request's path and offers it to the SQL of the route as the named parameter {@code event_id},
 * beside {@code reader}, whose gifts are shown, null for anybody's, and {@code caller}, null where nobody is known. Throws {@link
 * UnknownGift} for what is no UUID, as no event can have it. Thread-safe.
 */
@Component("giftQuery")
final class GiftQuery implements Processor {

    /** Placeholder of the path, header and named parameter. */
    static final String EVENT_ID = "event_id";

    private final Visible visible;

    GiftQuery(Visible visible) {
        this.visible = visible;
    }

    @Override
    public void process(Exchange exchange) throws UnknownGift, Refused {
        Message message = exchange.getMessage();
        String id = message.getHeader(EVENT_ID, String.class);
        if (!UuidValidator.isValid(id)) {
            throw new UnknownGift("No gift or change has such an id: it is a UUID.");
        }
        Map<String, @Nullable Object> parameters = new HashMap<>();
        parameters.put(EVENT_ID, id);
        Caller caller = Caller.of(exchange);
        parameters.put("reader", visible.to(caller));
        parameters.put("caller", caller == null ? null : caller.reader());
        message.setHeader(JdbcConstants.JDBC_PARAMETERS, parameters);
    }
}
