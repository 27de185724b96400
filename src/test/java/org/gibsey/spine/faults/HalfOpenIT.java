package org.gibsey.spine.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.embedded.Ports;
import org.gibsey.spine.embedded.Promise;
import org.gibsey.spine.embedded.TestCaller;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A network that fails without saying so: for 15 s nothing gets through, and then all of it; or the connections there are never
 * work again, while new ones do. Nothing is lost, everybody is back in time, and no thread or connection stays behind.
 */
@Tag("slow")
class HalfOpenIT {

    private static final int PER_SECOND = 200;
    private static final Duration SILENCE = Duration.ofSeconds(15);
    /** The longest pause between two attempts is 6 s. */
    private static final Duration AFTER_SILENCE = Duration.ofSeconds(10);

    /** What a pool may have more of, threads or connections. */
    private static final double FEW = 3;

    private static final List<Outcome> OUTCOMES = new ArrayList<>();

    private final int kafkaPort = Ports.free();
    private TcpProxy toBroker;
    private TcpProxy toDatabase;
    private FaultBench bench;
    private Load load;

    @BeforeEach
    void start() throws Exception {
        int far = Ports.free();
        int controller = Ports.free();
        toBroker = new TcpProxy(far);
        bench = new FaultBench(
                "half-open.md",
                OUTCOMES,
                kafkaPort,
                Map.of(
                        "listeners",
                        "PLAINTEXT://localhost:%d,FAR://localhost:%d,CONTROLLER://localhost:%d"
                                .formatted(kafkaPort, far, controller),
                        "advertised.listeners",
                        "PLAINTEXT://localhost:%d,FAR://localhost:%d".formatted(kafkaPort, toBroker.port()),
                        "listener.security.protocol.map",
                        "PLAINTEXT:PLAINTEXT,FAR:PLAINTEXT,CONTROLLER:PLAINTEXT",
                        "controller.quorum.voters",
                        "1@localhost:" + controller));
        toDatabase = new TcpProxy(bench.database().port());
        load = bench.scenario();
    }

    @AfterEach
    void stop() throws Exception {
        toBroker.close();
        toDatabase.close();
        bench.close();
    }

    /** The driver gives an answer 40 s. */
    @Test
    void betweenWorkerAndDatabase() throws Exception {
        TestCaller worker = ready(bench.worker(load, viaProxy()));
        load.steady(PER_SECOND);
        bench.awaitFlowing(load);

        toDatabase.hold();
        silence();
        toDatabase.release();
        settled("worker and database, silent for 15 s", bench.recovery(load), AFTER_SILENCE);

        Left before = Left.in(worker);
        load.steady(PER_SECOND);
        bench.awaitFlowing(load);
        toDatabase.forget();
        settled("worker and database, connections forgotten", bench.recovery(load), Duration.ofSeconds(50));
        before.isWhatIsLeftIn(worker);
    }

    /** A save is answered 503 within 3 s, and the next request of the producer goes through another connection. */
    @Test
    void betweenApiAndBroker() throws Exception {
        ready(bench.worker(load));
        int port = Ports.free();
        TestCaller api = ready(bench.api(load, port, "KAFKA_BOOTSTRAP_SERVERS=localhost:" + toBroker.port()));
        HttpSaves saves = new HttpSaves(port, load);
        saves.save(50);

        toBroker.hold();
        long began = System.nanoTime();
        while (Promise.since(began).compareTo(SILENCE) < 0) {
            assertThat(saves.save()).isEqualTo(503);
        }
        toBroker.release();
        accepted("API and broker, silent for 15 s", saves);

        Left before = Left.in(api);
        toBroker.forget();
        accepted("API and broker, connections forgotten", saves);
        before.isWhatIsLeftIn(api);
    }

    /** A query of the feed gets 10 s, and the next is 5 s after the last. */
    @Test
    void betweenTimelineAndDatabase() throws Exception {
        ready(bench.worker(load));
        int port = Ports.free();
        TestCaller api =
                bench.caller(bench.api(load, port, "VAULT_ROUTES=file:routes/list-gifts.camel.yaml", viaProxy()));
        await().until(api::isReady);
        TimelineReader timeline = new TimelineReader(port);
        await().until(timeline::isLive);
        load.steady(PER_SECOND);
        shown(timeline);

        toDatabase.hold();
        silence();
        toDatabase.release();
        settled("timeline and database, silent for 15 s", shown(timeline), AFTER_SILENCE);

        Left before = Left.in(api);
        load.steady(PER_SECOND);
        toDatabase.forget();
        settled("timeline and database, connections forgotten", shown(timeline), Duration.ofSeconds(20));
        await().until(() -> timeline.seen().containsAll(load.neverDeleted()));
        before.isWhatIsLeftIn(api);
    }

    private String viaProxy() {
        int port = bench.database().port();
        return "VAULT_DB_URL=" + bench.database().url().replace(":" + port, ":" + toDatabase.port());
    }

    private TestCaller ready(JavaProcess process) {
        TestCaller caller = bench.caller(process);
        await().until(caller::isReady);
        return caller;
    }

    private void silence() {
        int until = load.accepted().size() + (int) SILENCE.toSeconds() * PER_SECOND;
        await().until(() -> load.accepted().size() >= until);
    }

    /** @return ms until a gift written now is on the timeline */
    private long shown(TimelineReader timeline) {
        long began = System.nanoTime();
        UUID id = load.probe();
        await().until(() -> timeline.seen().contains(id));
        return Promise.since(began).toMillis();
    }

    private void accepted(String what, HttpSaves saves) throws Exception {
        long began = System.nanoTime();
        await().until(() -> saves.save() == 202);
        long recovery = Promise.since(began).toMillis();
        saves.save(50);
        bench.settle(what, load, recovery);
        Promise.kept(what + ": accepts again", Duration.ofMillis(recovery), AFTER_SILENCE);
    }

    private void settled(String what, long recovery, Duration promised) throws Exception {
        load.stop();
        bench.settle(what, load, recovery);
        Promise.kept(what + ": is back", Duration.ofMillis(recovery), promised);
    }

    /** What a process holds; counted after the first fault, for which it makes some that it keeps. */
    private record Left(double threads, double files) {

        static Left in(TestCaller process) throws Exception {
            return new Left(process.metric("jvm_threads_live_threads"), process.metric("process_files_open_files"));
        }

        void isWhatIsLeftIn(TestCaller process) {
            await().untilAsserted(() -> {
                Left now = in(process);
                assertThat(now.threads).as("threads, %s before", threads).isLessThanOrEqualTo(threads + FEW);
                assertThat(now.files).as("sockets and files, %s before", files).isLessThanOrEqualTo(files + FEW);
            });
        }
    }
}
