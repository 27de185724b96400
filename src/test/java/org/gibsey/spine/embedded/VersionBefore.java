package org.gibsey.spine.embedded;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * An earlier version, built from the history of this repository.
 *
 * @param name   what to call it: its tag, or what there was to go by without one
 * @param folder its sources, with its route files, and what was built from them
 */
public record VersionBefore(String name, Path folder) {

    private static final String MIGRATIONS = "src/main/resources/db/migration";

    /** The last release before this commit; while none is tagged, {@link #changes}. Skips what needs it where there is no history. */
    public static VersionBefore released() throws IOException, InterruptedException {
        assumeHistory();
        String tags = run("git tag", "git", "tag", "--list", "v[0-9]*", "--merged", "HEAD^", "--sort=-version:refname");
        if (tags.isEmpty()) {
            return new VersionBefore(
                    "the last commit that knew no changes of gifts, as no release is tagged", changes().folder);
        }
        String tag = tags.lines().toList().get(0);
        return built(tag, tag);
    }

    /** The last that knew nothing of changes: neither their topic nor their columns. */
    public static VersionBefore changes() throws IOException, InterruptedException {
        return built(
                "the last commit that knew no changes of gifts", commitBefore(MIGRATIONS + "/V7__life_of_a_gift.sql"));
    }

    /** The last that neither took nor stored changes, though it had the columns. */
    public static VersionBefore routesOfChanges() throws IOException, InterruptedException {
        return built("the last commit without routes of changes", commitBefore("routes/persist-changes.camel.yaml"));
    }

    private static void assumeHistory() throws InterruptedException {
        String shallow;
        try {
            shallow = run("git rev-parse", "git", "rev-parse", "--is-shallow-repository");
        } catch (IOException | IllegalStateException e) {
            shallow = "no repository, or no git";
        }
        assumeTrue(shallow.equals("false"), "no history to build the version before from: git fetch --unshallow");
    }

    /** Builds it, which takes half a minute, unless an earlier run has. */
    private static VersionBefore built(String name, String revision) throws IOException, InterruptedException {
        String commit = run("git rev-parse", "git", "rev-parse", "--verify", revision + "^{commit}");
        Path folder = Path.of("target", "before-" + commit).toAbsolutePath();
        VersionBefore version = new VersionBefore(name, folder);
        if (!Files.exists(version.jar())) {
            Files.createDirectories(folder);
            Path sources = folder.resolve("sources.tar");
            run("git archive", "git", "archive", "--format=tar", "-o", sources.toString(), commit);
            run("tar", "tar", "-xf", sources.toString(), "-C", folder.toString());
            run(
                    "mvn package",
                    "mvn",
                    "-B",
                    "-ntp",
                    "-q",
                    "-f",
                    folder.resolve("pom.xml").toString(),
                    "package",
                    "-Dmaven.test.skip",
                    "-Dcyclonedx.skip");
        }
        return version;
    }

    private static String commitBefore(String file) throws IOException, InterruptedException {
        String began = run("git log", "git", "log", "--diff-filter=A", "--format=%H", "--", file);
        if (began.isEmpty()) {
            throw new IllegalStateException(
                    "the version before is built from the history, and here is none that goes back to"
                            + " the commit which added " + file + ": git fetch --unshallow");
        }
        return began.lines().toList().get(0) + "^";
    }

    /**
     * Those of these route files that it has.
     *
     * @param routes as in {@code VAULT_ROUTES}: {@code file:} and a path, comma separated
     */
    public String having(String routes) {
        return Stream.of(routes.split(",", -1))
                .filter(route -> Files.exists(folder.resolve(route.substring("file:".length()))))
                .collect(Collectors.joining(","));
    }

    /** Its packaged application. */
    public Path jar() {
        return folder.resolve("target").resolve("gift-spine.jar");
    }

    /** The number of its last migration. */
    public String schema() throws IOException {
        try (Stream<Path> migrations = Files.list(folder.resolve(MIGRATIONS))) {
            return String.valueOf(migrations
                    .map(file -> file.getFileName().toString())
                    .mapToInt(name -> Integer.parseInt(name.substring(1, name.indexOf("__"))))
                    .max()
                    .orElseThrow());
        }
    }

    /** @return what it prints */
    private static String run(String what, String... command) throws IOException, InterruptedException {
        Path output = Files.createTempFile(Path.of("target"), "version-before", ".log");
        ProcessBuilder builder =
                new ProcessBuilder(List.of(command)).redirectErrorStream(true).redirectOutput(output.toFile());
        // Maven is over before the second compiler pays
        builder.environment().put("MAVEN_OPTS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC");
        Process process = builder.start();
        boolean ended = process.waitFor(5 * Patience.LIMIT.toSeconds(), TimeUnit.SECONDS);
        process.destroyForcibly();
        String printed = Files.readString(output).strip();
        Files.delete(output);
        if (!ended || process.exitValue() != 0) {
            throw new IllegalStateException(
                    "the version before cannot be built from the history: " + what + " says\n" + printed);
        }
        return printed;
    }
}
