package org.gibsey.spine.ship;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.embedded.Ports;
import org.gibsey.spine.embedded.TestCaller;

/** A process of the image with ports of its own, watched from outside as an engine would. Closing kills it. */
final class Container implements AutoCloseable {

    private final Map<String, String> settings;
    private final int port = Ports.free();
    private final int management = Ports.free();
    private final long began = System.nanoTime();
    private final TestCaller caller = new TestCaller(port, management);
    private final JavaProcess process;

    /** Starts it and returns at once. */
    Container(Image image, Map<String, String> settings, Path log) throws IOException {
        this.settings = new HashMap<>(settings);
        this.settings.put("SERVER_PORT", Integer.toString(port));
        this.settings.put("MANAGEMENT_SERVER_PORT", Integer.toString(management));
        this.process = image.start(this.settings, log);
    }

    int port() {
        return port;
    }

    Map<String, String> settings() {
        return settings;
    }

    /**
     * Waits until it is ready.
     *
     * @return the time since its start
     */
    Duration awaitReady() {
        await().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(50)).until(this::isReady);
        return Duration.ofNanos(System.nanoTime() - began);
    }

    boolean isReady() throws IOException, InterruptedException {
        if (!process.isAlive()) {
            throw new IllegalStateException("ended: " + log());
        }
        return caller.isReady();
    }

    /** CPU time it has used so far. */
    Duration cpuTime() {
        return ProcessHandle.of(process.pid())
                .orElseThrow()
                .info()
                .totalCpuDuration()
                .orElseThrow();
    }

    /** What it wrote so far. */
    String log() {
        return Yaml.text(process.log());
    }

    /** The body of {@code GET /vault/list}. */
    String list() throws IOException, InterruptedException {
        return caller.list();
    }

    /**
     * SIGTERM, as at the end of every container, and waits for it to go.
     *
     * @return its exit code
     */
    int stop() throws InterruptedException {
        return process.terminate();
    }

    /**
     * A line of what the kernel says of its memory, in bytes.
     *
     * @param name {@code VmHWM} for the most it ever held, {@code RssAnon} for what it holds and nobody else could have back
     */
    long memory(String name) throws IOException {
        return memory(process.pid(), name);
    }

    /** The same of any process. */
    static long memory(long pid, String name) throws IOException {
        return Files.readAllLines(Path.of("/proc", Long.toString(pid), "status")).stream()
                .filter(line -> line.startsWith(name + ":"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                .findFirst()
                .orElseThrow();
    }

    @Override
    public void close() {
        process.close();
    }
}
