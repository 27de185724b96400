package org.gibsey.spine.identity;

import java.time.Clock;
import javax.sql.DataSource;
import org.gibsey.spine.SpineSettings;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.condition.ConditionalOnExpression;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.task.SimpleAsyncTaskExecutor;

/** The parts of this package that are there in every process, and the one that is not. */
@Configuration(proxyBeanMethods = false)
class IdentityConfiguration {

    @Bean
    @ConditionalOnExpression(TokenVerifier.WANTED)
    TokenVerifier tokenVerifier(SpineSettings settings, Clock clock) {
        SimpleAsyncTaskExecutor threads = new SimpleAsyncTaskExecutor("issuer keys ");
        threads.setDaemon(true);
        return new TokenVerifier(settings.auth(), clock, threads);
    }

    /** Route files name it in any case. Who asks for a data source without a name means the vault itself. */
    @Bean(name = VaultReads.NAME, defaultCandidate = false)
    VaultReads vaultReads(DataSource vault, SpineSettings settings) {
        return new VaultReads(
                vault, settings.auth(), settings.database(), settings.http().readTime());
    }

    @Bean
    RowSecurity rowSecurity(DataSource vault, @Qualifier(VaultReads.NAME) VaultReads reads, SpineSettings settings) {
        return new RowSecurity(vault, reads, settings.database());
    }
}
