package org.gibsey.spine.gift;

import java.util.List;

/**
 * Input that was understood but breaks the rules, with every broken rule at once, so that a caller mends it in one go.
 * Messages name fields, limits and shapes, never the values themselves. Immutable.
 */
public final class InvalidInput extends Exception {

    private final transient List<FieldError> errors;

    /** @param errors at least one */
    public InvalidInput(List<FieldError> errors) {
        super(errors.stream()
                .map(FieldError::toString)
                .reduce((a, b) -> a + "; " + b)
                .orElseThrow());
        this.errors = List.copyOf(errors);
    }

    public List<FieldError> errors() {
        return errors;
    }

    /**
     * One broken rule.
     *
     * @param pointer where, as a JSON pointer (RFC 6901) into the body, or the name of a query parameter or header
     * @param reason  the rule and the shape of what came instead
     */
    public record FieldError(String pointer, String reason) {
        @Override
        public String toString() {
            return pointer + " " + reason;
        }
    }
}
