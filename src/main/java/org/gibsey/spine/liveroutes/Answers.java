package org.gibsey.spine.liveroutes;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What databases and the broker say of a file when they are asked about it. One that does not answer has not agreed: what they refused
 * before stays refused until all of them agree, else it would go live in the next outage. For one thread.
 */
final class Answers {

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
