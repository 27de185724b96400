package org.gibsey.spine.gift;

import java.util.List;
import java.util.stream.Collectors;

/**
 * Input that can be read but breaks rules. It names every broken rule, so that a caller can mend all of them at once.
 * Messages name fields, limits and shapes, never the values themselves. Immutable.
 */
public final class InvalidInput extends Exception {

    private final transient List<FieldError> errors;

    /** @param errors at least one */
    public InvalidInput(List<FieldError> errors) {
        super(errors.stream().map(FieldError::toString).collect(Collectors.joining("; ")));
        this.errors = List.copyOf(errors);
    }

    public List<FieldError> errors() {
        return errors;
    }

    /**
     * One broken rule.
     *
     * @param pointer where, as a JSON pointer (RFC 6901) into the body, or the name of a query parameter or header
     * @param reason  the rule, and the kind of value that came instead
     */
    public record FieldError(String pointer, String reason) {
        @Override
        public String toString() {
            return pointer + " " + reason;
        }
    }
}
