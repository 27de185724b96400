package org.gibsey.spine.gift;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TraceParentTest {

    private static final String GOOD = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    @Test
    void readsWhatTheStandardWrites() {
        assertThat(TraceParent.parse(GOOD))
                .contains(new TraceParent("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "01"))
                .map(TraceParent::toString)
                .contains(GOOD);
    }

    @Test
    void readsWhatItBegins() {
        TraceParent begun = TraceParent.begin();

        assertThat(TraceParent.parse(begun.toString())).contains(begun);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "00-",
                "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
                "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
                "00-4bf92f3577b34da6a3ce929d0e0e4736+00f067aa0ba902b7-01",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7+01",
                "00-٠bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            })
    void knowsNothingOfAnyOtherForm(String text) {
        assertThat(TraceParent.parse(text)).isEmpty();
    }
}
