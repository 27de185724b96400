package org.gibsey.spine.faults;

import java.util.Locale;

/**
 * What a fault did to the gifts of one scenario and to their changes.
 *
 * @param scenario   in words
 * @param accepted   acknowledged by the broker, or by the API with 202
 * @param changes    of these, edits, deletes and restores
 * @param stored     of those accepted, rows in the vault, and changes in the history
 * @param dead       of those accepted, dead letters
 * @param missing    of those accepted, neither
 * @param duplicated rows beyond the first of the same gift, rows of a change, and events that are both stored and dead
 * @param goodDead   dead letters among those that were good
 * @param unlike     rows that do not hold what all changes that are in the history make of the gift
 * @param recoveryMs from the end of the fault until a gift saved after it was stored, or -1 where there is no such end
 */
record Outcome(
        String scenario,
        long accepted,
        long changes,
        long stored,
        long dead,
        long missing,
        long duplicated,
        long goodDead,
        long unlike,
        long recoveryMs) {

    boolean nothingLost() {
        return missing == 0 && duplicated == 0 && goodDead == 0 && unlike == 0 && stored + dead == accepted;
    }

    String tableRow() {
        return String.format(
                Locale.ROOT,
                "| %s | %,d | %,d | %,d | %,d | %d | %d | %d | %d | %s |",
                scenario,
                accepted,
                changes,
                stored,
                dead,
                missing,
                duplicated,
                goodDead,
                unlike,
                recoveryMs < 0 ? "" : String.format(Locale.ROOT, "%.1f s", recoveryMs / 1000.0));
    }
}
