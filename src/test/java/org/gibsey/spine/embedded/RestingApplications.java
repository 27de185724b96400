package org.gibsey.spine.embedded;

import static org.awaitility.Awaitility.await;

import java.util.Collection;
import org.gibsey.spine.Repeating;
import org.gibsey.spine.health.Watch;
import org.springframework.test.context.TestContext;
import org.springframework.test.context.TestExecutionListener;

/**
 * An application that is kept for tests to come looks after nothing meanwhile: the looks of three or four of them, some forty requests a
 * second to the broker, were up to a quarter of what the process of the tests did. Spring finds it in {@code spring.factories}.
 */
public final class RestingApplications implements TestExecutionListener {

    @Override
    public void prepareTestInstance(TestContext test) {
        Collection<Repeating> resting = all(test, Repeating.class).stream()
                .filter(each -> !each.isRunning())
                .toList();
        resting.forEach(Repeating::start);
        if (!resting.isEmpty()) {
            // what they saw is as old as their rest
            await().until(() -> all(test, Watch.class).stream()
                    .noneMatch(watch -> String.valueOf(watch.reason()).startsWith("gives no answer")));
        }
    }

    @Override
    public void afterTestClass(TestContext test) {
        if (test.hasApplicationContext()) {
            all(test, Repeating.class).forEach(Repeating::stop);
        }
    }

    private static <T> Collection<T> all(TestContext test, Class<T> type) {
        return test.getApplicationContext().getBeansOfType(type).values();
    }
}
