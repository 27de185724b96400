package org.gibsey.spine.ship;

import java.util.ArrayList;
import java.util.List;

/** Collects what breaks a rule, in words, so that one look shows everything. Not thread-safe. */
final class Complaints {

    private final String about;
    private final List<String> all = new ArrayList<>();

    /** @param about put before each */
    Complaints(String about) {
        this.about = about;
    }

    /**
     * @param otherwise what is wrong when it does not hold, as a format string
     * @param details   its arguments
     */
    // the annotation it asks for is in a library nothing else here needs
    @SuppressWarnings("AnnotateFormatMethod")
    void unless(boolean holds, String otherwise, Object... details) {
        if (!holds) {
            all.add(about + otherwise.formatted(details));
        }
    }

    List<String> all() {
        return all;
    }
}
