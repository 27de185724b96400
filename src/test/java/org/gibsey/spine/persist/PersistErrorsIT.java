package org.gibsey.spine.persist;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.apache.camel.CamelContext;
import org.apache.camel.model.Model;
import org.apache.camel.model.OnExceptionDefinition;
import org.apache.camel.model.RouteDefinition;
import org.gibsey.spine.embedded.SpineIT;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;

/** Which routes have the net that waits out an outage. */
@SpineIT
class PersistErrorsIT {

    @Autowired
    CamelContext camel;

    @Test
    void everyRouteThatABatchMayComeToWaitsOutAnOutage() {
        assertThat(routes())
                .filteredOn(route -> !answersHttp(route))
                .isNotEmpty()
                .allMatch(PersistErrorsIT::waits);
    }

    @Test
    void aRouteThatAnswersHttpDoesNotSoThatNoStepCopiesItsExchange() {
        assertThat(routes())
                .filteredOn(PersistErrorsIT::answersHttp)
                .isNotEmpty()
                .noneMatch(PersistErrorsIT::waits);
    }

    private List<RouteDefinition> routes() {
        return camel.getCamelContextExtension().getContextPlugin(Model.class).getRouteDefinitions();
    }

    private static boolean answersHttp(RouteDefinition route) {
        return route.getInput().getEndpointUri().startsWith("platform-http:");
    }

    private static boolean waits(RouteDefinition route) {
        return route.getOutputs().stream()
                .anyMatch(step -> step instanceof OnExceptionDefinition net
                        && net.getRedeliveryPolicyType() != null
                        && "-1".equals(net.getRedeliveryPolicyType().getMaximumRedeliveries()));
    }
}
