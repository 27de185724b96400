package org.gibsey.spine.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.embedded.Ports;
import org.gibsey.spine.ship.Dockerfile;
import org.springframework.util.FileSystemUtils;

/**
 * The application as the image has it: the layout, flags and command line of the Dockerfile, on its Java with the AOT cache
 * that the image's own script trains. There being no container here, its memory is told to the JVM as that of the machine.
 */
final class ShippedApplication {

    private static final Path HERE = Path.of("").toAbsolutePath();
    private static final String CACHE_FLAG = "-XX:AOTCache";

    private final Path folder;
    private final String flags;
    private final Dockerfile recipe = Dockerfile.read();

    private ShippedApplication(Path folder, String flags) {
        this.folder = folder;
        this.flags = flags;
    }

    /**
     * Lays it out in a folder, which is made anew.
     *
     * @param flags of the JVM, beside those of the image
     */
    static ShippedApplication in(Path folder, String flags) throws IOException, InterruptedException {
        return of(HERE, folder, flags);
    }

    /**
     * Lays another version out, with the flags of this one.
     *
     * @param project where it was built
     */
    static ShippedApplication of(Path project, Path folder, String flags) throws IOException, InterruptedException {
        Path jar = project.resolve("target").resolve("gift-spine.jar");
        FileSystemUtils.deleteRecursively(folder);
        Files.createDirectories(folder.getParent());
        run(
                Jvm.own(),
                List.of("-Djarmode=tools", "-jar", jar.toString(), "extract", "--destination", folder.toString()),
                folder.resolveSibling("extract.log"));
        copy(project.resolve("container"), folder.resolve("bin"));
        copy(project.resolve("routes"), folder.resolve("routes"));
        return new ShippedApplication(folder.toAbsolutePath(), flags);
    }

    /** Makes the AOT cache of that Java, as the image's build does. */
    ShippedApplication trainedOn(Jvm java) throws IOException, InterruptedException {
        Path log = folder.resolveSibling("train.log");
        Map<String, String> environment = new HashMap<>(recipe.environment());
        environment.put("SERVER_PORT", Integer.toString(Ports.free()));
        environment.put("MANAGEMENT_SERVER_PORT", Integer.toString(Ports.free()));
        List<String> command = List.of("bin/train", java.command(), JavaProcess.temporaryFiles());
        try (JavaProcess training = JavaProcess.command(command, folder, environment, log)) {
            if (training.awaitExit(Duration.ofMinutes(5)) != 0) {
                throw new IOException("no AOT cache, see " + log);
            }
        }
        return this;
    }

    /** Where its route files are; an edited copy of one is made beside them. */
    Path routes() {
        return folder.resolve("routes");
    }

    /**
     * Starts it and returns at once.
     *
     * @param java     the image's, with its AOT cache where that was trained, or another with the same flags
     * @param mib      memory of the container, MiB
     * @param settings its environment
     */
    JavaProcess start(Jvm java, int mib, Map<String, String> settings, Path log) throws IOException {
        Map<String, String> environment = new HashMap<>(recipe.environment());
        environment.putAll(settings);
        environment.merge("JAVA_TOOL_OPTIONS", memory(mib), (shipped, ours) -> shipped + " " + ours);
        List<String> command = new ArrayList<>(recipe.entryPoint());
        command.set(0, java.command());
        command.add(1, JavaProcess.temporaryFiles());
        if (!Files.exists(folder.resolve("gift-spine.aot")) || java.feature() < 25) {
            command.removeIf(word -> word.startsWith(CACHE_FLAG));
        }
        return JavaProcess.command(command, folder, environment, log);
    }

    /** The JVM flags of the image, for a peer that is to have the same. */
    List<String> flags(int mib) {
        String options = recipe.environment().getOrDefault("JAVA_TOOL_OPTIONS", "") + " " + memory(mib);
        return List.of(options.strip().split("\\s+"));
    }

    private String memory(int mib) {
        // an older Java does not know all of them
        return "-XX:+IgnoreUnrecognizedVMOptions -XX:MaxRAM=" + mib + "m " + flags;
    }

    private static void run(Jvm java, List<String> arguments, Path log) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(java.command()));
        command.addAll(arguments);
        try (JavaProcess process = JavaProcess.command(command, HERE, Map.of(), log)) {
            if (process.awaitExit(Duration.ofMinutes(1)) != 0) {
                throw new IOException("failed, see " + log);
            }
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.toList()) {
                Files.copy(
                        file,
                        to.resolve(file.getFileName()),
                        StandardCopyOption.REPLACE_EXISTING,
                        StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
    }
}
