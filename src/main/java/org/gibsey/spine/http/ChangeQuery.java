package org.gibsey.spine.http;

import com.github.f4b6a3.uuid.util.UuidValidator;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.apache.camel.component.jdbc.JdbcConstants;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.identity.Caller;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Offers the SQL that looks a gift up, to change it, the named parameters {@code event_id} or {@code id} (the number of its row;
 * the other is null) and {@code reader} (null for any). The body is kept for {@link AcceptChange}. Throws {@link Refused} for
 * what is neither, and where nobody may change anything. Thread-safe.
 */
@Component("changeQuery")
final class ChangeQuery implements Processor {

    /** Of the exchange: the body of the request. Begins as no name may that a route file uses. */
    static final String BODY = "CamelVaultChange";

    private static final Pattern ROW_NUMBER = Pattern.compile("[0-9]{1,18}");

    private final SpineSettings settings;

    ChangeQuery(SpineSettings settings) {
        this.settings = settings;
    }

    @Override
    public void process(Exchange exchange) throws Refused {
        Message message = exchange.getMessage();
        Caller caller = Caller.of(exchange);
        if (caller == null && (settings.auth().isOn() || !settings.changes().anonymous())) {
            throw new Refused(Problem.readOnly());
        }
        String gift = message.getHeader("event_id", String.class);
        boolean isNumber = ROW_NUMBER.matcher(gift).matches();
        if (!isNumber && !UuidValidator.isValid(gift)) {
            throw Refused.unknown("No gift has such an id: it is a UUID.");
        }
        byte[] body = message.getBody(byte[].class);
        exchange.setProperty(BODY, body == null ? new byte[0] : body);
        Map<String, @Nullable Object> parameters = new HashMap<>();
        parameters.put("event_id", isNumber ? null : gift);
        parameters.put("id", isNumber ? gift : null);
        parameters.put("reader", caller != null && settings.auth().isOwn() ? caller.reader() : null);
        message.setHeader(JdbcConstants.JDBC_PARAMETERS, parameters);
    }
}
