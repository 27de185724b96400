package org.gibsey.spine.ship;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.embedded.Ports;
import org.springframework.util.FileSystemUtils;

/**
 * What the image holds beside its JRE, in a folder that stands for its root, and containers of it as plain processes. Every
 * step is read from the Dockerfile and done as an engine would do it, so that what runs here is what is shipped. Only the
 * compilation is not repeated: the jar is the one of this build.
 */
final class Image implements AutoCloseable {

    private static final Path JAR = Path.of("target/gift-spine.jar");
    /** What compose and the manifests give a container. */
    private static final String MEMORY = "-XX:MaxRAM=512m";

    private static final Pattern JAVA_OF_IMAGE = Pattern.compile("eclipse-temurin:(\\d+)");
    /** Java 17 has no AOT cache, and passes over what it does not know of the container's options. */
    private static final String FORGIVING = "-XX:+IgnoreUnrecognizedVMOptions ";

    private final Dockerfile dockerfile = Dockerfile.read();
    private final Path root;
    private final Path java;
    private final boolean sameJava;

    private Image(Path root) throws IOException {
        this.root = root;
        Optional<Path> ofImage = javaOfImage();
        this.sameJava = ofImage.isPresent();
        this.java = ofImage.orElse(Path.of(System.getProperty("java.home")));
    }

    /** @param root an empty folder that everybody can reach */
    static Image build(Path root) throws IOException, InterruptedException {
        Image image = new Image(root);
        image.extractLayers();
        image.copy();
        image.train();
        Path temporary = Files.createDirectory(image.inImage("/tmp"));
        Program.run(List.of("chmod", "-R", "a=rX", root.toString()), root, Map.of());
        Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwxrwxrwx"));
        return image;
    }

    /** Whether the Java of the image is on this machine, and with it what only that one can: the AOT cache. */
    boolean sameJava() {
        return sameJava;
    }

    /** What its files take on a disk, in bytes. */
    long size() throws IOException {
        long size = 0;
        for (Path file : files()) {
            size += Files.size(file);
        }
        return size;
    }

    /** What its layers take in a registry and on their way to a node, in bytes: compressed, and at most that. */
    long contentSize() throws IOException {
        Deflater quick = new Deflater(Deflater.BEST_SPEED);
        try (OutputStream compressed = new DeflaterOutputStream(OutputStream.nullOutputStream(), quick, 1 << 16)) {
            for (Path file : files()) {
                Files.copy(file, compressed);
            }
        }
        long size = quick.getBytesWritten();
        quick.end();
        return size;
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> all = Files.walk(workingDirectory())) {
            return all.filter(Files::isRegularFile).toList();
        }
    }

    /** Starts a container with these settings and returns at once. */
    JavaProcess start(Map<String, String> settings, Path log) throws IOException {
        return JavaProcess.command(asUser(commandLine()), workingDirectory(), environment(settings), log);
    }

    /** That of the container in its memory, to which more can be added. */
    List<String> commandLine() {
        List<String> command = new ArrayList<>(dockerfile.entryPoint());
        command.set(0, java.resolve("bin").resolve(command.get(0)).toString());
        command.addAll(1, List.of(MEMORY, "-Djava.io.tmpdir=" + inImage("/tmp")));
        return command;
    }

    /** Has a folder of this machine in it, below the working directory. */
    void mount(Path folder, String at) throws IOException {
        FileSystemUtils.copyRecursively(folder, workingDirectory().resolve(at));
    }

    /**
     * Runs a program of a container to its end, as Docker does for a HEALTHCHECK.
     *
     * @return its exit code
     */
    int execute(List<String> command, Map<String, String> settings) throws IOException, InterruptedException {
        return Program.finish(asUser(command), workingDirectory(), environment(settings))
                .exit();
    }

    /** The program of the HEALTHCHECK. */
    List<String> healthcheck() {
        String check = dockerfile.lastArguments("HEALTHCHECK").get(0);
        List<String> words = new ArrayList<>();
        Yaml.value(check.substring(check.indexOf("CMD ") + 4)).forEach(word -> words.add(word.asText()));
        return words;
    }

    /** Removes it. */
    @Override
    public void close() throws IOException {
        try {
            Program.run(List.of("chmod", "-R", "u+w", root.toString()), root, Map.of());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        FileSystemUtils.deleteRecursively(root);
    }

    private Path workingDirectory() {
        return inImage(dockerfile.workingDirectory());
    }

    private Path inImage(String path) {
        return root.resolve(path.replaceFirst("^/", ""));
    }

    private void extractLayers() throws IOException, InterruptedException {
        if (!Files.exists(JAR)) {
            throw new IllegalStateException(JAR + " is missing: it is made by mvn package");
        }
        Path build = inImage(dockerfile.arguments("WORKDIR").get(0));
        Files.createDirectories(build.resolve(JAR).getParent());
        Files.createSymbolicLink(build.resolve(JAR), JAR.toAbsolutePath());
        for (String command : dockerfile.arguments("RUN")) {
            if (command.contains("jarmode=tools")) {
                Program.run(List.of("bash", "-c", command), build, environment(Map.of()));
            }
        }
        Files.delete(build.resolve(JAR));
    }

    private void copy() throws IOException {
        Files.createDirectories(workingDirectory());
        for (String copy : dockerfile.lastArguments("COPY")) {
            List<String> words = new ArrayList<>(List.of(copy.split("\\s+", -1)));
            boolean fromStage = words.get(0).startsWith("--from=");
            if (fromStage) {
                words.remove(0);
            }
            Path target = workingDirectory().resolve(words.remove(words.size() - 1));
            for (String source : words) {
                FileSystemUtils.copyRecursively(fromStage ? inImage(source) : Path.of(source), target);
            }
        }
        for (String ignored : Files.readAllLines(Path.of(".dockerignore"))) {
            if (ignored.matches("[\\w./-]+")) {
                Files.deleteIfExists(workingDirectory().resolve(ignored));
            }
        }
    }

    private void train() throws IOException, InterruptedException {
        if (!sameJava) {
            return;
        }
        Map<String, String> settings = Map.of(
                "SERVER_PORT", Integer.toString(Ports.free()),
                "MANAGEMENT_SERVER_PORT", Integer.toString(Ports.free()),
                "JDK_JAVA_OPTIONS", "\"" + JavaProcess.temporaryFiles() + "\"");
        for (String command : dockerfile.lastArguments("RUN")) {
            Program.run(List.of("bash", "-c", command), workingDirectory(), environment(settings));
        }
    }

    /** Root may do what it likes; everybody else is nobody of the image's already. */
    private List<String> asUser(List<String> command) {
        if (!System.getProperty("user.name").equals("root")) {
            return command;
        }
        String[] user = dockerfile.lastArguments("USER").get(0).split(":", 2);
        List<String> asUser = new ArrayList<>(
                List.of("setpriv", "--reuid=" + user[0], "--regid=" + user[1], "--clear-groups", "--no-new-privs"));
        asUser.addAll(command);
        return asUser;
    }

    private Map<String, String> environment(Map<String, String> settings) {
        Map<String, String> environment = new HashMap<>(dockerfile.environment());
        if (!sameJava) {
            environment.merge("JAVA_TOOL_OPTIONS", FORGIVING, (options, forgiving) -> forgiving + options);
        }
        environment.put("PATH", java.resolve("bin") + ":" + System.getenv("PATH"));
        environment.putAll(settings);
        return environment;
    }

    /** @return a home of Java of the image's version, this JVM's before others */
    private Optional<Path> javaOfImage() throws IOException {
        Matcher image = JAVA_OF_IMAGE.matcher(dockerfile.lastArguments("FROM").get(0));
        if (!image.find()) {
            throw new IllegalStateException("the image has no Java known here");
        }
        String version = image.group(1);
        if (System.getProperty("java.specification.version").equals(version)) {
            return Optional.of(Path.of(System.getProperty("java.home")));
        }
        Path installed = Path.of("/usr/lib/jvm");
        if (!Files.isDirectory(installed)) {
            return Optional.empty();
        }
        try (Stream<Path> homes = Files.list(installed)) {
            return homes.filter(home -> home.getFileName().toString().matches("\\D*" + version + "\\b.*"))
                    .filter(home -> Files.isExecutable(home.resolve("bin/java")))
                    .sorted()
                    .findFirst();
        }
    }
}
