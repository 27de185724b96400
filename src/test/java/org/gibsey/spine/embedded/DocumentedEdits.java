package org.gibsey.spine.embedded;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** The edits of routes that docs/routes.md shows as diffs, and what it has the console do for them. */
public final class DocumentedEdits {

    private static final Pattern DIFF = Pattern.compile("(?ms)^ *```diff\n(.*?)^ *```$");

    private static final Pattern CONSOLE = Pattern.compile("@console -Dspring-boot\\.run\\.arguments='(.*)'");

    private DocumentedEdits() {}

    /** Each as one diff, in the order of the page. */
    public static List<String> all() throws IOException {
        return found(DIFF);
    }

    /** Each as the console is given it, in the order of the page. */
    public static List<String> console() throws IOException {
        return found(CONSOLE);
    }

    private static List<String> found(Pattern pattern) throws IOException {
        return pattern.matcher(Files.readString(Path.of("docs/routes.md")))
                .results()
                .map(found -> found.group(1))
                .toList();
    }

    /**
     * Makes one in a copy of the routes.
     *
     * @param folder that has {@code routes}
     */
    public static void apply(String diff, Path folder) throws IOException, InterruptedException {
        Path file = Files.writeString(folder.resolve("edit.diff"), diff);
        ProcessBuilder git =
                new ProcessBuilder("git", "apply", file.getFileName().toString()).directory(folder.toFile());
        // not the repository that the folder may be in
        git.environment()
                .put(
                        "GIT_CEILING_DIRECTORIES",
                        folder.toAbsolutePath().getParent().toString());
        Process process = git.inheritIO().start();
        if (process.waitFor() != 0) {
            throw new IOException("does not apply: " + diff);
        }
    }

    /** Skips what needs it where it is missing. */
    public static void assumeGit() throws InterruptedException {
        boolean there;
        try {
            there = new ProcessBuilder("git", "--version")
                            .redirectErrorStream(true)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            there = false;
        }
        assumeTrue(there, "no git");
    }
}
