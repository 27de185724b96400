package org.gibsey.spine.liveroutes;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What came of the rehearsal of a file. With problems, the rest is as far as it got.
 *
 * @param routeIds of the routes in the file
 * @param paths    of the public HTTP port that its routes answer, as path patterns
 * @param claims   names only one route of all files may have, in words, with the line that claims them
 * @param calls    entries ({@code direct:name}) that must be in some file, with the line that calls them
 * @param statements what it sends to databases
 * @param problems why it must not go live; empty when it may
 */
record RehearsedFile(
        RouteFile file,
        List<String> routeIds,
        Set<String> paths,
        Map<String, Integer> claims,
        Map<String, Integer> calls,
        List<SqlStatement> statements,
        List<Problem> problems) {

    boolean sound() {
        return problems.isEmpty();
    }

    /** The same, with what its databases say to its SQL. */
    RehearsedFile prepared() {
        List<Problem> found = new ArrayList<>(problems);
        statements.forEach(statement -> statement.prepare(file).ifPresent(found::add));
        return new RehearsedFile(file, routeIds, paths, claims, calls, statements, List.copyOf(found));
    }
}
