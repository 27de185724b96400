package org.gibsey.spine.identity;

import java.time.Clock;
import org.gibsey.spine.SpineSettings;
import org.springframework.boot.autoconfigure.condition.ConditionalOnExpression;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.task.SimpleAsyncTaskExecutor;

/** What is there only where readers are known. */
@Configuration(proxyBeanMethods = false)
@ConditionalOnExpression(TokenVerifier.WANTED)
class IdentityConfiguration {

    @Bean
    TokenVerifier tokenVerifier(SpineSettings settings, Clock clock) {
        SimpleAsyncTaskExecutor threads = new SimpleAsyncTaskExecutor("issuer keys ");
        threads.setDaemon(true);
        return new TokenVerifier(settings.auth(), clock, threads);
    }
}
