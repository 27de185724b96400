package org.gibsey.spine.management;

import java.security.Principal;
import java.util.Locale;
import java.util.Set;

/**
 * Who calls the management port. Immutable.
 *
 * @param name as the file of tokens has it, or {@value #ANYBODY}
 */
record Operator(String name, Set<Role> roles) implements Principal {

    /** Who has shown no token. */
    static final String ANYBODY = "anybody";

    /** What an operator may do on the management port. Each is given by itself: none includes another. */
    enum Role {
        /** Reads health, metrics, routes and the list of dead letters. */
        VIEW,
        /** Reads what readers wrote: the content of dead letters. */
        CONTENT,
        /** Changes something, or makes it work: replays, resends, audits, stops and starts routes. */
        OPERATE;

        /** As it stands in the file of tokens. */
        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Override
    public String getName() {
        return name;
    }
}
