package org.gibsey.spine.embedded;

import java.io.IOException;

/** POSIX signals that Java cannot send by itself. */
final class Signals {

    private Signals() {}

    /** @param name without SIG */
    static void send(String name, long pid) throws IOException, InterruptedException {
        int exit = new ProcessBuilder("kill", "-" + name, Long.toString(pid))
                .inheritIO()
                .start()
                .waitFor();
        if (exit != 0) {
            throw new IOException("SIG%s to %d failed".formatted(name, pid));
        }
    }
}
