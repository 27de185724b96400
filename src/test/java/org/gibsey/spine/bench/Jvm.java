package org.gibsey.spine.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A Java a candidate runs on.
 *
 * @param feature its version, such as 25
 * @param home    its folder
 */
record Jvm(int feature, Path home) {

    /** The Java this runs on. */
    static Jvm own() {
        return new Jvm(Runtime.version().feature(), Path.of(System.getProperty("java.home")));
    }

    /**
     * A Java of that version: the one this runs on, the one that {@code BENCH_JAVA_25} names, or one where Linux
     * distributions put them.
     */
    static Optional<Jvm> find(int feature) throws IOException {
        if (own().feature() == feature) {
            return Optional.of(own());
        }
        String named = System.getenv("BENCH_JAVA_" + feature);
        if (named != null) {
            return Optional.of(new Jvm(feature, Path.of(named)));
        }
        Path installed = Path.of("/usr/lib/jvm");
        if (!Files.isDirectory(installed)) {
            return Optional.empty();
        }
        try (Stream<Path> homes = Files.list(installed)) {
            for (Path home : homes.sorted().toList()) {
                if (isOf(feature, home)) {
                    return Optional.of(new Jvm(feature, home));
                }
            }
        }
        return Optional.empty();
    }

    /** @return as {@link #find}, or a message that says what to do */
    static Jvm require(int feature) throws IOException {
        return find(feature)
                .orElseThrow(() -> new IllegalStateException(
                        "no Java %1$d: set BENCH_JAVA_%1$d to its folder".formatted(feature)));
    }

    String command() {
        return home.resolve("bin").resolve("java").toString();
    }

    @Override
    public String toString() {
        return "Java " + feature;
    }

    private static boolean isOf(int feature, Path home) throws IOException {
        Path release = home.resolve("release");
        List<String> lines = Files.exists(release) ? Files.readAllLines(release) : List.of();
        return lines.stream().anyMatch(line -> line.matches("JAVA_VERSION=\"" + feature + "\\b.*"));
    }
}
