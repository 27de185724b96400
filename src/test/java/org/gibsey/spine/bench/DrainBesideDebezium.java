package org.gibsey.spine.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.gibsey.spine.embedded.JavaProcess;

/** How fast a backlog becomes rows, beside Debezium's JDBC sink with as many tasks as we have consumers. */
final class DrainBesideDebezium implements Benchmark {

    private static final int[] TASKS = {1, 2};
    private static final double TIMES_AS_FAST = 1.4;

    private final Jvm java;

    DrainBesideDebezium(Jvm java) {
        this.java = java;
    }

    @Override
    public void run(Rig rig, Scale scale, Report report) throws Exception {
        String topic = rig.topic(Drain.PARTITIONS);
        Gifts.write(rig.brokers(), topic, scale.queued());
        String theirTopic = rig.topic(Drain.PARTITIONS);
        Gifts.write(rig.brokers(), scale.queued(), gift -> DebeziumSink.event(theirTopic, gift));
        Map<Integer, List<Double>> ours = new LinkedHashMap<>();
        Map<Integer, List<Double>> theirs = new LinkedHashMap<>();
        for (int repeat = 0; repeat < scale.repeats(); repeat++) {
            for (int tasks : TASKS) {
                add(
                        ours,
                        tasks,
                        Drain.persist(
                                rig, java, topic, Map.of("consumersCount", tasks), scale.queuedLead(), scale.queued()));
                rig.emptyVault();
                try (JavaProcess sink = DebeziumSink.start(rig, java, theirTopic, tasks)) {
                    add(theirs, tasks, Drain.rowsPerSecond(rig, sink, scale.queuedLead(), scale.queued()));
                }
            }
        }
        for (int tasks : TASKS) {
            String group = "Rows of a backlog beside Debezium, tasks or consumers: " + tasks;
            double share = report.figure(group, "Gift Spine", "rows/s", ours.get(tasks))
                            .median()
                    / report.figure(group, "Debezium JDBC sink", "rows/s", theirs.get(tasks))
                            .median();
            report.atLeast("a backlog beside Debezium, tasks: " + tasks, share, TIMES_AS_FAST);
        }
        rig.delete(topic);
        rig.delete(theirTopic);
    }

    private static void add(Map<Integer, List<Double>> rates, int tasks, double rate) {
        rates.computeIfAbsent(tasks, any -> new ArrayList<>()).add(rate);
    }
}
