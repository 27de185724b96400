package org.gibsey.spine.timeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StreamPositionTest {

    @Test
    void isTheLastRowWhenNothingIsOpenBeforeIt() {
        assertThat(StreamPosition.START.after(10, 7, List.of(11L))).hasToString("10:7");
    }

    @Test
    void coversWhatIsBehindItAndWasNotOpen() {
        StreamPosition position = StreamPosition.parse("10:7,6,8:3").orElseThrow();

        assertThat(position.covers(10, 7)).isTrue();
        assertThat(position.covers(10, 8)).isFalse();
        assertThat(position.covers(11, 1)).isFalse();
        assertThat(position.covers(9, 99)).isTrue();
        assertThat(position.covers(8, 3)).isTrue();
        assertThat(position.covers(8, 4)).isFalse();
        assertThat(position.covers(6, -5)).isFalse();
        assertThat(StreamPosition.START.covers(0, -5)).isFalse();
        assertThat(StreamPosition.END.covers(10, 7)).isTrue();
    }

    @Test
    void remembersWhatWasOpenBeforeTheLastRow() {
        assertThat(StreamPosition.START.after(10, 7, List.of(8L, 11L))).hasToString("10:7,8");
    }

    @Test
    void deliversALatecomerRowByRow() {
        StreamPosition before = StreamPosition.parse("10:7,6,8,9").orElseThrow();

        StreamPosition first = before.after(8, 3, List.of(6L));
        StreamPosition second = first.after(8, 4, List.of(6L));

        assertThat(first).hasToString("10:7,6,8:3,9");
        assertThat(second).hasToString("10:7,6,8:4,9");
        assertThat(second.after(9, 1, List.of(6L))).hasToString("10:7,6,9:1");
    }

    @Test
    void forgetsWhatWasOpenOnceALaterRowIsDelivered() {
        StreamPosition before = StreamPosition.parse("10:7,6,8:3").orElseThrow();

        assertThat(before.after(12, 20, Set.of(11L, 13L))).hasToString("12:20,11");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "812:4711", "812:-5,790,795:12", "9223372036854775807:9223372036854775807"})
    void readsWhatItWrites(String text) {
        assertThat(StreamPosition.parse(text).orElseThrow()).hasToString(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "x",
                "-1",
                "1:",
                "1:2:3",
                "1:2,",
                "1:2;3",
                "99999999999999999999",
                "9999999999999999999",
                " 1"
            })
    void refusesWhatIsNoPosition(String text) {
        assertThat(StreamPosition.parse(text)).isEmpty();
    }

    /** Of each there is a line for every gift that comes late. */
    @Test
    void refusesMoreOpenTransactionsThanAServerHas() {
        assertThat(StreamPosition.parse("1" + ",2".repeat(128))).isPresent();
        assertThat(StreamPosition.parse("1" + ",2".repeat(129))).isEmpty();
        assertThat(StreamPosition.parse("1" + ",2".repeat(10_000))).isEmpty();
    }
}
