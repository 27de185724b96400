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
