package org.gibsey.spine.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A Java process of a test: can be ended politely or not, frozen and thawed. Its output goes to a file. It never outlives
 * the test: closing ends it the hard way, and so does the end of the JVM that started it. Not thread-safe.
 */
public final class JavaProcess implements AutoCloseable {

    private static final Path HERE = Path.of("").toAbsolutePath();
    private static final Path TEMPORARY = HERE.resolve("target").resolve("tmp");

    private static final int LAST_LINES = 40;

    private final Process process;
    private final Path log;
    private final Thread onExit;

    private JavaProcess(List<String> command, Path folder, Map<String, String> environment, Path log)
            throws IOException {
        this.log = log;
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        // processes of tests live for seconds, and need not be fast from the first on
        builder.environment().put("WARM_UP_TIME", "0s");
        builder.environment().putAll(environment);
        this.process = builder.start();
        this.onExit = new Thread(process::destroyForcibly);
        Runtime.getRuntime().addShutdownHook(onExit);
    }

    /**
     * The packaged application, extracted so that it starts in a third of the time.
     *
     * @param environment its settings
     * @param log         file its output goes to
     * @param jvmArgs     put before {@code -jar}
     */
    public static JavaProcess application(Map<String, String> environment, Path log, String... jvmArgs)
            throws IOException {
        List<String> command = java();
        command.addAll(List.of(jvmArgs));
        command.addAll(ExtractedJar.arguments());
        return new JavaProcess(command, HERE, environment, log);
    }

    /**
     * The packaged application as it lies in {@code target}.
     *
     * @param environment its settings
     * @param log         file its output goes to
     */
    public static JavaProcess jar(Map<String, String> environment, Path log) throws IOException {
        return jar(ExtractedJar.JAR, HERE, environment, log);
    }

    /**
     * Another version of the packaged application.
     *
     * @param folder      where its routes are
     * @param environment its settings
     * @param log         file its output goes to
     * @param jvmArgs     put before {@code -jar}
     */
    public static JavaProcess jar(Path jar, Path folder, Map<String, String> environment, Path log, String... jvmArgs)
            throws IOException {
        List<String> command = java();
        command.addAll(List.of(jvmArgs));
        command.addAll(List.of("-jar", jar.toString()));
        return new JavaProcess(command, folder, environment, log.toAbsolutePath());
    }

    /** Any command that ends in a JVM, run in a folder. */
    public static JavaProcess command(List<String> command, Path folder, Map<String, String> environment, Path log)
            throws IOException {
        return new JavaProcess(command, folder, environment, log);
    }

    /** A main class of the tests. */
    public static JavaProcess main(Class<?> main, Path log, String... args) throws IOException {
        return main(main, Map.of(), log, args);
    }

    /** A main class of the tests, with settings in its environment. */
    public static JavaProcess main(Class<?> main, Map<String, String> environment, Path log, String... args)
            throws IOException {
        return main(java(), main, environment, log, args);
    }

    /**
     * A main class of the tests, on a Java of the caller's choice.
     *
     * @param java its command and flags
     */
    public static JavaProcess main(
            List<String> java, Class<?> main, Map<String, String> environment, Path log, String... args)
            throws IOException {
        List<String> command = new ArrayList<>(java);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(args));
        return new JavaProcess(command, HERE, environment, log);
    }

    public Path log() {
        return log;
    }

    public long pid() {
        return process.pid();
    }

    /** CPU time it has used so far, of all its threads. */
    public Duration cpuTime() {
        return process.info().totalCpuDuration().orElseThrow();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /**
     * @throws AssertionError with its last lines, if it has ended
     */
    public void assertAlive() throws IOException {
        if (!process.isAlive()) {
            List<String> lines = Files.readAllLines(log);
            throw new AssertionError("ended with " + process.exitValue() + ", its last lines in " + log + ":\n"
                    + String.join("\n", lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size())));
        }
    }

    /** SIGKILL, and waits until it is gone. */
    public void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /**
     * SIGTERM, and waits for the end.
     *
     * @return its exit code
     */
    public int terminate() throws InterruptedException {
        process.destroy();
        return awaitExit();
    }

    /**
     * Waits for its end.
     *
     * @return its exit code
     */
    public int awaitExit() throws InterruptedException {
        return awaitExit(Patience.LIMIT);
    }

    /**
     * Waits for its end.
     *
     * @return its exit code
     * @throws IllegalStateException if it is still there after that time
     */
    public int awaitExit(Duration within) throws InterruptedException {
        if (!process.waitFor(within.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new IllegalStateException("still running after " + within + ", see " + log);
        }
        return process.exitValue();
    }

    /** SIGSTOP: it keeps its connections and does nothing. */
    public void freeze() throws IOException, InterruptedException {
        Signals.send("STOP", process.pid());
    }

    /** SIGCONT. */
    public void thaw() throws IOException, InterruptedException {
        Signals.send("CONT", process.pid());
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
        Runtime.getRuntime().removeShutdownHook(onExit);
    }

    /** The flag that keeps the temporary files of a JVM, which may be killed, in the build's folder. */
    public static String temporaryFiles() throws IOException {
        return "-Djava.io.tmpdir=" + Files.createDirectories(TEMPORARY);
    }

    /** Processes of tests live for seconds: most of their time would go into compiling what they are about to end. */
    static List<String> java() throws IOException {
        return new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                temporaryFiles(),
                // a database of theirs is unpacked where those of this JVM are, and so not again
                "-Dot.epg.working-dir=" + Path.of(System.getProperty("java.io.tmpdir"), "embedded-pg"),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC"));
    }
}
