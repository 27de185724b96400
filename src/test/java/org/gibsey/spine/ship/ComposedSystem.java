package org.gibsey.spine.ship;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.opentest4j.TestAbortedException;
import org.springframework.util.FileSystemUtils;

/**
 * The compose file in a real engine: a copy of it and of the folders it mounts, with containers, networks and volumes of its
 * own, on the ports the file names. Removing takes all of it away, and the image; the stand-ins of the base images stay, in the
 * store that {@code src/test/engine/engine} names. Not thread-safe.
 */
final class ComposedSystem {

    private static final Path SCRIPTS = Path.of("src/test/engine").toAbsolutePath();
    private static final Path HERE = Path.of("").toAbsolutePath();
    private static final Path FOLDER = HERE.resolve("target/engine");
    private static final Path LOGS = HERE.resolve("target/engine-logs");
    private static final String PROJECT = "spine-test";
    /** Of a script that cannot do its work on this machine. */
    private static final int MISSES_SOMETHING = 77;

    private static final Duration BUILD_PATIENCE = Duration.ofMinutes(20);

    private final JsonNode file = Yaml.read(Path.of("docker-compose.yaml"));

    private ComposedSystem() {}

    /**
     * Makes the base images that are not there yet, and builds the image.
     *
     * @throws TestAbortedException where this machine has not got what that takes, with what it is
     */
    static ComposedSystem build() throws IOException, InterruptedException {
        Program.Ended bases = script("base-images");
        if (bases.exit() == MISSES_SOMETHING) {
            String message = "No container was run: " + bases.output().strip();
            System.out.println(message);
            throw new TestAbortedException(message);
        }
        ComposedSystem system = new ComposedSystem();
        system.removeContainers();
        System.out.println(succeeded("base-images", bases).strip());
        succeeded("image", script("image", system.image()));
        FileSystemUtils.deleteRecursively(FOLDER);
        Files.createDirectories(FOLDER);
        for (String part : List.of("docker-compose.yaml", "routes", "observe")) {
            FileSystemUtils.copyRecursively(HERE.resolve(part), FOLDER.resolve(part));
        }
        return system;
    }

    /** The image of API and workers. */
    String image() {
        return service("api").path("image").asText();
    }

    /** As the file describes it. */
    JsonNode service(String name) {
        return file.at("/services/" + name);
    }

    /** The route files that are mounted. */
    Path routes() {
        return FOLDER.resolve("routes");
    }

    /** How long a container may take to end. */
    Duration grace(String service) {
        // 10 s where the file does not say
        return Duration.parse("PT" + service(service).path("stop_grace_period").asText("10s"));
    }

    /**
     * Starts a service when everything is there that it depends on, in the state that the file says: an engine that runs no
     * health checks by itself, as podman without systemd, would not wait for it.
     */
    void start(String service) throws IOException, InterruptedException {
        for (var needed : service(service).path("depends_on").properties()) {
            String name = needed.getKey();
            if (containers(name).isEmpty()) {
                start(name);
            }
            if (needed.getValue().path("condition").asText().equals("service_healthy")) {
                await(name).until(() -> isHealthy(containers(name).get(0)));
            } else {
                String ended = podman("wait", containers(name).get(0)).strip();
                if (!ended.equals("0")) {
                    throw new IOException(name + " ended with " + ended + ": "
                            + log(containers(name).get(0)));
                }
            }
        }
        scale(service, 1);
    }

    /** So many containers of a service, which are up to now fewer. Waits for nothing it depends on. */
    void scale(String service, int number) throws IOException, InterruptedException {
        List<String> up = new ArrayList<>();
        JsonNode profiles = service(service).path("profiles");
        profiles.forEach(profile -> up.addAll(List.of("--profile", profile.asText())));
        up.addAll(List.of("up", "--detach", "--no-build", "--no-deps", "--scale", service + "=" + number, service));
        compose(up);
    }

    /** Those of a service, also the stopped ones. */
    List<String> containers(String service) throws IOException, InterruptedException {
        return podman(
                        "ps",
                        "--all",
                        "--sort=created",
                        "--filter=label=com.docker.compose.project=" + PROJECT,
                        "--filter=label=com.docker.compose.service=" + service,
                        "--format={{.Names}}")
                .lines()
                .toList();
    }

    /** What the health check of the file says now. */
    boolean isHealthy(String container) throws IOException, InterruptedException {
        return engine("podman", "healthcheck", "run", container).exit() == 0;
    }

    /**
     * Runs a program in a container.
     *
     * @return how it ended
     */
    Program.Ended execute(String container, String... command) throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(List.of("podman", "exec", container));
        all.addAll(List.of(command));
        return engine(all.toArray(String[]::new));
    }

    /**
     * Ends a container as {@code docker compose stop} does.
     *
     * @return its exit code
     */
    int stop(String service, String container) throws IOException, InterruptedException {
        podman("stop", "--time=" + grace(service).toSeconds(), container);
        return Integer.parseInt(inspect(container, "State.ExitCode"));
    }

    /** A field of what the engine knows of a container, as text. */
    String inspect(String container, String field) throws IOException, InterruptedException {
        return podman("inspect", "--format={{." + field + "}}", container).strip();
    }

    /** The main process of a container, as this machine sees it. */
    long pid(String container) throws IOException, InterruptedException {
        return Long.parseLong(inspect(container, "State.Pid"));
    }

    /** What a container wrote so far. */
    String log(String container) throws IOException, InterruptedException {
        return podman("logs", container);
    }

    /** @return what it wrote; errors too, such as that of podman without systemd, which runs no health checks by itself */
    String podman(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("podman"));
        command.addAll(List.of(arguments));
        return succeeded(String.join(" ", command), engine(command.toArray(String[]::new)));
    }

    /** Removes it; what its containers wrote is kept in {@code target/engine-logs}. */
    void remove() throws IOException, InterruptedException {
        Files.createDirectories(LOGS);
        for (String container : all()) {
            Files.writeString(LOGS.resolve(container + ".log"), log(container));
        }
        removeContainers();
        podman("image", "rm", "--force", image());
        // the layers of the build
        podman("image", "prune", "--force");
    }

    private void removeContainers() throws IOException, InterruptedException {
        for (String container : all()) {
            podman("rm", "--force", "--time=0", "--volumes", container);
        }
        podman("pod", "prune", "--force");
        podman("network", "prune", "--force");
        podman("volume", "prune", "--force");
    }

    /** All that this store has are the tests'. */
    private static List<String> all() throws IOException, InterruptedException {
        return engine("podman", "ps", "--all", "--format={{.Names}}")
                .output()
                .lines()
                .toList();
    }

    private static void compose(List<String> arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("podman-compose", "--project-name", PROJECT));
        command.addAll(arguments);
        succeeded(String.join(" ", command), engine(command.toArray(String[]::new)));
    }

    private static Program.Ended engine(String... command) throws IOException, InterruptedException {
        return script("engine", command);
    }

    private static Program.Ended script(String name, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(SCRIPTS.resolve(name).toString()));
        command.addAll(List.of(arguments));
        return Program.finish(command, Files.createDirectories(FOLDER), Map.of(), BUILD_PATIENCE);
    }

    private static String succeeded(String what, Program.Ended ended) throws IOException {
        if (ended.exit() != 0) {
            throw new IOException("%s ended with %d: %s".formatted(what, ended.exit(), ended.output()));
        }
        return ended.output();
    }
}
