package org.gibsey.spine.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * An earlier version, built from the history of this repository.
 *
 * @param folder its sources, with its route files
 * @param jar    its packaged application
 */
public record VersionBefore(Path folder, Path jar) {

    private static final String MIGRATIONS = "src/main/resources/db/migration";

    /** The last that knew nothing of changes: neither their topic nor their columns. */
    public static VersionBefore changes() throws IOException, InterruptedException {
        return built(MIGRATIONS + "/V7__life_of_a_gift.sql");
    }

    /** The last that neither took nor stored changes, though it had the columns. */
    public static VersionBefore routesOfChanges() throws IOException, InterruptedException {
        return built("routes/persist-changes.camel.yaml");
    }

    /** Builds the last version without a file, which takes a minute, unless an earlier run has. */
    private static VersionBefore built(String file) throws IOException, InterruptedException {
        String commit = commitBefore(file);
        Path folder = Path.of("target", "before-" + commit).toAbsolutePath();
        Path jar = folder.resolve("target").resolve("gift-spine.jar");
        if (!Files.exists(jar)) {
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
                    "-Dspotless.check.skip");
        }
        return new VersionBefore(folder, jar);
    }

    private static String commitBefore(String file) throws IOException, InterruptedException {
        String began = run("git log", "git", "log", "--diff-filter=A", "--format=%H", "--", file);
        if (began.isEmpty()) {
            throw new IllegalStateException(
                    "the version before is built from the history, and here is none that goes back to"
                            + " the commit which added " + file + ": git fetch --unshallow");
        }
        return run(
                "git rev-parse",
                "git",
                "rev-parse",
                "--verify",
                began.lines().toList().get(0) + "^");
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
        Process process = new ProcessBuilder(new ArrayList<>(List.of(command)))
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
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
