package org.gibsey.spine.management;

import java.security.Principal;
import java.util.Set;

/**
 * Who calls the management port. Immutable.
 *
 * @param name as the file of tokens has it, or {@value #ANYBODY}
 */
record Operator(String name, Set<Role> roles) implements Principal {

    /** Who has shown no token. */
    static final String ANYBODY = "anybody";

    @Override
    public String getName() {
        return name;
    }
}
