package org.gibsey.spine.liveroutes;

import java.util.List;
import java.util.Map;
import org.apache.camel.Route;
import org.apache.camel.component.platform.http.spi.PlatformHttpConsumerAware;
import org.apache.camel.component.platform.http.springboot.CamelRequestHandlerMapping;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.mvc.method.RequestMappingInfo;

/**
 * Which public paths lead to which route. Camel maps a path when its route starts and never unmaps it: the path of a
 * route that is gone, or that now takes another content type, would go on answering 500. Thread-safe.
 */
@Component
class RequestMappings {

    private final ObjectProvider<CamelRequestHandlerMapping> mappings;

    /** @param mappings none when there is no public port, as in a dry run */
    RequestMappings(ObjectProvider<CamelRequestHandlerMapping> mappings) {
        this.mappings = mappings;
    }

    /** Whether a request can get to the route; true for one that has no public path. */
    boolean leadTo(Route route) {
        Object handler = handler(route);
        CamelRequestHandlerMapping mapping = mappings.getIfAvailable();
        return handler == null || mapping == null || !of(mapping, handler).isEmpty();
    }

    /** Forgets the paths of a route that is being removed. */
    void forget(Route route) {
        Object handler = handler(route);
        CamelRequestHandlerMapping mapping = mappings.getIfAvailable();
        if (handler != null && mapping != null) {
            of(mapping, handler).forEach(mapping::unregisterMapping);
        }
    }

    private static List<RequestMappingInfo> of(CamelRequestHandlerMapping mapping, Object handler) {
        Map<RequestMappingInfo, HandlerMethod> all = mapping.getHandlerMethods();
        return all.entrySet().stream()
                .filter(entry -> entry.getValue().getBean() == handler)
                .map(Map.Entry::getKey)
                .toList();
    }

    private static @Nullable Object handler(Route route) {
        return route.getConsumer() instanceof PlatformHttpConsumerAware aware ? aware.getPlatformHttpConsumer() : null;
    }
}
