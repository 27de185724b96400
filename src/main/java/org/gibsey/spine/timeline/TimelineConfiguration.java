package org.gibsey.spine.timeline;

import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletResponse;
import org.gibsey.spine.SpineSettings;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** What of the timeline is served beside the routes. */
@Configuration(proxyBeanMethods = false)
class TimelineConfiguration {

    private static final String PAGE_POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self';"
                    + " img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none';"
                    + " require-trusted-types-for 'script'";

    @Bean
    ServletRegistrationBean<StreamServlet> vaultStream(VaultFeed feed, SpineSettings settings) {
        ServletRegistrationBean<StreamServlet> stream =
                new ServletRegistrationBean<>(new StreamServlet(feed, settings), StreamServlet.PATH);
        stream.setName("vault-stream");
        stream.setAsyncSupported(true);
        return stream;
    }

    /** The page may load what is beside it and nothing else, and turns no text into markup. */
    @Bean
    FilterRegistrationBean<Filter> pagePolicy() {
        FilterRegistrationBean<Filter> policy = new FilterRegistrationBean<>((request, response, chain) -> {
            ((HttpServletResponse) response).setHeader("Content-Security-Policy", PAGE_POLICY);
            chain.doFilter(request, response);
        });
        policy.setName("page-policy");
        policy.addUrlPatterns("/", "/index.html");
        return policy;
    }
}
