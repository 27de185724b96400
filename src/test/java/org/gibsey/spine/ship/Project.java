package org.gibsey.spine.ship;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** What this project is, for what is shipped to agree with. */
final class Project {

    static final Path ROUTES = Path.of("routes");

    private Project() {}

    /** As the build wrote it into the jar. */
    static String version() {
        Properties build = new Properties();
        try (InputStream file = Project.class.getResourceAsStream("/META-INF/build-info.properties")) {
            build.load(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return build.getProperty("build.version");
    }

    /** Names of the route files there are. */
    static Set<String> routeFiles() {
        try (Stream<Path> files = Files.list(ROUTES)) {
            Set<String> names = new TreeSet<>();
            files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".camel.yaml"))
                    .forEach(names::add);
            return names;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
