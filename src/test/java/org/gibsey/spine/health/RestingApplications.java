package org.gibsey.spine.health;

import java.util.Collection;
import org.gibsey.spine.Repeating;
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
        if (!resting.isEmpty()) {
            // what they saw is as old as their rest
            all(test, Watch.class).forEach(Watch::look);
            resting.forEach(Repeating::start);
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
