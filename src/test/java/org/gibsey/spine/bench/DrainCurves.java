package org.gibsey.spine.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Rows of a backlog a second as a function of the largest batch, and of the partitions. */
final class DrainCurves implements Benchmark {

    private static final int[] BATCHES = {10, 100, 500, 2000, 5000};
    private static final int[] PARTITIONS = {1, 2, 3, 6};

    private final Jvm java;

    DrainCurves(Jvm java) {
        this.java = java;
    }

    @Override
    public void run(Rig rig, Scale scale, Report report) throws Exception {
        int total = scale.queuedCurve();
        int lead = total / 3;
        Map<String, List<Double>> byBatch = new LinkedHashMap<>();
        String topic = rig.topic(Drain.PARTITIONS);
        Gifts.write(rig.brokers(), topic, total);
        for (int repeat = 0; repeat < scale.repeats(); repeat++) {
            for (int batch : BATCHES) {
                // a small batch is slow: as many of them, not as many rows
                int rows = Math.min(total, Math.max(2000, batch * 300));
                add(
                        byBatch,
                        "Gift Spine, %d".formatted(batch),
                        Drain.persist(
                                rig, java, topic, Map.of("maxPollRecords", batch), Math.min(lead, rows / 3), rows));
            }
        }
        rig.delete(topic);
        byBatch.forEach(
                (name, values) -> report.figure("Rows by the largest batch, 1 consumer", name, "rows/s", values));

        Map<String, List<Double>> byPartitions = new LinkedHashMap<>();
        for (int partitions : PARTITIONS) {
            String parted = rig.topic(partitions);
            Gifts.write(rig.brokers(), parted, total);
            for (int repeat = 0; repeat < scale.repeats(); repeat++) {
                add(
                        byPartitions,
                        "Gift Spine, %d".formatted(partitions),
                        Drain.persist(
                                rig, java, parted, Map.of("consumersCount", Math.min(2, partitions)), lead, total));
            }
            rig.delete(parted);
        }
        byPartitions.forEach(
                (name, values) -> report.figure("Rows by partitions, a consumer each up to 2", name, "rows/s", values));
    }

    private static void add(Map<String, List<Double>> rates, String name, double rate) {
        rates.computeIfAbsent(name, any -> new ArrayList<>()).add(rate);
    }
}
