package org.gibsey.spine.liveroutes;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.camel.ExpressionIllegalSyntaxException;
import org.apache.camel.NoSuchBeanException;
import org.apache.camel.NoSuchEndpointException;
import org.apache.camel.NoSuchLanguageException;
import org.apache.camel.PropertyBindingException;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;

/**
 * Why a route file cannot go live, with a line of the file and in words a person can act on. What Camel throws is translated:
 * its own messages name no line and, for an endpoint of many options, list them all.
 *
 * @param file   as found by the pattern of {@code VAULT_ROUTES}
 * @param line   from 1
 * @param reason one line
 * @param isFromService whether a database or the broker says so, and may say something else another time
 */
record RouteProblem(String file, int line, String reason, boolean isFromService) {

    /** What Camel says of a name that it does not know, by what the name is of. */
    private static final Map<String, Pattern> UNKNOWN = Map.of(
            "option", Pattern.compile("Unknown parameters=\\[\\{([^=}]+)"),
            "setting", Pattern.compile("Property with key \\[([^]]+)] not found"),
            "data format", Pattern.compile("Cannot find data format in registry with ref: (.+)"));

    /** One that lasts as long as the file says what it says. */
    RouteProblem(String file, int line, String reason) {
        this(file, line, reason, false);
    }

    /** The same, as a database or the broker says it. */
    RouteProblem fromService() {
        return new RouteProblem(file, line, reason, true);
    }

    /**
     * What a failure says about a file.
     *
     * @param from the line the failing route or step begins at
     */
    static RouteProblem of(RouteFile file, int from, Throwable failure) {
        Throwable root = failure;
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof MarkedYamlEngineException yaml
                    && yaml.getProblemMark().isPresent()) {
                return file.problem(yaml.getProblemMark().get().getLine() + 1, ofYaml(yaml.getProblem()));
            }
            if (cause instanceof NoSuchBeanException missing) {
                return at(file, from, missing.getName(), "there is no bean '" + missing.getName() + "'");
            }
            if (cause instanceof NoSuchLanguageException missing) {
                return at(file, from, missing.getLanguage(), "there is no language '" + missing.getLanguage() + "'");
            }
            if (cause instanceof PropertyBindingException binding) {
                return at(
                        file,
                        from,
                        binding.getPropertyName() + ":",
                        "'" + binding.getValue() + "' is no value for " + binding.getPropertyName());
            }
            if (cause instanceof NoSuchEndpointException missing) {
                String component = missing.getUri().replaceFirst(":.*", "");
                return at(file, from, component + ":", "there is no component '" + component + "'");
            }
            if (cause instanceof ExpressionIllegalSyntaxException illegal && illegal.getExpression() != null) {
                return at(file, from, firstLine(illegal.getExpression()), firstLine(message(cause)));
            }
            root = cause;
        }
        return ofText(file, from, message(root));
    }

    private static String ofYaml(String problem) {
        return problem.replaceFirst("^Unknown node id: (.*)", "there is no step '$1'")
                .replaceFirst("^Unsupported field: (.*)", "'$1' has no place here");
    }

    private static RouteProblem ofText(RouteFile file, int from, String message) {
        for (Map.Entry<String, Pattern> kind : UNKNOWN.entrySet()) {
            Matcher name = kind.getValue().matcher(message);
            if (name.find()) {
                String at = (kind.getKey().equals("setting") ? "{{" : "") + name.group(1);
                return at(file, from, at, "there is no " + kind.getKey() + " '" + name.group(1) + "'");
            }
        }
        return file.problem(from, firstLine(message));
    }

    private static RouteProblem at(RouteFile file, int from, String where, String reason) {
        return file.problem(file.lineOf(where, from), reason);
    }

    /** The message of a failure, or its class where it has none. */
    static String message(Throwable failure) {
        String message = failure.getMessage();
        return message == null || message.isBlank() ? failure.getClass().getSimpleName() : message;
    }

    private static String firstLine(String text) {
        return text.lines().findFirst().orElse("");
    }

    /** As people and the report read it. */
    @Override
    @JsonValue
    public String toString() {
        return file + ":" + line + ": " + reason;
    }
}
