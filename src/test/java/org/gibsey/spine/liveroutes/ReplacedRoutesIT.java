package org.gibsey.spine.liveroutes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.MeterRegistry;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.gibsey.spine.embedded.LiveObjects;
import org.gibsey.spine.liveroutes.LiveFile.Outcome;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;

/**
 * What an edit replaced goes away: routes, consumers and producers with all they are made of, meters, MBeans, threads. They
 * are counted before and after a dozen edits of each kind.
 */
class ReplacedRoutesIT extends EditedApplication {

    private static final int ROUNDS = 12;

    /** What grows by this many has grown with each round, but for a few that are on their way out. */
    private static final int GROWN = ROUNDS - 3;

    /**
     * Without what the leader of a group notes of each partition: it has a dozen and a half more of them whenever it notes
     * them anew. The coordinator that holds them is counted.
     * Without the points of the history and the counts of the last hour, of which there are some hundred at most, and which
     * grow with time; and without Tomcat's processors, of which it keeps as many as there were connections at once.
     */
    private static final Pattern COUNTED = Pattern.compile(
            "(?!.*\\$PartitionRackInfo|.*Series\\$Point|.*Rates\\$Counts|.*\\.HeadDeadline\\$)(org\\.gibsey|org\\.apache\\.camel|org\\.apache\\.kafka\\.clients)\\..*|.*\\.KafkaClientMetrics");

    @Autowired
    MeterRegistry meters;

    @AfterEach
    void putBackWhatIsShipped() {
        for (String id : new String[] {"save-gift", "persist-gifts", "index-dead-letters"}) {
            String text = RouteFolderFixture.shipped(id);
            FOLDER.replace(id, text);
            await().until(() -> runs(id, text));
        }
    }

    @Test
    void areCollected() throws Exception {
        // twice: what is made once is there, and what came first is gone
        round("first");
        round("second");

        Map<String, String> grown = grownByEdits();
        for (int again = 0; again < 2 && !grown.isEmpty(); again++) {
            grown.keySet().retainAll(grownByEdits().keySet());
        }

        assertThat(grown).isEmpty();
    }

    /**
     * Also what was on its way out, and what other applications in this JVM have more of: what an edit leaves behind has grown each
     * time.
     */
    private Map<String, String> grownByEdits() throws Exception {
        Map<String, Long> before = alive();
        for (int round = 0; round < ROUNDS; round++) {
            round("round " + round);
        }
        return grown(before);
    }

    /** Both routes are exchanged, refused and rolled back; a route, another consumer and a timeline come and go. */
    private void round(String name) throws Exception {
        Map<String, String> live = described(name);
        live.put("comes-and-goes", """
                - route:
                    id: comes-and-goes
                    from:
                      uri: platform-http:/vault/comes-and-goes
                      parameters:
                        httpMethodRestrict: GET
                      steps:
                        - setBody:
                            expression:
                              constant:
                                expression: hi
                """);
        live.put("index-dead-letters", RouteFolderFixture.shipped("index-dead-letters"));
        live.forEach(FOLDER::replace);
        soon(() -> live.entrySet().stream().allMatch(file -> runs(file.getKey(), file.getValue())));
        watchATimeline();

        Map<String, String> refused = described(name + ", refused");
        refused.replaceAll((id, text) -> text.replaceFirst("(lingerMs|maxPollRecords): ", "$1x: "));
        refused.forEach(FOLDER::replace);
        FOLDER.delete("comes-and-goes");
        FOLDER.delete("index-dead-letters");
        soon(() -> areNotTaken(refused, Outcome.REFUSED)
                && camel.getRoute("comes-and-goes") == null
                && camel.getRoute("index-dead-letters") == null);

        Map<String, String> failing = described(name + ", does not start");
        failing.replaceAll((id, text) -> text.replace("deliveryTimeoutMs: 1700", "deliveryTimeoutMs: 18")
                .replace("      steps:\n        - split:", """
                              steps:
                                - to:
                                    uri: kafka:{{spine.topic.dead-letters}}
                                    parameters:
                                      deliveryTimeoutMs: 18
                                - split:\
                        """));
        failing.forEach(FOLDER::replace);
        soon(() -> areNotTaken(failing, Outcome.ROLLED_BACK));
    }

    private static Map<String, String> described(String description) {
        Map<String, String> files = new TreeMap<>();
        for (String id : new String[] {"save-gift", "persist-gifts"}) {
            files.put(id, RouteFolderFixture.described(id, description));
        }
        return files;
    }

    private boolean areNotTaken(Map<String, String> files, Outcome outcome) {
        return files.entrySet().stream()
                .allMatch(file -> isNotTaken(file.getKey(), file.getValue())
                        && file(file.getKey()).notTaken().outcome() == outcome);
    }

    private void watchATimeline() throws Exception {
        HttpRequest timeline = HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/vault/stream"))
                .build();
        try (InputStream stream = HttpClient.newHttpClient()
                .send(timeline, BodyHandlers.ofInputStream())
                .body()) {
            assertThat(stream.read()).isPositive();
        }
    }

    private static void soon(Callable<Boolean> condition) {
        await().pollInterval(Duration.ofMillis(10)).until(condition);
    }

    private Map<String, String> grown(Map<String, Long> before) throws Exception {
        Map<String, String> grown = new TreeMap<>();
        alive().forEach((what, count) -> {
            long then = before.getOrDefault(what, 0L);
            if (count - then >= GROWN) {
                grown.put(what, then + " -> " + count);
            }
        });
        return grown;
    }

    /** How many there are of each class that is the application's, Camel's or a Kafka client's, and of what else. */
    private Map<String, Long> alive() throws Exception {
        Map<String, Long> alive = LiveObjects.count();
        alive.keySet().removeIf(name -> !COUNTED.matcher(name).matches());
        assertThat(alive).containsKey("org.apache.camel.impl.engine.DefaultRoute");
        alive.put(
                "meters, a Kafka client's as one",
                meters.getMeters().stream()
                        .map(meter -> Objects.requireNonNullElse(
                                meter.getId().getTag("client.id"), meter.getId().toString()))
                        .distinct()
                        .count());
        alive.put("MBeans", (long) ManagementFactory.getPlatformMBeanServer().getMBeanCount());
        alive.put("threads", (long) ManagementFactory.getThreadMXBean().getThreadCount());
        return alive;
    }
}
