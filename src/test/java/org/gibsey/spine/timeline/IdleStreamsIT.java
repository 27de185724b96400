package org.gibsey.spine.timeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.SpineIT;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;

/** What open timelines cost those who save. */
@SpineIT
@Tag("slow")
class IdleStreamsIT {

    private static final int STREAMS = 2_000;
    private static final int PER_SECOND = 200;
    private static final Duration ROUND = Duration.ofSeconds(6);
    private static final int ROUNDS = 6;
    private static final long BUSY_PAGE = 55_401;
    private static final long QUIET_PAGE = 55_402;

    @LocalServerPort
    int port;

    @Autowired
    MeterRegistry meters;

    @Test
    void twoThousandIdleStreamsLeaveSavesAsFastAsTheyWere() throws Exception {
        SteadySaves readers = new SteadySaves(port);
        // compiled, connected, and with some gifts in the table
        readers.run(BUSY_PAGE, PER_SECOND, Duration.ofSeconds(15));
        // nor with a stream that a test before it left behind
        awaitNobody();
        Figures alone = new Figures("no stream");
        Figures two = new Figures("two that show every gift");
        Figures all = new Figures("those two and %,d idle ones".formatted(STREAMS));

        for (int round = 0; round < ROUNDS; round++) {
            alone.add(measure(readers, 0));
            try (TestStream one = TestStream.open(port, "?page_id=" + BUSY_PAGE, null);
                    TestStream other = TestStream.open(port, "?page_id=" + BUSY_PAGE, null)) {
                two.add(measure(readers, 2));
                List<SocketChannel> idle = openStreams();
                all.add(measure(readers, 2 + STREAMS));
                for (SocketChannel stream : idle) {
                    stream.close();
                }
                // what was saved last is on its way
                int shown = (int) (2 * PER_SECOND * ROUND.toSeconds());
                assertThat(one.awaitGifts(shown).questions())
                        .hasSameSizeAs(other.awaitGifts(shown).questions());
            }
            awaitNobody();
        }

        System.out.printf(
                "POST /vault/save at %d a second, medians of %d interleaved rounds, open streams:%n%s%n%s%n%s%n",
                PER_SECOND, ROUNDS, alone, two, all);
        assertThat(all.p50()).isLessThanOrEqualTo(two.p50() * 1.1);
    }

    /** Of the rounds of one kind. */
    private static final class Figures {

        private final String of;
        private final List<Double> at50 = new ArrayList<>();
        private final List<Double> at99 = new ArrayList<>();

        Figures(String of) {
            this.of = of;
        }

        void add(List<Double> took) {
            at50.add(SteadySaves.percentile(took, 0.5));
            at99.add(SteadySaves.percentile(took, 0.99));
        }

        double p50() {
            return median(at50);
        }

        private static double median(List<Double> values) {
            return SteadySaves.percentile(values.stream().sorted().toList(), 0.5);
        }

        @Override
        public String toString() {
            return "  %s: p50 %.2f ms, p99 %.2f ms".formatted(of, p50(), median(at99));
        }
    }

    private List<Double> measure(SteadySaves readers, int streams) {
        // the garbage of the round before is not this round's
        System.gc();
        List<Double> took = readers.run(BUSY_PAGE, PER_SECOND, ROUND);
        assertThat(open()).isEqualTo(streams);
        return took;
    }

    private List<SocketChannel> openStreams() throws IOException {
        byte[] request = "GET /vault/stream?page_id=%d HTTP/1.1\r\nHost: localhost\r\n\r\n"
                .formatted(QUIET_PAGE)
                .getBytes(StandardCharsets.US_ASCII);
        List<SocketChannel> streams = new ArrayList<>();
        for (int i = 0; i < STREAMS; i++) {
            // of many clients: one alone may not have so many
            SocketChannel stream = SocketChannel.open()
                    .bind(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 1, (byte) (i / 100)}), 0));
            stream.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            stream.write(ByteBuffer.wrap(request));
            streams.add(stream);
        }
        await().until(() -> open() == 2 + STREAMS);
        return streams;
    }

    /** A stream whose client has left is noticed when something is written to it. */
    private void awaitNobody() throws SQLException {
        try (Connection psql = SharedServices.get().database().superuser();
                Statement insert = psql.createStatement()) {
            await().until(() -> {
                insert.execute(
                        "insert into vault (page_id, question, answer) values (%d, 'anybody?', 'no'), (%d, 'anybody?', 'no')"
                                .formatted(QUIET_PAGE, BUSY_PAGE));
                return open() == 0;
            });
        }
    }

    private int open() {
        return (int) meters.get("gifts.stream.clients").gauge().value();
    }
}
