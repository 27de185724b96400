package org.gibsey.spine.liveroutes;

import java.util.Map;
import java.util.Optional;

/**
 * Holds an edit back until the files have not changed for some looks: half a file that an editor is still writing, or one
 * file of several that git is exchanging, is nobody's intention. Not thread-safe.
 */
final class QuietPeriod {

    private static final int QUIET_LOOKS = 2;

    private Map<String, RouteFile> last = Map.of();
    private int quiet;

    /** @return the files, when they are what they were at the last looks */
    Optional<Map<String, RouteFile>> look(Map<String, RouteFile> now) {
        quiet = now.equals(last) ? quiet + 1 : 0;
        last = now;
        return quiet >= QUIET_LOOKS ? Optional.of(now) : Optional.empty();
    }
}
