package org.gibsey.spine.http;

import org.apache.camel.Processor;
import org.apache.camel.component.platform.http.PlatformHttpConstants;
import org.apache.camel.component.platform.http.PlatformHttpEndpoint;
import org.apache.camel.component.platform.http.spi.PlatformHttpConsumer;
import org.apache.camel.component.platform.http.springboot.SpringBootPlatformHttpEngine;
import org.gibsey.spine.ClientShares;
import org.gibsey.spine.SpineSettings;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/**
 * Puts {@link PublicHttpConsumer} in front of every {@code platform-http} route. Saves and all other calls have places of
 * their own, kept while routes come and go, so that one kind cannot starve the other. Thread-safe.
 */
@Component(PlatformHttpConstants.PLATFORM_HTTP_ENGINE_NAME)
final class PublicHttpEngine extends SpringBootPlatformHttpEngine {

    private final Shared shared;

    PublicHttpEngine(
            SpineSettings settings,
            BodyFilter bodies,
            SaveMetrics metrics,
            SaveLimit limit,
            @Value("${spring.datasource.hikari.maximum-pool-size}") int connections,
            @Value("${server.port}") int port) {
        super(port);
        ClientShares reads = new ClientShares(settings.http().concurrentReads());
        this.shared = new Shared(
                bodies,
                metrics,
                limit,
                new AnswerMemory(Runtime.getRuntime().maxMemory(), connections, reads),
                settings.auth(),
                new ClientShares(settings.http().concurrentSaves()),
                reads);
    }

    /**
     * What the routes share.
     *
     * @param saves places of saves and changes
     * @param reads places of all other calls
     */
    record Shared(
            BodyFilter bodies,
            SaveMetrics metrics,
            SaveLimit limit,
            AnswerMemory answers,
            SpineSettings.Auth auth,
            ClientShares saves,
            ClientShares reads) {}

    @Override
    public PlatformHttpConsumer createConsumer(PlatformHttpEndpoint endpoint, Processor processor) {
        return new PublicHttpConsumer(endpoint, processor, shared);
    }
}
