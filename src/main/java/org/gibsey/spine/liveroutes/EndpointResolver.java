package org.gibsey.spine.liveroutes;

import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.camel.CamelContext;
import org.apache.camel.Endpoint;
import org.apache.camel.NoSuchEndpointException;
import org.apache.camel.model.EndpointRequiredDefinition;
import org.apache.camel.model.ProcessorDefinition;
import org.apache.camel.model.ProcessorDefinitionHelper;
import org.apache.camel.model.RouteDefinition;
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
    private final AllowedParts allowed;
    private final List<RouteProblem> problems = new ArrayList<>();

    EndpointResolver(RouteFile file, CamelContext stage, AllowedParts allowed) {
        this.file = file;
        this.stage = stage;
        this.allowed = allowed;
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
            if (step instanceof EndpointRequiredDefinition fixed) {
                Endpoint endpoint = endpoint(step, fixed.getEndpointUri());
                if (endpoint != null) {
                    targets.add(new Target(step, endpoint));
                }
            }
        }
        return input == null ? Optional.empty() : Optional.of(new RehearsedRoute(file, route, input, targets));
    }

    private @Nullable Endpoint endpoint(Object step, String uri) {
        try {
            int line = RehearsedRoute.lineOf(step);
            Optional<String> secret = allowed.refusesToRead(AllowedParts.decoded(uri));
            if (secret.isPresent()) {
                problems.add(file.problem(line, secret.get()));
                return null;
            }
            String resolved = stage.getCamelContextExtension().resolvePropertyPlaceholders(uri, true);
            String component = resolved.replaceFirst(":.*", "");
            Map<String, Object> options = options(resolved);
            Optional<RouteProblem> refusal = allowed.refusesToMake(file, line, component, options);
            if (refusal.isPresent()) {
                if (stage.getComponent(component) == null) {
                    throw new NoSuchEndpointException(resolved);
                }
                problems.add(refusal.get());
                return null;
            }
            Endpoint endpoint = stage.getEndpoint(uri);
            String path = URISupport.stripQuery(resolved).replaceFirst("^[^:]*:/*", "");
            allowed.refusesToUse(file, line, component, path, options).ifPresent(problems::add);
            checkNumbers(step, endpoint, options);
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

    private static Map<String, Object> options(String uri) {
        try {
            return URISupport.parseQuery(URISupport.extractQuery(uri));
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("'" + uri + "' is no URI", e);
        }
    }
}
