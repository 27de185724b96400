package org.gibsey.spine.http;

import java.time.Duration;
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

    private final BodyFilter bodies;
    private final SaveMetrics metrics;
    private final SaveLimit limit;
    private final AnswerMemory answers;
    private final Duration answerTime;
    private final SpineSettings.Auth auth;
    private final ClientShares saves;
    private final ClientShares reads;

    PublicHttpEngine(
            SpineSettings settings,
            BodyFilter bodies,
            SaveMetrics metrics,
            SaveLimit limit,
            @Value("${server.port}") int port) {
        super(port);
        this.bodies = bodies;
        this.metrics = metrics;
        this.limit = limit;
        this.answerTime = settings.http().answerTime();
        this.auth = settings.auth();
        this.saves = new ClientShares(settings.http().concurrentSaves());
        this.reads = new ClientShares(settings.http().concurrentReads());
        this.answers = new AnswerMemory(Runtime.getRuntime().maxMemory(), reads);
    }

    @Override
    public PlatformHttpConsumer createConsumer(PlatformHttpEndpoint endpoint, Processor processor) {
        return new PublicHttpConsumer(endpoint, processor, this, bodies, answerTime);
    }

    AnswerMemory answers() {
        return answers;
    }

    SpineSettings.Auth auth() {
        return auth;
    }

    ClientShares saves() {
        return saves;
    }

    ClientShares reads() {
        return reads;
    }

    SaveLimit limit() {
        return limit;
    }

    /** A route takes saves at this path from now on. */
    SaveMetrics measureSaves(String path) {
        metrics.measure(path);
        return metrics;
    }
}
