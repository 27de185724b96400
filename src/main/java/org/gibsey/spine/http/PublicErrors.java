package org.gibsey.spine.http;

import java.time.Clock;
import org.apache.camel.Exchange;
import org.apache.camel.builder.RouteConfigurationBuilder;
import org.gibsey.spine.Outage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * What happens when a public call fails, whichever route file it went through: the problem to answer with is left in the
 * exchange property {@value #PROBLEM}. Without an id a route configuration covers every route, so no edit of a file can opt
 * out.
 */
@Component
final class PublicErrors extends RouteConfigurationBuilder {

    static final String PROBLEM = "publicProblem";

    private static final Logger LOG = LoggerFactory.getLogger(PublicErrors.class);

    private final Outage tooLong;

    PublicErrors(Clock steadyClock) {
        this.tooLong = new Outage(steadyClock);
    }

    @Override
    public void configuration() {
        routeConfiguration()
                .onException(Throwable.class)
                .onWhen(exchange -> exchange.getFromEndpoint() != null
                        && exchange.getFromEndpoint().getEndpointUri().startsWith("platform-http:"))
                .handled(true)
                .process(exchange -> {
                    Throwable fault = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Throwable.class);
                    Problem problem = problem(exchange, fault);
                    exchange.setProperty(PROBLEM, problem);
                    if (problem.reason().equals(Problem.TOO_LONG) && tooLong.isToBeLogged()) {
                        LOG.warn(
                                "Route {} asked the database for what takes longer than a read may (MAX_READ_TIME): it was"
                                        + " ended and its caller answered 503. Said once a minute",
                                exchange.getFromRouteId());
                    }
                });
    }

    /** What to answer. What nobody has foreseen is logged, for a person has to look. */
    static Problem problem(Exchange exchange, Throwable fault) {
        Problem problem = Problem.of(fault);
        if (problem.status() == 500) {
            LOG.error("Route {} failed", exchange.getFromRouteId(), fault);
        }
        return problem;
    }
}
