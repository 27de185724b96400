package org.gibsey.spine.liveroutes;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SettlingTest {

    private static final Map<String, RouteFile> HALF = files("hal");
    private static final Map<String, RouteFile> WHOLE = files("whole");

    private final Settling settling = new Settling();

    @Test
    void givesWhatHasNotChangedForTwoLooks() {
        assertThat(settling.look(WHOLE)).isEmpty();
        assertThat(settling.look(WHOLE)).isEmpty();
        assertThat(settling.look(WHOLE)).contains(WHOLE);
        assertThat(settling.look(WHOLE)).contains(WHOLE);
    }

    @Test
    void beginsAnewAtEachChange() {
        settling.look(HALF);
        settling.look(HALF);

        assertThat(settling.look(WHOLE)).isEmpty();
        assertThat(settling.look(WHOLE)).isEmpty();
        assertThat(settling.look(WHOLE)).contains(WHOLE);
    }

    private static Map<String, RouteFile> files(String text) {
        return Map.of("a", RouteFile.of("a", text.getBytes(StandardCharsets.UTF_8)));
    }
}
