package org.gibsey.spine.bench;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.embedded.Ports;
import org.gibsey.spine.embedded.VersionBefore;

/**
 * What changes cost those who only save: this version beside the last without routes for changes, each with all routes of its role,
 * in turn and in pairs, on one broker and one schema. Beside the rates stands the CPU time that a save and a row take, which
 * what else the machine does disturbs less.
 */
final class BesideBefore implements Benchmark {

    private static final int PAIRS = 8;
    private static final int CONNECTIONS = 64;
    private static final String OURS = "this version";
    private static final String BEFORE = "before changes";
    private static final double SLOWER_BY = 0.02;

    private final Jvm java;
    private final Map<String, List<Double>> rates = new LinkedHashMap<>();
    private final Map<String, List<Double>> micros = new LinkedHashMap<>();

    BesideBefore(Jvm java) {
        this.java = java;
    }

    @Override
    public void run(Rig rig, Scale scale, Report report) throws Exception {
        Map<String, ShippedApplication> versions = new LinkedHashMap<>();
        versions.put(OURS, rig.application());
        ShippedApplication before = ShippedApplication.of(
                VersionBefore.routesOfChanges().folder(), rig.log("before").resolveSibling("app-before"), "");
        versions.put(BEFORE, before.trainedOn(java));
        saves(versions, rig, scale);
        say("saves", "saves a second, %d connections".formatted(CONNECTIONS), report);
        rows(versions, rig, scale);
        say("rows", "rows of a backlog a second", report);
    }

    /** Each pair is one of processes of its own: two starts of one program compile it differently, and keep their rate. */
    private void saves(Map<String, ShippedApplication> versions, Rig rig, Scale scale) throws Exception {
        for (List<String> pair : inTurn(scale)) {
            String topic = rig.topic(Drain.PARTITIONS);
            Map<String, JavaProcess> processes = new LinkedHashMap<>();
            Map<String, Integer> ports = new LinkedHashMap<>();
            try {
                for (String name : pair) {
                    int port = Ports.free();
                    Map<String, String> settings = rig.api(topic, port, 0);
                    settings.put("VAULT_ROUTES", routes(versions.get(name), true));
                    JavaProcess process = versions.get(name).start(java, Rig.CONTAINER_MIB, settings, rig.log("api"));
                    processes.put(name, process);
                    ports.put(name, port);
                    rig.awaitSaving(process, port);
                }
                for (int port : ports.values()) {
                    saved(port, scale.warmUp());
                }
                for (String name : pair) {
                    JavaProcess process = processes.get(name);
                    Rig.requireAlive(process);
                    saved(ports.get(name), scale.lead());
                    Duration before = process.cpuTime();
                    HttpLoad.Seen seen = saved(ports.get(name), scale.measured());
                    note(name, seen.perSecond(), process.cpuTime().minus(before), (double)
                            seen.latency().getTotalCount());
                }
            } finally {
                processes.values().forEach(JavaProcess::close);
            }
            rig.delete(topic);
        }
    }

    private static HttpLoad.Seen saved(int port, Duration length) throws IOException {
        try (HttpLoad load = new HttpLoad(port, CONNECTIONS)) {
            return load.closed(Gifts.requests(), Duration.ZERO, length);
        }
    }

    private void rows(Map<String, ShippedApplication> versions, Rig rig, Scale scale) throws Exception {
        String topic = rig.topic(Drain.PARTITIONS);
        Gifts.write(rig.brokers(), topic, scale.queued());
        for (String name : inTurn(scale).stream().flatMap(List::stream).toList()) {
            rig.emptyVault();
            ShippedApplication version = versions.get(name);
            Map<String, String> settings = rig.worker(topic, rig.persistRoute(Map.of()));
            settings.put("VAULT_ROUTES", routes(version, false));
            try (JavaProcess worker = version.start(java, Rig.CONTAINER_MIB, settings, rig.log("worker"))) {
                await().atMost(Duration.ofMinutes(3))
                        .until(() -> rig.number("select last_value from vault_id_seq") >= scale.queuedLead());
                double stored = rig.number("select last_value from vault_id_seq");
                Duration before = worker.cpuTime();
                double rate = Drain.rowsPerSecond(rig, worker, scale.queuedLead(), scale.queued());
                note(name, rate, worker.cpuTime().minus(before), scale.queued() - stored);
            }
        }
        rig.delete(topic);
    }

    /** A B, B A, A B, …: what a machine becomes in the meantime, both meet. */
    private static List<List<String>> inTurn(Scale scale) {
        return IntStream.range(0, scale.repeats() == 1 ? 1 : PAIRS)
                .mapToObj(pair -> pair % 2 == 0 ? List.of(OURS, BEFORE) : List.of(BEFORE, OURS))
                .toList();
    }

    /** The routes of a role as the version ships them: those that answer HTTP, or all others. */
    private static String routes(ShippedApplication version, boolean http) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.list(version.routes())) {
            files = all.filter(file -> file.toString().endsWith(".camel.yaml"))
                    .sorted()
                    .toList();
        }
        List<String> wanted = new ArrayList<>();
        for (Path file : files) {
            if (Files.readString(file).contains("platform-http:") == http) {
                wanted.add("file:" + file);
            }
        }
        return String.join(",", wanted);
    }

    private void note(String name, double rate, Duration cpu, double events) {
        rates.computeIfAbsent(name, any -> new ArrayList<>()).add(rate);
        micros.computeIfAbsent(name, any -> new ArrayList<>()).add(cpu.toNanos() / 1e3 / events);
    }

    private void say(String events, String group, Report report) {
        rates.forEach((name, values) -> report.figure(group, name, events + "/s", values));
        micros.forEach((name, values) -> report.figure("CPU time for one of the " + events, name, "µs", values));
        report.atLeast(group + ", beside the version before", ofPairs(rates), 1 - SLOWER_BY);
        report.atMost(
                "CPU time for one of the " + events + ", beside the version before", ofPairs(micros), 1 + SLOWER_BY);
        rates.clear();
        micros.clear();
    }

    /** The median of what each pair says. */
    private static double ofPairs(Map<String, List<Double>> values) {
        List<Double> ratios = IntStream.range(0, values.get(OURS).size())
                .mapToObj(
                        pair -> values.get(OURS).get(pair) / values.get(BEFORE).get(pair))
                .sorted()
                .collect(Collectors.toList());
        int middle = ratios.size() / 2;
        return ratios.size() % 2 == 1 ? ratios.get(middle) : (ratios.get(middle - 1) + ratios.get(middle)) / 2;
    }
}
