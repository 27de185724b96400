package org.gibsey.spine.liveroutes;

import java.time.Instant;
import java.util.List;
import java.util.Locale;

/**
 * An edit that did not go live.
 *
 * @param revision of the content that was tried; {@value #DELETED} when the file was deleted
 * @param at       when it was tried
 * @param problems why, never empty
 */
record Edit(String revision, Instant at, Outcome outcome, List<Problem> problems) {

    static final String DELETED = "deleted";

    enum Outcome {
        /** Went live. */
        ACTIVE,
        /** Its file is gone, and so are its routes. */
        REMOVED,
        /** Was not tried on the running service. */
        REFUSED,
        /** Was tried and taken back. */
        ROLLED_BACK,
        /** Will be tried again: what runs did not come to rest. */
        POSTPONED;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Whether it says the same about the same content. */
    boolean repeats(Edit other) {
        return revision.equals(other.revision) && outcome == other.outcome && problems.equals(other.problems);
    }
}
