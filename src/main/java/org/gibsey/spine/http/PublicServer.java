package org.gibsey.spine.http;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.observation.ObservationPredicate;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.apache.camel.CamelContext;
import org.apache.catalina.Valve;
import org.apache.catalina.core.StandardHost;
import org.apache.catalina.valves.ErrorReportValve;
import org.gibsey.spine.ClientShares;
import org.gibsey.spine.ConnectionMemory;
import org.gibsey.spine.FilterOrder;
import org.gibsey.spine.Network;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.identity.TokenVerifier;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnExpression;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.boot.web.embedded.tomcat.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.boot.web.servlet.FilterRegistration;
import org.springframework.boot.web.servlet.error.DefaultErrorAttributes;
import org.springframework.boot.web.servlet.error.ErrorAttributes;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.server.ServerHttpResponse;
import org.springframework.http.server.ServletServerHttpResponse;
import org.springframework.http.server.observation.ServerRequestObservationContext;
import org.springframework.web.cors.CorsConfiguration;
import org.springframework.web.cors.DefaultCorsProcessor;
import org.springframework.web.filter.CorsFilter;
import org.springframework.web.filter.RequestContextFilter;

/** How Tomcat serves the public port: what stands before Spring and the routes. */
@Configuration(proxyBeanMethods = false)
class PublicServer {

    /** What connections may take; open timelines are a part of them, see the stream's servlet. */
    private static final double OF_THE_HEAP = 0.625;

    /**
     * Bytes of a connection that the kernel keeps for a reader who does not read, and as many again for itself. By itself it keeps up
     * to 4 MB (Linux, {@code tcp_wmem}): four hundred such readers took so much of the memory of all connections that those to
     * the broker stood still for seconds.
     */
    private static final int UNREAD_BYTES = 128 << 10;

    /** Those of the public port, once it is open. */
    private final AtomicReference<@Nullable ClientConnections> connections = new AtomicReference<>();

    @Bean
    WebServerFactoryCustomizer<TomcatServletWebServerFactory> publicTomcat(
            SpineSettings settings,
            ObjectProvider<CamelContext> camel,
            ApplicationAvailability availability,
            ClientShares comingBodies) {
        // asked only for paths that nobody serves
        BooleanSupplier starting = () -> availability.getReadinessState() != ReadinessState.ACCEPTING_TRAFFIC
                || !camel.getObject().getStatus().isStarted();
        List<Network> trusted = settings.http().trustedProxies();
        Predicate<InetAddress> proxies = address -> trusted.stream().anyMatch(network -> network.contains(address));
        return tomcat -> {
            tomcat.setProtocol(HeadDeadline.class.getName());
            tomcat.addConnectorCustomizers(connector -> {
                HeadDeadline http = (HeadDeadline) connector.getProtocolHandler();
                http.setMaxNanos(settings.http().headTime().toNanos());
                // nobody here needs extensions of chunks or trailers, and Tomcat would wait for each byte of them
                // anew: a body could take hours. Room for the empty line that ends a body in chunks, and no more
                http.setMaxExtensionSize(0);
                http.setMaxTrailerSize(2);
                // with it, HTTP/2 of Tomcat 10.1.62 was seen to lose its place between frames, and to hang up
                connector.setProperty("useAsyncIO", "false");
                connector.setProperty("socket.txBufSize", Integer.toString(UNREAD_BYTES));
                // buffers of some 60 KB; Tomcat keeps 200 of them, and makes new ones for each further call in work
                http.setProcessorCache(settings.http().concurrentSaves());
                http.shareConnections(
                        ConnectionMemory.atMost("connections", http.getMaxConnections(), OF_THE_HEAP), proxies);
                connections.set(http.connections());
                PriorKnowledge http2 = new PriorKnowledge();
                // a stream whose window stays closed, like a connection that takes no bytes
                http2.setStreamWriteTimeout(http.getConnectionTimeout());
                connector.addUpgradeProtocol(http2);
            });
            SpineSettings.Http http = settings.http();
            ClientShares calls = new ClientShares(2L * http.concurrentSaves() + http.concurrentReads());
            tomcat.addEngineValves(
                    new ForwardedValve(proxies),
                    new PublicValve(
                            starting, comingBodies, calls, settings.auth().issuerOrigin()));
            tomcat.addContextCustomizers(context -> reportNothing((StandardHost) context.getParent()));
        };
    }

    @Bean
    MeterBinder refusedConnections() {
        return meters -> FunctionCounter.builder("http.connections.refused", connections, PublicServer::refused)
                .description("Connections closed at once, because their client has its share of all there may be")
                .register(meters);
    }

    private static double refused(AtomicReference<@Nullable ClientConnections> connections) {
        ClientConnections open = connections.get();
        return open == null ? 0 : open.refused();
    }

    /** Bodies that are waited for, in a thread each: those of calls, and those that nobody wants. */
    @Bean
    ClientShares comingBodies(SpineSettings settings) {
        return new ClientShares(settings.http().concurrentSaves());
    }

    /** Browsers of the configured origins may call, and see what they need of the answer. */
    @Bean
    @FilterRegistration(order = FilterOrder.CORS)
    CorsFilter cors(SpineSettings settings) {
        CorsConfiguration cors = new CorsConfiguration();
        cors.setAllowedOrigins(settings.http().origins());
        cors.setAllowedMethods(List.of("GET", "HEAD", "POST", "PUT", "DELETE"));
        cors.setAllowedHeaders(List.of("Content-Type", "Idempotency-Key", "If-Match", "Last-Event-ID", "traceparent"));
        cors.setExposedHeaders(List.of("ETag", "Link", "Location", "RateLimit", "RateLimit-Policy", "Retry-After"));
        if (settings.auth().isOn()) {
            // the page's own script sends the token; what the browser would add by itself (cookies) is never wanted
            cors.addAllowedHeader("Authorization");
            cors.addExposedHeader("WWW-Authenticate");
        }
        cors.setMaxAge(3600L);
        // the same for every path: none has to be looked up
        CorsFilter filter = new CorsFilter(request -> cors);
        filter.setCorsProcessor(new DefaultCorsProcessor() {
            @Override
            protected void rejectRequest(ServerHttpResponse response) throws IOException {
                ((ServletServerHttpResponse) response).getServletResponse().sendError(HttpServletResponse.SC_FORBIDDEN);
            }
        });
        return filter;
    }

    /** Switched off: no filter here needs it, and Spring's servlet does the same for what is behind the filters. */
    @Bean
    @FilterRegistration(enabled = false)
    RequestContextFilter noRequestContextFilter() {
        return new RequestContextFilter();
    }

    /** Where readers are known; elsewhere a call passes one filter less. */
    @Bean
    @ConditionalOnExpression(TokenVerifier.WANTED)
    @FilterRegistration(order = FilterOrder.CALLER)
    CallerFilter callers(TokenVerifier tokens, SpineSettings settings, SaveMetrics metrics) {
        return new CallerFilter(tokens, settings.auth(), metrics);
    }

    /** Saves have meters of their own ({@link SaveMetrics}), and come too often to be measured twice. */
    @Bean
    ObservationPredicate allButSaves(SaveMetrics saves) {
        return (name, context) -> !(context instanceof ServerRequestObservationContext request
                && request.getCarrier() != null
                && saves.measures(request.getCarrier().getRequestURI()));
    }

    /** The management port keeps the errors that Spring Boot gives it, which ask for this. */
    @Bean
    ErrorAttributes managementErrors() {
        return new DefaultErrorAttributes();
    }

    /** Takes Tomcat's own error page out, so that {@link PublicValve} finds the error without a body. */
    private static void reportNothing(StandardHost host) {
        host.setErrorReportValveClass("");
        for (Valve valve : host.getPipeline().getValves()) {
            if (valve instanceof ErrorReportValve) {
                host.getPipeline().removeValve(valve);
            }
        }
    }
}
