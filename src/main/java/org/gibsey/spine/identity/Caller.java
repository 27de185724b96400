package org.gibsey.spine.identity;

import jakarta.servlet.ServletRequest;
import java.time.Instant;
import java.util.UUID;
import org.apache.camel.Exchange;
import org.gibsey.spine.ClientShares;
import org.jspecify.annotations.Nullable;

/**
 * The reader who makes a call. In a route it is a property of the exchange that no route file can set or read, and never a
 * header: those go to Kafka and into answers. Immutable.
 *
 * @param reader  the {@code sub} of the token
 * @param expires when the token does
 */
public record Caller(UUID reader, Instant expires) {

    private static final String ATTRIBUTE = Caller.class.getName();

    /** Begins as no name may that a route file uses. */
    private static final String PROPERTY = "CamelVaultCaller";

    /** @return null for a call without a token, or where no readers are known */
    public static @Nullable Caller of(ServletRequest request) {
        return (Caller) request.getAttribute(ATTRIBUTE);
    }

    /** @return null for a call without a token, or where no readers are known */
    public static @Nullable Caller of(Exchange exchange) {
        return exchange.getProperty(PROPERTY, Caller.class);
    }

    /** Whose share a call takes: that of its reader, wherever it comes from, or else that of its address. */
    public static String client(ServletRequest request) {
        Caller caller = of(request);
        return caller == null ? ClientShares.client(request) : caller.reader().toString();
    }

    /** Notes that this reader makes the call. */
    public void enter(ServletRequest request) {
        request.setAttribute(ATTRIBUTE, this);
    }

    /** Notes that this reader makes the call. */
    public void enter(Exchange exchange) {
        exchange.setProperty(PROPERTY, this);
    }
}
