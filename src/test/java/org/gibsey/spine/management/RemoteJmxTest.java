package org.gibsey.spine.management;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class RemoteJmxTest {

    @Test
    void refusesAPortThatAnybodyMayUse() {
        assertThatThrownBy(() -> new RemoteJmx("9010", false))
                .hasMessageContaining("com.sun.management.jmxremote.authenticate")
                .hasMessageContaining("9010")
                .hasMessageContaining("com.sun.management.jmxremote.password.file");
    }

    @Test
    void takesNoPortAndAPortWithAPassword() {
        assertThatCode(() -> new RemoteJmx("", true)).doesNotThrowAnyException();
        assertThatCode(() -> new RemoteJmx("", false)).doesNotThrowAnyException();
        assertThatCode(() -> new RemoteJmx("9010", true)).doesNotThrowAnyException();
    }
}
