package org.gibsey.spine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.gibsey.spine.ClientShares.Outcome.FULL;
import static org.gibsey.spine.ClientShares.Outcome.SHARE_USED;
import static org.gibsey.spine.ClientShares.Outcome.TAKEN;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.mock.web.MockHttpServletRequest;

class ClientSharesTest {

    private final ClientShares room = new ClientShares(32);

    @Test
    void leavesHalfToTheOthers() {
        IntStream.range(0, 16).forEach(i -> assertThat(room.take("greedy", 1)).isEqualTo(TAKEN));

        assertThat(room.take("greedy", 1)).isEqualTo(SHARE_USED);
        assertThat(room.take("modest", 2)).isEqualTo(TAKEN);
        assertThat(room.take("modest", 1)).isEqualTo(SHARE_USED);
        IntStream.range(0, 14)
                .forEach(i -> assertThat(room.take("other " + i, 1)).isEqualTo(TAKEN));
        assertThat(room.take("late", 1)).isEqualTo(FULL);
    }

    @Test
    void hasRoomAgainForWhatWasGivenBack() {
        assertThat(room.take("one", 32)).isEqualTo(TAKEN);
        assertThat(room.take("other", 1)).isEqualTo(FULL);
        room.leave("one", 31);

        assertThat(room.take("other", 31)).isEqualTo(TAKEN);
        assertThat(room.take("other", 1)).isEqualTo(FULL);
    }

    @Test
    void aMillionClientsLeaveNothingBehind() {
        for (int i = 0; i < 1_000_000; i++) {
            String client = "client " + i;
            if (room.take(client, 1) == TAKEN && i >= 31) {
                room.leave(client, 1);
            }
        }

        assertThat(room.clients()).isEqualTo(31);
    }

    @Test
    void nineClientsThatTakeAllTheyCanFillIt() {
        ClientShares large = new ClientShares(512);

        for (int client = 1; client <= 9; client++) {
            assertThat(large.take("honest", 1)).isEqualTo(TAKEN);
            large.leave("honest", 1);
            for (int i = 0; i < 512; i++) {
                large.take("greedy " + client, 1);
            }
        }

        assertThat(large.take("honest", 1)).isEqualTo(FULL);
        assertThat(large.share()).isEqualTo(32);
    }

    @ParameterizedTest
    @CsvSource({
        "192.0.2.1, 192.0.2.1, true",
        "192.0.2.1, 192.0.2.2, false",
        "2001:db8::1, 2001:db8:0:0:ffff::2, true",
        "2001:db8::1, 2001:db8:0:1::1, false",
        "::ffff:192.0.2.1, 192.0.2.1, true"
    })
    void takesANetworkOfIpv6ForOneClient(String one, String other, boolean same) {
        assertThat(client(one).equals(client(other))).isEqualTo(same);
    }

    private static String client(String address) {
        MockHttpServletRequest request = new MockHttpServletRequest();
        request.setRemoteAddr(address);
        return ClientShares.client(request);
    }
}
