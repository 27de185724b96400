package org.gibsey.spine.liveroutes;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Ways through route files on which a caller might wait longer than is promised. */
class AnswerTimeTest {

    /** May take 2,400 ms. */
    private static final String SEND = """
            - to:
                uri: kafka:gift_copies
                parameters:
                  {requestRequiredAcks: all, enableIdempotence: true, maxBlockMs: 700, deliveryTimeoutMs: 1700}
            """;

    private static final String CALL = """
            - to:
                uri: direct:called
            """;
    private static final String MORE =
            ": maxBlockMs and deliveryTimeoutMs of all steps to kafka that precede the answer,"
                    + " and delays, must together stay below 3000 ms";

    @Test
    void aSecondSendOfTheSameLengthIsTooLong() {
        assertThat(refused(answering(SEND))).isEmpty();
        assertThat(refused(answering(SEND + SEND)))
                .containsExactly("caller:10 with this step a caller of route caller may wait 4800 ms" + MORE);
    }

    @Test
    void aSendWithoutTimeLimitsHasThoseOfKafka() {
        assertThat(refused(answering(SEND.replace(", maxBlockMs: 700, deliveryTimeoutMs: 1700", ""))))
                .singleElement()
                .asString()
                .startsWith("caller:6 with this step a caller of route caller may wait 180000 ms");
    }

    @ParameterizedTest
    @CsvSource({"599, 2999", "600, 3000", "'{{spine.limits.body-bytes}}', 1050976"})
    void aDelayCounts(String delay, int ms) {
        assertThat(refused(answering(SEND + delay("'" + delay + "'"))))
                .hasSize(ms < 3000 ? 0 : 1)
                .allSatisfy(reason -> assertThat(reason)
                        .startsWith("caller:9 with this step a caller of route caller may wait " + ms + " ms"));
    }

    @Test
    void aRouteOfAnotherFileCounts() {
        RehearsedFile called = file("called", "direct:called", SEND);

        assertThat(refused(answering(CALL), called)).isEmpty();
        assertThat(refused(answering(CALL + SEND), called))
                .containsExactly("caller:8 with this step a caller of route caller may wait 4800 ms" + MORE);
        assertThat(refused(answering(CALL + CALL), called))
                .singleElement()
                .asString()
                .contains("may wait 4800 ms");
    }

    @Test
    void theFileIsRefusedThatIsEdited() {
        RehearsedFile caller = answering(SEND + CALL);
        RehearsedFile quick = file("called", "direct:called", "- log: x\n");
        RehearsedFile slow = file("called", "direct:called", SEND);

        assertThat(refused(Plan.of(running(caller, quick), List.of(slow), Set.of())))
                .containsExactly("called:6 with this step a caller of route caller may wait 4800 ms" + MORE);
        assertThat(refused(Plan.of(running(answering(CALL), slow), List.of(caller), Set.of())))
                .containsExactly("caller:10 with this step a caller of route caller may wait 4800 ms" + MORE);
        // whose step the time goes by after the edited one
        assertThat(refused(Plan.of(running(answering(CALL + SEND), quick), List.of(slow), Set.of())))
                .containsExactly("called:6 with this step a caller of route caller may wait 4800 ms" + MORE);
    }

    @Test
    void ofAChoiceTheLongestBranchCounts() {
        String choice = """
                - choice:
                    when:
                      - simple: "${header.ce_type} == 'x'"
                        steps:
                %s
                    otherwise:
                      steps:
                %s
                """;
        String branch = SEND.indent(12);

        assertThat(refused(answering(choice.formatted(branch, branch)))).isEmpty();
        assertThat(refused(answering(choice.formatted(branch, branch) + SEND))).hasSize(1);
        assertThat(refused(answering(choice.formatted(branch, (SEND + SEND).indent(12)))))
                .hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"filter: {simple: '${body} != null', steps: %s}", "pipeline: {steps: %s}", "step: {steps: %s}"})
    void blocksWithinTheRouteCount(String block) {
        String steps = "[{delay: {constant: 1500}}, {delay: {constant: 1500}}]";

        assertThat(refused(answering("- " + block.formatted(steps) + "\n")))
                .singleElement()
                .asString()
                .contains("may wait 3000 ms");
    }

    @ParameterizedTest
    @CsvSource({"1500, 0", "1500000, 0", "1500000, 1"})
    void aStepThatIsSwitchedOffDoesNotCount(int ms, int on) {
        String delay =
                "- delay: {constant: %d, disabled: %s}\n".formatted(ms, on == 1 ? "{{spine.topic.create}}" : "true");

        assertThat(refused(answering(SEND + delay.replace("{{spine.topic.create}}", "'{{spine.topic.create}}'"))))
                .hasSize(on);
    }

    @Test
    void nothingMayWaitForEachPartOfASplit() {
        String split = "- split: {simple: '${body}', streaming: true, steps: [%s]}\n";

        assertThat(refused(answering(split.formatted("{log: x}")))).isEmpty();
        assertThat(refused(answering(split.formatted("{delay: {constant: 1}}"))))
                .singleElement()
                .asString()
                .contains("a caller of route caller may wait without end, for nobody knows how often it is passed"
                        + MORE);
        assertThat(refused(
                        answering(split.formatted("{to: {uri: 'direct:called'}}")),
                        file("called", "direct:called", SEND)))
                .singleElement()
                .asString()
                .contains("may wait without end");
    }

    @Test
    void aRouteThatComesBackToItselfIsRefused() {
        assertThat(refused(answering(CALL), file("called", "direct:called", CALL)))
                .containsExactly(
                        "caller:6 with this step a caller of route caller may wait without end, for nobody knows"
                                + " how often it is passed" + MORE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"direct:caller", "timer:caller?period=5000"})
    void whereNobodyWaitsNothingIsCounted(String input) {
        assertThat(refused(file("caller", input, SEND + SEND))).isEmpty();
    }

    private static RehearsedFile answering(String steps) {
        return file("caller", "platform-http:/caller", steps);
    }

    private static RehearsedFile file(String id, String input, String steps) {
        return DryRun.rehearse(id + ".camel.yaml", """
                - route:
                    id: %s
                    from:
                      uri: %s
                      steps:
                """.formatted(id, input) + steps.indent(8));
    }

    private static String delay(String ms) {
        return "- delay: {constant: " + ms + "}\n";
    }

    private static List<String> refused(RehearsedFile... files) {
        return refused(Plan.of(Map.of(), List.of(files), Set.of()));
    }

    private static List<String> refused(Plan plan) {
        return plan.refused().values().stream()
                .flatMap(List::stream)
                .map(problem ->
                        problem.file().replace(".camel.yaml", "") + ":" + problem.line() + " " + problem.reason())
                .toList();
    }

    private static Map<String, RehearsedFile> running(RehearsedFile... files) {
        return Arrays.stream(files).collect(Collectors.toMap(RehearsedFile::name, Function.identity()));
    }
}
