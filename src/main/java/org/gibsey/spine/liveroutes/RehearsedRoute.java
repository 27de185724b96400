package org.gibsey.spine.liveroutes;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.apache.camel.Endpoint;
import org.apache.camel.LineNumberAware;
import org.apache.camel.model.PipelineDefinition;
import org.apache.camel.model.ProcessorDefinition;
import org.apache.camel.model.ProcessorDefinitionHelper;
import org.apache.camel.model.RouteDefinition;
import org.apache.camel.model.StepDefinition;

/**
 * A route of a file as Camel understands it, with every endpoint resolved: what the rules look at.
 *
 * @param inputOptions those the file sets, placeholders resolved
 * @param targets      the steps that reach an endpoint, in the order of the file
 */
record RehearsedRoute(
        RouteFile file,
        RouteDefinition definition,
        Endpoint input,
        Map<String, Object> inputOptions,
        List<Target> targets) {

    /** A step and the endpoint it reaches. */
    record Target(ProcessorDefinition<?> step, Endpoint endpoint) {}

    String id() {
        return definition.getRouteId();
    }

    /** Every step of a kind, however deep. */
    <T> Collection<T> steps(Class<T> kind) {
        return ProcessorDefinitionHelper.filterTypeInOutputs(definition.getOutputs(), kind);
    }

    /** The steps every message passes, one after the other, unless one fails or ends the route. */
    List<ProcessorDefinition<?>> mainLine() {
        return mainLine(definition.getOutputs());
    }

    /** The same below a step. */
    static List<ProcessorDefinition<?>> mainLine(List<ProcessorDefinition<?>> steps) {
        List<ProcessorDefinition<?>> line = new ArrayList<>();
        for (ProcessorDefinition<?> step : steps) {
            if (isDisabled(step)) {
                continue;
            }
            if (step instanceof PipelineDefinition || step instanceof StepDefinition) {
                line.addAll(mainLine(step.getOutputs()));
            } else {
                line.add(step);
            }
        }
        return line;
    }

    Problem problem(Object step, String reason) {
        return file.problem(lineOf(step), reason);
    }

    /** At an option of the step, when the file has it, else at the step. */
    Problem problem(Object step, String option, String reason) {
        return file.problem(file.lineOf(option, lineOf(step)), reason);
    }

    int line() {
        return lineOf(definition);
    }

    static int lineOf(Object node) {
        return node instanceof LineNumberAware aware ? Math.max(1, aware.getLineNumber()) : 1;
    }

    private static boolean isDisabled(ProcessorDefinition<?> step) {
        return step.getDisabled() != null && !"false".equals(step.getDisabled());
    }
}
