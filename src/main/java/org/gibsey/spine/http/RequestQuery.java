package org.gibsey.spine.http;

import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.apache.camel.Exchange;
import org.gibsey.spine.gift.InvalidInput;
import org.gibsey.spine.gift.InvalidInput.FieldError;
import org.jspecify.annotations.Nullable;

/**
 * The query parameters of a public call, and what is wrong with them. In a route they are the exchange property
 * {@value #PROPERTY}, a map by name: as headers they would go where headers go, to Kafka and into answers. One that is there
 * several times has its values with commas between. For one call, one thread.
 */
public final class RequestQuery {

    /** Exchange property that holds the parameters by name. */
    static final String PROPERTY = "query";

    /** ASCII digits: Java would take those of any script. */
    private static final Pattern INTEGER = Pattern.compile("[+-]?[0-9]+");

    private final Map<String, String> parameters;
    private final List<FieldError> errors = new ArrayList<>();

    private RequestQuery(Map<String, String> parameters) {
        this.parameters = parameters;
    }

    /** Of the call behind a route. */
    @SuppressWarnings("unchecked")
    public static RequestQuery of(Exchange exchange) {
        return new RequestQuery(exchange.getProperty(PROPERTY, Map.of(), Map.class));
    }

    /**
     * Of a call to a servlet.
     *
     * @throws IOException if it cannot be decoded: a problem for the caller
     */
    public static RequestQuery of(HttpServletRequest request) throws IOException {
        return new RequestQuery(read(request));
    }

    /** @throws Refused if it cannot be decoded */
    static Map<String, String> read(HttpServletRequest request) throws Refused {
        if (request.getQueryString() == null) {
            return Map.of();
        }
        Map<String, String> parameters = new HashMap<>();
        request.getParameterMap().forEach((name, values) -> parameters.put(name, String.join(", ", values)));
        // Tomcat drops what it cannot decode, and says so only here
        if (request.getAttribute("org.apache.catalina.parameter_parse_failed") != null) {
            throw new Refused(Problem.malformed("The query string is not percent-encoded UTF-8."));
        }
        return parameters;
    }

    /** @return null when it is not there */
    public @Nullable String text(String name) {
        return parameters.get(name);
    }

    /** @return null when it is not there, or wrong */
    public @Nullable Long int64(String name) {
        return parse(name, Long::valueOf, "must be a 64-bit integer");
    }

    /** @return null when it is not there, or wrong */
    public @Nullable Integer int32(String name) {
        return parse(name, Integer::valueOf, "must be a 32-bit integer");
    }

    /**
     * @param otherwise when it is not there, or wrong
     * @param max       largest allowed; 1 is the smallest
     */
    public int positive(String name, int otherwise, int max) {
        String rule = "must be an integer from 1 to " + max;
        Integer number = parse(name, Integer::valueOf, rule);
        if (number != null && (number < 1 || number > max)) {
            refuse(name, rule);
            return otherwise;
        }
        return number == null ? otherwise : number;
    }

    /** Notes that a parameter breaks a rule. */
    public void refuse(String name, String rule) {
        errors.add(new FieldError(name, rule));
    }

    /** @throws InvalidInput naming every parameter that broke a rule */
    public void check() throws InvalidInput {
        if (!errors.isEmpty()) {
            throw new InvalidInput(errors);
        }
    }

    private <T> @Nullable T parse(String name, Function<String, T> number, String rule) {
        String text = text(name);
        if (text == null) {
            return null;
        }
        if (INTEGER.matcher(text).matches()) {
            try {
                return number.apply(text);
            } catch (NumberFormatException outOfRange) {
                // breaks the same rule
            }
        }
        refuse(name, rule);
        return null;
    }
}
