package org.gibsey.spine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.test.context.ConfigDataApplicationContextInitializer;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Configuration;

/** Which topics the service does not start with. */
class TopicSettingsTest {

    private final ApplicationContextRunner application = new ApplicationContextRunner()
            .withInitializer(new ConfigDataApplicationContextInitializer())
            .withUserConfiguration(OfSettings.class)
            .withPropertyValues("KAFKA_TOPIC=gifts", "KAFKA_DEAD_LETTER_TOPIC=gifts.dlq");

    @Configuration(proxyBeanMethods = false)
    @EnableConfigurationProperties(SpineSettings.class)
    static class OfSettings {}

    @Test
    void takesATopicOfChangesBesideThoseOfGifts() {
        application
                .withPropertyValues("KAFKA_CHANGES_TOPIC=changes")
                .run(context -> assertThat(
                                context.getBean(SpineSettings.class).changes().topic())
                        .isEqualTo("changes"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"gifts", "gifts.dlq"})
    void refusesATopicOfChangesThatHoldsGiftsOrDeadLetters(String topic) {
        application
                .withPropertyValues("KAFKA_CHANGES_TOPIC=" + topic)
                .run(context -> assertThatThrownBy(() -> context.getBean(SpineSettings.class))
                        .hasStackTraceContaining("KAFKA_CHANGES_TOPIC must be a topic of its own"));
    }
}
