package org.gibsey.spine.timeline;

import com.github.f4b6a3.uuid.util.UuidValidator;
import java.util.Map;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.apache.camel.component.jdbc.JdbcConstants;
import org.gibsey.spine.SpineSettings;
import org.springframework.stereotype.Component;

/**
 * Decides whether the page of a gift may say what is in it ({@value #PREVIEWED}): only where everybody may read it, because an
 * address is opened without a token, and only for an id that a gift can have. Offers the id to the SQL of the route as the named
 * parameter {@code event_id}. Thread-safe.
 */
@Component("giftPageQuery")
final class GiftPageQuery implements Processor {

    /** Whether the vault is asked, for the route and {@link GiftPage}. */
    static final String PREVIEWED = "previewed";

    private final SpineSettings.Auth auth;

    GiftPageQuery(SpineSettings settings) {
        this.auth = settings.auth();
    }

    @Override
    public void process(Exchange exchange) {
        Message message = exchange.getMessage();
        String id = message.getHeader(GiftQuery.EVENT_ID, String.class);
        exchange.setProperty(PREVIEWED, !auth.isOwn() && UuidValidator.isValid(id));
        message.setHeader(JdbcConstants.JDBC_PARAMETERS, Map.of(GiftQuery.EVENT_ID, id));
    }
}
