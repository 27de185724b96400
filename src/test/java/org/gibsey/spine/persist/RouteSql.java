package org.gibsey.spine.persist;

import org.apache.camel.CamelContext;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.model.ProcessorDefinitionHelper;
import org.apache.camel.model.SetBodyDefinition;

/** The SQL of a route file as Spring's JDBC takes it. */
final class RouteSql {

    private RouteSql() {}

    /** @param step the one that sets it */
    static String of(CamelContext camel, String route, String step) {
        return ProcessorDefinitionHelper.filterTypeInOutputs(
                        ((ModelCamelContext) camel).getRouteDefinition(route).getOutputs(), SetBodyDefinition.class)
                .stream()
                .filter(setBody -> step.equals(setBody.getId()))
                .findFirst()
                .orElseThrow()
                .getExpression()
                .getExpression()
                .replace(":?", ":");
    }
}
