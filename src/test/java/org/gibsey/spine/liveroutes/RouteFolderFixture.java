package org.gibsey.spine.liveroutes;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.springframework.util.FileSystemUtils;

/** A folder of route files to edit, in the ways editors and deployments do. */
final class RouteFolderFixture implements AutoCloseable {

    private final Path folder;

    RouteFolderFixture() {
        try {
            folder = Files.createTempDirectory(Files.createDirectories(Path.of("target")), "routes");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The file as it is shipped. */
    static String shipped(String routeId) {
        try {
            return Files.readString(Path.of("routes", routeId + ".camel.yaml"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A route that needs the table {@code lately} and the topic {@code gift_lately}, which are not there. */
    static String lacking(String routeId) {
        return """
                - route:
                    id: %1$s
                    from:
                      uri: platform-http:/vault/%1$s
                      parameters:
                        httpMethodRestrict: GET
                      steps:
                        - setBody:
                            expression:
                              constant:
                                expression: select come from lately
                        - to:
                            uri: jdbc:vaultReads
                        - to:
                            uri: kafka:gift_lately
                            parameters:
                              maxBlockMs: 700
                              deliveryTimeoutMs: 1700
                              requestTimeoutMs: 1500
                """.formatted(routeId);
    }

    /** The shipped file with another description, which does not change what it does. */
    static String described(String routeId, String description) {
        return shipped(routeId).replaceFirst("description: .*", "description: " + description);
    }

    /** What the guard will call this content. */
    static String revision(String text) {
        return RouteFile.of("any", text.getBytes(StandardCharsets.UTF_8)).revision();
    }

    Path path() {
        return folder;
    }

    Path file(String routeId) {
        return folder.resolve(routeId + ".camel.yaml");
    }

    /** As {@code cat >} and many editors do. */
    void writeInPlace(String routeId, String text) {
        try {
            Files.writeString(file(routeId), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** As {@code git} and careful editors do. */
    void replace(String routeId, String text) {
        try {
            Path next = Files.writeString(folder.resolve(routeId + ".tmp"), text);
            Files.move(next, file(routeId), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void delete(String routeId) {
        try {
            Files.delete(file(routeId));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            FileSystemUtils.deleteRecursively(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
