package org.gibsey.spine.management;

import com.github.benmanes.caffeine.cache.Ticker;
import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Duration;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.WrongTokens;
import org.gibsey.spine.http.HeadDeadline;
import org.gibsey.spine.http.PagePolicy;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.web.embedded.tomcat.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.Ssl;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.boot.web.servlet.FilterRegistration;
import org.springframework.context.annotation.Bean;
import org.springframework.core.Ordered;
import org.springframework.http.CacheControl;
import org.springframework.web.servlet.config.annotation.ResourceHandlerRegistry;
import org.springframework.web.servlet.config.annotation.ViewControllerRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/**
 * The page at {@code /ops}, served on the management port and nowhere else. Its files lie outside {@code static/}, which the
 * public port serves; what the pages have in common is taken from there.
 *
 * <p>Without {@code @Configuration}, or the scan would take it into the public port's context, too: Spring Boot finds it by
 * its name in {@code META-INF/spring}.
 */
final class ManagementPort implements WebMvcConfigurer {

    /** Of operators, probes and who collects metrics; one that has half of them gets no more. */
    private static final int MOST_CONNECTIONS = 256;

    private static final int MOST_IDLE_THREADS = 2;

    @Override
    public void addViewControllers(ViewControllerRegistry registry) {
        registry.addRedirectViewController("/", "/ops");
        registry.addRedirectViewController("/ops/", "/ops");
        registry.addViewController("/ops").setViewName("forward:/ops/index.html");
    }

    @Override
    public void addResourceHandlers(ResourceHandlerRegistry registry) {
        registry.addResourceHandler("/ops/book/**")
                .addResourceLocations("classpath:/static/book/")
                .setCacheControl(CacheControl.noCache());
        registry.addResourceHandler("/ops/**")
                .addResourceLocations("classpath:/ops/")
                .setCacheControl(CacheControl.noCache());
    }

    @Bean
    @FilterRegistration(urlPatterns = {"/ops", "/ops/*"})
    Filter operatorPagePolicy() {
        return (request, response, chain) -> {
            PagePolicy.PAGE.harden(request, (HttpServletResponse) response);
            chain.doFilter(request, response);
        };
    }

    /**
     * What comes over these has to be read and checked beside saves. Threads are those of the platform, which the operating system
     * interrupts for others: between virtual ones a save would have to wait until a read of metrics is done.
     */
    @Bean
    WebServerFactoryCustomizer<TomcatServletWebServerFactory> apartFromSaves(SpineSettings settings) {
        return tomcat -> {
            tomcat.setProtocol(HeadDeadline.class.getName());
            tomcat.addProtocolHandlerCustomizers((HeadDeadline http) -> {
                http.setMaxNanos(settings.http().headTime().toNanos());
                http.shareConnections(MOST_CONNECTIONS, address -> false);
                http.setExecutor(null);
                http.setMinSpareThreads(MOST_IDLE_THREADS);
                http.setMaxThreads(MOST_CONNECTIONS);
            });
        };
    }

    /** Asks whoever connects for a certificate, which the gate demands where a role is needed: probes have none. */
    @Bean
    WebServerFactoryCustomizer<TomcatServletWebServerFactory> clientCertificates(SpineSettings settings) {
        return tomcat -> {
            if (!settings.management().clientCa().isEmpty()) {
                Ssl tls = tomcat.getSsl();
                if (tls == null || !tls.isEnabled()) {
                    throw new InvalidConfigurationPropertyValueException(
                            "spine.management.client-ca",
                            settings.management().clientCa(),
                            "It has no effect unless the management port speaks TLS (profile tls).");
                }
                tls.setClientAuth(Ssl.ClientAuth.WANT);
            }
        };
    }

    @Bean
    @FilterRegistration(order = Ordered.HIGHEST_PRECEDENCE)
    ForeignPages foreignPages(SpineSettings settings) {
        return new ForeignPages(settings.management().hosts());
    }

    /** Behind the other, so that a page of another site cannot use up the tries of a client. */
    @Bean
    @FilterRegistration(order = Ordered.HIGHEST_PRECEDENCE + 1)
    OperatorGate operatorGate(Operators operators, SpineSettings settings) {
        return new OperatorGate(operators, new WrongTokens(Ticker.systemTicker()), settings.management());
    }

    /** Behind both: who is refused takes no turn. */
    @Bean
    @FilterRegistration(order = Ordered.HIGHEST_PRECEDENCE + 2)
    ReadsInTurn readsInTurn() {
        return new ReadsInTurn(Duration.ofSeconds(5));
    }
}
