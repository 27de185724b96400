package org.gibsey.spine.liveroutes;

import java.util.ArrayList;
import java.util.List;
import org.gibsey.spine.SpineSettings;

/**
 * What no edit may take away, whatever else it does: the invariants of the service as far as a route file could break them.
 * Each family of rules is a class of its own. Immutable.
 */
final class SafetyRules {

    private final SpineSettings.Topic topic;

    SafetyRules(SpineSettings.Topic topic) {
        this.topic = topic;
    }

    List<Problem> check(RehearsedRoute route) {
        List<Problem> problems = new ArrayList<>();
        problems.addAll(ErrorHandlingRules.check(route));
        problems.addAll(SqlRules.check(route));
        problems.addAll(LoggingRules.check(route));
        problems.addAll(PublicPathRules.check(route));
        problems.addAll(PublishRules.check(route, topic.name()));
        problems.addAll(ConsumerRules.check(route));
        return problems;
    }
}
