package org.gibsey.spine.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.gibsey.spine.bench.Report.Figure;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.embedded.Ports;

/** How soon a new API answers its first save, and how many it answers in each of the seconds that follow. */
final class Cold implements Benchmark {

    private static final int SECONDS = 5;
    private static final double FIRST_SECONDS = 2.5;
    private static final double FIRST_SECOND = 1_500;

    private final Jvm java;

    Cold(Jvm java) {
        this.java = java;
    }

    @Override
    public void run(Rig rig, Scale scale, Report report) throws Exception {
        String topic = rig.topic(Drain.PARTITIONS);
        warmTheOthers(rig, topic, scale);
        List<Double> first = new ArrayList<>();
        Map<Integer, List<Double>> seconds = new LinkedHashMap<>();
        for (int repeat = 0; repeat < scale.repeats(); repeat++) {
            int port = Ports.free();
            Map<String, String> settings = rig.api(topic, port, 0);
            long start = System.nanoTime();
            try (JavaProcess api = rig.start(java, "cold", settings)) {
                rig.awaitSaving(api, port);
                first.add((System.nanoTime() - start) / 1e9);
                try (HttpLoad load = new HttpLoad(port, 64)) {
                    List<Long> answers = load.closed(Gifts.requests(), Duration.ZERO, Duration.ofSeconds(SECONDS))
                            .eachSecond();
                    for (int i = 0; i < SECONDS; i++) {
                        seconds.computeIfAbsent(i + 1, any -> new ArrayList<>()).add((double) answers.get(i));
                    }
                }
            }
        }
        report.atMost(
                "start to first 202, s",
                report.figure("Start to first 202, " + java, "Gift Spine", "s", first)
                        .median(),
                FIRST_SECONDS);
        List<Figure> saves = seconds.entrySet().stream()
                .map(second -> report.figure(
                        "Saves in the first seconds, " + java,
                        "Gift Spine, second " + second.getKey(),
                        "requests",
                        second.getValue()))
                .toList();
        report.atLeast("saves in the first second", saves.get(0).median(), FIRST_SECOND);
        rig.delete(topic);
    }

    /** Or broker and load would be as cold as what is measured. */
    static void warmTheOthers(Rig rig, String topic, Scale scale) throws Exception {
        int port = Ports.free();
        try (JavaProcess peer = SpringMvcPeer.saving(rig, Jvm.own(), topic, port, 1)) {
            rig.awaitSaving(peer, port);
            try (HttpLoad load = new HttpLoad(port, 64)) {
                load.closed(Gifts.requests(), scale.warmUp(), scale.lead());
            }
        }
    }
}
