package org.gibsey.spine.timeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.eq;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.sql.Connection;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import javax.sql.DataSource;
import org.gibsey.spine.ClientShares;
import org.gibsey.spine.SpineSettings;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.mockito.Mockito;

/** Who waits for whom. */
class StreamCatchUpTest {

    private static final int TIMELINES = 100;
    private static final ClientShares ROOM = new ClientShares(1 << 30);
    /** That of a symbol which no gift has. */
    private static final StreamedGift.Filter LONG = new StreamedGift.Filter(null, 1, null);

    private final VaultHistory history = mock(VaultHistory.class);
    private final DataSource vault = mock(DataSource.class);
    private final StreamCatchUp catchUp = new StreamCatchUp(vault, history);
    private final CountDownLatch scanning = new CountDownLatch(1);
    private final CountDownLatch scanned = new CountDownLatch(1);
    private final List<String> served = new CopyOnWriteArrayList<>();

    @BeforeEach
    void scansTakeLong() throws Exception {
        VaultHistory.Page nothing = new VaultHistory.Page(List.of(), true);
        when(vault.getConnection()).thenAnswer(unused -> mock(Connection.class));
        when(history.canTell(any(), any(), any())).thenReturn(true);
        when(history.read(any(), any(), any(), any())).thenReturn(nothing);
        when(history.read(any(), any(), any(), eq(LONG))).thenAnswer(unused -> {
            scanning.countDown();
            scanned.await();
            return nothing;
        });
    }

    @AfterEach
    void stop() {
        scanned.countDown();
        catchUp.destroy();
    }

    /** Of 190 timelines for each of which the whole vault was looked through, an honest reader waited for all. */
    @Test
    void whatAReaderMissedComesBeforeTheManyTimelinesOfAnother() throws Exception {
        for (int i = 0; i < TIMELINES; i++) {
            send("greedy", LONG);
        }
        send("other", StreamedGift.Filter.ALL);

        await().until(() -> served.equals(List.of("other")));

        scanned.countDown();
        await().until(() -> served.size() == TIMELINES + 1);
    }

    @Test
    void aTimelineThatHasEndedMeanwhileWaitsNoMore() throws Exception {
        VaultFeed feed = new VaultFeed(
                vault,
                history,
                catchUp,
                mock(SpineSettings.class, Mockito.RETURNS_DEEP_STUBS),
                Clock.systemUTC(),
                Clock.systemUTC(),
                new SimpleMeterRegistry());
        send("greedy", LONG);
        scanning.await();
        for (int i = 0; i < TIMELINES; i++) {
            feed.left(send("greedy", LONG));
        }
        send("greedy", StreamedGift.Filter.ALL, () -> served.add("last"));

        scanned.countDown();
        await().until(() -> served.contains("last"));
        assertThat(served).containsExactly("greedy", "last");
    }

    private StreamClient send(String sharer, StreamedGift.Filter filter) throws Exception {
        return send(sharer, filter, () -> served.add(sharer));
    }

    private StreamClient send(String sharer, StreamedGift.Filter filter, Runnable then) throws Exception {
        HeldAnswer answer = new HeldAnswer();
        StreamClient client = new StreamClient(answer, filter, null, 1, ROOM, sharer);
        answer.open(client, () -> {});
        answer.readOn();
        catchUp.send(client, StreamPosition.START, StreamPosition.END, then);
        return client;
    }
}
