package org.gibsey.spine.persist;

import java.sql.Timestamp;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;
import org.apache.camel.component.jdbc.JdbcConstants;
import org.gibsey.spine.SpineSettings;
import org.springframework.stereotype.Component;

/**
 * Offers SQL the named parameter {@code before}: what was deleted before that time can be restored no more. By the clock that says
 * so to a reader, and not the database's. And {@code rows}, as {@link TurnRows} does. Thread-safe.
 */
@Component("purgeQuery")
final class PurgeQuery implements Processor {

    private final Duration deletedKept;
    private final Clock clock;
    private final TurnRows rows;

    PurgeQuery(SpineSettings settings, Clock clock, TurnRows rows) {
        this.rows = rows;
        this.deletedKept = settings.changes().deletedKept();
        this.clock = clock;
    }

    @Override
    public void process(Exchange exchange) {
        exchange.getMessage()
                .setHeader(
                        JdbcConstants.JDBC_PARAMETERS,
                        Map.of(
                                "before",
                                Timestamp.from(clock.instant().minus(deletedKept)),
                                TurnRows.PARAMETER,
                                rows.next(exchange.getFromRouteId())));
    }
}
