package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class IncomingBodyTest {

    /** A body may be waited for during thousands of looks. */
    @Test
    void neverLooksWithoutAPauseHoweverLongABodyIsWaitedFor() {
        LongStream pauses = LongStream.iterate(IncomingBody.SHORTEST_PAUSE, IncomingBody::longer)
                .limit(10_000);

        assertThat(pauses)
                .allSatisfy(
                        pause -> assertThat(pause).isBetween(IncomingBody.SHORTEST_PAUSE, IncomingBody.LONGEST_PAUSE));
    }
}
