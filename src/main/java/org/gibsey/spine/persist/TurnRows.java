package org.gibsey.spine.persist;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;
import org.apache.camel.component.jdbc.JdbcConstants;
import org.gibsey.spine.persist.GiftBatch.StatementSize;
import org.springframework.stereotype.Component;

/**
 * Offers SQL of a timer the named parameter {@code rows}: how many a statement is to take. Half as many in the turn after one in which
 * a statement exceeded its time limit, down to one, and more again when turns take much less. Without it a slow trigger on the table
 * would let every turn fail. Thread-safe.
 */
@Component("turnRows")
final class TurnRows implements Processor {

    static final String PARAMETER = "rows";

    /** No statement of a route file takes more. */
    private static final int MOST = 1000;

    /** By route. */
    private final Map<String, StatementSize> sizes = new HashMap<>();

    @Override
    public void process(Exchange exchange) {
        exchange.getMessage()
                .setHeader(JdbcConstants.JDBC_PARAMETERS, Map.of(PARAMETER, next(exchange.getFromRouteId())));
    }

    /** How many rows a statement of the route is to take. */
    synchronized int next(String routeId) {
        return Math.min(MOST, size(routeId).most());
    }

    /** A statement of the route's turn was stopped at its time limit. */
    synchronized void tooSlow(String routeId, Duration turn) {
        int rows = next(routeId);
        if (rows > 1) {
            size(routeId).tooSlow(rows, turn.toNanos());
        }
    }

    /** The route's turn is done. */
    synchronized void done(String routeId, Duration turn) {
        size(routeId).stored(next(routeId), turn.toNanos());
    }

    private StatementSize size(String routeId) {
        return sizes.computeIfAbsent(routeId, unused -> new StatementSize());
    }
}
