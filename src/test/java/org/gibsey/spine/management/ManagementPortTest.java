package org.gibsey.spine.management;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.gibsey.spine.SpineSettings;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.test.context.ConfigDataApplicationContextInitializer;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.web.embedded.tomcat.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.Ssl;

/** Who reaches the port, and an authority for client certificates where nobody could show one. */
class ManagementPortTest {

    private final ApplicationContextRunner settings = new ApplicationContextRunner()
            .withInitializer(new ConfigDataApplicationContextInitializer())
            .withUserConfiguration(Settings.class)
            .withPropertyValues("MANAGEMENT_CLIENT_CA=/operators.crt");

    @Test
    void answersThisMachineAloneUnlessToldOtherwise() {
        settings.run(context -> assertThat(context.getEnvironment().getProperty("management.server.address"))
                .isEqualTo("127.0.0.1"));
    }

    @Test
    void anAuthorityForCertificatesIsRefusedWithoutTls() {
        settings.run(context -> assertThatThrownBy(() -> new ManagementPort()
                        .clientCertificates(context.getBean(SpineSettings.class))
                        .customize(new TomcatServletWebServerFactory()))
                .isInstanceOf(InvalidConfigurationPropertyValueException.class)
                .hasMessageContaining("spine.management.client-ca"));
    }

    @Test
    void withTlsWhoConnectsIsAskedForOne() {
        settings.run(context -> {
            TomcatServletWebServerFactory tomcat = new TomcatServletWebServerFactory();
            tomcat.setSsl(new Ssl());

            new ManagementPort()
                    .clientCertificates(context.getBean(SpineSettings.class))
                    .customize(tomcat);

            assertThat(tomcat.getSsl().getClientAuth()).isEqualTo(Ssl.ClientAuth.WANT);
        });
    }

    @EnableConfigurationProperties(SpineSettings.class)
    private static final class Settings {}
}
