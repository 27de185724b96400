package org.gibsey.spine.timeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import org.gibsey.spine.ClientShares;
import org.gibsey.spine.embedded.SpineIT;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.context.TestPropertySource;

/** What the one thread of the feed does for who comes back. */
@SpineIT
@TestPropertySource(properties = "STREAM_HEARTBEAT=1s")
class FeedTurnsIT {

    private static final long PAGE = 55_181;

    @Autowired
    VaultFeed feed;

    @Autowired
    JdbcClient vault;

    private final ClientShares room = new ClientShares(1 << 30);

    /** Three hundred that had missed megabytes held up the gifts of all others by seconds. */
    @Test
    void whatIsMoreThanALittleIsMadeInAnotherThread() throws Exception {
        HeldAnswer stays = reader();
        HeldAnswer missedLittle = reader();
        HeldAnswer missedMuch = reader();
        StreamClient staying = join(stays, null);
        try {
            await().until(() -> stays.written().contains("event: position"));
            StreamPosition begin = position(stays);
            store("much", 400_000);
            await().until(() -> stays.written().contains("much"));
            StreamPosition between = position(stays);
            store("little", 1);
            await().until(() -> stays.written().contains("little"));

            StreamClient little = join(missedLittle, between);
            StreamClient much = join(missedMuch, begin);

            await().until(() -> missedLittle.written().contains("event: position")
                    && missedMuch.written().contains("event: position"));
            feed.left(little);
            feed.left(much);
            assertThat(missedLittle.written()).contains("little").doesNotContain("much");
            assertThat(missedMuch.written()).containsSubsequence("much", "little", "event: position");
            assertThat(missedLittle.writersOfGifts()).containsExactly("timeline feed");
            assertThat(missedMuch.writersOfGifts()).containsExactly("timeline catch-up");
        } finally {
            feed.left(staying);
        }
    }

    private static HeldAnswer reader() throws IOException {
        HeldAnswer answer = new HeldAnswer();
        answer.readOn();
        return answer;
    }

    private StreamClient join(HeldAnswer answer, StreamPosition from) {
        StreamClient client =
                new StreamClient(answer, new StreamedGift.Filter(PAGE, null, null), null, 1 << 20, room, "any");
        feed.join(client, from);
        return client;
    }

    private void store(String question, int answer) {
        vault.sql("insert into vault (page_id, question, answer) values (?, ?, repeat('x', ?))")
                .params(PAGE, question, answer)
                .update();
    }

    private static StreamPosition position(HeldAnswer answer) {
        String text = answer.written();
        String last = text.substring(text.lastIndexOf("\nid: ") + 5);
        return StreamPosition.parse(last.substring(0, last.indexOf('\n'))).orElseThrow();
    }
}
