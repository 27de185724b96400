package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.gibsey.spine.SpineApplication;
import org.gibsey.spine.embedded.SharedServices;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;

/** A process whose largest body the topic would not take does not start. */
class TopicLimitIT {

    @ParameterizedTest
    @ValueSource(strings = {"save-gift", "edit-gift"})
    void doesNotStartWithABodyLimitBeyondWhatTheTopicTakes(String route) {
        SpringApplicationBuilder application = new SpringApplicationBuilder(SpineApplication.class)
                .properties(Map.of(
                        "SERVER_PORT",
                        "0",
                        "MANAGEMENT_SERVER_PORT",
                        "0",
                        "KAFKA_BOOTSTRAP_SERVERS",
                        SharedServices.get().kafka().bootstrapServers(),
                        "VAULT_DB_URL",
                        SharedServices.get().database().url(),
                        "VAULT_ROUTES",
                        "file:routes/" + route + ".camel.yaml",
                        "MAX_BODY_BYTES",
                        "2000000"));

        assertThatThrownBy(application::run)
                .isInstanceOf(InvalidConfigurationPropertyValueException.class)
                .hasMessageContaining("spine.limits.body-bytes");
    }
}
