package org.gibsey.spine.timeline;

import org.gibsey.spine.SpineSettings;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The parts of the timeline that are no routes: the page and the stream. */
@Configuration(proxyBeanMethods = false)
class TimelineConfiguration {

    @Bean
    ServletRegistrationBean<StreamServlet> vaultStream(VaultFeed feed, SpineSettings settings) {
        ServletRegistrationBean<StreamServlet> stream =
                new ServletRegistrationBean<>(new StreamServlet(feed, settings), StreamServlet.PATH);
        stream.setName("vault-stream");
        stream.setAsyncSupported(true);
        return stream;
    }
}
