package org.gibsey.spine.liveroutes;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.gibsey.spine.liveroutes.RehearsedFile.Answers;
import org.junit.jupiter.api.Test;

class AnswersTest {

    private static final RouteProblem OF_FILE = new RouteProblem("f", 1, "id a is taken by g");
    private static final RouteProblem COLUMN = new RouteProblem("f", 2, "the database says: no column b");
    private static final RouteProblem TOPIC = new RouteProblem("f", 3, "the broker says: no topic c");
    private static final List<RouteProblem> BEFORE = List.of(OF_FILE, COLUMN.fromService(), TOPIC.fromService());

    private final Answers answers = new Answers();

    @Test
    void whatAllSayNowReplacesWhatTheySaidBefore() {
        answers.refuse(TOPIC);

        assertThat(answers.refusals(BEFORE)).containsExactly(TOPIC.fromService());
    }

    @Test
    void whatWasRefusedIsGoodWhenAllAgree() {
        assertThat(answers.refusals(BEFORE)).isEmpty();
    }

    /** And in the same order, else it would be reported as something new. */
    @Test
    void whatWasRefusedStaysSoWhileOneDoesNotAnswer() {
        answers.missOne();
        answers.refuse(TOPIC);

        assertThat(answers.refusals(BEFORE)).containsExactly(COLUMN.fromService(), TOPIC.fromService());
    }

    @Test
    void whatNobodyHasRefusedIsGoodWhileNobodyAnswers() {
        answers.missOne();

        assertThat(answers.refusals(List.of(OF_FILE))).isEmpty();
    }
}
