package org.gibsey.spine.persist;

import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.NamedNode;
import org.apache.camel.Route;
import org.apache.camel.spi.RoutePolicy;
import org.apache.camel.spi.RoutePolicyFactory;
import org.apache.camel.support.RoutePolicySupport;
import org.gibsey.spine.gift.TraceParent;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;
import org.springframework.context.annotation.Lazy;
import org.springframework.stereotype.Component;

/**
 * Begin and end of every batch: makes a {@link GiftBatch} of what one poll returned, and has its offsets committed only if the
 * route succeeded and every record is stored or dead-lettered. A policy of all routes and not a step, so that no edit of a
 * route file can drop it. Thread-safe.
 */
@Component
final class BatchPolicy extends RoutePolicySupport implements RoutePolicyFactory {

    /** Camel reads a batch that failed again at once; without a pause it would fail in a tight loop. */
    private static final long PAUSE_NANOS = 1_000_000_000L;

    private final OutageLog outages;
    private final PersistMetrics metrics;
    private final Conflicts conflicts;
    private final TurnRows rows;

    /** @param conflicts later: Camel asks for its policies while it is being made, and dead letters need it made */
    BatchPolicy(OutageLog outages, PersistMetrics metrics, @Lazy Conflicts conflicts, TurnRows rows) {
        this.rows = rows;
        this.conflicts = conflicts;
        this.metrics = metrics;
        this.outages = outages;
    }

    @Override
    public @Nullable RoutePolicy createRoutePolicy(CamelContext camel, String routeId, NamedNode route) {
        return this;
    }

    @Override
    public void onExchangeBegin(Route route, Exchange exchange) {
        if (exchange.getMessage().getBody() instanceof List<?> list
                && !list.isEmpty()
                && list.get(0) instanceof Exchange) {
            GiftBatch batch = GiftBatch.of(list);
            metrics.batch(batch.size());
            batch.nameTrace();
            exchange.setProperty(GiftBatch.PROPERTY, batch);
            exchange.getMessage().setBody(batch);
        }
    }

    @Override
    public void onExchangeDone(Route route, Exchange exchange) {
        GiftBatch batch = GiftBatch.in(exchange).orElse(null);
        if (PersistErrors.isOfTimer(exchange) && exchange.getProperty(Exchange.EXCEPTION_CAUGHT) == null) {
            outages.over(route.getRouteId());
            rows.done(route.getRouteId(), exchange.getClock().asDuration());
        }
        if (batch == null || !route.getRouteId().equals(exchange.getFromRouteId())) {
            return;
        }
        if (!exchange.isFailed() && !batch.settled()) {
            exchange.setException(new IllegalStateException(
                    "the route ended before each record was stored or dead-lettered; it must split the batch"));
        }
        if (!exchange.isFailed()) {
            deadLetterConflicts(batch, exchange);
        }
        if (exchange.isFailed()) {
            outages.failed(route.getRouteId(), exchange.getException());
            LockSupport.parkNanos(PAUSE_NANOS);
        } else {
            batch.commit();
            outages.over(route.getRouteId());
        }
        MDC.remove(TraceParent.LOG_KEY);
    }

    /** Fails the exchange when they cannot be compared now: the batch is read again, and then finds all its rows there. */
    private void deadLetterConflicts(GiftBatch batch, Exchange exchange) {
        try {
            conflicts.deadLetter(batch);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            exchange.setException(e);
        } catch (RuntimeException e) {
            exchange.setException(e);
        }
    }
}
