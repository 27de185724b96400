package org.gibsey.spine.persist;

import org.apache.camel.Exchange;
import org.apache.camel.builder.RouteConfigurationBuilder;
import org.apache.camel.model.RedeliveryPolicyDefinition;
import org.springframework.stereotype.Component;

/**
 * What happens when a batch fails, whichever route file it went through: the message's faults are isolated, the world's are
 * waited out. Without an id a route configuration covers every route, so no edit of a file can opt out.
 */
@Component
final class PersistErrors extends RouteConfigurationBuilder {

    private static final RedeliveryPolicyDefinition WAIT_FOR_THE_WORLD = new RedeliveryPolicyDefinition()
            .maximumRedeliveries(-1)
            // Seconds after a long outage, not minutes; jitter, so that the workers do not come back as one.
            .redeliveryDelay(100)
            .useExponentialBackOff()
            .backOffMultiplier(2)
            .maximumRedeliveryDelay(5_000)
            .useCollisionAvoidance()
            .collisionAvoidancePercent(20)
            // A stop abandons the wait: the exchange fails, nothing is committed, the next start reads it again.
            .allowRedeliveryWhileStopping(false)
            // OutageLog says it, once; Camel would say it at each attempt
            .logRetryAttempted(false)
            .logExhausted(false);

    private final BatchIsolation isolation;
    private final OutageLog outages;

    PersistErrors(BatchIsolation isolation, OutageLog outages) {
        this.isolation = isolation;
        this.outages = outages;
    }

    @Override
    public void configuration() {
        routeConfiguration()
                .onException(Throwable.class)
                .onWhen(exchange ->
                        GiftBatch.in(exchange).isPresent() && fault(exchange).ofTheMessage())
                .handled(true)
                .process(isolation);
        routeConfiguration()
                .onException(Throwable.class)
                .onWhen(exchange ->
                        GiftBatch.in(exchange).isPresent() && !fault(exchange).ofTheMessage())
                .onRedelivery(this::waiting)
                .setRedeliveryPolicyType(WAIT_FOR_THE_WORLD);
    }

    private void waiting(Exchange exchange) {
        GiftBatch batch = GiftBatch.in(exchange).orElseThrow();
        outages.waiting(exchange.getFromRouteId(), batch, fault(exchange));
        batch.keepAlive();
    }

    private static Fault fault(Exchange exchange) {
        return Fault.of(exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Exception.class));
    }
}
