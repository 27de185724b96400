package org.gibsey.spine.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.embedded.Ports;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Everything that can go wrong between the broker's acknowledgement and the row, done to real processes. Each scenario ends
 * with the same account: of what was accepted nothing is missing, nothing is there twice, nothing good is dead.
 */
class FaultsIT {

    private static final int PER_SECOND = 400;
    private static FaultBench bench;

    private Load load;

    @BeforeAll
    static void startServices() throws Exception {
        bench = new FaultBench();
    }

    @AfterAll
    static void stopServices() throws Exception {
        bench.close();
    }

    @BeforeEach
    void newTopic() throws Exception {
        load = bench.scenario();
    }

    @AfterEach
    void endProcesses() {
        bench.end(load);
    }

    @Test
    void losesNothingWhenAWorkerIsKilled3Times() throws Exception {
        killWorkers(3);
    }

    @Test
    @Tag("slow")
    void losesNothingWhenAWorkerIsKilled20Times() throws Exception {
        killWorkers(20);
    }

    private void killWorkers(int times) throws Exception {
        JavaProcess worker = worker();
        load.steady(PER_SECOND);
        for (int i = 0; i < times; i++) {
            bench.awaitFlowing(load);
            worker.kill();
            worker = bench.worker(load);
        }
        long recovery = bench.recovery(load);
        load.stop();
        bench.settle("worker killed (-9) %d times under load".formatted(times), load, recovery);
    }

    @Test
    @Tag("slow")
    void storesOnceWhenAWorkerIsKilledBetweenTheRowsAndTheOffsets() throws Exception {
        int hits = 0;
        for (int i = 0; i < 12 && hits < 3; i++) {
            JavaProcess worker = worker();
            load.steady(PER_SECOND);
            long rows = bench.rows(load);
            await().pollInterval(Duration.ofMillis(1)).until(() -> bench.rows(load) > rows + 200);
            worker.kill();
            load.stop();
            if (bench.rows(load) > committed()) {
                hits++;
            }
        }
        assertThat(hits).as("times the rows were ahead of the offsets").isGreaterThanOrEqualTo(3);
        worker();
        bench.settle("worker killed (-9) between row and offset commit, %d times".formatted(hits), load, -1);
    }

    @Test
    void losesNothingWhenTheDatabaseIsRestarted() throws Exception {
        worker();
        load.steady(PER_SECOND);
        bench.awaitFlowing(load);

        bench.database().close();
        written(1000);
        bench.database().start();

        recovered("database stopped and started");
    }

    @Test
    @Tag("slow")
    void losesNothingWhenTheDatabaseIsKilled() throws Exception {
        worker();
        load.steady(PER_SECOND);
        bench.awaitFlowing(load);

        bench.database().kill();
        written(1000);
        bench.database().start();

        recovered("database killed (-9)");
    }

    @Test
    void losesNothingWhenItsConnectionsAreTerminated() throws Exception {
        worker();
        load.steady(PER_SECOND);
        bench.awaitFlowing(load);

        for (int i = 0; i < 10; i++) {
            asSuperuser("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'gibsey'");
            written(100);
        }

        recovered("connections terminated, 10 times");
    }

    @Test
    void waitsForALockedTable() throws Exception {
        worker("VAULT_DB_LOCK_TIMEOUT=1s");
        load.steady(PER_SECOND);
        bench.awaitFlowing(load);

        try (Connection connection = bench.database().superuser();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("lock table vault in access exclusive mode");
            written(1000);
            connection.rollback();
        }

        recovered("table locked");
    }

    @Test
    @Tag("slow")
    void waitsForAReadOnlyDatabase() throws Exception {
        worker();
        load.steady(PER_SECOND);
        bench.awaitFlowing(load);

        asSuperuser("alter database gibsey set default_transaction_read_only = on");
        asSuperuser("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'gibsey'");
        written(1000);
        asSuperuser("begin read write; alter database gibsey reset default_transaction_read_only; commit");
        asSuperuser("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'gibsey'");

        recovered("database read-only");
    }

    @Test
    void waitsForAMissingTable() throws Exception {
        worker();
        load.steady(PER_SECOND);
        bench.awaitFlowing(load);

        asSuperuser("alter table vault rename to vault_elsewhere");
        written(1000);
        asSuperuser("alter table vault_elsewhere rename to vault");

        recovered("table missing");
    }

    @Test
    @Tag("slow")
    void waitsForAFreeConnection() throws Exception {
        worker();
        load.steady(PER_SECOND);
        bench.awaitFlowing(load);

        List<Connection> taken = new ArrayList<>();
        asSuperuser("alter role gibsey connection limit 5");
        try {
            asSuperuser("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'gibsey'");
            await().until(() -> {
                try {
                    taken.add(DriverManager.getConnection(bench.database().url(), "gibsey", "secret"));
                    return false;
                } catch (SQLException full) {
                    asSuperuser("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'gibsey'"
                            + " and application_name = 'gift-spine'");
                    return taken.size() >= 5;
                }
            });
            written(1000);
        } finally {
            for (Connection connection : taken) {
                connection.close();
            }
            asSuperuser("alter role gibsey connection limit -1");
        }

        recovered("connection limit reached");
    }

    @Test
    @Tag("slow")
    void losesNothingWhenTheDatabaseFreezesForLongerThanThePollInterval() throws Exception {
        worker("CAMEL_COMPONENT_KAFKA_MAXPOLLINTERVALMS=6000", "CAMEL_COMPONENT_KAFKA_SESSIONTIMEOUTMS=6000");
        load.steady(PER_SECOND);
        bench.awaitFlowing(load);

        bench.database().freeze();
        written(15 * PER_SECOND);
        bench.database().thaw();

        recovered("database frozen for 15 s, poll interval 6 s");
    }

    @Test
    @Tag("slow")
    void losesNothingWhenTheBrokerFreezesForLongerThanThePollInterval() throws Exception {
        worker("CAMEL_COMPONENT_KAFKA_MAXPOLLINTERVALMS=6000", "CAMEL_COMPONENT_KAFKA_SESSIONTIMEOUTMS=6000");
        load.steady(PER_SECOND);
        bench.awaitFlowing(load);

        bench.kafka().process().freeze();
        waitFor(Duration.ofSeconds(15));
        bench.kafka().process().thaw();

        recovered("broker frozen for 15 s, poll interval 6 s");
    }

    @Test
    @Tag("slow")
    void losesNothingWhenTheWorkerFreezesForLongerThanThePollInterval() throws Exception {
        JavaProcess frozen =
                worker("CAMEL_COMPONENT_KAFKA_MAXPOLLINTERVALMS=6000", "CAMEL_COMPONENT_KAFKA_SESSIONTIMEOUTMS=6000");
        load.steady(PER_SECOND);
        bench.awaitFlowing(load);

        frozen.freeze();
        JavaProcess other = bench.worker(load);
        bench.awaitFlowing(load);
        frozen.thaw();
        bench.awaitFlowing(load);
        other.kill();

        recovered("worker frozen until another had taken over, then thawed");
    }

    @Test
    @Tag("slow")
    void losesNothingWhenTheBrokerIsRestarted() throws Exception {
        brokerTrouble(
                "broker stopped and started", () -> bench.kafka().process().terminate(Duration.ofSeconds(60)));
    }

    @Test
    @Tag("slow")
    void losesNothingWhenTheBrokerIsKilled() throws Exception {
        brokerTrouble("broker killed (-9)", () -> bench.kafka().process().kill());
    }

    private interface Deed {
        void run() throws Exception;
    }

    /** What is accepted here is what the API answered 202 to. */
    private void brokerTrouble(String scenario, Deed trouble) throws Exception {
        worker();
        int port = Ports.free();
        bench.api(load, port);
        HttpClient client = HttpClient.newHttpClient();
        Set<String> accepted = ConcurrentHashMap.newKeySet();
        await().atMost(Duration.ofSeconds(60)).ignoreExceptions().until(() -> save(client, port, accepted) == 202);
        for (int i = 0; i < 200; i++) {
            save(client, port, accepted);
        }

        trouble.run();
        for (int i = 0; i < 3; i++) {
            assertThat(save(client, port, accepted)).isEqualTo(503);
        }
        bench.kafka().restart();
        await().atMost(Duration.ofSeconds(30)).until(() -> save(client, port, accepted) == 202);
        long recovery = bench.recovery(load);
        for (int i = 0; i < 200; i++) {
            save(client, port, accepted);
        }

        accepted.forEach(id -> load.accepted().add(UUID.fromString(id)));
        bench.settle(scenario + ", saves over HTTP", load, recovery);
    }

    private int save(HttpClient client, int port, Set<String> accepted) throws Exception {
        String body = "{\"page_id\":%d,\"question\":\"%s\",\"answer\":\"a\"}".formatted(load.page(), UUID.randomUUID());
        HttpResponse<String> answer = client.send(
                HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/vault/save"))
                        .header("Content-Type", "application/json")
                        .timeout(Duration.ofSeconds(10))
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        answer.headers()
                .firstValue("Location")
                .filter(location -> answer.statusCode() == 202)
                .ifPresent(location -> accepted.add(location.substring(location.lastIndexOf('/') + 1)));
        return answer.statusCode();
    }

    @ParameterizedTest
    @ValueSource(ints = 10)
    void isolatesPoison(int percent) throws Exception {
        load.poison(percent).write(5_000);
        worker();
        bench.settle("poison, %d %%".formatted(percent), load, -1);
    }

    @ParameterizedTest
    @Tag("slow")
    @ValueSource(ints = {1, 100})
    void isolatesLittleAndNothingButPoison(int percent) throws Exception {
        isolatesPoison(percent);
    }

    @BeforeEach
    void letTheDatabaseRefusePoison() throws SQLException {
        // once the first worker has made the table
        asSuperuser("""
                do $$ begin
                  if to_regclass('vault') is not null and not exists (select from pg_constraint where conname = 'no_poison')
                  then alter table vault add constraint no_poison check (question not like 'poison %'); end if;
                end $$""");
    }

    @Test
    void storesNothingTwiceWhenTheWholeTopicIsReadAgain() throws Exception {
        load.poison(2).write(10_000);
        JavaProcess worker = worker();
        await().atMost(Duration.ofSeconds(60))
                .until(() -> bench.rows(load) + bench.deadLetters(load)
                        >= load.accepted().size());
        worker.terminate(Duration.ofSeconds(30));

        try (Admin admin = admin()) {
            Map<TopicPartition, OffsetAndMetadata> zero = partitions().stream()
                    .collect(Collectors.toMap(partition -> partition, partition -> new OffsetAndMetadata(0)));
            admin.alterConsumerGroupOffsets(load.topic(), zero).all().get();
        }
        worker();
        await().atMost(Duration.ofSeconds(60))
                .until(() -> committed() == load.accepted().size());

        bench.settle("whole topic read again from offset 0", load, -1);
    }

    @Test
    void losesNothingWhileWorkersComeAndGo2Times() throws Exception {
        rebalanceStorm(2);
    }

    @Test
    @Tag("slow")
    void losesNothingWhileWorkersComeAndGo10Times() throws Exception {
        rebalanceStorm(10);
    }

    private void rebalanceStorm(int rounds) throws Exception {
        worker();
        load.steady(PER_SECOND);
        bench.awaitFlowing(load);
        for (int i = 0; i < rounds; i++) {
            JavaProcess guest = bench.worker(load);
            await().atMost(Duration.ofSeconds(60)).until(() -> members() == 2);
            assertThat(guest.terminate(Duration.ofSeconds(30))).isEqualTo(143);
        }
        recovered("rebalance storm, a second worker joined and left %d times".formatted(rounds));
    }

    @Test
    void deadLettersNothingWhenAWorkerIsStoppedInItsBackoff() throws Exception {
        JavaProcess worker = worker();
        load.steady(PER_SECOND);
        bench.awaitFlowing(load);
        asSuperuser("alter table vault rename to vault_elsewhere");
        await().atMost(Duration.ofSeconds(30))
                .until(() -> Files.readString(worker.log()).contains("waits with"));

        int exit = worker.terminate(Duration.ofSeconds(30));

        asSuperuser("alter table vault_elsewhere rename to vault");
        assertThat(exit).isEqualTo(143);
        assertThat(committed()).isLessThan(load.accepted().size());
        worker();
        recovered("SIGTERM during backoff");
    }

    @Test
    @Tag("slow")
    void drainsABacklogOf100000InBatches() throws Exception {
        load.write(100_000);
        worker();
        bench.settle("backlog of 100,000", load, -1);
    }

    /** A worker that has its partitions and flows. */
    private JavaProcess worker(String... settings) throws Exception {
        JavaProcess worker = bench.worker(load, settings);
        await().atMost(Duration.ofSeconds(60)).ignoreExceptions().until(() -> members() >= 1);
        letTheDatabaseRefusePoison();
        return worker;
    }

    private void recovered(String scenario) throws Exception {
        long recovery = bench.recovery(load);
        load.stop();
        bench.settle(scenario, load, recovery);
    }

    /** Waits until the load wrote that many more. */
    private void written(int more) {
        int until = load.accepted().size() + more;
        await().atMost(Duration.ofSeconds(60)).until(() -> load.accepted().size() >= until);
    }

    /** Lets the fault last. */
    private static void waitFor(Duration time) {
        long end = System.nanoTime() + time.toNanos();
        await().atMost(time.plusSeconds(10)).until(() -> System.nanoTime() >= end);
    }

    private long members() throws Exception {
        try (Admin admin = admin()) {
            return admin
                    .describeConsumerGroups(List.of(load.topic()))
                    .describedGroups()
                    .get(load.topic())
                    .get()
                    .members()
                    .stream()
                    .filter(member -> !member.assignment().topicPartitions().isEmpty())
                    .count();
        }
    }

    /** Sum of the committed offsets: records the group is done with. */
    private long committed() throws Exception {
        try (Admin admin = admin()) {
            return admin.listConsumerGroupOffsets(load.topic()).partitionsToOffsetAndMetadata().get().values().stream()
                    .mapToLong(OffsetAndMetadata::offset)
                    .sum();
        }
    }

    private Set<TopicPartition> partitions() throws Exception {
        Set<TopicPartition> partitions = new HashSet<>();
        for (int i = 0; i < 6; i++) {
            partitions.add(new TopicPartition(load.topic(), i));
        }
        return partitions;
    }

    private static Admin admin() {
        return Admin.create(Map.of("bootstrap.servers", bench.kafka().bootstrapServers()));
    }

    private static void asSuperuser(String sql) throws SQLException {
        try (Connection connection = bench.database().superuser();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
