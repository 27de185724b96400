package org.gibsey.spine.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;
import org.gibsey.spine.embedded.EmbeddedDatabase;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.embedded.Patience;
import org.gibsey.spine.embedded.Ports;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;

/**
 * What a worker does when there is little to do: it neither lets a lone gift wait nor burns a core while it waits for one.
 * Prints the figures; the Java that runs the tests runs the worker too.
 */
@Tag("slow")
class LoneGiftIT {

    private static final int WARM_UP = 800;
    private static final int GIFTS = 500;
    private static final String PERCENTILES_OF_THE_LAST_20_S = """
            SPRING_APPLICATION_JSON={"management.metrics.distribution.percentiles[camel.route.policy]": "0.5,0.99",
            "management.metrics.distribution.expiry[camel.route.policy]": "20s"}""";
    private static final Duration SETTLE = Duration.ofMinutes(3);
    private static final Duration IDLE = Duration.ofSeconds(40);

    private static FaultBench bench;

    private Load load;

    @BeforeAll
    static void startServices() throws Exception {
        bench = new FaultBench("faults.md", new ArrayList<>());
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
        bench.end();
    }

    /** Arrival to commit is measured by the worker itself, for each batch; the whole way from here. */
    @Test
    void commitsALoneGiftWithin5MsOfItsArrivalInTheMedian() throws Exception {
        int management = Ports.free();
        bench.warmWorker(load, "MANAGEMENT_SERVER_PORT=" + management, PERCENTILES_OF_THE_LAST_20_S);
        bench.awaitFlowing(load);
        double[] wholeWay = new double[GIFTS];
        try (Connection listener =
                DriverManager.getConnection(bench.database().url(), EmbeddedDatabase.USER, EmbeddedDatabase.PASSWORD)) {
            listen(listener);
            for (int i = -WARM_UP; i < GIFTS; i++) {
                // alone: the one before is long committed, and idling has begun again
                LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
                long sent = System.nanoTime();
                load.probe();
                assertThat(listener.unwrap(PGConnection.class).getNotifications(10_000))
                        .as("commits")
                        .hasSize(1);
                if (i >= 0) {
                    wholeWay[i] = (System.nanoTime() - sent) / 1e9;
                }
            }
        }
        String metrics = metrics(management);

        assertThat(bench.rows(load)).isEqualTo(load.accepted().size());
        Arrays.sort(wholeWay);
        print("from its arrival at the worker", quantile(metrics, "0.5"), quantile(metrics, "0.99"));
        print("from the send to the broker", wholeWay[GIFTS / 2], wholeWay[GIFTS * 99 / 100]);
        assertThat(quantile(metrics, "0.5")).isBetween(0.0001, 0.005);
    }

    @Test
    void usesLessThan3PercentOfACoreWhileIdle() throws Exception {
        JavaProcess worker = bench.warmWorker(load);
        bench.awaitFlowing(load);
        load.write(5_000);
        await().until(() -> bench.rows(load) >= load.accepted().size());
        // what runs some ten times a second takes that long to be worth the second compiler's while
        let(SETTLE);

        Duration before = worker.cpuTime();
        long start = System.nanoTime();
        let(IDLE);
        double share = (double) worker.cpuTime().minus(before).toNanos() / (System.nanoTime() - start);

        System.out.printf(
                Locale.ROOT,
                "Java %d: an idle worker uses %.1f %% of a core, over %d s%n",
                Runtime.version().feature(),
                share * 100,
                IDLE.toSeconds());
        assertThat(share).isLessThan(0.03);
    }

    private static void print(String from, double median, double p99) {
        System.out.printf(
                Locale.ROOT,
                "Java %d: a lone gift is committed %s: p50 %.1f ms, p99 %.1f ms, n = %d%n",
                Runtime.version().feature(),
                from,
                median * 1000,
                p99 * 1000,
                GIFTS);
    }

    private static String metrics(int port) throws IOException, InterruptedException {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/actuator/prometheus"))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
    }

    /** Seconds that the route takes from the hand-over of a poll until its rows are committed. */
    private static double quantile(String metrics, String quantile) {
        return metrics.lines()
                .filter(line -> line.startsWith("camel_route_policy_seconds{")
                        && line.contains("routeId=\"persist-gifts\"")
                        && line.contains("quantile=\"" + quantile + "\""))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .findFirst()
                .orElseThrow();
    }

    private static void listen(Connection listener) throws SQLException {
        try (Statement statement = listener.createStatement()) {
            statement.execute("listen vault");
        }
    }

    private static void let(Duration pass) {
        long end = System.nanoTime() + pass.toNanos();
        await().atMost(pass.plus(Patience.LIMIT)).until(() -> System.nanoTime() >= end);
    }
}
