package org.gibsey.spine.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.embedded.Ports;

/** What an API does with 256 connections, and takes of memory, by the share of its container that the heap gets. */
final class HeapCurve implements Benchmark {

    private static final int[] PERCENT = {22, 27, 31, 37, 50};
    private static final int CONNECTIONS = 256;

    private final Jvm java;

    HeapCurve(Jvm java) {
        this.java = java;
    }

    @Override
    public void run(Rig rig, Scale scale, Report report) throws Exception {
        String topic = rig.topic(Drain.PARTITIONS);
        Map<String, List<Double>> rates = new LinkedHashMap<>();
        Map<String, List<Double>> p99 = new LinkedHashMap<>();
        Map<String, List<Double>> mib = new LinkedHashMap<>();
        for (int repeat = 0; repeat < scale.repeats(); repeat++) {
            for (int percent : PERCENT) {
                String name = "heap of %d %%".formatted(percent);
                int port = Ports.free();
                Map<String, String> settings = rig.api(topic, port, 0);
                settings.put(
                        "JAVA_TOOL_OPTIONS",
                        String.join(" ", rig.application().flags(Rig.CONTAINER_MIB)) + " -XX:MaxRAMPercentage="
                                + percent);
                try (JavaProcess api = rig.start(java, "heap-" + percent, settings)) {
                    rig.awaitSaving(api, port);
                    try (HttpLoad load = new HttpLoad(port, CONNECTIONS)) {
                        HttpLoad.Seen seen = load.closed(
                                Gifts.requests(),
                                scale.warmUp(),
                                scale.measured().multipliedBy(2));
                        add(rates, name, seen.perSecond());
                        add(p99, name, seen.millis(99));
                    }
                    add(mib, name, Footprint.peakMib(api));
                    Rig.requireAlive(api);
                }
            }
        }
        rates.forEach((name, values) ->
                report.figure("Saves by heap, %d connections".formatted(CONNECTIONS), name, "requests/s", values));
        p99.forEach((name, values) -> report.figure("p99 of a save by heap", name, "ms", values));
        mib.forEach((name, values) -> report.figure("Resident memory at its peak by heap", name, "MiB", values));
        rig.delete(topic);
    }

    private static void add(Map<String, List<Double>> values, String name, double value) {
        values.computeIfAbsent(name, any -> new ArrayList<>()).add(value);
    }
}
