package org.gibsey.spine.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.gibsey.spine.bench.Report.Figure;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.embedded.Ports;

/**
 * How soon a new API answers its first save, or is ready when it warms up first, and how many it answers in each of the seconds
 * that follow.
 */
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
        List<Start> cold = new ArrayList<>();
        List<Start> warm = new ArrayList<>();
        for (int repeat = 0; repeat < scale.repeats(); repeat++) {
            cold.add(start(rig, topic, false));
            warm.add(start(rig, topic, true));
        }
        report.atMost(
                "start to first 202, s",
                seconds(report, "Start to first 202, " + java, cold).median(),
                FIRST_SECONDS);
        List<Figure> saves = eachSecond(report, "Saves in the first seconds, " + java, cold);
        report.atLeast("saves in the first second", saves.get(0).median(), FIRST_SECOND);
        seconds(report, "Start to ready, " + java, warm);
        eachSecond(report, "Saves in the first seconds after it is ready, " + java, warm);
        rig.delete(topic);
    }

    /** How long it took, and what was answered in each second that followed. */
    private record Start(double seconds, List<Long> answers) {}

    /** @param warm whether it warms up, as it is shipped to do, and gets saves when it says that it is ready */
    private Start start(Rig rig, String topic, boolean warm) throws Exception {
        int port = Ports.free();
        int management = Ports.free();
        Map<String, String> settings = rig.api(topic, port, management);
        if (warm) {
            settings.put("WARM_UP_TIME", "5s");
        }
        long start = System.nanoTime();
        try (JavaProcess api = rig.start(java, "cold", settings)) {
            if (warm) {
                rig.awaitOk(api, management, "/actuator/health/readiness");
            } else {
                rig.awaitSaving(api, port);
            }
            double seconds = (System.nanoTime() - start) / 1e9;
            try (HttpLoad load = new HttpLoad(port, 64)) {
                return new Start(
                        seconds,
                        load.closed(Gifts.requests(), Duration.ZERO, Duration.ofSeconds(SECONDS))
                                .eachSecond());
            }
        }
    }

    private static Figure seconds(Report report, String group, List<Start> starts) {
        return report.figure(
                group, "Gift Spine", "s", starts.stream().map(Start::seconds).toList());
    }

    private static List<Figure> eachSecond(Report report, String group, List<Start> starts) {
        return IntStream.range(0, SECONDS)
                .mapToObj(second -> report.figure(
                        group,
                        "Gift Spine, second " + (second + 1),
                        "requests",
                        starts.stream()
                                .map(start -> (double) start.answers().get(second))
                                .toList()))
                .toList();
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
