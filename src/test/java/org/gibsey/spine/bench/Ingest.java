package org.gibsey.spine.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.gibsey.spine.bench.Report.Figure;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.embedded.Ports;

/** How many saves a second, beside a handler that does nothing and one written by hand straight to the Kafka client. */
final class Ingest implements Benchmark {

    private static final int[] CONNECTIONS = {64, 256};
    private static final double HALF_RATE_P99_MS = 15;
    /** The most, of that of a handler written by hand. */
    private static final double FULL_RATE_P99 = 1.2;

    private static final String EMPTY = "empty Spring MVC handler";
    private static final String BY_HAND = "Spring MVC to KafkaProducer";
    /** As the save route has them, so that what remains is the cost of the route. */
    private static final String TUNED = BY_HAND + ", our producer settings";

    private static final String OURS = "Gift Spine";

    /** The least share of a handler written by hand, on Java 25; on 17, which has no virtual threads, of each of them. */
    private static final Map<String, Double> SHARE = Map.of(BY_HAND, 0.95, TUNED, 0.88);

    private static final double SHARE_17 = 0.7;

    private final Jvm java;
    private final boolean threeBrokers;

    Ingest(Jvm java) {
        this(java, false);
    }

    private Ingest(Jvm java, boolean threeBrokers) {
        this.java = java;
        this.threeBrokers = threeBrokers;
    }

    /** Each save is on three brokers, and answered when all have it that are in sync, two at least. */
    static Ingest onThreeBrokers(Jvm java) {
        return new Ingest(java, true);
    }

    private record Candidate(JavaProcess process, int port) {}

    @Override
    public void run(Rig rig, Scale scale, Report report) throws Exception {
        if (!threeBrokers) {
            runOn(rig, scale, report);
            return;
        }
        try (Rig three = rig.onThreeBrokers()) {
            runOn(three, scale, report);
        }
    }

    private void runOn(Rig rig, Scale scale, Report report) throws Exception {
        String topic = rig.topic(Drain.PARTITIONS);
        Map<String, Candidate> candidates = start(rig, topic);
        try {
            measure(candidates, scale, report);
        } finally {
            candidates.values().forEach(candidate -> candidate.process().close());
        }
        rig.delete(topic);
    }

    private Map<String, Candidate> start(Rig rig, String topic) throws Exception {
        Map<String, Candidate> candidates = new LinkedHashMap<>();
        if (!threeBrokers) {
            int empty = Ports.free();
            candidates.put(EMPTY, new Candidate(SpringMvcPeer.empty(rig, java, empty), empty));
        }
        int byHand = Ports.free();
        candidates.put(BY_HAND, new Candidate(SpringMvcPeer.saving(rig, java, topic, byHand, 5), byHand));
        int tuned = Ports.free();
        candidates.put(TUNED, new Candidate(SpringMvcPeer.saving(rig, java, topic, tuned, 1), tuned));
        int ours = Ports.free();
        candidates.put(OURS, new Candidate(rig.start(java, "api", rig.api(topic, ours, 0)), ours));
        candidates.forEach((name, candidate) -> rig.awaitSaving(candidate.process(), candidate.port()));
        return candidates;
    }

    private void measure(Map<String, Candidate> candidates, Scale scale, Report report) throws Exception {
        for (Candidate candidate : candidates.values()) {
            closed(candidate, CONNECTIONS[CONNECTIONS.length - 1], scale.warmUp(), scale.lead());
        }
        Map<Integer, Map<String, List<Double>>> rates = new LinkedHashMap<>();
        Map<Integer, Map<String, List<Double>>> slowest = new LinkedHashMap<>();
        for (int repeat = 0; repeat < scale.repeats(); repeat++) {
            for (int connections : CONNECTIONS) {
                for (Map.Entry<String, Candidate> candidate : candidates.entrySet()) {
                    HttpLoad.Seen seen = closed(candidate.getValue(), connections, scale.lead(), scale.measured());
                    note(rates, connections, candidate.getKey(), seen.perSecond());
                    note(slowest, connections, candidate.getKey(), seen.millis(99));
                }
            }
        }
        double half = 0;
        for (int connections : CONNECTIONS) {
            String where = "%s, %d connections".formatted(on(), connections);
            Map<String, Figure> figures = figures(report, "Saves, " + where, "requests/s", rates.get(connections));
            for (String other : List.of(BY_HAND, TUNED)) {
                report.atLeast(
                        "saves beside %s, %s".formatted(other, where),
                        figures.get(OURS).median() / figures.get(other).median(),
                        java.feature() == 17 ? SHARE_17 : SHARE.get(other));
            }
            half = Math.max(half, figures.get(OURS).median() / 2);
        }
        int most = CONNECTIONS[CONNECTIONS.length - 1];
        String where = "%s, %d connections".formatted(on(), most);
        Map<String, Figure> p99 = figures(report, "p99 at full rate, " + where, "ms", slowest.get(most));
        for (String other : List.of(BY_HAND, TUNED)) {
            report.atMost(
                    "p99 at full rate beside %s, %s".formatted(other, where),
                    p99.get(OURS).median() / p99.get(other).median(),
                    FULL_RATE_P99);
        }
        atHalfRate(half, candidates, scale, report);
    }

    private static void note(
            Map<Integer, Map<String, List<Double>>> seen, int connections, String candidate, double value) {
        seen.computeIfAbsent(connections, any -> new LinkedHashMap<>())
                .computeIfAbsent(candidate, any -> new ArrayList<>())
                .add(value);
    }

    private static Map<String, Figure> figures(
            Report report, String group, String unit, Map<String, List<Double>> values) {
        Map<String, Figure> figures = new LinkedHashMap<>();
        values.forEach((name, seen) -> figures.put(name, report.figure(group, name, unit, seen)));
        return figures;
    }

    /** What the figures of a run are told apart by. */
    private String on() {
        return threeBrokers ? java + ", three brokers" : java.toString();
    }

    private void atHalfRate(double rate, Map<String, Candidate> candidates, Scale scale, Report report)
            throws Exception {
        Map<String, List<Double>> p99 = new LinkedHashMap<>();
        for (int repeat = 0; repeat < scale.repeats(); repeat++) {
            for (String name : List.of(BY_HAND, TUNED, OURS)) {
                try (HttpLoad load = new HttpLoad(candidates.get(name).port(), CONNECTIONS[0])) {
                    double millis = load.open(Gifts::request, rate, scale.lead(), scale.measured())
                            .millis(99);
                    p99.computeIfAbsent(name, any -> new ArrayList<>()).add(millis);
                }
            }
        }
        p99.forEach((name, values) -> {
            Figure figure = report.figure(
                    "p99 of a save at half our rate, %s (%s/s)".formatted(on(), Report.number(rate)),
                    name,
                    "ms",
                    values);
            if (name.equals(OURS)) {
                report.atMost("p99 of a save at half the rate, ms, " + on(), figure.median(), HALF_RATE_P99_MS);
            }
        });
    }

    private static HttpLoad.Seen closed(Candidate candidate, int connections, Duration lead, Duration measured)
            throws Exception {
        Rig.requireAlive(candidate.process());
        try (HttpLoad load = new HttpLoad(candidate.port(), connections)) {
            return load.closed(Gifts.requests(), lead, measured);
        }
    }
}
