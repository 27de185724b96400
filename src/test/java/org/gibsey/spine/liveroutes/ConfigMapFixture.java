package org.gibsey.spine.liveroutes;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.jspecify.annotations.Nullable;
import org.springframework.util.FileSystemUtils;

/**
 * A folder with one file, as a kubelet mounts a ConfigMap: the file is a link through {@code ..data}, which is a link to a
 * folder named for the time; an update makes a new folder, swaps {@code ..data} in one rename and removes the old folder.
 */
final class ConfigMapFixture implements AutoCloseable {

    private final Path mount;
    private @Nullable Path current;
    private int updates;

    ConfigMapFixture() {
        try {
            mount = Files.createTempDirectory(Files.createDirectories(Path.of("target")), "configmap");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path path() {
        return mount;
    }

    /** The first mount, and every update. */
    void mount(String routeId, String text) {
        String name = routeId + ".camel.yaml";
        try {
            Path next = Files.createDirectory(mount.resolve("..2026_11_23_12_00_00." + ++updates));
            Files.writeString(next.resolve(name), text);
            Path link = Files.createSymbolicLink(mount.resolve("..data_tmp"), next.getFileName());
            Files.move(link, mount.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
            if (current == null) {
                Files.createSymbolicLink(mount.resolve(name), Path.of("..data", name));
            } else {
                FileSystemUtils.deleteRecursively(current);
            }
            current = next;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            FileSystemUtils.deleteRecursively(mount);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
