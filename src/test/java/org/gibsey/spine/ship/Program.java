package org.gibsey.spine.ship;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.gibsey.spine.embedded.Patience;

/** Programs of this machine that a test runs to their end. */
final class Program {

    /** @param output what it wrote, errors too */
    record Ended(int exit, String output) {}

    private Program() {}

    /** For what has to succeed. */
    static void run(List<String> command, Path folder, Map<String, String> environment)
            throws IOException, InterruptedException {
        Ended ended = finish(command, folder, environment);
        if (ended.exit() != 0) {
            throw new IOException("%s ended with %d: %s".formatted(command, ended.exit(), ended.output()));
        }
    }

    static Ended finish(List<String> command, Path folder, Map<String, String> environment)
            throws IOException, InterruptedException {
        return finish(command, folder, environment, Patience.LIMIT);
    }

    /** @param patience how long it may take; then it is ended, and the test with it */
    static Ended finish(List<String> command, Path folder, Map<String, String> environment, Duration patience)
            throws IOException, InterruptedException {
        Path output = Files.createTempFile("program", ".log");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().putAll(environment);
        Process process = builder.start();
        try {
            if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new IOException(command + " does not end");
            }
            return new Ended(process.exitValue(), Yaml.text(output));
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
            Files.delete(output);
        }
    }
}
