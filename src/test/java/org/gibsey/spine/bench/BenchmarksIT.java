package org.gibsey.spine.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.springframework.boot.logging.LoggingSystem;

/**
 * The benchmark, about half an hour of a machine that does nothing else: {@code mvn -Pbench verify}, or parts of it with
 * {@code -Dbench=ingest,drain}; {@code -Dbench.flags} gives the JVMs of the application further flags, such as those of a
 * recording. What it saw is in {@code target/bench}; goals that were missed are shown there and fail nothing, for a slower
 * machine is no defect.
 */
@Tag("bench")
class BenchmarksIT {

    private static final Path FOLDER = Path.of("target", "bench");
    private static Rig rig;
    private static Report report;

    @BeforeAll
    static void start() throws Exception {
        // without an application in this JVM nobody tells the clients to be quiet
        LoggingSystem.get(BenchmarksIT.class.getClassLoader()).beforeInitialize();
        rig = Rig.start(FOLDER.resolve("rig"), Objects.toString(System.getProperty("bench.flags"), ""));
        rig.application().trainedOn(Jvm.require(25));
        report = Report.in(FOLDER);
    }

    @AfterAll
    static void stop() throws Exception {
        rig.close();
        System.out.println(report.table());
    }

    @TestFactory
    Stream<DynamicTest> measures() throws IOException {
        Map<String, Benchmark> all = all();
        Set<String> wanted = Arrays.stream(System.getProperty("bench").split(","))
                .map(String::strip)
                .collect(Collectors.toSet());
        if (!all.keySet().containsAll(wanted)) {
            throw new IllegalArgumentException("-Dbench takes some of " + all.keySet() + ", got " + wanted);
        }
        return all.entrySet().stream()
                .filter(part -> wanted.contains(part.getKey()))
                .map(part -> DynamicTest.dynamicTest(part.getKey(), () -> {
                    report.begin(part.getKey());
                    part.getValue().run(rig, Scale.full(), report);
                    report.write();
                }));
    }

    private static Map<String, Benchmark> all() throws IOException {
        Jvm shipped = Jvm.require(25);
        Map<String, Benchmark> all = new LinkedHashMap<>();
        all.put("ingest", new Ingest(shipped));
        all.put("ingest17", (rig, scale, report) -> new Ingest(Jvm.require(17)).run(rig, scale, report));
        all.put("brokers", Ingest.onThreeBrokers(shipped));
        all.put("drain", new Drain(shipped));
        // not in the whole run: its libraries are fetched apart
        all.put("debezium", new DrainBesideDebezium(shipped));
        // not in the whole run: it needs the history of the repository
        all.put("before", new BesideBefore(shipped));
        all.put("curves", new DrainCurves(shipped));
        all.put("latency", new Latency(shipped));
        all.put("cold", new Cold(shipped));
        all.put("memory", new Memory(shipped));
        // not in the whole run: what it says is in the flags of the image
        all.put("heaps", new HeapCurve(shipped));
        all.put("idle", new Idle(shipped));
        all.put("streams", new StreamGrowth(shipped));
        all.put("list", new ListGrowth(shipped));
        // not in the whole run: what it says is of the database alone
        all.put("archive", new Archive());
        all.put("tokens", new Tokens(shipped));
        return all;
    }
}
