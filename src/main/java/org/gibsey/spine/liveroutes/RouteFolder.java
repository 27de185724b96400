package org.gibsey.spine.liveroutes;

import java.io.IOException;
import java.io.InputStream;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.camel.CamelContext;
import org.apache.camel.RoutesBuilder;
import org.apache.camel.RuntimeCamelException;
import org.apache.camel.main.DefaultRoutesCollector;
import org.apache.camel.main.RoutesCollector;
import org.apache.camel.spi.Resource;
import org.apache.camel.spring.boot.CamelConfigurationProperties;
import org.apache.camel.spring.boot.CamelSpringBootRoutesCollector;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.stereotype.Component;

/**
 * The route files there are at the moment: whatever the patterns of {@code camel.main.routes-include-pattern} find, by the
 * rules Camel itself has for them. Files are read by content each time, which alone tells every change: those
 * of editors, {@code git pull}, symlink swaps and network mounts. Thread-safe.
 */
@Component
class RouteFolder {

    private final RoutesCollector collector = new DefaultRoutesCollector();
    private final CamelContext camel;
    private final String include;
    private final String exclude;

    RouteFolder(CamelContext camel, CamelConfigurationProperties properties) {
        this.camel = camel;
        this.include = properties.getMain().getRoutesIncludePattern();
        this.exclude = properties.getMain().getRoutesExcludePattern();
    }

    /** Leaves the files to {@link LiveRoutes}: at a bad one Camel itself would not start at all. */
    @Bean
    static RoutesCollector routesCollector(ApplicationContext application) {
        return new CamelSpringBootRoutesCollector(application, false) {
            @Override
            public Collection<RoutesBuilder> collectRoutesFromDirectory(
                    CamelContext camel, String exclude, String include) {
                return List.of();
            }
        };
    }

    /** The patterns, for people. */
    String pattern() {
        return include;
    }

    /**
     * Reads them all, by name.
     *
     * @throws IOException when a folder or a file cannot be read, or was replaced while it was: look again later
     */
    Map<String, RouteFile> read() throws IOException {
        Map<String, RouteFile> files = new TreeMap<>();
        for (Resource resource : find()) {
            if (resource.exists()) {
                try (InputStream content = resource.getInputStream()) {
                    String name = name(resource);
                    files.put(name, RouteFile.of(name, content.readNBytes(RouteFile.MOST_BYTES + 1)));
                }
            }
        }
        return files;
    }

    private Iterable<Resource> find() throws IOException {
        try {
            return collector.findRouteResourcesFromDirectory(camel, exclude, include);
        } catch (RuntimeCamelException e) {
            throw new IOException("cannot read " + include, e);
        }
    }

    private static String name(Resource resource) {
        return resource.getLocation().replaceFirst("^(file|classpath):", "");
    }
}
