package org.gibsey.spine.health;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Prometheus's own judge of rules. Not everybody has it. */
final class Promtool {

    private Promtool() {}

    static boolean isThere() throws InterruptedException {
        try {
            return run("--version").contains("promtool");
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * @return what it said
     * @throws AssertionError with what it said, if it is not content
     */
    static String run(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("promtool"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new AssertionError(String.join(" ", command) + ": " + said);
        }
        return said;
    }
}
