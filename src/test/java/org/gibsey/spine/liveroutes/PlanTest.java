package org.gibsey.spine.liveroutes;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.gibsey.spine.liveroutes.Plan.Change;
import org.junit.jupiter.api.Test;

class PlanTest {

    private static final RehearsedFile A =
            file("a", "1").claiming("id a", "direct:a").build();
    private static final RehearsedFile B =
            file("b", "1").claiming("id b").calling("direct:a").build();

    @Test
    void letsWhatIsSoundGoLiveEachByItself() {
        RehearsedFile a = file("a", "2").claiming("id a", "direct:a").build();
        RehearsedFile c = file("c", "1").claiming("id c").build();

        Plan plan = Plan.of(running(A), List.of(a, c), Set.of());

        assertThat(plan.refused()).isEmpty();
        assertThat(plan.changes())
                .containsExactlyInAnyOrder(new Change(List.of(A), List.of(a)), new Change(List.of(), List.of(c)));
    }

    @Test
    void refusesWhatDidNotRehearseAndKeepsTheRest() {
        RehearsedFile broken = file("a", "2").broken("no").build();
        RehearsedFile c = file("c", "1").claiming("id c").build();

        Plan plan = Plan.of(running(A), List.of(broken, c), Set.of());

        assertThat(plan.refused()).containsOnlyKeys("a");
        assertThat(plan.changes()).containsExactly(new Change(List.of(), List.of(c)));
    }

    @Test
    void refusesTheNewcomerWhenTwoFilesClaimAName() {
        RehearsedFile thief = file("0", "1").claiming("id 0", "id a").build();

        Plan plan = Plan.of(running(A), List.of(thief), Set.of());

        assertThat(plan.refused()).containsEntry("0", List.of(new RouteProblem("0", 2, "id a is taken by a")));
        assertThat(plan.changes()).isEmpty();
    }

    @Test
    void refusesOneOfTwoNewcomersThatClaimAName() {
        RehearsedFile one = file("x", "1").claiming("id x").build();
        RehearsedFile other = file("y", "1").claiming("id y", "id x").build();

        Plan plan = Plan.of(running(), List.of(one, other), Set.of());

        assertThat(plan.refused()).containsOnlyKeys("y");
        assertThat(plan.changes()).containsExactly(new Change(List.of(), List.of(one)));
    }

    @Test
    void refusesACallNobodyAnswers() {
        Plan plan = Plan.of(running(), List.of(B), Set.of());

        assertThat(plan.refused())
                .containsEntry("b", List.of(new RouteProblem("b", 9, "no route file has the entry direct:a")));
    }

    @Test
    void takesACallTogetherWithTheFileThatAnswersIt() {
        Plan plan = Plan.of(running(), List.of(B, A), Set.of());

        assertThat(plan.refused()).isEmpty();
        assertThat(plan.changes()).containsExactly(new Change(List.of(), List.of(A, B)));
    }

    @Test
    void refusesACallWhenTheFileThatWouldAnswerItIsRefused() {
        RehearsedFile broken = file("a", "1").broken("no").build();

        Plan plan = Plan.of(running(), List.of(broken, B), Set.of());

        assertThat(plan.refused()).containsOnlyKeys("a", "b");
    }

    @Test
    void refusesToDeleteWhatAnotherFileCalls() {
        Plan plan = Plan.of(running(A, B), List.of(), Set.of("a"));

        assertThat(plan.refused())
                .containsEntry(
                        "a", List.of(new RouteProblem("a", 1, "the entry direct:a would be gone, which b:9 calls")));
        assertThat(plan.changes()).isEmpty();
    }

    @Test
    void refusesAnEditThatTakesAnEntryAway() {
        RehearsedFile a = file("a", "2").claiming("id a").build();

        Plan plan = Plan.of(running(A, B), List.of(a), Set.of());

        assertThat(plan.refused()).containsOnlyKeys("a");
    }

    @Test
    void deletesCallerAndEntryTogether() {
        Plan plan = Plan.of(running(A, B), List.of(), Set.of("a", "b"));

        assertThat(plan.refused()).isEmpty();
        assertThat(plan.changes()).containsExactly(new Change(List.of(A, B), List.of()));
    }

    @Test
    void movesANameFromOneFileToAnotherInOneChange() {
        RehearsedFile renamed =
                file("new", "1").claiming("id new", "POST /vault/save").build();
        RehearsedFile old =
                file("old", "1").claiming("id old", "POST /vault/save").build();

        Plan plan = Plan.of(running(old), List.of(renamed), Set.of("old"));

        assertThat(plan.refused()).isEmpty();
        assertThat(plan.changes()).containsExactly(new Change(List.of(old), List.of(renamed)));
    }

    private static Map<String, RehearsedFile> running(RehearsedFile... files) {
        return Arrays.stream(files).collect(Collectors.toMap(file -> file.file().name(), Function.identity()));
    }

    private static FileBuilder file(String name, String text) {
        return new FileBuilder(RouteFile.of(name, text.getBytes(StandardCharsets.UTF_8)));
    }

    /** A rehearsed file of a few words: claims on line 2, calls on line 9. */
    private record FileBuilder(RouteFile file, List<String> claims, List<String> calls, List<RouteProblem> problems) {

        FileBuilder(RouteFile file) {
            this(file, List.of(), List.of(), List.of());
        }

        FileBuilder claiming(String... names) {
            return new FileBuilder(file, List.of(names), calls, problems);
        }

        FileBuilder calling(String... entries) {
            return new FileBuilder(file, claims, List.of(entries), problems);
        }

        FileBuilder broken(String reason) {
            return new FileBuilder(file, claims, calls, List.of(file.problem(1, reason)));
        }

        RehearsedFile build() {
            return new RehearsedFile(
                    file,
                    List.of(file.name()),
                    Set.of(),
                    claims.stream().collect(Collectors.toMap(Function.identity(), claim -> 2)),
                    calls.stream().collect(Collectors.toMap(Function.identity(), call -> 9)),
                    List.of(),
                    Map.of(),
                    List.of(),
                    problems);
        }
    }
}
