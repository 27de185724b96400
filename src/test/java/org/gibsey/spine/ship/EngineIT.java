package org.gibsey.spine.ship;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.stream.StreamSupport;
import org.awaitility.core.ThrowingRunnable;
import org.gibsey.spine.bench.Gifts;
import org.gibsey.spine.bench.HttpLoad;
import org.gibsey.spine.embedded.Promise;
import org.gibsey.spine.embedded.TestCaller;
import org.gibsey.spine.timeline.TestStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

/**
 * The image and the compose file in real containers, with three workers, under load: {@code mvn verify -Pengine}. One system for
 * all tests, in their order; the last one accounts for what all of them saved.
 */
@Tag("engine")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class EngineIT {

    private static final int PORT = 8000;
    private static final int WORKERS = 3;
    private static final int CONNECTIONS = 256;
    /** After SIGTERM; a killed one has 137. */
    private static final int ENDED_BY_ITSELF = 143;

    private static final Set<UUID> ACCEPTED = ConcurrentHashMap.newKeySet();

    private static ComposedSystem system;
    private static String api;
    private static TestCaller caller;

    @BeforeAll
    static void start() throws Exception {
        system = ComposedSystem.build();
        system.start("worker");
        system.scale("worker", WORKERS);
        system.start("api");
        api = system.containers("api").get(0);
        caller = new TestCaller(PORT, 8001);
        awaitHealth(true, allOurs());
    }

    @AfterAll
    static void remove() throws Exception {
        if (system != null) {
            system.remove();
        }
    }

    @Test
    @Order(1)
    void aGiftMakesTheRound() throws Exception {
        try (TestStream timeline = TestStream.open(PORT, "", null)) {
            assertThat(caller.save("round").statusCode()).isEqualTo(202);

            timeline.awaitGifts(1);
            assertThat(timeline.questions()).containsExactly("round");
            assertThat(caller.list()).contains("round");
        }
    }

    @Test
    @Order(2)
    void isHeldToWhatTheComposeFileSays() throws Exception {
        for (String container : allOurs()) {
            assertThat(system.execute(container, "cat", "/proc/1/status").output())
                    .containsPattern("Uid:\\s+65532\\s+65532\\s+65532")
                    .containsPattern("CapEff:\\s+0{16}")
                    .containsPattern("CapBnd:\\s+0{16}")
                    .containsPattern("NoNewPrivs:\\s+1");
            assertThat(system.inspect(container, "HostConfig.Memory")).isEqualTo(Long.toString(512L << 20));
            assertThat(system.inspect(container, "HostConfig.ReadonlyRootfs")).isEqualTo("true");
        }
    }

    @Test
    @Order(3)
    void anEditOfTheMountedRoutesIsLiveAndABadOneIsRefused() throws Exception {
        String file = "list-gifts.camel.yaml";
        String shipped = Yaml.text(system.routes().resolve(file));
        String shouting = shipped.replace("then question end", "then upper(question) end");
        underLoad(() -> {
            edit(file, shouting);
            await().until(() -> caller.list().contains("\"question\":\"GIFT "));
            edit(file, shipped.replace("jdbc:vaultReads", "jbdc:vaultReads"));
            await().untilAsserted(() -> assertThat(refused()).containsExactly("routes/" + file));
            assertThat(caller.list()).contains("\"question\":\"GIFT ");
            edit(file, shipped);
            await().until(() -> caller.list().contains("\"question\":\"gift "));
            assertThat(refused()).isEmpty();
        });
    }

    /** Some take a native library, which the image has to have what it needs for. */
    @ParameterizedTest
    @ValueSource(strings = {"gzip", "snappy", "lz4", "zstd"})
    @Order(4)
    void packsAndUnpacksWithEveryCodecOfKafka(String codec) throws Exception {
        String file = "save-gift.camel.yaml";
        String shipped = Yaml.text(system.routes().resolve(file));
        String answer = "{\"queued\":\"%s\"}".formatted(codec);
        edit(
                file,
                shipped.replace(
                                "maxInFlightRequest: 1",
                                "maxInFlightRequest: 1\n              compressionCodec: " + codec)
                        .replace("{\"queued\":true}", answer));
        try {
            await().until(() -> caller.save("packed by " + codec).body().equals(answer));
            await().until(() -> caller.list().contains("packed by " + codec));
        } finally {
            edit(file, shipped);
        }
        await().until(() -> caller.save("as it was").body().equals("{\"queued\":true}"));
    }

    @Test
    @Order(5)
    void losesNothingWhileWorkersAreKilledStoppedAndStartedUnderLoad() throws Exception {
        underLoad(() -> {
            List<String> workers = system.containers("worker");
            assertThat(workers).hasSize(WORKERS);
            for (String worker : workers) {
                ProcessHandle process = ProcessHandle.of(system.pid(worker)).orElseThrow();
                process.destroyForcibly();
                process.onExit().join();
                // it ended by its own fault, as far as the engine knows
                awaitHealth(true, List.of(worker));
            }
            for (String worker : workers.subList(1, WORKERS)) {
                assertThat(system.stop("worker", worker)).isEqualTo(ENDED_BY_ITSELF);
            }
            system.podman("rm", workers.get(1));
            system.scale("worker", WORKERS);
            awaitHealth(true, system.containers("worker"));
        });
        assertThat(system.containers("worker")).hasSize(WORKERS);
    }

    @Test
    @Order(6)
    void staysUnderItsMemoryLimitWith256Connections() throws Exception {
        List<String> before = processes();
        AtomicInteger answers = new AtomicInteger();
        AtomicInteger refused = new AtomicInteger();
        try (HttpLoad load = new HttpLoad(PORT, CONNECTIONS, status -> {
            answers.incrementAndGet();
            return status == 202 || (status == 503 && refused.incrementAndGet() > 0);
        })) {
            load.closed(Gifts.requests(), Duration.ofSeconds(5), Duration.ofSeconds(15));
        }
        System.out.printf(
                "%d connections: %,d saves, %,d of them answered 503%n", CONNECTIONS, answers.get(), refused.get());
        for (String container : allOurs()) {
            long held = Container.memory(system.pid(container), "RssAnon");
            System.out.printf(
                    "%s holds %d MiB, with mapped files never more than %d MiB; of the limit it uses %s%n",
                    container,
                    held >> 20,
                    Container.memory(system.pid(container), "VmHWM") >> 20,
                    system.podman("stats", "--no-stream", "--format={{.MemUsage}}", container)
                            .strip());
            assertThat(held).isLessThan(Long.parseLong(system.inspect(container, "HostConfig.Memory")));
        }
        assertThat(processes())
                .as("those from before, none killed by the limit")
                .isEqualTo(before);
    }

    @Test
    @Order(7)
    void healthChecksTellTheTruthWhileTheBrokerStopsAndStarts() throws Exception {
        underLoad(() -> outage("kafka", allOurs()));
    }

    /** The API takes gifts without a database, and says so. */
    @Test
    @Order(7)
    void healthChecksTellTheTruthWhileTheDatabaseStopsAndStarts() throws Exception {
        underLoad(() -> outage("postgres", system.containers("worker")));
    }

    @Test
    @Order(8)
    void writesNothingOutsideTmp() throws Exception {
        for (String container : allOurs()) {
            assertThat(written(container)).isEmpty();
            assertThat(system.execute(container, "touch", "/app/written").exit())
                    .isNotZero();
            assertThat(system.execute(container, "touch", "/app/routes/written").exit())
                    .isNotZero();
            // what an engine may add to a read-only root
            assertThat(system.execute(container, "find", "/run", "/var/tmp", "/dev/shm", "-user", "65532")
                            .output())
                    .isEmpty();
        }
        String unprotected = "spine-test-unprotected";
        List<String> run =
                new ArrayList<>(List.of("run", "--detach", "--name=" + unprotected, "--network=spine-test_default"));
        system.service("worker")
                .path("environment")
                .properties()
                .forEach(variable -> run.add(
                        "--env=" + variable.getKey() + "=" + variable.getValue().asText()));
        run.add(system.image());
        system.podman(run.toArray(String[]::new));
        await().until(() ->
                system.execute(unprotected, "bin/healthcheck", "readiness").exit() == 0);
        assertThat(written(unprotected)).isNotEmpty().allMatch(path -> path.matches("/tmp(/.*)?"));
        assertThat(system.stop("worker", unprotected)).isEqualTo(ENDED_BY_ITSELF);
    }

    @Test
    @Order(8)
    void leavesNothingOfItsTrainingInTheImage() throws Exception {
        String look = "find /tmp -mindepth 1; test -z \"$(find /tmp -mindepth 1)\"";
        system.podman("run", "--rm", "--user=0", "--entrypoint=sh", system.image(), "-c", look);
    }

    @Test
    @Order(9)
    void prometheusScrapesEveryProcessAndHasTheAlerts() throws Exception {
        system.start("prometheus");
        TestCaller prometheus = new TestCaller(9090, 9090);
        await().ignoreExceptions().untilAsserted(() -> {
            JsonNode targets = Yaml.value(prometheus.management("/api/v1/targets?state=active"))
                    .at("/data/activeTargets");
            assertThat(targets)
                    .hasSize(WORKERS + 1)
                    .allMatch(target -> target.path("health").asText().equals("up"));
            assertThat(targets)
                    .extracting(target -> target.at("/labels/role").asText())
                    .containsOnly("api", "worker");
        });
        List<String> alerts = new ArrayList<>();
        Yaml.read(Path.of("observe/prometheus/gift-spine.rules.yaml"))
                .findValues("alert")
                .forEach(alert -> alerts.add(alert.asText()));
        JsonNode rules = Yaml.value(prometheus.management("/api/v1/rules"));
        assertThat(rules.findValuesAsText("name")).containsAll(alerts);
        // each of them was evaluated
        await().until(() -> Yaml.value(prometheus.management("/api/v1/rules")).findValues("rules").stream()
                .flatMap(group -> StreamSupport.stream(group.spliterator(), false))
                .allMatch(rule -> rule.path("health").asText().equals("ok")));
    }

    @Test
    @Order(10)
    void endsWithinItsGracePeriodAlsoWithAnOpenTimeline() throws Exception {
        try (TestStream timeline = TestStream.open(PORT, "", null)) {
            long began = System.nanoTime();
            assertThat(system.stop("api", api)).isEqualTo(ENDED_BY_ITSELF);
            Promise.kept("the API stops", Promise.since(began), system.grace("api"));
            timeline.awaitEnd();
        }
        assertThat(system.stop("kafka", system.containers("kafka").get(0))).isEqualTo(ENDED_BY_ITSELF);
        String worker = system.containers("worker").get(0);
        assertThat(system.stop("worker", worker)).as("without a broker").isEqualTo(ENDED_BY_ITSELF);
        system.podman("start", system.containers("kafka").get(0), worker, api);
        awaitHealth(true, allOurs());
    }

    @Test
    @Order(11)
    void theLedgerBalancesAtTheEnd() throws Exception {
        JsonNode server = system.service("postgres").path("environment");
        JdbcTemplate vault = new JdbcTemplate(new DriverManagerDataSource(
                "jdbc:postgresql://localhost:5432/" + server.path("POSTGRES_DB").asText(),
                server.path("POSTGRES_USER").asText(),
                server.path("POSTGRES_PASSWORD").asText()));
        await().untilAsserted(() ->
                assertThat(caller.ledger()).contains("\"inFlight\":0", "\"unaccounted\":0", "\"balanced\":true"));
        assertThat(ACCEPTED).isNotEmpty();
        assertThat(vault.queryForList("select event_id from vault", UUID.class))
                .containsAll(ACCEPTED)
                .doesNotHaveDuplicates();
        assertThat(vault.queryForObject("select count(*) from dead_letter", Long.class))
                .isZero();
        System.out.println("the ledger at the end: " + caller.ledger());
    }

    /** What happens while readers save, none of whom gets an error but a 503 that passes. */
    private static void underLoad(ThrowingRunnable step) throws Exception {
        try (Savers savers = new Savers(PORT)) {
            await().until(() -> !savers.accepted().isEmpty());
            step.run();
            savers.stop();
            assertThat(savers.failures()).isEmpty();
            ACCEPTED.addAll(savers.accepted());
        } catch (Exception | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    private static List<String> allOurs() throws Exception {
        List<String> containers = new ArrayList<>(system.containers("worker"));
        containers.addAll(system.containers("api"));
        return containers;
    }

    /**
     * The first process of a service freezes and thaws, which its own check tells; then it ends and is started again.
     *
     * @param needing containers that cannot work without it; they become healthy again by themselves
     */
    private static void outage(String service, List<String> needing) throws Exception {
        List<String> others = new ArrayList<>(allOurs());
        others.removeAll(needing);
        String container = system.containers(service).get(0);
        system.podman("kill", "--signal=STOP", container);
        awaitHealth(false, List.of(container));
        system.podman("kill", "--signal=CONT", container);
        awaitHealth(true, List.of(container));

        system.stop(service, container);
        awaitHealth(false, needing);
        awaitHealth(true, others);
        for (String ours : allOurs()) {
            assertThat(system.execute(ours, "bin/healthcheck").exit())
                    .as("liveness of " + ours)
                    .isZero();
        }
        system.podman("start", container);
        awaitHealth(true, List.of(container));
        awaitHealth(true, needing);
    }

    private static void awaitHealth(boolean healthy, List<String> containers) {
        containers.forEach(container -> await(container).until(() -> system.isHealthy(container) == healthy));
    }

    /** One line for each process, another when it was started again. */
    private static List<String> processes() throws Exception {
        List<String> processes = new ArrayList<>();
        for (String container : allOurs()) {
            processes.add(container + " " + system.pid(container));
        }
        return processes;
    }

    /** Paths that are other than in the image, but for what an engine changes: it mounts hosts and names the user. */
    private static List<String> written(String container) throws Exception {
        return system.podman("diff", container)
                .lines()
                .map(line -> line.substring(2))
                .filter(Predicate.not(path -> path.matches("/etc(/passwd|/group)?")))
                .toList();
    }

    private static void edit(String file, String text) throws Exception {
        Path next = Files.writeString(system.routes().resolve("next"), text);
        Files.move(next, system.routes().resolve(file), StandardCopyOption.ATOMIC_MOVE);
    }

    /** Files whose content the API does not run. */
    private static List<String> refused() throws Exception {
        List<String> files = new ArrayList<>();
        for (JsonNode file :
                Yaml.value(caller.management("/actuator/liveroutes")).path("files")) {
            if (file.hasNonNull("notTaken")) {
                files.add(file.path("file").asText());
            }
        }
        return files;
    }
}
