package org.gibsey.spine.liveroutes;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.gibsey.spine.broker.KafkaConnection;

/**
 * The result of the rehearsal of a file; incomplete when there are problems.
 *
 * @param paths    of the public HTTP port that its routes answer, as path patterns
 * @param claims   see {@link RehearsedRoute#forEachClaim}, by name
 * @param calls    see {@link RehearsedRoute#calls}; some file must have each of them
 * @param topics   that it sends to, each with a line that does
 * @param times    how long each of its routes may keep its caller waiting
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
        List<AnswerTime> times,
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
        return new RehearsedFile(file, routeIds, paths, claims, calls, statements, topics, times, List.copyOf(found));
    }

    /**
     * What databases and the broker say of a file when they are asked about it. One that does not answer has not agreed: what they refused
     * before stays refused until all of them agree, else it would go live in the next outage. For one thread.
     */
    static final class Answers {

        private final List<RouteProblem> refusals = new ArrayList<>();
        private boolean complete = true;

        /** One says that something will not work. */
        void refuse(RouteProblem problem) {
            refusals.add(problem.fromService());
        }

        /** One could not be asked, or did not say. */
        void missOne() {
            complete = false;
        }

        /**
         * Why the file must not go live.
         *
         * @param before what was wrong with the same content when it was last looked at
         */
        List<RouteProblem> refusals(List<RouteProblem> before) {
            Set<RouteProblem> all = new LinkedHashSet<>();
            if (!complete) {
                before.stream().filter(RouteProblem::isFromService).forEach(all::add);
            }
            all.addAll(refusals);
            return List.copyOf(all);
        }
    }
}
