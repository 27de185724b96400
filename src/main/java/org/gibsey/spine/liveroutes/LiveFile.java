package org.gibsey.spine.liveroutes;

import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A route file as the service knows it.
 *
 * @param running what its routes were started from; null when it never got that far
 * @param edit    the content it has now, when that is not what runs
 */
record LiveFile(
        @Nullable RehearsedFile running,
        @Nullable Instant since,
        @Nullable Edit edit) {

    static final LiveFile NEW = new LiveFile(null, null, null);

    /** What became of a new, changed or deleted file. */
    enum Outcome {
        /** Went live. */
        ACTIVE,
        /** The file was deleted, and its routes removed. */
        REMOVED,
        /** Was not tried on the running service. */
        REFUSED,
        /** Was started and failed; the old routes run again. */
        ROLLED_BACK,
        /** Will be tried again: requests or a batch of the old routes did not end in time, or no broker's name is known yet. */
        POSTPONED;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * An edit that did not go live.
     *
     * @param revision of the content that was tried; {@value #DELETED} when the file was deleted
     * @param at       when it was tried, UTC
     * @param problems why, never empty
     */
    record Edit(String revision, Instant at, Outcome outcome, List<RouteProblem> problems) {

        static final String DELETED = "deleted";

        /** Whether it says the same about the same content. */
        boolean repeats(Edit other) {
            return revision.equals(other.revision) && outcome == other.outcome && problems.equals(other.problems);
        }

        /** Its problems in one line. */
        String reasons() {
            return problems.stream().map(RouteProblem::toString).collect(Collectors.joining("; "));
        }
    }

    LiveFile withEdit(@Nullable Edit notTaken) {
        return new LiveFile(running, since, notTaken);
    }

    boolean runs(String revision) {
        return running != null && running.file().revision().equals(revision);
    }

    /** What was wrong with this content when it was last looked at. */
    List<RouteProblem> problemsOf(String revision) {
        return edit != null && edit.revision.equals(revision) ? edit.problems : List.of();
    }

    /** Whether nothing of it has run yet, for a reason that passes. */
    boolean waitsToStart() {
        return running == null && edit != null && edit.outcome == Outcome.POSTPONED;
    }

    /** Whether this content was rolled back already, and would be again. */
    boolean hasFailedWith(String revision) {
        return edit != null && edit.outcome == Outcome.ROLLED_BACK && edit.revision.equals(revision);
    }
}
