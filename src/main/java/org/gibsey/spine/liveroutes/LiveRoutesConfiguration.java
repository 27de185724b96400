package org.gibsey.spine.liveroutes;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Collection;
import java.util.List;
import org.apache.camel.CamelContext;
import org.apache.camel.RoutesBuilder;
import org.apache.camel.main.RoutesCollector;
import org.apache.camel.spring.boot.CamelSpringBootRoutesCollector;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
class LiveRoutesConfiguration {

    /** Leaves the route files to {@link LiveRoutes}: at a bad one Camel itself would not start at all. */
    @Bean
    RoutesCollector routesCollector(ApplicationContext application) {
        return new CamelSpringBootRoutesCollector(application, false) {
            @Override
            public Collection<RoutesBuilder> collectRoutesFromDirectory(
                    CamelContext camel, String exclude, String include) {
                return List.of();
            }
        };
    }

    @Bean
    MeterBinder routeFileMeters(LiveRoutes routes) {
        return registry -> Gauge.builder("route.files.not.current", routes, LiveRoutesConfiguration::notCurrent)
                .description("Route files whose present content is not what runs")
                .register(registry);
    }

    private static double notCurrent(LiveRoutes routes) {
        return routes.files().values().stream()
                .filter(file -> file.edit() != null)
                .count();
    }
}
