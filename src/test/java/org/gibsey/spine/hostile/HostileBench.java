package org.gibsey.spine.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.gibsey.spine.embedded.EmbeddedDatabase;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.embedded.Ports;
import org.gibsey.spine.embedded.Promise;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.TestCaller;
import org.gibsey.spine.embedded.TestDatabase;
import org.gibsey.spine.hostile.HonestReaders.Answers;
import org.gibsey.spine.ship.Dockerfile;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.util.FileSystemUtils;

/**
 * What is attacked: an API and a worker, each a process of the packaged application with the flags that the image gives it in a
 * container of 512 MiB, which is 40 % of that for the heap. They go through one attack after the other, as in life. Collects
 * the rows of the table.
 */
final class HostileBench implements AutoCloseable {

    private static final int CONTAINER_MIB = 512;
    /** Before Java 21 each call that is served has a thread of the platform, up to 256 of them; the image has a later one. */
    private static final int MOST_MIB = Runtime.version().feature() < 21 ? 640 : CONTAINER_MIB;

    private static final Duration ALONE = Duration.ofSeconds(4);
    private static final Duration BESIDE = Duration.ofSeconds(10);
    private static final double PROMISED_MS = 100;
    private static final String HEAD = """
            | attack | what the attacker got | saves alone, p99 and slowest | beside it, p99 and slowest | slowest list | not answered well | peak memory | accepted | lost | twice |
            |---|---|---:|---:|---:|---|---:|---:|---:|---:|
            """;

    private final String name;
    private final ObjectMapper json = new ObjectMapper();
    private final Path data;
    private final TestDatabase database = TestDatabase.create();
    private final JdbcClient vault = JdbcClient.create(database.dataSource());
    private final int port = Ports.free();
    private final int management = Ports.free();
    private final int workerManagement = Ports.free();
    private final Path routes;
    private final TestCaller caller = new TestCaller(port, management);
    private final TestCaller workerCaller = new TestCaller(port, workerManagement);
    private final List<String> rows = new ArrayList<>();
    private JavaProcess api;
    private JavaProcess worker;
    private long page = 71_000;
    private int started;

    /** What is done to the processes for as long as it is open. */
    interface Attack extends AutoCloseable {

        /** For the table. */
        String got() throws Exception;

        @Override
        void close() throws IOException;
    }

    /** Begins one. */
    interface Begin {
        Attack attack() throws Exception;
    }

    /** @param name of its topic, consumer group, table and logs */
    HostileBench(String name) throws Exception {
        this.name = name;
        data = Files.createTempDirectory(Files.createDirectories(Path.of("target")), "hostile");
        routes = Files.createDirectories(data.resolve("routes"));
        for (String route : List.of(
                "save-gift",
                "list-gifts",
                "show-gift",
                "search-gifts",
                "feed-gifts",
                "show-history",
                "show-change",
                "show-kafka-status")) {
            String file = route + ".camel.yaml";
            Files.copy(Path.of("routes", file), routes.resolve(file));
        }
        start();
        new HonestReaders(port, page++).goOn(ALONE.multipliedBy(3));
    }

    int port() {
        return port;
    }

    String topic() {
        return name;
    }

    String changesTopic() {
        return name + ".changes";
    }

    int management() {
        return management;
    }

    int workerManagement() {
        return workerManagement;
    }

    /** Where the API's route files are. */
    Path routes() {
        return routes;
    }

    JdbcClient vault() {
        return vault;
    }

    String bootstrapServers() {
        return SharedServices.get().kafka().bootstrapServers();
    }

    private void start() throws IOException {
        api = start("api", "file:" + routes + "/*.camel.yaml", port, management);
        worker = start(
                "worker",
                "file:routes/persist-gifts.camel.yaml,file:routes/persist-changes.camel.yaml,"
                        + "file:routes/index-dead-letters.camel.yaml",
                0,
                workerManagement);
        awaitReady(api, caller);
        awaitReady(worker, workerCaller);
    }

    private JavaProcess start(String role, String files, int publicPort, int managementPort) throws IOException {
        Map<String, String> environment = new HashMap<>(Dockerfile.read().environment());
        // there being no container here, its memory is told to the JVM; an older Java does not know all of the flags
        environment.merge(
                "JAVA_TOOL_OPTIONS",
                "-XX:+IgnoreUnrecognizedVMOptions -XX:MaxRAM=" + CONTAINER_MIB + "m",
                (image, ours) -> image + " " + ours);
        environment.put("KAFKA_CHANGES_TOPIC", changesTopic());
        environment.putAll(Map.of(
                "VAULT_ROUTES",
                files,
                "SERVER_PORT",
                Integer.toString(publicPort),
                "MANAGEMENT_SERVER_PORT",
                Integer.toString(managementPort),
                "KAFKA_BOOTSTRAP_SERVERS",
                bootstrapServers(),
                "KAFKA_TOPIC",
                name,
                "KAFKA_DEAD_LETTER_TOPIC",
                name + ".dlq",
                "KAFKA_GROUP",
                name,
                "VAULT_DB_URL",
                database.url(),
                "VAULT_DB_USER",
                EmbeddedDatabase.USER,
                "VAULT_DB_PASSWORD",
                EmbeddedDatabase.PASSWORD));
        return JavaProcess.application(
                environment,
                data.resolveSibling("%s-%s-%d.log".formatted(name, role, ++started)),
                "-XX:TieredStopAtLevel=4");
    }

    private static void awaitReady(JavaProcess process, TestCaller caller) {
        await().until(() -> {
            process.assertAlive();
            return caller.isReady();
        });
    }

    /** Does it, looks how honest readers fare, and fails unless they fared well and nothing is lost. */
    void endure(String what, Begin begin) throws Exception {
        HonestReaders readers = new HonestReaders(port, page++);
        Answers alone = readers.goOn(ALONE);
        forgetPeak(api);
        forgetPeak(worker);
        Answers beside;
        String got;
        try (Attack attack = begin.attack();
                Probe probe = new Probe(List.of(management, workerManagement))) {
            beside = readers.goOn(BESIDE);
            got = attack.got();
            beside.refused().putAll(probe.failures());
        } finally {
            if (!api.isAlive() || !worker.isAlive()) {
                rows.add("| %s | the process ended |".formatted(what));
            }
        }
        api.assertAlive();
        worker.assertAlive();
        await().ignoreExceptions()
                .until(() -> stored(readers) >= readers.accepted().size());
        long lost = readers.accepted().stream().filter(id -> stored(id) == 0).count();
        long twice = stored(readers)
                - vault.sql("select count(distinct question) from vault where page_id = ?")
                        .param(readers.page())
                        .query(Long.class)
                        .single();
        double mib = Math.max(peakMib(api), peakMib(worker));
        String row = String.format(
                Locale.ROOT,
                "| %s | %s | %.0f, %.0f ms | %.0f, %.0f ms | %.0f ms | %s | %.0f MiB | %,d | %d | %d |",
                what,
                got,
                alone.savesP99Ms(),
                alone.slowestSaveMs(),
                beside.savesP99Ms(),
                beside.slowestSaveMs(),
                beside.slowestReadMs(),
                beside.refused().isEmpty() ? "" : beside.refused(),
                mib,
                readers.accepted().size(),
                lost,
                twice);
        rows.add(row);
        System.out.println(row);
        assertThat(beside.refused()).as("calls of others that failed").isEmpty();
        assertThat(lost).as("lost").isZero();
        assertThat(twice).as("twice").isZero();
        assertThat(mib).as("peak memory, MiB").isLessThan(MOST_MIB);
        ledgerBalances();
        Promise.kept(
                what + ": 99 of 100 saves beside it",
                beside.savesP99Ms(),
                Math.max(PROMISED_MS, 2 * alone.savesP99Ms()),
                "ms");
    }

    /** Starts again what an attack before has ended, so that the others are seen all the same. */
    void revive() throws IOException {
        if (!api.isAlive() || !worker.isAlive()) {
            api.close();
            worker.close();
            start();
        }
    }

    private void ledgerBalances() {
        await().ignoreExceptionsInstanceOf(IOException.class)
                .untilAsserted(() -> assertThat(workerCaller.ledger())
                        .contains("\"balanced\":true", "\"inFlight\":0", "\"unaccounted\":0"));
    }

    /** What the operators' port says of a route file of the API. */
    JsonNode liveFile(String name) throws IOException, InterruptedException {
        for (JsonNode file :
                json.readTree(caller.management("/actuator/liveroutes")).get("files")) {
            if (file.get("file").textValue().contains(name)) {
                return file;
            }
        }
        throw new IllegalStateException("no file " + name);
    }

    private long stored(HonestReaders readers) {
        return vault.sql("select count(*) from vault where page_id = ?")
                .param(readers.page())
                .query(Long.class)
                .single();
    }

    private long stored(java.util.UUID gift) {
        return vault.sql("select count(*) from vault where event_id = ?")
                .param(gift)
                .query(Long.class)
                .single();
    }

    /** From now on the peak is that of what comes. */
    private static void forgetPeak(JavaProcess process) throws IOException {
        Files.writeString(Path.of("/proc", Long.toString(process.pid()), "clear_refs"), "5");
    }

    /** The most resident memory it had since. */
    private static double peakMib(JavaProcess process) throws IOException {
        try (Stream<String> status = Files.lines(Path.of("/proc", Long.toString(process.pid()), "status"))) {
            return status.filter(line -> line.startsWith("VmHWM:"))
                    .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")) / 1024)
                    .findFirst()
                    .orElseThrow();
        }
    }

    @Override
    public void close() throws IOException, SQLException {
        api.close();
        worker.close();
        database.close();
        FileSystemUtils.deleteRecursively(data);
        String table = HEAD + String.join("\n", rows) + "\n";
        Files.writeString(Path.of("target", name + ".md"), table);
        System.out.println("\n" + table);
    }
}
