package org.gibsey.spine.liveroutes;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A route file as the service knows it.
 *
 * @param running what its routes were started from; null when it never got that far
 * @param since   when that went live
 * @param edit    the content it has now, when that is not what runs
 */
record LiveFile(
        @Nullable RehearsedFile running,
        @Nullable Instant since,
        @Nullable Edit edit) {

    static final LiveFile NEW = new LiveFile(null, null, null);

    static LiveFile active(RehearsedFile file, Instant since) {
        return new LiveFile(file, since, null);
    }

    LiveFile withEdit(@Nullable Edit notTaken) {
        return new LiveFile(running, since, notTaken);
    }

    boolean runs(String revision) {
        return running != null && running.file().revision().equals(revision);
    }

    /** Whether this content was taken back already, and would be again. */
    boolean hasFailedWith(String revision) {
        return edit != null
                && edit.outcome() == Edit.Outcome.ROLLED_BACK
                && edit.revision().equals(revision);
    }
}
