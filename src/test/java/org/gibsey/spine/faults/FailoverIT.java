package org.gibsey.spine.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.gibsey.spine.embedded.EmbeddedDatabase;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.embedded.Ports;
import org.gibsey.spine.embedded.Promise;
import org.gibsey.spine.embedded.TestCaller;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A primary and a standby that streams from it, both real, and a change of roles under load: what was acknowledged is stored, and
 * the readers of a timeline see it, without a restart of anything.
 */
@Tag("slow")
class FailoverIT {

    private static final int PER_SECOND = 200;
    private static final Duration PROMISED = Duration.ofSeconds(10);

    private static final List<Outcome> OUTCOMES = new ArrayList<>();

    private FaultBench bench;
    private EmbeddedDatabase primary;
    private EmbeddedDatabase standby;
    private Load load;

    @BeforeEach
    void start() throws Exception {
        bench = new FaultBench("failover.md", OUTCOMES);
        primary = bench.database();
        standby = bench.standby();
        load = bench.scenario();
    }

    @AfterEach
    void stop() throws Exception {
        bench.close();
    }

    @Test
    void losesNothingWhenASynchronousStandbyIsPromoted() throws Exception {
        bench.asSuperuser("alter system set synchronous_standby_names = 'standby'");
        bench.asSuperuser("select pg_reload_conf()");
        await().until(() -> bench.number("select count(*) from pg_stat_replication where sync_state = 'sync'") == 1);
        int port = Ports.free();
        spine(port, "VAULT_DB_URL=" + bothHosts());
        TimelineReader timeline = timeline(port);
        flows();

        primary.kill();
        long recovery = promoted();

        load.stop();
        bench.settle("primary killed (-9), synchronous standby promoted", load, recovery);
        Promise.kept("stored again after the promotion", Duration.ofMillis(recovery), PROMISED);
        await().untilAsserted(() -> assertThat(timeline.seen()).containsAll(load.neverDeleted()));
    }

    /** The old primary lives on and answers, and takes no more rows; the name leads to the new one. */
    @Test
    void followsANameThatLeadsToAnotherServer() throws Exception {
        try (TcpProxy name = new TcpProxy(primary.port())) {
            int port = Ports.free();
            TestCaller caller =
                    spine(port, "VAULT_DB_URL=" + primary.url().replace(":" + primary.port(), ":" + name.port()));
            TimelineReader timeline = timeline(port);
            flows();

            bench.asSuperuser("alter system set default_transaction_read_only = on");
            bench.asSuperuser("select pg_reload_conf()");
            await().until(() -> bench.text("show transaction_read_only").equals("on"));
            String written = bench.text("select pg_current_wal_lsn()");
            name.leadTo(standby.port());
            bench.use(standby);
            await().until(() -> bench.text("select pg_last_wal_replay_lsn() >= '%s'".formatted(written))
                    .equals("t"));
            long recovery = promoted();

            load.stop();
            bench.settle("primary read-only, its name leads to the standby, which is promoted", load, recovery);
            Promise.kept("stored again after the promotion", Duration.ofMillis(recovery), PROMISED);
            await().untilAsserted(() -> assertThat(timeline.seen()).containsAll(load.neverDeleted()));
            String last = load.probe().toString();
            await().until(() -> {
                boolean everyTime = true;
                for (int i = 0; i < 20; i++) {
                    everyTime &= caller.list().contains(last);
                }
                return everyTime;
            });
        }
    }

    @Test
    void bringsBackWhatAnAsynchronousStandbyDidNotHave() throws Exception {
        int port = Ports.free();
        TestCaller caller = spine(port, "VAULT_DB_URL=" + bothHosts(), "LEDGER_HEAL=auto", "LEDGER_ROUND_PAUSE=1s");
        flows();
        bench.use(standby);
        bench.asSuperuser("alter system set primary_conninfo = ''");
        bench.asSuperuser("select pg_reload_conf()");
        await().until(() -> bench.number("select count(*) from pg_stat_wal_receiver") == 0);
        int before = load.accepted().size();
        await().until(() -> load.accepted().size() >= before + 2 * PER_SECOND);
        load.stop();
        await().until(load::isCommitted);

        primary.kill();
        long recovery = promoted();
        Set<UUID> lost = new HashSet<>(load.accepted());
        lost.removeAll(bench.stored(load));
        Set<UUID> lostChanges = new HashSet<>(load.changes().accepted());
        lostChanges.removeAll(bench.history(load));

        assertThat(lost).as("what only the primary had").hasSizeGreaterThanOrEqualTo(2 * PER_SECOND);
        String ledger = caller.ledger();
        lost.addAll(lostChanges);
        assertThat(lostChanges).isNotEmpty();
        assertThat(ledger).contains("\"unaccounted\":" + lost.size() + ",");
        assertThat(lost.stream().map(UUID::toString).filter(ledger::contains))
                .as("the first of them are named")
                .hasSize(20);
        long began = System.nanoTime();
        bench.settle(
                "primary killed (-9), a standby promoted that lacked %d rows and %d changes, healed"
                        .formatted(lost.size() - lostChanges.size(), lostChanges.size()),
                load,
                recovery);
        Promise.kept("lost rows are back", Promise.since(began), Duration.ofMinutes(2));
    }

    private String bothHosts() {
        return primary.url().replace(":" + primary.port(), ":%d,localhost:%d".formatted(primary.port(), standby.port()))
                + "?targetServerType=primary";
    }

    /** One process for everything. */
    private TestCaller spine(int port, String... settings) throws Exception {
        JavaProcess process = bench.spine(load, port, settings);
        TestCaller caller = bench.caller(process);
        await().until(caller::isReady);
        return caller;
    }

    private static TimelineReader timeline(int port) {
        TimelineReader timeline = new TimelineReader(port);
        await().until(timeline::isLive);
        return timeline;
    }

    private void flows() {
        load.steady(PER_SECOND);
        bench.awaitFlowing(load);
    }

    /** @return ms from the promotion until a gift written after it is stored */
    private long promoted() throws Exception {
        bench.use(standby);
        bench.asSuperuser("select pg_promote()");
        return bench.recovery(load);
    }
}
