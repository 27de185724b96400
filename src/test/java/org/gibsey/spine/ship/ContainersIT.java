package org.gibsey.spine.ship;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.gibsey.spine.embedded.EmbeddedDatabase;
import org.gibsey.spine.embedded.Promise;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.TestDatabase;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.util.FileSystemUtils;

/**
 * The image as far as it can be run without an engine, on a broker with the users and rights of the Strimzi component: an
 * API and up to three workers, each a process of its own, are scaled and replaced under load as Kubernetes would do it.
 */
@Tag("slow")
class ContainersIT {

    private static final int WORKERS = 3;
    private static final int ROUNDS = 3;

    /** Of the containers of compose and of the manifests. */
    private static final long MEMORY_LIMIT = 512L << 20;

    /** For a worker, from nothing to readiness. */
    private static final Duration START_LIMIT = Duration.ofSeconds(6);

    /** Who the API logs in as, and may do no more than that. */
    private static final String READER = "reader";

    private static Path folder;
    private static Image image;
    private static StrimziBroker broker;

    private final Deque<Container> workers = new ArrayDeque<>();
    private final List<Container> started = new ArrayList<>();
    private TestDatabase database;
    private JdbcTemplate vault;
    private Duration slowestStop = Duration.ZERO;

    @BeforeAll
    static void build() throws Exception {
        // not below target: whoever the image runs as has to reach it
        folder = Files.createTempDirectory(Path.of("/tmp"), "image");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        image = Image.build(Files.createDirectory(folder.resolve("root")));
        broker = StrimziBroker.start(Files.createDirectory(folder.resolve("broker")));
    }

    @AfterAll
    static void remove() throws Exception {
        if (broker != null) {
            broker.close();
        }
        if (image != null) {
            image.close();
        }
        FileSystemUtils.deleteRecursively(folder);
    }

    @BeforeEach
    void emptyVault() throws Exception {
        database = TestDatabase.create();
        asSuperuser("create role " + READER + " login password '" + EmbeddedDatabase.PASSWORD + "'");
        vault = new JdbcTemplate(database.dataSource());
    }

    @AfterEach
    void endContainers() throws Exception {
        started.forEach(Container::close);
        database.close();
        asSuperuser("drop role " + READER);
    }

    @Test
    void isSmallBesideItsJre() throws Exception {
        long content = image.contentSize();
        System.out.printf(
                "image without its JRE: %.0f MB to fetch, %.0f MB on disk%n", content / 1e6, image.size() / 1e6);

        assertThat(content).isLessThan(130_000_000);
    }

    @Test
    void canReadItsRoutesAndWriteNothing() throws Exception {
        assertThat(image.execute(List.of("test", "-r", "routes/save-gift.camel.yaml"), Map.of()))
                .isZero();
        assertThat(image.execute(List.of("touch", "found"), Map.of())).isNotZero();
        assertThat(image.execute(List.of("touch", "routes/found"), Map.of())).isNotZero();
    }

    @Test
    void startsFromItsCache() throws Exception {
        assumeTrue(image.sameJava(), "only the Java of the image has such a cache");
        List<String> check = image.commandLine();
        // without the cache it does not start
        check.add(1, "-XX:AOTMode=on");
        check.addAll(List.of("--check", "routes/"));

        assertThat(image.execute(check, Map.of())).isZero();

        check.add(check.indexOf("-cp"), "-XX:AOTCache=bin/train");
        assertThat(image.execute(check, Map.of())).isNotZero();
    }

    /** A component in a folder of jars, without a new image; the cache holds beside them. */
    @Test
    void takesJarsOfTheOperator() throws Exception {
        List<String> check = image.commandLine();
        if (image.sameJava()) {
            check.add(1, "-XX:AOTMode=on");
        }
        check.addAll(List.of("--check", "more/"));
        image.mount(Path.of("target/extensions"), "extensions");
        image.mount(Path.of("examples/routes"), "more");

        assertThat(image.execute(check, Map.of())).isNotZero();
        assertThat(image.execute(
                        check,
                        Map.of(
                                "VAULT_ROUTES_ALLOW",
                                "component:http,option:http.connectTimeout,option:http.responseTimeout")))
                .isZero();
    }

    /** One worker becomes three, which are replaced, and the API too, and they become one again, over and over. */
    @Test
    void losesNothingWhileItIsScaledAndReplaced3TimesUnderLoad() throws Exception {
        workers.add(startAlone());
        vault.execute("grant select on all tables in schema public to " + READER);
        Container api = start("api");
        api.awaitReady();
        assertThat(image.execute(image.healthcheck(), api.settings())).isZero();
        try (Savers savers = new Savers(api.port())) {
            for (int i = 0; i < ROUNDS; i++) {
                Container nextApi = start("api");
                scaleTo(WORKERS);
                for (int j = 0; j < WORKERS; j++) {
                    replaceOldestWorker();
                }
                nextApi.awaitReady();
                savers.moveTo(nextApi.port());
                stop(api);
                api = nextApi;
                scaleTo(1);
            }
            savers.stop();

            assertThat(savers.failures()).isEmpty();
            assertThat(savers.accepted()).isNotEmpty();
            assertThat(api.list()).contains("gift");
            await().until(() -> stored().containsAll(savers.accepted()));
            // the same number: none is there twice
            assertThat(stored()).hasSameSizeAs(savers.accepted());
            assertThat(vault.queryForObject("select count(*) from dead_letter", Long.class))
                    .isZero();
            System.out.printf(
                    "from 1 worker to %d and back %d times, all of them and the API replaced: %,d gifts, none lost, none twice%n",
                    WORKERS, ROUNDS, savers.accepted().size());
            Promise.kept(
                    "saves repeated after 503",
                    savers.repeated(),
                    Math.max(10, savers.accepted().size() / 100),
                    "saves");
            Promise.kept("the slowest stop", slowestStop, grace());
        }
        assertThat(memoryOf("API", api)).isLessThan(MEMORY_LIMIT);
        assertThat(memoryOf("worker", workers.element())).isLessThan(MEMORY_LIMIT);
        assertReadinessTellsOfARightThatIsMissing(api);
    }

    private void assertReadinessTellsOfARightThatIsMissing(Container api) throws Exception {
        String topic = Settings.otherwise("KAFKA_TOPIC");
        broker.forbidToWrite("api", topic);
        await().until(() -> !api.isReady());
        broker.allowToWrite("api", topic);
        await().until(api::isReady);
    }

    /** A worker, while nothing else starts. How fast it has to be holds for the Java of the image and its cache. */
    private Container startAlone() throws Exception {
        Container worker = start("worker");
        Duration took = worker.awaitReady();
        if (image.sameJava()) {
            Promise.kept("a worker is ready", took, START_LIMIT);
            // what two cores have until then
            Promise.kept("CPU time of a worker until then", worker.cpuTime(), START_LIMIT.multipliedBy(2));
        }
        return worker;
    }

    private void replaceOldestWorker() throws Exception {
        Container next = start("worker");
        next.awaitReady();
        workers.add(next);
        stop(workers.remove());
    }

    /** The oldest go first. Returns when each has its share of the topic. */
    private void scaleTo(int number) throws Exception {
        List<Container> more = new ArrayList<>();
        while (workers.size() + more.size() < number) {
            more.add(start("worker"));
        }
        more.forEach(Container::awaitReady);
        workers.addAll(more);
        while (workers.size() > number) {
            stop(workers.remove());
        }
        await().until(() -> broker.readers(Settings.otherwise("KAFKA_GROUP")) == number);
    }

    private void stop(Container container) throws Exception {
        long began = System.nanoTime();
        assertThat(container.stop()).as("exit code after SIGTERM").isEqualTo(143);
        Duration took = Promise.since(began);
        slowestStop = took.compareTo(slowestStop) > 0 ? took : slowestStop;
    }

    /** @param role a service of the compose file, and a user of the broker */
    private Container start(String role) throws IOException {
        Map<String, String> settings = new HashMap<>(broker.settings(role));
        Yaml.read(Path.of("docker-compose.yaml"))
                .at("/services/%s/environment".formatted(role))
                .properties()
                .forEach(variable -> settings.putIfAbsent(
                        variable.getKey(), variable.getValue().asText()));
        settings.put("VAULT_DB_URL", database.url());
        settings.put("VAULT_DB_USER", role.equals("api") ? READER : EmbeddedDatabase.USER);
        settings.put("VAULT_DB_PASSWORD", EmbeddedDatabase.PASSWORD);
        settings.put("VAULT_DB_CONNECTIONS", "3");
        Container container = new Container(image, settings, folder.resolve(role + started.size() + ".log"));
        started.add(container);
        return container;
    }

    private static void asSuperuser(String sql) throws SQLException {
        try (Connection connection = SharedServices.get().database().superuser();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private List<UUID> stored() {
        return vault.queryForList("select event_id from vault", UUID.class);
    }

    /** What it holds and could not give back, in bytes; 0 where the kernel does not say. */
    private static long memoryOf(String what, Container container) throws IOException {
        if (!Files.exists(Path.of("/proc/self/status"))) {
            return 0;
        }
        long held = container.memory("RssAnon");
        System.out.printf(
                "%s holds %d MiB, with mapped files never more than %d MiB%n",
                what, held >> 20, container.memory("VmHWM") >> 20);
        return held;
    }

    private static Duration grace() {
        return Duration.ofSeconds(Yaml.read(Path.of("k8s/base/pod.yaml"))
                .at("/spec/template/spec/terminationGracePeriodSeconds")
                .asInt());
    }
}
