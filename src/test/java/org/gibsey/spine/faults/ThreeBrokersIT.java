package org.gibsey.spine.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.clients.admin.Admin;
import org.gibsey.spine.embedded.KafkaCluster;
import org.gibsey.spine.embedded.Ports;
import org.gibsey.spine.embedded.Promise;
import org.gibsey.spine.faults.SteadySaves.Answer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Three brokers as they are run in production: every topic on all of them, two required. They are rolled, killed and frozen
 * while readers save over HTTP and two workers store.
 */
@Tag("slow")
class ThreeBrokersIT {

    private static final int PER_SECOND = 100;
    /** How long the controller waits for a broker that says nothing, before others take over; the first is Kafka's default. */
    private static final int DEFAULT_SESSION_MS = 9_000;

    private static final int SHORT_SESSION_MS = 3_000;
    private static final String COORDINATOR = "the group's coordinator";
    private static final String LEADER = "a partition's leader";

    /** Of a save, whatever the brokers do. */
    private static final Duration ANSWERED_WITHIN = Duration.ofSeconds(3);

    private static final List<Outcome> OUTCOMES = new ArrayList<>();

    private FaultBench bench;
    private KafkaCluster cluster;
    private Load load;
    private int port;
    private SteadySaves saves;

    private void start(int sessionMs) throws Exception {
        bench = FaultBench.onThreeBrokers(
                "three-brokers.md",
                OUTCOMES,
                Map.of(
                        "broker.session.timeout.ms",
                        Integer.toString(sessionMs),
                        "broker.heartbeat.interval.ms",
                        Integer.toString(Math.min(2_000, sessionMs / 4))));
        cluster = bench.cluster();
        load = bench.scenario();
        bench.worker(load);
        bench.worker(load);
        port = Ports.free();
        bench.api(load, port, "TRUSTED_PROXIES=127.0.0.1");
        HttpSaves first = new HttpSaves(port, load);
        await().ignoreExceptions().until(() -> first.save() == 202);
        first.save(100);
        await().ignoreExceptions().until(() -> load.group().members() == 2);
        cluster.awaitInSync();
    }

    @AfterEach
    void stop() throws Exception {
        saves.close();
        bench.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {PER_SECOND, 5 * PER_SECOND})
    void refusesNoSaveWhileEachIsStoppedAndStartedInTurn(int perSecond) throws Exception {
        saving(perSecond, DEFAULT_SESSION_MS);

        Set<String> stopped = new TreeSet<>();
        for (int id = 1; id <= KafkaCluster.BROKERS; id++) {
            stopped.addAll(roles(id));
            long stops = System.nanoTime();
            assertThat(cluster.process(id).terminate()).isEqualTo(143);
            saves.awaitFlowing();
            Duration slowestStop = saves.slowestSince(stops);
            long starts = System.nanoTime();
            cluster.restart(id);
            cluster.awaitInSync();
            saves.awaitFlowing();
            System.out.printf(
                    "slowest save while broker %d stops: %s, while it starts: %s%n",
                    id, slowestStop, saves.slowestSince(starts));
        }

        recovered("each stopped and started in turn, %d saves a second".formatted(perSecond));
        assertThat(stopped).containsExactlyInAnyOrder(COORDINATOR, LEADER);
        assertThat(saves.refused()).as("refused").isZero();
        Promise.kept("slowest save while brokers are rolled", saves.slowest(), Duration.ofSeconds(2));
    }

    @ParameterizedTest
    @ValueSource(ints = {DEFAULT_SESSION_MS, SHORT_SESSION_MS})
    void losesNothingWhenEachIsKilledInTurn(int sessionMs) throws Exception {
        saving(PER_SECOND, sessionMs);

        Set<String> killed = new TreeSet<>();
        for (int id = 1; id <= KafkaCluster.BROKERS; id++) {
            killed.addAll(roles(id));
            cluster.process(id).kill();
            saves.awaitFlowing();
            cluster.restart(id);
            cluster.awaitInSync();
        }

        recovered("each killed (-9) and started in turn" + session(sessionMs));
        assertThat(killed).containsExactlyInAnyOrder(COORDINATOR, LEADER);
    }

    @ParameterizedTest
    @ValueSource(ints = {DEFAULT_SESSION_MS, SHORT_SESSION_MS})
    void losesNothingWhenOneFreezes(int sessionMs) throws Exception {
        saving(PER_SECOND, sessionMs);
        int id = coordinator();

        cluster.process(id).freeze();
        await().pollDelay(Duration.ofSeconds(15)).until(() -> true);
        cluster.process(id).thaw();

        recovered("the group's coordinator frozen for 15 s" + session(sessionMs));
    }

    @Test
    void refusesSavesWhileTwoAreGone() throws Exception {
        saving(PER_SECOND, DEFAULT_SESSION_MS);

        cluster.process(1).kill();
        cluster.process(2).kill();
        long gone = System.nanoTime();
        await().pollDelay(Duration.ofSeconds(15)).until(() -> true);
        long back = System.nanoTime();
        cluster.restart(1, 2);

        recovered("two killed (-9), back after 15 s");
        assertThat(saves.between(gone, back - ANSWERED_WITHIN.toNanos()))
                .isNotEmpty()
                .extracting(Answer::status)
                .containsOnly(503);
    }

    @Test
    void losesNothingWhenAllAreKilled() throws Exception {
        saving(PER_SECOND, DEFAULT_SESSION_MS);

        for (int id = 1; id <= KafkaCluster.BROKERS; id++) {
            cluster.process(id).kill();
        }
        cluster.restart(1, 2, 3);

        recovered("all three killed (-9) and started");
    }

    private void saving(int perSecond, int sessionMs) throws Exception {
        start(sessionMs);
        saves = new SteadySaves(port, load, perSecond);
        // what a new process takes to become fast is no fault of brokers
        saves.awaitFlowing();
        saves.counting();
    }

    private static String session(int sessionMs) {
        return sessionMs == DEFAULT_SESSION_MS ? "" : ", `broker.session.timeout.ms=" + sessionMs + "`";
    }

    /** What of a broker its loss takes away. */
    private Set<String> roles(int id) throws Exception {
        Set<String> roles = new TreeSet<>();
        if (coordinator() == id) {
            roles.add(COORDINATOR);
        }
        try (Admin admin = cluster.admin()) {
            if (admin
                    .describeTopics(List.of(load.topic()))
                    .allTopicNames()
                    .get()
                    .get(load.topic())
                    .partitions()
                    .stream()
                    .anyMatch(partition -> partition.leader().id() == id)) {
                roles.add(LEADER);
            }
        }
        return roles;
    }

    private int coordinator() throws Exception {
        String group = load.group().name();
        try (Admin admin = cluster.admin()) {
            return admin.describeConsumerGroups(List.of(group))
                    .describedGroups()
                    .get(group)
                    .get()
                    .coordinator()
                    .id();
        }
    }

    /** To be called when the fault has just ended. */
    private void recovered(String scenario) throws Exception {
        long recovery = bench.recovery(load);
        saves.awaitFlowing();
        saves.stop();
        new HttpSaves(port, load).save(100);
        bench.settle(
                String.format(
                        Locale.ROOT,
                        "%s; saves refused: %,d, for %.1f s at most; slowest answer %.1f s",
                        scenario,
                        saves.refused(),
                        saves.longestRefusal().toMillis() / 1e3,
                        saves.slowest().toMillis() / 1e3),
                load,
                recovery);
        assertThat(saves.statuses()).isSubsetOf(202, 503);
        Promise.kept("slowest answer, " + scenario, saves.slowest(), ANSWERED_WITHIN);
    }
}
