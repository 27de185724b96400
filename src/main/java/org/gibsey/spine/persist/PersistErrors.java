package org.gibsey.spine.persist;

import org.apache.camel.Exchange;
import org.apache.camel.builder.RouteConfigurationBuilder;
import org.apache.camel.component.timer.TimerEndpoint;
import org.apache.camel.model.Model;
import org.apache.camel.model.ModelLifecycleStrategySupport;
import org.apache.camel.model.OnExceptionDefinition;
import org.apache.camel.model.RedeliveryPolicyDefinition;
import org.apache.camel.model.RouteDefinition;
import org.springframework.stereotype.Component;

/**
 * What happens when a batch fails: if a message is at fault, {@link BatchIsolation} dead-letters it; an outage is waited out and
 * dead-letters nothing, also when it is that each statement takes too long. What a timer does is left to its next turn, with fewer
 * rows ({@link TurnRows}) when it took too long. A route configuration without an id covers every route, so no edit of a file can
 * opt out.
 *
 * <p>A route that answers HTTP never has a batch: it is spared the waiting, for which Camel would copy its exchange before each step.
 */
@Component
final class PersistErrors extends RouteConfigurationBuilder {

    private static final RedeliveryPolicyDefinition WAIT_OUT = new RedeliveryPolicyDefinition()
            .maximumRedeliveries(-1)
            // goes on within seconds after a long outage; jitter, so that the workers do not all try at the same time
            .redeliveryDelay(100)
            .useExponentialBackOff()
            .backOffMultiplier(2)
            .maximumRedeliveryDelay(5_000)
            .useCollisionAvoidance()
            .collisionAvoidancePercent(20)
            // a stop ends the wait: the exchange fails, nothing is committed, the next start reads the batch again
            .allowRedeliveryWhileStopping(false)
            // OutageLog logs it once; Camel would log each attempt
            .logRetryAttempted(false)
            .logExhausted(false);

    private final BatchIsolation isolation;
    private final RefusalProof proof;
    private final OutageLog outages;
    private final TurnRows rows;

    PersistErrors(BatchIsolation isolation, RefusalProof proof, OutageLog outages, TurnRows rows) {
        this.rows = rows;
        this.isolation = isolation;
        this.proof = proof;
        this.outages = outages;
    }

    @Override
    public void configuration() {
        getCamelContext()
                .getCamelContextExtension()
                .getContextPlugin(Model.class)
                .addModelLifecycleStrategy(new NoWaitForHttp());
        routeConfiguration()
                .onException(Throwable.class)
                .onWhen(exchange -> GiftBatch.in(exchange).isPresent() && divides(exchange))
                .handled(true)
                .process(isolation);
        routeConfiguration()
                .onException(Throwable.class)
                .onWhen(exchange -> GiftBatch.in(exchange).isPresent() && !divides(exchange))
                .onRedelivery(this::waiting)
                .setRedeliveryPolicyType(WAIT_OUT);
        // a timer tries again at its next turn
        routeConfiguration()
                .onException(Throwable.class)
                .onWhen(PersistErrors::isOfTimer)
                .handled(true)
                .process(this::missed);
    }

    static boolean isOfTimer(Exchange exchange) {
        return exchange.getFromEndpoint() instanceof TimerEndpoint;
    }

    private void missed(Exchange exchange) {
        Exception cause = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Exception.class);
        if (Fault.of(cause).tooSlow()) {
            rows.tooSlow(exchange.getFromRouteId(), exchange.getClock().asDuration());
        }
        outages.missed(exchange.getFromRouteId(), cause);
    }

    /** A statement that took too long is tried with fewer gifts, too, and is repeated as it is with one gift only. */
    private boolean divides(Exchange exchange) {
        Fault fault = proof.fault(exchange);
        return fault.ofTheMessage()
                || (fault.tooSlow() && GiftBatch.inHand(exchange).size() > 1);
    }

    private void waiting(Exchange exchange) {
        GiftBatch batch = GiftBatch.in(exchange).orElseThrow();
        outages.waiting(exchange.getFromRouteId(), batch, proof.fault(exchange));
        batch.keepAlive();
    }

    /** Takes the waiting out of routes that answer HTTP. All others keep it, also a {@code direct:} route that a batch may reach. */
    private static final class NoWaitForHttp extends ModelLifecycleStrategySupport {

        @Override
        public void onAddRouteDefinition(RouteDefinition route) {
            if (route.getInput().getEndpointUri().startsWith("platform-http:")) {
                route.getOutputs()
                        .removeIf(step ->
                                step instanceof OnExceptionDefinition net && net.getRedeliveryPolicyType() != null);
            }
        }
    }
}
