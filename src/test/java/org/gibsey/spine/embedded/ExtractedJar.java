package org.gibsey.spine.embedded;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import org.springframework.util.FileSystemUtils;

/**
 * The packaged application laid out as its image has it, with an archive of the classes it loads at its start. Made once for
 * a jar, and shared by the processes of all tests.
 */
final class ExtractedJar {

    static final Path JAR = Path.of("target", "gift-spine.jar");

    private static final Path FOLDER = Path.of("target", "extracted");
    private static final Path ARCHIVE = FOLDER.resolve("classes.jsa");

    /** Written last: which jar it is. */
    private static final Path SOURCE = FOLDER.resolve("source.crc32c");

    private ExtractedJar() {}

    /** What follows the flags of {@code java}. */
    static synchronized List<String> arguments() throws IOException {
        if (!Files.exists(JAR)) {
            throw new IllegalStateException(JAR + " is missing: it is made by mvn package");
        }
        // the other fork may be at it
        try (FileChannel channel = FileChannel.open(
                        FOLDER.resolveSibling("extracted.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = channel.lock()) {
            if (lock.isValid() && !isCurrent()) {
                FileSystemUtils.deleteRecursively(FOLDER);
                run("-Djarmode=tools", "-jar", JAR.toString(), "extract", "--destination", FOLDER.toString());
                run("-XX:ArchiveClassesAtExit=" + ARCHIVE, "-Dspring.context.exit=onRefresh", "-jar", extracted());
                Files.writeString(SOURCE, checksum());
            }
        }
        // with a JMX port Java 25 cannot use all of the archive, and would say so in a line of its own between those of
        // the log
        return List.of("-Xlog:cds=off", "-XX:SharedArchiveFile=" + ARCHIVE, "-jar", extracted());
    }

    /** By content: the jar is reproducible, and each build gives it the same time. */
    private static boolean isCurrent() throws IOException {
        return Files.exists(SOURCE) && Files.readString(SOURCE).equals(checksum());
    }

    private static String checksum() throws IOException {
        CRC32C checksum = new CRC32C();
        checksum.update(Files.readAllBytes(JAR));
        return Long.toHexString(checksum.getValue());
    }

    private static String extracted() {
        return FOLDER.resolve(JAR.getFileName()).toString();
    }

    /** It finds no service, and waits for none. */
    private static void run(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(JavaProcess.java());
        command.addAll(List.of(arguments));
        Map<String, String> settings = Map.of(
                "SERVER_PORT", "0",
                "MANAGEMENT_SERVER_PORT", "0",
                "KAFKA_BOOTSTRAP_SERVERS", "localhost:1",
                "VAULT_DB_URL", "jdbc:postgresql://localhost:1/none");
        Path log = FOLDER.resolveSibling("extracted.log");
        try (JavaProcess process = JavaProcess.command(command, Path.of("").toAbsolutePath(), settings, log)) {
            if (process.awaitExit() != 0) {
                throw new IOException("the jar cannot be extracted, see " + log);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
