package org.gibsey.spine.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.awaitility.core.ConditionTimeoutException;
import org.flywaydb.core.Flyway;
import org.gibsey.spine.embedded.EmbeddedDatabase;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.embedded.KafkaCluster;
import org.gibsey.spine.embedded.KafkaProcess;
import org.gibsey.spine.embedded.Ports;
import org.gibsey.spine.embedded.TestCaller;
import org.gibsey.spine.embedded.VersionBefore;
import org.gibsey.spine.gift.ModelOfAGift;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.util.FileSystemUtils;

/**
 * What the fault tests do things to: a broker in a process of its own, a database, and workers, each a process of the
 * packaged application. Every scenario has a topic and a consumer group of its own. Collects the outcomes for the table.
 */
final class FaultBench implements AutoCloseable {

    static final int PARTITIONS = 6;
    static final String SHORT_POLL_INTERVAL = "CAMEL_COMPONENT_KAFKA_MAXPOLLINTERVALMS=6000";

    private static final String WORKER = routes("persist-gifts", "persist-changes", "index-dead-letters");
    private static final String API = routes("save-gift", "edit-gift", "delete-gift", "restore-gift");
    private static final String HEAD = """
            | fault | accepted | of them changes | stored | dead | missing | duplicated | good ones dead | rows unlike | recovery |
            |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|
            """;

    private final Path data;
    private final @Nullable KafkaProcess kafka;
    private final @Nullable KafkaCluster cluster;
    private final String brokers;
    private final short replicas;
    private final String tableFile;
    private final List<EmbeddedDatabase> databases = new ArrayList<>();
    private EmbeddedDatabase database;
    private final List<JavaProcess> workers = new ArrayList<>();
    private final List<Outcome> outcomes;
    private final List<Load> loads = new ArrayList<>();
    private final List<Managed> managed = new ArrayList<>();
    private JavaProcess standing;
    private String standingTopic;
    private int topics;

    /** A process with a topic, and how to ask it. */
    private record Managed(JavaProcess process, String topic, TestCaller caller) {}

    /**
     * Starts broker and database.
     *
     * @param tableFile name in {@code target} of the file to leave the table in
     * @param outcomes  rows of the table so far; more are added
     */
    FaultBench(String tableFile, List<Outcome> outcomes) throws IOException, SQLException {
        this(tableFile, outcomes, Ports.free(), Map.of());
    }

    /** @param kafkaSettings of the broker, other than the defaults */
    FaultBench(String tableFile, List<Outcome> outcomes, int kafkaPort, Map<String, String> kafkaSettings)
            throws IOException, SQLException {
        this(tableFile, outcomes, kafkaPort, kafkaSettings, "latest");
    }

    /** @param schema number of the last migration that is made here */
    FaultBench(
            String tableFile, List<Outcome> outcomes, int kafkaPort, Map<String, String> kafkaSettings, String schema)
            throws IOException, SQLException {
        this(tableFile, outcomes, kafkaPort, kafkaSettings, schema, null, false);
    }

    /** @param postgres installation whose server is used; null: the embedded one */
    FaultBench(String tableFile, List<Outcome> outcomes, Path postgres) throws IOException, SQLException {
        this(tableFile, outcomes, Ports.free(), Map.of(), "latest", postgres, false);
    }

    /**
     * The same with three brokers, and with every topic on all of them.
     *
     * @param kafkaSettings of each broker, other than the defaults
     */
    static FaultBench onThreeBrokers(String tableFile, List<Outcome> outcomes, Map<String, String> kafkaSettings)
            throws IOException, SQLException {
        return new FaultBench(tableFile, outcomes, 0, kafkaSettings, "latest", null, true);
    }

    private FaultBench(
            String tableFile,
            List<Outcome> outcomes,
            int kafkaPort,
            Map<String, String> kafkaSettings,
            String schema,
            @Nullable Path postgres,
            boolean threeBrokers)
            throws IOException, SQLException {
        this.tableFile = tableFile;
        this.outcomes = outcomes;
        // without an application in this JVM nobody tells the clients to be quiet
        LoggingSystem.get(FaultBench.class.getClassLoader()).beforeInitialize();
        data = Files.createTempDirectory(Files.createDirectories(Path.of("target")), "faults");
        database = new EmbeddedDatabase(data.resolve("postgres"), Ports.free(), postgres).start();
        databases.add(database);
        Flyway.configure()
                .dataSource(database.url(), EmbeddedDatabase.USER, EmbeddedDatabase.PASSWORD)
                .target(schema)
                .load()
                .migrate();
        // the half of the poison that can be decoded
        asSuperuser("alter table vault add constraint no_poison check (question not like 'poison %')");
        cluster = threeBrokers ? KafkaCluster.start(data.resolve("brokers"), kafkaSettings) : null;
        kafka = threeBrokers ? null : KafkaProcess.start(data.resolve("kafka"), kafkaPort, kafkaSettings);
        brokers = cluster == null ? kafka.bootstrapServers() : cluster.bootstrapServers();
        replicas = threeBrokers ? KafkaCluster.BROKERS : 1;
    }

    KafkaProcess kafka() {
        return kafka;
    }

    KafkaCluster cluster() {
        return cluster;
    }

    EmbeddedDatabase database() {
        return database;
    }

    /** A server that streams from the database. */
    EmbeddedDatabase standby() throws IOException, InterruptedException, SQLException {
        EmbeddedDatabase standby = database.standby(data.resolve("standby"), Ports.free());
        databases.add(standby);
        await().until(() -> number("select count(*) from pg_stat_replication where state = 'streaming'") == 1);
        return standby;
    }

    /** From now on this one is asked. */
    void use(EmbeddedDatabase other) {
        database = other;
    }

    private static String routes(String... names) {
        return Arrays.stream(names).map("file:routes/%s.camel.yaml"::formatted).collect(Collectors.joining(","));
    }

    /** A topic with its topics of changes and dead letters, and a load for it. */
    Load scenario() throws Exception {
        return load(newTopic());
    }

    /** A load for the worker that stays: it goes through one fault after the other. Started when first asked for. */
    Load scenarioOfTheStandingWorker() throws Exception {
        if (standing == null) {
            standingTopic = newTopic();
            standing = start(standingTopic, WORKER, "-Xmx256m", "VAULT_DB_LOCK_TIMEOUT=1s", SHORT_POLL_INTERVAL);
            workers.remove(standing);
        }
        return load(standingTopic);
    }

    private Load load(String topic) {
        Load load = new Load(brokers, topic, (1000 + loads.size()) * Load.PAGES);
        loads.add(load);
        return load;
    }

    private String newTopic() throws Exception {
        String topic = "gifts_" + ++topics;
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", brokers))) {
            admin.createTopics(List.of(
                            new NewTopic(topic, PARTITIONS, replicas),
                            new NewTopic(Load.changesTopic(topic), PARTITIONS, replicas),
                            new NewTopic(topic + ".dlq", 1, replicas)))
                    .all()
                    .get();
        }
        return topic;
    }

    /** Starts a worker on the topic of that load and returns at once. */
    JavaProcess worker(Load load, String... settings) throws IOException {
        return start(load.topic(), WORKER, "-Xmx256m", settings);
    }

    /** A worker that lives for long enough to be compiled well, as an operator's does. */
    JavaProcess warmWorker(Load load, String... settings) throws IOException {
        return start(load.topic(), WORKER, "-XX:TieredStopAtLevel=4", settings);
    }

    /** Starts an API on the topic of that load and returns at once. */
    JavaProcess api(Load load, int port, String... settings) throws IOException {
        return startAt(port, load, API, settings);
    }

    private JavaProcess startAt(int port, Load load, String routes, String... settings) throws IOException {
        List<String> all = new ArrayList<>(List.of(settings));
        all.add("SERVER_PORT=" + port);
        return start(load.topic(), routes, "-Xmx256m", all.toArray(String[]::new));
    }

    /** Starts one process for both on the topic of that load and returns at once. */
    JavaProcess both(Load load, int port, String... settings) throws IOException {
        return startAt(port, load, API + "," + WORKER, settings);
    }

    /** Starts an API of an earlier version, with its own route files, and returns at once. */
    JavaProcess apiBefore(VersionBefore version, Load load, int port, String... settings) throws IOException {
        return startAt(version, port, load, API, settings);
    }

    /** The same for both. */
    JavaProcess bothBefore(VersionBefore version, Load load, int port, String... settings) throws IOException {
        return startAt(version, port, load, API + "," + WORKER, settings);
    }

    private JavaProcess startAt(VersionBefore version, int port, Load load, String routes, String... settings)
            throws IOException {
        List<String> all = new ArrayList<>(List.of(settings));
        all.add("SERVER_PORT=" + port);
        return start(
                Optional.of(version), load.topic(), version.having(routes), "-Xmx256m", all.toArray(String[]::new));
    }

    /** Starts a worker of an earlier version, with those of its own route files that it has, and returns at once. */
    JavaProcess workerBefore(VersionBefore version, Load load, String... settings) throws IOException {
        return start(Optional.of(version), load.topic(), version.having(WORKER), "-Xmx256m", settings);
    }

    /** Starts one process for everything on the topic of that load and returns at once. */
    JavaProcess spine(Load load, int port, String... settings) throws IOException {
        return startAt(port, load, "file:routes/*.camel.yaml", settings);
    }

    /** How to ask a process that was started here. */
    TestCaller caller(JavaProcess process) {
        return managed.stream()
                .filter(candidate -> candidate.process == process)
                .findFirst()
                .orElseThrow()
                .caller;
    }

    private JavaProcess start(String topic, String routes, String jvmArg, String... settings) throws IOException {
        return start(Optional.empty(), topic, routes, jvmArg, settings);
    }

    private JavaProcess start(
            Optional<VersionBefore> version, String topic, String routes, String jvmArg, String... settings)
            throws IOException {
        int management = Ports.free();
        Map<String, String> environment = new HashMap<>(Map.ofEntries(
                Map.entry("VAULT_ROUTES", routes),
                Map.entry("KAFKA_BOOTSTRAP_SERVERS", brokers),
                Map.entry("KAFKA_TOPIC", topic),
                Map.entry("KAFKA_CHANGES_TOPIC", Load.changesTopic(topic)),
                Map.entry("KAFKA_DEAD_LETTER_TOPIC", topic + ".dlq"),
                Map.entry("KAFKA_GROUP", topic),
                Map.entry("ANONYMOUS_CHANGES", "true"),
                Map.entry("VAULT_DB_URL", database.url()),
                Map.entry("SERVER_PORT", "0"),
                Map.entry("MANAGEMENT_SERVER_PORT", Integer.toString(management)),
                Map.entry("VAULT_DB_CONNECTIONS", "3")));
        for (String setting : settings) {
            environment.put(setting.split("=", 2)[0], setting.split("=", 2)[1]);
        }
        Path log = data.resolve("process-%s-%d.log".formatted(topic, workers.size()));
        JavaProcess process = version.isPresent()
                ? JavaProcess.jar(version.get().jar(), version.get().folder(), environment, log, jvmArg)
                : JavaProcess.application(environment, log, jvmArg);
        workers.add(process);
        int port = Integer.parseInt(environment.get("SERVER_PORT"));
        managed.add(new Managed(process, topic, new TestCaller(port, management)));
        return process;
    }

    /** Waits until a gift written now is stored. */
    void awaitFlowing(Load load) {
        awaitStored(load, load.probe());
    }

    /** Waits until everything accepted has found a place, and fails unless it found exactly one. */
    Outcome settle(String scenario, Load load, long recoveryMs) {
        Outcome outcome;
        try {
            outcome = await().pollInterval(Duration.ofMillis(250))
                    .ignoreExceptions()
                    .until(
                            () -> placed(load) < load.acceptedEvents() ? null : outcome(scenario, load, recoveryMs),
                            settled -> settled != null && settled.missing() == 0);
        } catch (ConditionTimeoutException e) {
            // the assertion below says what is missing
            outcome = outcome(scenario, load, recoveryMs);
        }
        outcomes.add(outcome);
        System.out.println(outcome);
        assertThat(outcome)
                .matches(
                        Outcome::nothingLost,
                        "nothing lost, nothing twice, no good one dead, every row like its model");
        assertThat(outcome.accepted()).as("accepted").isPositive();
        assertThat(outcome.dead()).as("dead").isEqualTo(load.acceptedPoison());
        booksBalance(load.topic());
        return outcome;
    }

    /** What the application itself says of the topic, which is more than what this load wrote. */
    private void booksBalance(String topic) {
        Managed process = managed.stream()
                .filter(candidate -> candidate.topic.equals(topic) && candidate.process.isAlive())
                .reduce((earlier, later) -> later)
                .orElseThrow(() -> new IllegalStateException("nobody is left to ask for the ledger of " + topic));
        await().ignoreExceptionsInstanceOf(IOException.class)
                .untilAsserted(() -> assertThat(process.caller.ledger())
                        .contains("\"balanced\":true", "\"inFlight\":0", "\"unaccounted\":0"));
    }

    /** Ms until a gift written now is stored: to be called when the fault has just ended. */
    long recovery(Load load) {
        long start = System.nanoTime();
        awaitFlowing(load);
        return (System.nanoTime() - start) / 1_000_000;
    }

    /** Ends the workers and the load of a scenario that is over. */
    void end() {
        loads.forEach(Load::close);
        workers.forEach(JavaProcess::close);
        workers.clear();
    }

    /** Gifts of that load that are rows now. */
    long rows(Load load) throws SQLException {
        return number("select count(*) from vault where " + load.isOfIt());
    }

    /** Gifts of that load that are rows because their save was stored, and not because a change was faster. */
    long rowsOfSaves(Load load) throws SQLException {
        return number("select count(*) from vault where " + load.isOfIt()
                + " and not exists (select from gift_change where gift = event_id and before_question is null)");
    }

    /** Statements that stored the rows of that load: each is a transaction of its own. */
    long statements(Load load) throws SQLException {
        return number("select count(distinct coalesce(saved_txid, txid)) from vault where " + load.isOfIt());
    }

    /** The settings without which a killed database forgets what it confirmed. */
    List<String> durability() throws SQLException {
        List<String> settings = new ArrayList<>();
        try (Connection connection = database.superuser();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select setting from pg_settings where name in"
                        + " ('fsync', 'synchronous_commit', 'full_page_writes')")) {
            while (rows.next()) {
                settings.add(rows.getString(1));
            }
        }
        return settings;
    }

    void asSuperuser(String sql) throws SQLException {
        try (Connection connection = database.superuser();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** Dead letters of that load that are indexed now. */
    long deadLetters(Load load) throws SQLException {
        return number("select count(*) " + deadLettersOf(load));
    }

    /** All dead letters there are, in words. */
    List<String> letters() throws SQLException {
        try (Connection connection = database.superuser();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(
                        "select topic || ' ' || partition || '-' || record_offset || ' ' || message from dead_letter")) {
            List<String> letters = new ArrayList<>();
            while (rows.next()) {
                letters.add(rows.getString(1));
            }
            return letters;
        }
    }

    /** Also those that cannot be decoded name their page. */
    private static String deadLettersOf(Load load) {
        return "from dead_letter where convert_from(value, 'UTF8') like '%%\"page_id\":%d__,%%'"
                .formatted(load.page() / Load.PAGES);
    }

    @Override
    public void close() throws IOException {
        end();
        if (standing != null) {
            standing.close();
        }
        if (cluster == null) {
            kafka.close();
        } else {
            cluster.close();
        }
        for (EmbeddedDatabase each : databases) {
            each.close();
        }
        FileSystemUtils.deleteRecursively(data);
        if (!outcomes.isEmpty()) {
            String table = HEAD
                    + String.join("\n", outcomes.stream().map(Outcome::tableRow).toList()) + "\n";
            Files.writeString(Path.of("target", tableFile), table);
            System.out.println("\n" + table);
        }
    }

    private void awaitStored(Load load, UUID gift) {
        await().pollInterval(Duration.ofMillis(20))
                .ignoreExceptions()
                .until(() -> isStored(gift) || load.isPoison(gift));
    }

    /** Those of that load that are rows now. */
    Set<UUID> stored(Load load) throws SQLException {
        return ids("select event_id from vault where " + load.isOfIt());
    }

    boolean isStored(UUID gift) {
        try {
            return number("select count(*) from vault where event_id = '" + gift + "'") == 1;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Changes of that load that are in the history now. */
    Set<UUID> history(Load load) throws SQLException {
        return ids("select change_id from gift_change join vault on event_id = gift where " + load.isOfIt());
    }

    /** Gifts and changes of that load that are stored or dead now. */
    long placed(Load load) throws SQLException {
        return rows(load) + history(load).size() + deadLetters(load);
    }

    private Outcome outcome(String scenario, Load load, long recoveryMs) {
        try {
            Set<UUID> accepted = new HashSet<>(load.accepted());
            accepted.addAll(load.changes().accepted());
            Set<UUID> rows = stored(load);
            Set<UUID> history = history(load);
            Set<UUID> stored = new HashSet<>(rows);
            stored.addAll(history);
            Set<UUID> dead = ids("select event_id " + deadLettersOf(load));
            long missing = accepted.stream()
                    .filter(id -> !stored.contains(id) && !dead.contains(id))
                    .count();
            long questions = number("select count(distinct question) from vault where " + load.isOfIt());
            long both = stored.stream().filter(dead::contains).count();
            long rowsOfChanges = rows.stream()
                    .filter(id ->
                            history.contains(id) || load.changes().accepted().contains(id))
                    .count();
            long goodDead = dead.stream().filter(id -> !load.isPoison(id)).count();
            long unlike = unlike(load, history);
            // what was written but not acknowledged may be there too; it is not counted
            stored.retainAll(accepted);
            dead.retainAll(accepted);
            return new Outcome(
                    scenario,
                    accepted.size(),
                    load.changes().accepted().size(),
                    stored.size(),
                    dead.size(),
                    missing,
                    rows.size() - questions + both + rowsOfChanges,
                    goodDead,
                    unlike,
                    recoveryMs);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Rows that do not hold what the changes in their history make of the gift, one after the other by their times. */
    private long unlike(Load load, Set<UUID> history) throws SQLException {
        long unlike = 0;
        try (Connection connection = database.superuser();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(
                        "select event_id, question, answer, symbol_id, lang, revision, deleted_at is not null from vault"
                                + " where " + load.isOfIt())) {
            while (rows.next()) {
                ModelOfAGift row = new ModelOfAGift(
                        rows.getString(2),
                        rows.getString(3),
                        rows.getObject(4, Integer.class),
                        rows.getString(5),
                        rows.getObject(6, UUID.class),
                        rows.getBoolean(7));
                UUID gift = rows.getObject(1, UUID.class);
                if (!load.changes()
                        .expected(gift, history::contains)
                        .map(row::equals)
                        .orElse(row.revision() == null && !row.deleted())) {
                    unlike++;
                    System.out.println("unlike the model: " + gift + " " + row);
                }
            }
        }
        return unlike;
    }

    private Set<UUID> ids(String sql) throws SQLException {
        try (Connection connection = database.superuser();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            Set<UUID> ids = new HashSet<>();
            while (rows.next()) {
                ids.add(rows.getObject(1, UUID.class));
            }
            return ids;
        }
    }

    long number(String sql) throws SQLException {
        return Long.parseLong(text(sql));
    }

    /** The first value of what a query finds. */
    String text(String sql) throws SQLException {
        try (Connection connection = database.superuser();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getString(1);
        }
    }
}
