package org.gibsey.spine.liveroutes;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.gibsey.spine.broker.KafkaConnection;

/**
 * The result of the rehearsal of a file; incomplete when there are problems.
 *
 * @param routeIds of the routes in the file
 * @param paths    of the public HTTP port that its routes answer, as path patterns
 * @param claims   see {@link RehearsedRoute#forEachClaim}, by name
 * @param calls    see {@link RehearsedRoute#calls}; some file must have each of them
 * @param statements what it sends to databases
 * @param topics   that it sends to, each with a line that does
 * @param problems why it must not go live; empty when it may
 */
record RehearsedFile(
        RouteFile file,
        List<String> routeIds,
        Set<String> paths,
        Map<String, Integer> claims,
        Map<String, Integer> calls,
        List<SqlRules.Statement> statements,
        Map<String, Integer> topics,
        List<RouteProblem> problems) {

    /** The file's name. */
    String name() {
        return file.name();
    }

    /**
     * The same, with what its databases find in its SQL, and the broker in the topics it sends to.
     *
     * @param before what was wrong with the same content when it was last looked at
     */
    RehearsedFile prepared(KafkaConnection kafka, List<RouteProblem> before) {
        Answers answers = new Answers();
        statements.forEach(statement -> statement.prepare(file, answers));
        PublishRules.ask(file, topics, kafka, answers);
        List<RouteProblem> found = new ArrayList<>(problems);
        found.addAll(answers.refusals(before));
        return new RehearsedFile(file, routeIds, paths, claims, calls, statements, topics, List.copyOf(found));
    }
}
