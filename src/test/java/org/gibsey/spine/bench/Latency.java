package org.gibsey.spine.bench;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.gibsey.spine.bench.Report.Figure;
import org.gibsey.spine.embedded.EmbeddedDatabase;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.embedded.Ports;

/**
 * From the moment a save is due until its row is visible, through API and worker, at several rates. The figures of the
 * stack before were taken with a database that flushed nothing, so each rate that has a goal is also measured with commits
 * that do not wait for the disk.
 */
final class Latency implements Benchmark {

    private static final Map<String, Double> PERCENTILES = new LinkedHashMap<>();

    static {
        PERCENTILES.put("p50", 50.0);
        PERCENTILES.put("p99", 99.0);
        PERCENTILES.put("p99.9", 99.9);
        PERCENTILES.put("max", 100.0);
    }

    /**
     * @param p50 the most it should be, ms, or 0 for no goal
     * @param p99 likewise
     */
    private record Rate(int perSecond, double p50, double p99) {}

    private static final List<Rate> RATES =
            List.of(new Rate(10, 6.5, 12), new Rate(100, 0, 0), new Rate(500, 3.3, 25), new Rate(2000, 0, 60));

    private final Jvm java;

    Latency(Jvm java) {
        this.java = java;
    }

    @Override
    public void run(Rig rig, Scale scale, Report report) throws Exception {
        run(rig, scale, report, "", RATES);
        String role = EmbeddedDatabase.USER;
        rig.execute("alter role " + role + " set synchronous_commit = off");
        try {
            run(
                    rig,
                    scale,
                    report,
                    ", commits not flushed",
                    RATES.stream().filter(rate -> rate.p99() > 0).toList());
        } finally {
            rig.execute("alter role " + role + " reset synchronous_commit");
        }
    }

    private void run(Rig rig, Scale scale, Report report, String how, List<Rate> rates) throws Exception {
        String topic = rig.topic(Drain.PARTITIONS);
        rig.emptyVault();
        int port = Ports.free();
        Map<Integer, List<Histogram>> seen = new LinkedHashMap<>();
        try (JavaProcess api = rig.start(java, "api", rig.api(topic, port, 0));
                JavaProcess worker = rig.start(java, "worker", rig.worker(topic, rig.persistRoute(Map.of())))) {
            rig.awaitSaving(api, port);
            await().atMost(Duration.ofMinutes(1)).until(() -> rig.number("select count(*) from vault") > 0);
            measure(rig, port, 2000, scale.warmUp(), scale.lead());
            for (int repeat = 0; repeat < scale.repeats(); repeat++) {
                for (Rate rate : rates) {
                    // enough of a slow rate to speak of percentiles
                    Duration measured = scale.measured().multipliedBy(rate.perSecond() < 100 ? 4 : 2);
                    seen.computeIfAbsent(rate.perSecond(), any -> new ArrayList<>())
                            .add(measure(rig, port, rate.perSecond(), scale.lead(), measured));
                }
            }
            Rig.requireAlive(worker);
        }
        for (Rate rate : rates) {
            PERCENTILES.forEach((name, percentile) -> {
                Figure figure = report.figure(
                        "Save to visible row, %,d a second%s".formatted(rate.perSecond(), how),
                        "Gift Spine, " + name,
                        "ms",
                        seen.get(rate.perSecond()).stream()
                                .map(latency -> latency.getValueAtPercentile(percentile) / 1e6)
                                .toList());
                double goal = name.equals("p50") ? rate.p50() : name.equals("p99") ? rate.p99() : 0;
                if (goal > 0) {
                    report.atMost(
                            "save to visible row, %s at %,d a second%s, ms".formatted(name, rate.perSecond(), how),
                            figure.median(),
                            goal);
                }
            });
        }
        rig.delete(topic);
    }

    private static Histogram measure(Rig rig, int port, int perSecond, Duration lead, Duration measured)
            throws Exception {
        rig.emptyVault();
        long from = System.nanoTime() + lead.toNanos();
        try (HttpLoad load = new HttpLoad(port, connections(perSecond));
                RowWatch rows = new RowWatch(rig.database(), from)) {
            long answered = load.open(Gifts::request, perSecond, Duration.ofNanos(from - System.nanoTime()), measured)
                    .latency()
                    .getTotalCount();
            await().atMost(Duration.ofSeconds(30))
                    .pollInterval(Duration.ofMillis(50))
                    .until(() -> rows.counted() >= answered);
            return rows.latency();
        }
    }

    /** As many as are used often enough for the server not to close them. */
    private static int connections(int perSecond) {
        return Math.max(4, Math.min(64, perSecond / 10));
    }
}
