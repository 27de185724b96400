package org.gibsey.spine.liveroutes;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.gibsey.spine.Repeating;
import org.gibsey.spine.SpineApplication;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;

class RouteCheckTest {

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

    @Test
    void findsNothingInTheShippedRoutes() {
        assertThat(check("routes")).isZero();
        assertThat(printed()).matches("\\d+ route files, no problem\n");
    }

    @Test
    void printsEachProblemWithFileAndLine() {
        try (RouteFolderFixture folder = new RouteFolderFixture()) {
            folder.writeInPlace(
                    "save-gift", RouteFolderFixture.shipped("save-gift").replace("lingerMs", "lingerMz"));
            folder.writeInPlace("list-gifts", RouteFolderFixture.shipped("list-gifts"));
            folder.writeInPlace(
                    "other", RouteFolderFixture.shipped("list-gifts").replace("id: list-gifts", "id: other"));
            int line =
                    RouteFolderFixture.shipped("save-gift").lines().toList().indexOf("              lingerMs: 0") + 1;

            assertThat(check(folder.path().toString())).isEqualTo(1);

            assertThat(printed())
                    .contains(folder.file("save-gift") + ":" + line + ": there is no option 'lingerMz'\n")
                    .contains(folder.file("other") + ":")
                    .contains("is taken by " + folder.file("list-gifts"));
        }
    }

    @Test
    void addsUpWhatACallerMayWaitForInSeveralFiles() {
        try (RouteFolderFixture folder = new RouteFolderFixture()) {
            String save = RouteFolderFixture.shipped("save-gift");
            String answer = "        - setHeaders:\n";
            folder.writeInPlace(
                    "save-gift", save.replace(answer, "        - to:\n            uri: direct:pause\n" + answer));
            folder.writeInPlace("pause", """
                    - route:
                        id: pause
                        from:
                          uri: direct:pause
                          steps:
                            - delay:
                                constant: 600
                    """);

            assertThat(check(folder.path().toString())).isEqualTo(1);

            int line = save.lines().toList().indexOf(answer.stripTrailing()) + 1;
            assertThat(printed())
                    .isEqualTo(folder.file("save-gift") + ":" + line
                            + ": with this step a caller of route save-gift may wait 3000 ms: maxBlockMs and"
                            + " deliveryTimeoutMs of all steps to kafka that precede the answer, and delays, must"
                            + " together stay below 3000 ms\n");
        }
    }

    /** No broker or database is asked. */
    @Test
    void startsNothing() {
        try (ConfigurableApplicationContext application =
                RouteCheck.start(SpineApplication.class, "file:routes/*.yaml")) {
            assertThat(application.getBeansOfType(Repeating.class).values())
                    .isNotEmpty()
                    .noneMatch(Repeating::isRunning);
        }
    }

    @Test
    void saysHowItIsUsed() {
        assertThat(RouteCheck.run(SpineApplication.class, new String[] {"--check"}, out()))
                .isEqualTo(2);
        assertThat(check("there/is/none")).isEqualTo(2);
        assertThat(printed()).contains("usage: --check FOLDER");
    }

    @Test
    void doesNotCallAFolderWithoutRouteFilesFine() {
        assertThat(check(Path.of("src/main/java").toString())).isEqualTo(2);
        assertThat(printed()).contains("no route files");
    }

    private int check(String folder) {
        return RouteCheck.run(SpineApplication.class, new String[] {"--check", folder}, out());
    }

    private PrintStream out() {
        return new PrintStream(printed, true, StandardCharsets.UTF_8);
    }

    private String printed() {
        return printed.toString(StandardCharsets.UTF_8);
    }
}
