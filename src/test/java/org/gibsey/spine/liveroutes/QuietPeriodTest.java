package org.gibsey.spine.liveroutes;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.gibsey.spine.liveroutes.FolderWatch.QuietPeriod;
import org.junit.jupiter.api.Test;

class QuietPeriodTest {

    private static final Map<String, RouteFile> HALF = files("hal");
    private static final Map<String, RouteFile> WHOLE = files("whole");

    private final QuietPeriod quietPeriod = new QuietPeriod();

    @Test
    void givesWhatHasNotChangedForTwoLooks() {
        assertThat(quietPeriod.look(WHOLE)).isEmpty();
        assertThat(quietPeriod.look(WHOLE)).isEmpty();
        assertThat(quietPeriod.look(WHOLE)).contains(WHOLE);
        assertThat(quietPeriod.look(WHOLE)).contains(WHOLE);
    }

    @Test
    void beginsAnewAtEachChange() {
        quietPeriod.look(HALF);
        quietPeriod.look(HALF);

        assertThat(quietPeriod.look(WHOLE)).isEmpty();
        assertThat(quietPeriod.look(WHOLE)).isEmpty();
        assertThat(quietPeriod.look(WHOLE)).contains(WHOLE);
    }

    private static Map<String, RouteFile> files(String text) {
        return Map.of("a", RouteFile.of("a", text.getBytes(StandardCharsets.UTF_8)));
    }
}
