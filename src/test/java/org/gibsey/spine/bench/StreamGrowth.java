package org.gibsey.spine.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.gibsey.spine.bench.Report.Figure;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.embedded.Ports;

/** How long a gift takes to every open timeline, and what they take of memory, while their number grows. */
final class StreamGrowth implements Benchmark {

    /** Half of the heap, which is 40 % of this, has to hold the most streams. */
    private static final int MIB = 4096;

    private static final int GIFTS = 20;
    /** By percentile, with as many streams as there are in the largest step. */
    private static final Map<String, Double> MOST_MILLIS = Map.of("p50", 150.0, "p99", 250.0);

    private static final double MOST_MIB = 800;

    private final Jvm java;

    StreamGrowth(Jvm java) {
        this.java = java;
    }

    @Override
    public void run(Rig rig, Scale scale, Report report) throws Exception {
        rig.emptyVault();
        Map<String, List<Double>> millis = new LinkedHashMap<>();
        Map<String, List<Double>> mib = new LinkedHashMap<>();
        for (int repeat = 0; repeat < scale.repeats(); repeat++) {
            int port = Ports.free();
            try (JavaProcess api =
                    rig.application().start(java, MIB, rig.api(rig.topic(1), port, 0), rig.log("api-streams"))) {
                rig.awaitOk(api, port, "/vault/list");
                for (int clients : scale.streams()) {
                    try (StreamLoad streams = new StreamLoad(port, clients)) {
                        for (int i = 0; i < GIFTS; i++) {
                            streams.deliver(() -> rig.execute("insert into vault (page_id, question, answer) values"
                                    + " (1, 'Who sees this?', repeat('Everybody. ', 20))"));
                        }
                        Histogram latency = streams.latency();
                        String name = name(clients);
                        add(millis, name + ", p50", latency.getValueAtPercentile(50) / 1e6);
                        add(millis, name + ", p99", latency.getValueAtPercentile(99) / 1e6);
                        add(mib, name, Footprint.mib(api));
                    }
                }
            }
        }
        String most = name(scale.streams().get(scale.streams().size() - 1));
        millis.forEach((name, values) -> {
            Figure figure = report.figure("Row to open timelines", name, "ms", values);
            if (name.startsWith(most)) {
                report.atMost(
                        "row to open timelines, ms: " + name,
                        figure.median(),
                        MOST_MILLIS.get(name.substring(name.length() - 3)));
            }
        });
        mib.forEach((name, values) -> {
            Figure figure = report.figure("Resident memory of an API with streams", name, "MiB", values);
            if (name.equals(most)) {
                report.atMost("resident memory, MiB: " + name, figure.median(), MOST_MIB);
            }
        });
    }

    private static String name(int clients) {
        return "Gift Spine, %,d streams".formatted(clients);
    }

    private static void add(Map<String, List<Double>> values, String name, double value) {
        values.computeIfAbsent(name, any -> new ArrayList<>()).add(value);
    }
}
