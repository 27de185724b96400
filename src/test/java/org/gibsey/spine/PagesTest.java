package org.gibsey.spine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A newcomer follows what README and docs point at: a renamed class or heading must not leave them nowhere. */
class PagesTest {

    private static final Path MAIN = Path.of("src/main/java/org/gibsey/spine");
    private static final Pattern LINK = Pattern.compile("]\\((?!https?:)([^)#]*)(?:#([^)]*))?\\)");
    private static final Pattern CLASS = Pattern.compile("`([a-z]+/[\\w-]+\\.java)`");
    private static final Pattern TEST = Pattern.compile("`(?:[a-z]+/)?(\\w+[a-z](?:Test|IT))\\b(?:[.#](\\w+))?");
    private static final Pattern FILE =
            Pattern.compile("`((?:src|routes|docs|examples|k8s|observe|container)/[\\w./-]+)`");

    static Stream<Path> pages() throws IOException {
        try (Stream<Path> docs = Files.list(Path.of("docs"))) {
            List<Path> pages =
                    docs.filter(page -> page.toString().endsWith(".md")).toList();
            return Stream.concat(
                    Stream.of("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
                            .map(Path::of),
                    pages.stream());
        }
    }

    @ParameterizedTest
    @MethodSource("pages")
    void pointsAtFilesAndHeadingsThatAreThere(Path page) throws IOException {
        String text = Files.readString(page);

        assertThat(found(CLASS, text))
                .allSatisfy(name -> assertThat(MAIN.resolve(name.group(1))).exists());
        assertThat(found(FILE, text))
                .allSatisfy(name -> assertThat(Path.of(name.group(1))).exists());
        assertThat(found(LINK, text)).allSatisfy(link -> {
            Path target = link.group(1).isEmpty() ? page : page.resolveSibling(link.group(1));
            assertThat(target).exists();
            if (link.group(2) != null) {
                assertThat(headings(target)).contains(link.group(2));
            }
        });
    }

    /** What a page promises is held by the test that it names. */
    @ParameterizedTest
    @MethodSource("pages")
    void namesTestsThatAreThere(Path page) throws IOException {
        Map<String, Path> tests = tests();

        assertThat(found(TEST, Files.readString(page))).allSatisfy(test -> {
            assertThat(tests).containsKey(test.group(1));
            if (test.group(2) != null) {
                assertThat(Files.readString(tests.get(test.group(1)))).contains(" " + test.group(2) + "(");
            }
        });
    }

    /** What a newcomer needs first stands on two screens: the two commands, the calls, and where to look for anything else. */
    @Test
    void theReadmeIsTwoScreensUpToTheSettings() throws IOException {
        List<String> screens = Files.readAllLines(Path.of("README.md")).stream()
                .takeWhile(line -> !line.equals("## Running it elsewhere"))
                .toList();

        assertThat(screens).hasSizeLessThanOrEqualTo(120).contains("## Two commands", "## Calls", "## Looking for…");
        assertThat(screens).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(120));
    }

    @Test
    void theClientsAreAsShortAsTheReadmeSays() throws IOException {
        for (String client : List.of("gifts.sh", "gifts.py", "gifts.mjs", "GiftStream.mjs")) {
            assertThat(Files.readAllLines(Path.of("examples", client)))
                    .as(client)
                    .hasSizeLessThan(40);
        }
    }

    @Test
    void theReadmeNamesEveryRoute() throws IOException {
        String readme = Files.readString(Path.of("README.md"));
        try (Stream<Path> routes = Files.list(Path.of("routes"))) {
            assertThat(routes.map(route -> route.getFileName().toString())
                            .filter(name -> name.endsWith(".camel.yaml"))
                            .map(name -> "`" + name.replace(".camel.yaml", "") + "`"))
                    .isNotEmpty()
                    .allSatisfy(name -> assertThat(readme).contains(name));
        }
    }

    private static Map<String, Path> tests() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("src/test/java"))) {
            return files.filter(file -> file.toString().matches(".*(Test|IT)\\.java"))
                    .collect(Collectors.toMap(
                            file -> file.getFileName().toString().replace(".java", ""), file -> file));
        }
    }

    private static List<MatchResult> found(Pattern pattern, String text) {
        return pattern.matcher(text).results().toList();
    }

    /** As GitHub makes the address of a heading. */
    private static List<String> headings(Path page) throws IOException {
        return Files.readAllLines(page).stream()
                .filter(line -> line.startsWith("#"))
                .map(line -> line.replaceFirst("^#+ ", "").toLowerCase(Locale.ROOT))
                .map(heading -> heading.replaceAll("[^\\w -]", "").replace(' ', '-'))
                .toList();
    }
}
