package org.gibsey.spine.timeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.awaitility.Awaitility.await;

import java.sql.SQLException;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.assertj.core.api.Assertions;
import org.gibsey.spine.ClientShares;
import org.gibsey.spine.identity.Caller;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.mockito.Mockito;

/** What a client that reads nothing may hold, and how it ends. */
class StreamClientTest {

    private static final int ROOM = 16 << 20;
    private static final int MOST_WAITING = ROOM / 8;
    private static final long ANY_TIME = -1;

    private final ClientShares room = new ClientShares(ROOM);

    @Test
    void whatWaitsForAClientIsAShareOfWhatMayWait() {
        StreamClient first = deaf("greedy");
        StreamClient second = deaf("greedy");
        StreamClient other = deaf("other");

        first.send(new byte[ROOM * 6 / 10]);
        second.send(new byte[ROOM / 10]);
        other.send(new byte[ROOM / 10]);

        assertThat(first.isDropped()).isFalse();
        assertThat(second.isDropped()).isTrue();
        assertThat(other.isDropped()).isFalse();

        first.left();
        StreamClient third = deaf("greedy");
        third.send(new byte[ROOM / 10]);
        assertThat(third.isDropped()).isFalse();
    }

    @Test
    void noMoreThanSoManyBytesWaitBehindTheMessageThatIsWritten() {
        StreamClient client = deaf("any");

        client.send(new byte[MOST_WAITING]);
        client.send(new byte[MOST_WAITING]);
        assertThat(client.isDropped()).isFalse();

        client.send(new byte[1]);
        assertThat(client.isDropped()).isTrue();
    }

    @Test
    void isEndedWhenItHasNotReadInTime() {
        HeldAnswer answer = new HeldAnswer();
        StreamClient client = deaf(answer, "any");
        client.send(new byte[1]);

        client.cutOff(Long.MAX_VALUE);
        assertThat(answer.hasEnded()).isFalse();

        client.cutOff(ANY_TIME);
        assertThat(answer.hasEnded()).isTrue();
    }

    /** A page is megabytes: where there was no room for it, it was read for nothing, again and again. */
    @Test
    void nothingThatWasMissedIsReadForWhoReadsNothing() throws Exception {
        AtomicInteger reads = new AtomicInteger();
        DataSource vault = Mockito.mock(DataSource.class, asked -> {
            reads.incrementAndGet();
            throw new SQLException("none here");
        });
        StreamCatchUp catchUp = new StreamCatchUp(vault, Mockito.mock(VaultHistory.class));
        HeldAnswer deafAnswer = new HeldAnswer();
        HeldAnswer readAnswer = new HeldAnswer();
        StreamClient deaf = deaf(deafAnswer, "deaf");
        StreamClient reader = deaf(readAnswer, "reader");
        readAnswer.readOn();

        for (StreamClient client : new StreamClient[] {deaf, deaf, reader}) {
            catchUp.send(client, StreamPosition.START, StreamPosition.END, none -> Optional.empty(), reached -> {});
        }

        // its failure ends a stream
        await().until(readAnswer::hasEnded);
        assertThat(reads).hasValue(1);

        deafAnswer.readOn();
        await().until(deafAnswer::hasEnded);
        catchUp.destroy();
    }

    /** Its page was read, made a message of and thrown away, once for each time that a client with more than its share came back. */
    @Test
    void nothingThatWasMissedIsReadForWhoMayHoldNoMore() throws Exception {
        DataSource vault = Mockito.mock(DataSource.class);
        StreamCatchUp catchUp = new StreamCatchUp(vault, Mockito.mock(VaultHistory.class));
        deaf("greedy").send(new byte[ROOM * 6 / 10]);
        HeldAnswer answer = new HeldAnswer();
        StreamClient again = deaf(answer, "greedy");
        answer.readOn();

        catchUp.send(again, StreamPosition.START, StreamPosition.END, none -> Optional.empty(), unwanted -> fail());

        await().until(again::gone);
        Mockito.verifyNoInteractions(vault);
        again.cutOff(Long.MAX_VALUE);
        assertThat(answer.hasEnded()).isTrue();
        assertThat(deaf("other").hasRoom()).isTrue();
        catchUp.destroy();
    }

    @Test
    void theEndOfAStreamThatHasExpiredComesAfterWhatWaitsAndWhateverElseWasToCome() throws Exception {
        HeldAnswer answer = new HeldAnswer();
        StreamClient client = deaf(answer, "any", new Caller(UUID.randomUUID(), Instant.EPOCH));
        client.send(new byte[1]);
        client.expire(Instant.now(), new byte[1]);

        client.whenDrained(Assertions::fail);

        assertThat(answer.hasEnded()).isFalse();
        answer.readOn();
        assertThat(answer.hasEnded()).isTrue();
    }

    private StreamClient deaf(String sharer) {
        return deaf(new HeldAnswer(), sharer);
    }

    private StreamClient deaf(HeldAnswer answer, String sharer) {
        return deaf(answer, sharer, null);
    }

    /** One whose connection has taken the first bytes, and holds them. */
    private StreamClient deaf(HeldAnswer answer, String sharer, @Nullable Caller caller) {
        StreamClient client = new StreamClient(answer, StreamedGift.Filter.ALL, caller, MOST_WAITING, room, sharer);
        answer.open(client, () -> {});
        client.send(new byte[1]);
        return client;
    }
}
