package org.gibsey.spine.bench;

import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.gibsey.spine.bench.Report.Figure;
import org.gibsey.spine.embedded.JavaProcess;
import org.jspecify.annotations.Nullable;

/** How fast a backlog becomes rows, beside a consumer written by hand, COPY, and one insert a message. */
final class Drain implements Benchmark {

    static final int PARTITIONS = 6;

    static final String ONE = "Gift Spine, 1 consumer";
    private static final String TWO = "Gift Spine, 2 consumers";
    private static final String BY_HAND = "KafkaConsumer, JDBC batches";
    static final String COPY = "COPY of the same rows";
    private static final String NAIVE = "Camel, one insert a message";
    private static final String COLUMNS = "event_id, user_id, page_id, question, answer, symbol_id, created_at";

    private final Jvm java;
    private final Set<String> candidates;

    Drain(Jvm java) {
        this(java, Set.of(ONE, TWO, BY_HAND, COPY, NAIVE));
    }

    /** @param candidates those that take part; {@link #ONE} and {@link #COPY} always do */
    Drain(Jvm java, Set<String> candidates) {
        this.java = java;
        this.candidates = candidates;
    }

    @Override
    public void run(Rig rig, Scale scale, Report report) throws Exception {
        String topic = rig.topic(PARTITIONS);
        Gifts.write(rig.brokers(), topic, scale.queued());
        Map<String, List<Double>> rates = new LinkedHashMap<>();
        int lead = scale.queuedLead();
        int all = scale.queued();
        for (int repeat = 0; repeat < scale.repeats(); repeat++) {
            measure(ONE, rates, () -> persist(rig, java, topic, Map.of(), lead, all));
            if (repeat == 0) {
                saveRows(rig, scale);
            }
            measure(TWO, rates, () -> persist(rig, java, topic, Map.of("consumersCount", 2), lead, all));
            measure(BY_HAND, rates, () -> peer(rig, JdbcBatchPeer.class, topic, lead, all));
            measure(COPY, rates, () -> copy(rig, scale));
            measure(
                    NAIVE,
                    rates,
                    () -> peer(rig, NaiveRoutePeer.class, topic, scale.queuedNaive() / 10, scale.queuedNaive()));
        }
        Map<String, Figure> figures = new LinkedHashMap<>();
        rates.forEach((name, values) -> figures.put(
                name, report.figure("Rows of a backlog, %d partitions".formatted(PARTITIONS), name, "rows/s", values)));
        goal(report, "one consumer beside one written by hand", figures.get(ONE), figures.get(BY_HAND), 1.15);
        goal(report, "two consumers beside COPY", figures.get(TWO), figures.get(COPY), 0.6);
        goal(report, "one consumer beside one insert a message", figures.get(ONE), figures.get(NAIVE), 30);
        rig.delete(topic);
    }

    /** Rows a second of the persist route, edited. */
    static double persist(Rig rig, Jvm java, String topic, Map<String, Integer> options, int lead, int total)
            throws Exception {
        rig.emptyVault();
        try (JavaProcess worker = rig.start(java, "worker", rig.worker(topic, rig.persistRoute(options)))) {
            return rowsPerSecond(rig, worker, lead, total);
        }
    }

    private double peer(Rig rig, Class<?> main, String topic, int lead, int total) throws Exception {
        rig.emptyVault();
        String group = UUID.randomUUID().toString();
        try (JavaProcess peer = rig.peer(
                java,
                main.getSimpleName(),
                main,
                rig.brokers(),
                topic,
                group,
                rig.database().url())) {
            return rowsPerSecond(rig, peer, lead, total);
        }
    }

    /**
     * Waits until the table has that many rows. The database's clock tells how long those after the first took; they are
     * counted by the sequence of their ids, which costs nothing.
     */
    static double rowsPerSecond(Rig rig, JavaProcess process, int lead, int total) throws Exception {
        await().atMost(Duration.ofMinutes(3))
                .pollInterval(Duration.ofMillis(100))
                .until(() -> {
                    Rig.requireAlive(process);
                    return rig.number("select last_value from vault_id_seq") >= total;
                });
        await().atMost(Duration.ofSeconds(20))
                .until(() -> rig.number("select count(*) from vault where id <= " + total) == total);
        return rig.number("""
                select count(*) / extract(epoch from max(stored_at) - (select max(stored_at) from vault where id <= %1$d))
                  from vault where id > %1$d and id <= %2$d""".formatted(lead, total));
    }

    private static void saveRows(Rig rig, Scale scale) throws Exception {
        String rows = "copy (select " + COLUMNS + " from vault where id %s) to '%s'";
        rig.execute(
                rows.formatted("<= " + scale.queuedLead(), file(rig, "first")),
                rows.formatted("> " + scale.queuedLead(), file(rig, "rest")));
    }

    private static double copy(Rig rig, Scale scale) throws Exception {
        rig.emptyVault();
        String copy = "copy vault (" + COLUMNS + ") from '%s'";
        rig.execute(copy.formatted(file(rig, "first")));
        long start = System.nanoTime();
        rig.execute(copy.formatted(file(rig, "rest")));
        return (scale.queued() - scale.queuedLead()) / ((System.nanoTime() - start) / 1e9);
    }

    private static Path file(Rig rig, String name) {
        return rig.log(".").toAbsolutePath().resolveSibling("rows-" + name + ".copy");
    }

    /** Rows a second of one run. */
    private interface Run {
        double rate() throws Exception;
    }

    private void measure(String name, Map<String, List<Double>> rates, Run run) throws Exception {
        if (candidates.contains(name)) {
            rates.computeIfAbsent(name, any -> new ArrayList<>()).add(run.rate());
        }
    }

    private static void goal(Report report, String text, @Nullable Figure ours, @Nullable Figure theirs, double least) {
        if (ours != null && theirs != null) {
            report.atLeast(text, ours.median() / theirs.median(), least);
        }
    }
}
