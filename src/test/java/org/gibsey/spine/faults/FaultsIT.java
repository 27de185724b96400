package org.gibsey.spine.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import org.awaitility.core.ThrowingRunnable;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.embedded.Ports;
import org.gibsey.spine.faults.HttpSaves.Change;
import org.gibsey.spine.gift.GiftChange.Kind;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Everything that can go wrong between the broker's acknowledgement and the row, done to real processes. Each scenario ends
 * with the same account: of what was accepted nothing is missing, nothing is there twice, nothing good is dead, and every row is
 * what its changes make of it.
 */
class FaultsIT {

    private static final int PER_SECOND = 400;
    private static FaultBench bench;

    private Load load;

    @BeforeAll
    static void startServices() throws Exception {
        bench = new FaultBench("faults.md", new ArrayList<>());
    }

    @AfterAll
    static void stopServices() throws Exception {
        bench.close();
    }

    @BeforeEach
    void newTopic() throws Exception {
        load = bench.scenario();
    }

    @AfterEach
    void endProcesses() {
        bench.end();
    }

    @Test
    void losesNothingWhenAWorkerIsKilled() throws Exception {
        killWorkers(1);
    }

    @Test
    @Tag("slow")
    void losesNothingWhenAWorkerIsKilled20Times() throws Exception {
        killWorkers(20);
    }

    private void killWorkers(int times) throws Exception {
        JavaProcess worker = worker();
        load.steady(PER_SECOND);
        for (int i = 0; i < times; i++) {
            bench.awaitFlowing(load);
            worker.kill();
            worker = bench.worker(load);
        }
        recovered("worker killed (-9) under load (%d ×)".formatted(times));
    }

    @Test
    @Tag("slow")
    void storesOnceWhenAWorkerIsKilledBetweenTheRowsAndTheOffsets() throws Exception {
        int hits = 0;
        for (int i = 0; i < 12 && hits < 3; i++) {
            JavaProcess worker = worker();
            load.steady(PER_SECOND);
            long rows = bench.rowsOfSaves(load);
            // the partitions of the one before are free when its session has timed out
            await().pollInterval(Duration.ofMillis(1)).until(() -> bench.rowsOfSaves(load) > rows + 200);
            worker.kill();
            load.stop();
            if (bench.rowsOfSaves(load) > load.group().committed()) {
                hits++;
            }
        }
        assertThat(hits).as("times the rows were ahead of the offsets").isGreaterThanOrEqualTo(3);
        worker();
        bench.settle("worker killed (-9) between row and offset commit (%d ×)".formatted(hits), load, -1);
    }

    @Test
    void losesNothingWhenTheDatabaseIsRestarted() throws Exception {
        standingWorkerFlows();

        bench.database().close();
        written(1000);
        bench.database().start();

        recovered("database stopped and started");
    }

    @Test
    @Tag("slow")
    void losesNothingWhenTheDatabaseIsKilled() throws Exception {
        standingWorkerFlows();

        assertThat(bench.durability()).containsOnly("on");
        bench.database().kill();
        written(1000);
        bench.database().start();

        recovered("database killed (-9)");
    }

    @Test
    void losesNothingWhenItsConnectionsAreTerminated() throws Exception {
        standingWorkerFlows();

        for (int i = 0; i < 10; i++) {
            bench.asSuperuser("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'gibsey'");
            written(100);
        }

        recovered("connections terminated (10 ×)");
    }

    @Test
    void waitsForALockedTable() throws Exception {
        standingWorkerFlows();

        try (Connection connection = bench.database().superuser();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("lock table vault in access exclusive mode");
            written(1000);
            connection.rollback();
        }

        recovered("table locked");
    }

    @Test
    @Tag("slow")
    void waitsForAReadOnlyDatabase() throws Exception {
        standingWorkerFlows();

        bench.asSuperuser("alter database gibsey set default_transaction_read_only = on");
        bench.asSuperuser("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'gibsey'");
        written(1000);
        bench.asSuperuser("begin read write; alter database gibsey reset default_transaction_read_only; commit");
        bench.asSuperuser("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'gibsey'");

        recovered("database read-only");
    }

    @Test
    @Tag("slow")
    void waitsForAMissingTable() throws Exception {
        standingWorkerFlows();

        bench.asSuperuser("alter table vault rename to vault_elsewhere");
        written(1000);
        bench.asSuperuser("alter table vault_elsewhere rename to vault");

        recovered("table missing");
    }

    /** All of them in one statement take 50 s, and a statement may take 30. */
    @Test
    @Tag("slow")
    void storesThroughATriggerOf50MsARow() throws Exception {
        load.write(1_000);
        bench.asSuperuser("create function slow() returns trigger language plpgsql as"
                + " $$ begin perform pg_sleep(0.05); return new; end $$");
        bench.asSuperuser(
                "create trigger slow before insert on vault for each row when (new.page_id = %d)".formatted(load.page())
                        + " execute function slow()");
        try {
            worker();
            bench.settle("a trigger of 50 ms a row, 1,000 waiting", load, -1);
        } finally {
            bench.asSuperuser("drop function slow cascade");
        }
    }

    @Test
    @Tag("slow")
    void waitsForAFreeConnection() throws Exception {
        standingWorkerFlows();

        bench.asSuperuser("alter role gibsey connection limit 0");
        bench.asSuperuser("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'gibsey'");
        written(1000);
        bench.asSuperuser("alter role gibsey connection limit -1");

        recovered("connection limit reached");
    }

    @Test
    @Tag("slow")
    void losesNothingWhenTheDatabaseFreezesForLongerThanThePollInterval() throws Exception {
        standingWorkerFlows();

        bench.database().freeze();
        written(15 * PER_SECOND);
        bench.database().thaw();

        recovered("database frozen for 15 s, poll interval 6 s");
    }

    @Test
    @Tag("slow")
    void losesNothingWhenTheBrokerFreezesForLongerThanThePollInterval() throws Exception {
        standingWorkerFlows();

        bench.kafka().process().freeze();
        await().pollDelay(Duration.ofSeconds(15)).until(() -> true);
        bench.kafka().process().thaw();

        recovered("broker frozen for 15 s, poll interval 6 s");
    }

    @Test
    @Tag("slow")
    void losesNothingWhenTheWorkerFreezesForLongerThanThePollInterval() throws Exception {
        JavaProcess frozen = flowing(FaultBench.SHORT_POLL_INTERVAL);

        frozen.freeze();
        JavaProcess other = bench.worker(load);
        bench.awaitFlowing(load);
        frozen.thaw();
        bench.awaitFlowing(load);
        other.kill();

        recovered("worker frozen until another had taken over, then thawed");
    }

    @Test
    @Tag("slow")
    void losesNothingWhenTheBrokerIsRestarted() throws Throwable {
        brokerTrouble(
                "broker stopped and started", () -> bench.kafka().process().terminate());
    }

    @Test
    @Tag("slow")
    void losesNothingWhenTheBrokerIsKilled() throws Throwable {
        brokerTrouble("broker killed (-9)", () -> bench.kafka().process().kill());
    }

    /** What is accepted here is what the API answered 202 to. */
    private void brokerTrouble(String scenario, ThrowingRunnable trouble) throws Throwable {
        worker();
        int port = Ports.free();
        bench.api(load, port);
        HttpSaves saves = new HttpSaves(port, load);
        await().ignoreExceptions().until(() -> saves.save() == 202);
        saves.save(200);
        Change first = new Change(saves.last(), Kind.EDITED);
        saves.insist(first);
        Change edit = new Change(saves.last(), Kind.EDITED);

        trouble.run();
        for (int i = 0; i < 3; i++) {
            assertThat(saves.save()).isEqualTo(503);
            assertThat(saves.send(edit)).isEqualTo(503);
        }
        bench.kafka().restart();
        long recovery = bench.recovery(load);
        await().until(() -> saves.save() == 202);
        saves.insist(edit);
        saves.save(200);

        bench.settle(scenario + ", saves over HTTP", load, recovery);
    }

    @Test
    void isolatesPoison() throws Exception {
        poison(10);
    }

    @ParameterizedTest
    @Tag("slow")
    @ValueSource(ints = {1, 100})
    void isolatesLittleAndNothingButPoison(int percent) throws Exception {
        poison(percent);
    }

    private void poison(int percent) throws Exception {
        load = bench.scenarioOfTheStandingWorker().poison(percent).write(5_000);
        bench.settle("poison, %d %%".formatted(percent), load, -1);
    }

    @Test
    @Tag("slow")
    void storesNothingTwiceWhenTheWholeTopicIsReadAgain() throws Exception {
        load.poison(2).write(10_000);
        JavaProcess worker = worker();
        await().until(() -> bench.placed(load) >= load.acceptedEvents());
        worker.terminate();

        load.group().rewind();
        load.changesGroup().rewind();
        worker();
        await().until(load::isCommitted);

        bench.settle("whole topic read again from offset 0", load, -1);
    }

    @Test
    @Tag("slow")
    void losesNothingWhileWorkersComeAndGo10Times() throws Exception {
        int rounds = 10;
        flowing();
        for (int i = 0; i < rounds; i++) {
            JavaProcess guest = bench.worker(load);
            await().until(() -> load.group().members() == 2);
            assertThat(guest.terminate()).isEqualTo(143);
        }
        recovered("second worker joined and left under load (%d ×)".formatted(rounds));
    }

    @Test
    @Tag("slow")
    void losesNothingWhileWorkersComeAndGoDuringAnOutage() throws Exception {
        JavaProcess first = flowing();

        bench.asSuperuser("alter table vault rename to vault_elsewhere");
        awaitWaiting(first);
        JavaProcess polite = bench.worker(load);
        awaitWaiting(polite);
        assertThat(polite.terminate()).isEqualTo(143);
        JavaProcess killed = bench.worker(load);
        awaitWaiting(killed);
        killed.kill();
        bench.asSuperuser("alter table vault_elsewhere rename to vault");

        recovered("table missing, a second worker joined and left, a third joined and was killed");
    }

    private static void awaitWaiting(JavaProcess worker) {
        await().until(() -> Files.readString(worker.log()).contains("waits with"));
    }

    @Test
    void deadLettersNothingWhenAWorkerIsStoppedInItsBackoff() throws Exception {
        JavaProcess worker = flowing();
        bench.asSuperuser("alter table vault rename to vault_elsewhere");
        awaitWaiting(worker);

        int exit = worker.terminate();

        bench.asSuperuser("alter table vault_elsewhere rename to vault");
        assertThat(exit).isEqualTo(143);
        assertThat(load.group().committed()).isLessThan(load.accepted().size());
        worker();
        recovered("SIGTERM during backoff");
    }

    @Test
    @Tag("slow")
    void drainsABacklogOf100000InBatches() throws Exception {
        load.write(100_000);
        worker();
        await().until(() -> bench.rows(load) >= 100_000);

        long statements = bench.statements(load);
        assertThat(statements).isBetween(100_000L / 2_000, 100_000L / 500);
        bench.settle("backlog of 100,000, in %d statements".formatted(statements), load, -1);
    }

    /** A worker that has its partitions and flows. */
    private JavaProcess worker(String... settings) throws Exception {
        JavaProcess worker = bench.worker(load, settings);
        await().ignoreExceptions().until(() -> load.group().members() >= 1);
        return worker;
    }

    /** A worker under load, which flows. */
    private JavaProcess flowing(String... settings) throws Exception {
        JavaProcess worker = worker(settings);
        load.steady(PER_SECOND);
        bench.awaitFlowing(load);
        return worker;
    }

    /** Its faults come one after the other, and it outlives them all. */
    private void standingWorkerFlows() throws Exception {
        load = bench.scenarioOfTheStandingWorker().steady(PER_SECOND);
        bench.awaitFlowing(load);
    }

    private void recovered(String scenario) throws Exception {
        long recovery = bench.recovery(load);
        load.stop();
        bench.settle(scenario, load, recovery);
    }

    /** Waits until the load wrote that many more. */
    private void written(int more) {
        int until = load.accepted().size() + more;
        await().until(() -> load.accepted().size() >= until);
    }
}
