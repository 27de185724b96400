package org.gibsey.spine.timeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.eq;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.verifyNoInteractions;
import static org.mockito.Mockito.when;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.IntStream;
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

    /** A page at a time, so that neither a message is megabytes nor others wait for it. */
    @Test
    void whatIsAtHandIsSentByThePageAndWithoutTheDatabase() throws Exception {
        List<StreamedGift> gifts =
                IntStream.rangeClosed(1, 6).mapToObj(StreamCatchUpTest::gift).toList();
        RecentGifts recent = new RecentGifts(StreamPosition.START).with(gifts);
        HeldAnswer answer = new HeldAnswer();
        StreamClient client = client(answer, "any", StreamedGift.Filter.ALL);
        BlockingQueue<StreamPosition> reached = new LinkedBlockingQueue<>();

        answer.readOn();
        for (StreamPosition from = StreamPosition.START; !from.equals(recent.position()); from = reached.take()) {
            catchUp.send(client, from, recent.position(), recent::pageAfter, reached::add);
        }

        assertThat(answer.written())
                .isEqualTo(new String(
                        StreamedGift.message(gifts, client.filter(), StreamPosition.START), StandardCharsets.UTF_8));
        assertThat(recent.pageAfter(StreamPosition.START).orElseThrow()).hasSize(3);
        verifyNoInteractions(vault);
    }

    private static StreamedGift gift(int id) {
        return new StreamedGift(
                StreamPosition.START.after(id, id, List.of()),
                id,
                id,
                UUID.randomUUID(),
                1,
                null,
                UUID.randomUUID(),
                "\"" + "x".repeat(VaultHistory.PAGE_CHARS * 2 / 5) + "\"");
    }

    @Test
    void aTimelineThatHasEndedMeanwhileWaitsNoMore() throws Exception {
        VaultFeed feed = feed(new SimpleMeterRegistry());
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

    @Test
    void whoIsDroppedForWantOfRoomIsCountedOnce() {
        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        VaultFeed feed = feed(meters);
        StreamClient dropped =
                new StreamClient(new HeldAnswer(), StreamedGift.Filter.ALL, null, 1, new ClientShares(1), "any");
        StreamClient other = client(new HeldAnswer(), "other", StreamedGift.Filter.ALL);
        assertThat(dropped.hasRoom()).isFalse();
        feed.join(dropped, null);
        feed.join(other, null);

        feed.left(dropped);
        feed.left(dropped);
        feed.left(other);

        assertThat(meters.get("gifts.stream.dropped").counter().count()).isEqualTo(1);
    }

    private VaultFeed feed(SimpleMeterRegistry meters) {
        return new VaultFeed(
                vault,
                history,
                catchUp,
                mock(SpineSettings.class, Mockito.RETURNS_DEEP_STUBS),
                Clock.systemUTC(),
                Clock.systemUTC(),
                meters);
    }

    private StreamClient send(String sharer, StreamedGift.Filter filter) throws Exception {
        return send(sharer, filter, () -> served.add(sharer));
    }

    private StreamClient send(String sharer, StreamedGift.Filter filter, Runnable then) throws Exception {
        HeldAnswer answer = new HeldAnswer();
        StreamClient client = client(answer, sharer, filter);
        answer.readOn();
        catchUp.send(client, StreamPosition.START, StreamPosition.END, none -> Optional.empty(), unused -> then.run());
        return client;
    }

    private static StreamClient client(HeldAnswer answer, String sharer, StreamedGift.Filter filter) {
        StreamClient client = new StreamClient(answer, filter, null, 1, ROOM, sharer);
        answer.open(client, () -> {});
        return client;
    }
}
