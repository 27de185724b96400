package org.gibsey.spine.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.embedded.Patience;
import org.gibsey.spine.embedded.Ports;
import org.gibsey.spine.embedded.VersionBefore;
import org.gibsey.spine.faults.HttpSaves.Change;
import org.gibsey.spine.gift.GiftChange.Kind;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * This version beside an earlier one, both as packaged, on one broker and one database, whose schema is the old one at first. Nobody
 * makes a topic: that of the changes is there before the first new process, as an operator has it who sets
 * {@code KAFKA_CREATE_TOPICS=false}.
 */
class UpgradeIT {

    private static final int PER_SECOND = 50;
    private static final String NO_TOPICS = "KAFKA_CREATE_TOPICS=false";

    private static final List<Outcome> OUTCOMES = new ArrayList<>();

    private VersionBefore before;
    private FaultBench bench;
    private Load load;

    @AfterEach
    void stop() throws Exception {
        if (bench != null) {
            bench.close();
        }
    }

    @Test
    void losesNothingWhileTheProcessForEverythingIsReplaced() throws Exception {
        losesNothingWhileReplaced("both");
    }

    @Tag("slow")
    @ParameterizedTest
    @ValueSource(strings = {"API API worker worker", "worker worker API API", "worker API worker API"})
    void losesNothingWhileOneProcessAfterTheOtherIsReplaced(String order) throws Exception {
        losesNothingWhileReplaced(order);
    }

    private void losesNothingWhileReplaced(String order) throws Exception {
        start(VersionBefore.released());
        String[] roles = order.split(" ", -1);
        Map<String, Deque<JavaProcess>> old = new HashMap<>();
        Deque<HttpSaves> oldSaves = new ArrayDeque<>();
        for (String role : roles) {
            int port = Ports.free();
            old.computeIfAbsent(role, any -> new ArrayDeque<>())
                    .add(
                            switch (role) {
                                case "API" -> bench.apiBefore(before, load, port, NO_TOPICS);
                                case "worker" -> bench.workerBefore(before, load, NO_TOPICS);
                                default -> bench.bothBefore(before, load, port, NO_TOPICS);
                            });
            if (!role.equals("worker")) {
                oldSaves.add(new HttpSaves(port, load));
            }
        }
        old.values().forEach(processes -> processes.forEach(this::ready));
        Readers readers = new Readers();
        readers.apis.addAll(oldSaves);
        load.steady(PER_SECOND);
        readers.start();
        bench.awaitFlowing(load);

        for (String role : roles) {
            int port = Ports.free();
            ready(
                    switch (role) {
                        case "API" -> bench.api(load, port, NO_TOPICS);
                        case "worker" -> bench.worker(load, NO_TOPICS);
                        default -> bench.both(load, port, NO_TOPICS);
                    });
            if (!role.equals("worker")) {
                HttpSaves api = new HttpSaves(port, load);
                readers.apis.add(api);
                readers.newApis.add(api);
                // side by side for a while, then the old one gets no more
                written(PER_SECOND);
                readers.apis.remove(oldSaves.remove());
            }
            assertThat(old.get(role).remove().terminate()).isEqualTo(143);
            bench.awaitFlowing(load);
            written(PER_SECOND);
        }

        await("changes through a new API").until(() -> readers.changed.get() > 1 || readers.failure != null);
        readers.stop();
        load.stop();
        bench.settle("processes of %s replaced by new ones: %s".formatted(before.name(), order), load, -1);
    }

    @Tag("slow")
    @Test
    void changesWaitWhileOnlyAVersionWithoutThemStoresAndAreAppliedOnReturn() throws Exception {
        start(VersionBefore.changes());
        JavaProcess old = ready(bench.workerBefore(before, load, NO_TOPICS));
        load.steady(PER_SECOND);
        bench.awaitFlowing(load);
        assertThat(old.terminate()).isEqualTo(143);
        JavaProcess worker = ready(bench.worker(load, NO_TOPICS));
        await().until(() -> !bench.history(load).isEmpty());
        assertThat(worker.terminate()).isEqualTo(143);
        long applied = bench.history(load).size();

        old = ready(bench.workerBefore(before, load, NO_TOPICS));
        int waiting = load.changes().accepted().size() + PER_SECOND;
        await().until(() -> load.changes().accepted().size() >= waiting);
        bench.awaitFlowing(load);

        assertThat(bench.history(load)).hasSize((int) applied);
        assertThat(bench.letters()).isEmpty();
        assertThat(old.terminate()).isEqualTo(143);
        ready(bench.worker(load, NO_TOPICS));
        bench.awaitFlowing(load);
        load.stop();
        bench.settle("workers: old, new, old, new", load, -1);
    }

    private void start(VersionBefore version) throws Exception {
        before = version;
        System.out.println("the version before: " + before.name());
        bench = new FaultBench("upgrade.md", OUTCOMES, Ports.free(), Map.of(), before.schema());
        load = bench.scenario().changingWhatIsStored(bench::isStored);
    }

    private JavaProcess ready(JavaProcess process) {
        await().until(() -> {
            process.assertAlive();
            return bench.caller(process).isReady();
        });
        return process;
    }

    private void written(int more) {
        int until = load.accepted().size() + more;
        await().until(() -> load.accepted().size() >= until);
    }

    /** They save through all APIs there are, and change one gift in ten through the new ones. */
    private static final class Readers {

        private final List<HttpSaves> apis = new CopyOnWriteArrayList<>();
        private final List<HttpSaves> newApis = new CopyOnWriteArrayList<>();
        private final Thread thread = new Thread(this::goOn, "readers");
        private volatile boolean stopped;
        private final AtomicInteger changed = new AtomicInteger();
        private volatile Throwable failure;

        void start() {
            thread.start();
        }

        void stop() throws InterruptedException {
            stopped = true;
            thread.join(Patience.LIMIT.toMillis());
            assertThat(thread.isAlive()).isFalse();
            assertThat(failure).isNull();
        }

        private void goOn() {
            Deque<UUID> read = new ArrayDeque<>();
            try {
                for (int i = 0; !stopped; i++) {
                    LockSupport.parkNanos(20_000_000);
                    HttpSaves api = apis.get(i % apis.size());
                    UUID gift = saved(api);
                    if (gift != null && i % 10 == 9) {
                        read.add(gift);
                    }
                    // after some seconds, as readers do
                    if (read.size() > 10 && !newApis.isEmpty()) {
                        change(new Change(read.remove(), changed.get() % 2 == 0 ? Kind.EDITED : Kind.DELETED));
                    }
                }
            } catch (RuntimeException | InterruptedException e) {
                failure = e;
            }
        }

        /** Null if it was not accepted: the process may be on its way out. */
        private UUID saved(HttpSaves api) throws InterruptedException {
            try {
                return api.save() == 202 ? api.last() : null;
            } catch (IOException e) {
                if (apis.contains(api)) {
                    throw new IllegalStateException("no answer from an API that was not being stopped", e);
                }
                return null;
            }
        }

        private void change(Change change) {
            await().until(() -> newApis.get(newApis.size() - 1).send(change) == 202);
            changed.incrementAndGet();
        }
    }
}
