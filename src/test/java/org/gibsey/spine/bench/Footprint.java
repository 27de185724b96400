package org.gibsey.spine.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.gibsey.spine.embedded.JavaProcess;

/** What a process takes of the machine, as Linux tells it. */
final class Footprint {

    private Footprint() {}

    /** Resident memory now, MiB. */
    static double mib(JavaProcess process) {
        return status(process, "VmRSS:");
    }

    /** The most resident memory it ever had, MiB. */
    static double peakMib(JavaProcess process) {
        return status(process, "VmHWM:");
    }

    /** CPU time a second over a while, in per cent of one core. */
    static double percentOfACore(JavaProcess process, Duration over) throws InterruptedException {
        Duration before = cpu(process);
        long start = System.nanoTime();
        Thread.sleep(over.toMillis());
        return 100.0 * cpu(process).minus(before).toNanos() / (System.nanoTime() - start);
    }

    private static Duration cpu(JavaProcess process) {
        return ProcessHandle.of(process.pid())
                .flatMap(handle -> handle.info().totalCpuDuration())
                .orElseThrow();
    }

    private static double status(JavaProcess process, String name) {
        try {
            return Files.readAllLines(Path.of("/proc", Long.toString(process.pid()), "status")).stream()
                    .filter(line -> line.startsWith(name))
                    .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")) / 1024)
                    .findFirst()
                    .orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
