package org.gibsey.spine.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.embedded.Ports;

/** What each role takes of a core while nobody saves anything. */
final class Idle implements Benchmark {

    private static final double MOST_PERCENT = 2;

    private final Jvm java;

    Idle(Jvm java) {
        this.java = java;
    }

    @Override
    public void run(Rig rig, Scale scale, Report report) throws Exception {
        String topic = rig.topic(Drain.PARTITIONS);
        int port = Ports.free();
        Map<String, List<Double>> percent = new LinkedHashMap<>();
        try (JavaProcess api = rig.start(java, "api", rig.api(topic, port, 0));
                JavaProcess worker = rig.start(java, "worker", rig.worker(topic, rig.persistRoute(Map.of())))) {
            rig.awaitSaving(api, port);
            // what a start leaves behind, such as compilation, is over
            Thread.sleep(scale.warmUp().toMillis());
            for (int repeat = 0; repeat < scale.repeats(); repeat++) {
                Duration over = scale.measured().multipliedBy(2);
                add(percent, "Gift Spine, API", Footprint.percentOfACore(api, over));
                add(percent, "Gift Spine, worker", Footprint.percentOfACore(worker, over));
            }
        }
        percent.forEach((name, values) -> report.atMost(
                "idle CPU, % of a core: " + name,
                report.figure("CPU while idle, % of a core", name, "%", values).median(),
                MOST_PERCENT));
        rig.delete(topic);
    }

    private static void add(Map<String, List<Double>> values, String name, double value) {
        values.computeIfAbsent(name, any -> new ArrayList<>()).add(value);
    }
}
