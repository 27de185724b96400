package org.gibsey.spine.bench;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.gibsey.spine.bench.Report.Figure;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.embedded.Ports;

/** Resident memory of both roles, idle and after as much load as the machine gives, in containers of several sizes. */
final class Memory implements Benchmark {

    private static final int[] MIB = {256, 512, 1024};
    private static final double MOST_MIB = 384;

    private final Jvm java;

    Memory(Jvm java) {
        this.java = java;
    }

    @Override
    public void run(Rig rig, Scale scale, Report report) throws Exception {
        for (int mib : MIB) {
            Map<String, List<Double>> seen = new LinkedHashMap<>();
            for (int repeat = 0; repeat < scale.repeats(); repeat++) {
                measure(rig, scale, mib, seen);
            }
            seen.forEach((name, values) -> {
                Figure figure =
                        report.figure("Resident memory, container of %,d MiB".formatted(mib), name, "MiB", values);
                if (mib == Rig.CONTAINER_MIB && name.endsWith("full load")) {
                    report.atMost("resident memory, MiB: " + name, figure.median(), MOST_MIB);
                }
            });
        }
    }

    private void measure(Rig rig, Scale scale, int mib, Map<String, List<Double>> seen) throws Exception {
        String topic = rig.topic(Drain.PARTITIONS);
        rig.emptyVault();
        int port = Ports.free();
        try (JavaProcess api = rig.application().start(java, mib, rig.api(topic, port, 0), rig.log("api-" + mib));
                JavaProcess worker = rig.application()
                        .start(java, mib, rig.worker(topic, rig.persistRoute(Map.of())), rig.log("worker-" + mib))) {
            rig.awaitSaving(api, port);
            await().atMost(Duration.ofMinutes(1)).until(() -> rig.number("select count(*) from vault") > 0);
            Thread.sleep(scale.measured().toMillis());
            add(seen, "Gift Spine, API idle", Footprint.mib(api));
            add(seen, "Gift Spine, worker idle", Footprint.mib(worker));
            try (HttpLoad load = new HttpLoad(port, 256)) {
                load.closed(Gifts.requests(), scale.lead(), scale.measured().multipliedBy(2));
            }
            add(seen, "Gift Spine, API at full load", Footprint.peakMib(api));
            add(seen, "Gift Spine, worker at full load", Footprint.peakMib(worker));
            Rig.requireAlive(api);
            Rig.requireAlive(worker);
        }
        rig.delete(topic);
    }

    private static void add(Map<String, List<Double>> seen, String name, double mib) {
        seen.computeIfAbsent(name, any -> new ArrayList<>()).add(mib);
    }
}
