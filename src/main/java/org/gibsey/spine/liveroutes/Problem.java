package org.gibsey.spine.liveroutes;

/**
 * Why a route file cannot go live, in words a person can act on.
 *
 * @param file   as found by the pattern of {@code VAULT_ROUTES}
 * @param line   from 1
 * @param reason one line
 */
record Problem(String file, int line, String reason) {

    @Override
    public String toString() {
        return file + ":" + line + ": " + reason;
    }
}
