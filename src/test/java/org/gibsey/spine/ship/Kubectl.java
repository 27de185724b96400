package org.gibsey.spine.ship;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The command that renders manifests. Not everybody has it, and Debian's is too old for components. */
final class Kubectl {

    private Kubectl() {}

    /** Whether there is one whose kustomize is of the fifth line. */
    static boolean renders() throws InterruptedException {
        try {
            return run("version", "--client").contains("Kustomize Version: v5.");
        } catch (IOException e) {
            return false;
        }
    }

    /** @return what it wrote */
    static String run(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("kubectl"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(command + " failed");
        }
        return output;
    }
}
