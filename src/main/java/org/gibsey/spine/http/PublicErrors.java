package org.gibsey.spine.http;

import org.apache.camel.Exchange;
import org.apache.camel.builder.RouteConfigurationBuilder;
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

    @Override
    public void configuration() {
        routeConfiguration()
                .onException(Throwable.class)
                .onWhen(exchange -> exchange.getFromEndpoint() != null
                        && exchange.getFromEndpoint().getEndpointUri().startsWith("platform-http:"))
                .handled(true)
                .process(exchange -> {
                    Throwable fault = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Throwable.class);
                    exchange.setProperty(PROBLEM, problem(exchange, fault));
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
