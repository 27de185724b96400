package org.gibsey.spine.faults;

import java.util.Locale;

/**
 * What a fault did to the gifts of one scenario.
 *
 * @param scenario   in words
 * @param accepted   acknowledged by the broker, or by the API with 202
 * @param stored     of these, rows in the vault
 * @param dead       of these, dead letters
 * @param missing    of these, neither
 * @param duplicated rows beyond the first of the same gift, and gifts that are both stored and dead
 * @param goodDead   dead letters among those that were good
 * @param recoveryMs from the end of the fault until a gift saved after it was stored, or -1 where there is no such end
 */
record Outcome(
        String scenario,
        long accepted,
        long stored,
        long dead,
        long missing,
        long duplicated,
        long goodDead,
        long recoveryMs) {

    boolean nothingLost() {
        return missing == 0 && duplicated == 0 && goodDead == 0 && stored + dead == accepted;
    }

    String tableRow() {
        return String.format(
                Locale.ROOT,
                "| %s | %,d | %,d | %,d | %d | %d | %d | %s |",
                scenario,
                accepted,
                stored,
                dead,
                missing,
                duplicated,
                goodDead,
                recoveryMs < 0 ? "" : String.format(Locale.ROOT, "%.1f s", recoveryMs / 1000.0));
    }
}
