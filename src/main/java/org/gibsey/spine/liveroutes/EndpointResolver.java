package org.gibsey.spine.liveroutes;

import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.camel.CamelContext;
import org.apache.camel.Endpoint;
import org.apache.camel.model.DynamicRouterDefinition;
import org.apache.camel.model.EndpointRequiredDefinition;
import org.apache.camel.model.EnrichDefinition;
import org.apache.camel.model.ExpressionNode;
import org.apache.camel.model.PollEnrichDefinition;
import org.apache.camel.model.ProcessorDefinition;
import org.apache.camel.model.ProcessorDefinitionHelper;
import org.apache.camel.model.RecipientListDefinition;
import org.apache.camel.model.RouteDefinition;
import org.apache.camel.model.RoutingSlipDefinition;
import org.apache.camel.model.ToDynamicDefinition;
import org.apache.camel.model.language.ConstantExpression;
import org.apache.camel.spi.PropertyConfigurer;
import org.apache.camel.spi.PropertyConfigurerGetter;
import org.apache.camel.util.URISupport;
import org.gibsey.spine.liveroutes.RehearsedRoute.Target;
import org.jspecify.annotations.Nullable;

/** Resolves every endpoint of a route without starting one, and notes each that cannot be. For one route, one thread. */
final class EndpointResolver {

    /** What Camel reads as a number or a duration; it takes anything else for 0 and logs nothing. */
    private static final Pattern NUMBER = Pattern.compile("[+-]?\\d+(\\.\\d+)?|(\\d+(ms|[smhd]))+|#.+");

    private final RouteFile file;
    private final CamelContext stage;
    private final List<RouteProblem> problems = new ArrayList<>();

    EndpointResolver(RouteFile file, CamelContext stage) {
        this.file = file;
        this.stage = stage;
    }

    List<RouteProblem> problems() {
        return problems;
    }

    /** Empty when its input cannot be resolved; there are problems then. */
    Optional<RehearsedRoute> resolve(RouteDefinition route) {
        Endpoint input = endpoint(route.getInput(), route.getInput().getEndpointUri());
        List<Target> targets = new ArrayList<>();
        for (ProcessorDefinition<?> step :
                ProcessorDefinitionHelper.filterTypeInOutputs(route.getOutputs(), ProcessorDefinition.class)) {
            for (String uri : uris(step)) {
                Endpoint endpoint = endpoint(step, uri);
                if (endpoint != null) {
                    targets.add(new Target(step, endpoint));
                }
            }
        }
        return input == null ? Optional.empty() : Optional.of(new RehearsedRoute(file, route, input, targets));
    }

    private @Nullable Endpoint endpoint(Object step, String uri) {
        try {
            Endpoint endpoint = stage.getEndpoint(uri);
            checkNumbers(step, endpoint, options(uri));
            return endpoint;
        } catch (RuntimeException e) {
            problems.add(RouteProblem.of(file, RehearsedRoute.lineOf(step), e));
            return null;
        }
    }

    private void checkNumbers(Object step, Endpoint endpoint, Map<String, Object> options) {
        PropertyConfigurer configurer = endpoint.getComponent().getEndpointPropertyConfigurer();
        if (configurer instanceof PropertyConfigurerGetter types) {
            options.forEach((option, value) -> {
                if (isNumber(types.getOptionType(option, true))
                        && !NUMBER.matcher(value.toString()).matches()) {
                    int line = file.lineOf(option, RehearsedRoute.lineOf(step));
                    problems.add(file.problem(line, "'" + value + "' is no number, which " + option + " must be"));
                }
            });
        }
    }

    private static boolean isNumber(@Nullable Class<?> type) {
        return type != null && (type == int.class || type == long.class || Number.class.isAssignableFrom(type));
    }

    private Map<String, Object> options(String uri) {
        try {
            String resolved = stage.getCamelContextExtension().resolvePropertyPlaceholders(uri, true);
            return URISupport.parseQuery(URISupport.extractQuery(resolved));
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("'" + uri + "' is no URI", e);
        }
    }

    private List<String> uris(ProcessorDefinition<?> step) {
        if (step instanceof EndpointRequiredDefinition fixed) {
            return List.of(fixed.getEndpointUri());
        }
        if (step instanceof ToDynamicDefinition dynamic) {
            return isComputed(dynamic.getUri()) ? refuse(step) : List.of(dynamic.getUri());
        }
        if (step instanceof EnrichDefinition
                || step instanceof PollEnrichDefinition
                || step instanceof RecipientListDefinition
                || step instanceof RoutingSlipDefinition
                || step instanceof DynamicRouterDefinition) {
            return ((ExpressionNode) step).getExpression() instanceof ConstantExpression constant
                    ? Arrays.asList(constant.getExpression().split(",", -1))
                    : refuse(step);
        }
        return List.of();
    }

    private static boolean isComputed(String uri) {
        return uri.contains("${") || uri.contains("$simple{") || uri.contains("language:");
    }

    private List<String> refuse(ProcessorDefinition<?> step) {
        problems.add(file.problem(
                RehearsedRoute.lineOf(step),
                step.getShortName()
                        + " computes its target from the message, which cannot be checked beforehand: name the"
                        + " targets in 'to' steps, inside a 'choice' where it depends on the message"));
        return List.of();
    }
}
