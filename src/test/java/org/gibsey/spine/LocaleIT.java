package org.gibsey.spine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.gibsey.spine.embedded.EmbeddedDatabase;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.embedded.Ports;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.TestCaller;
import org.gibsey.spine.embedded.TestDatabase;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A single machine whose Java speaks another language, with other letters and other digits, in a zone that is no whole hour away; its
 * database is in another one again.
 */
class LocaleIT {

    private final String topic = "locale_" + UUID.randomUUID().toString().substring(0, 8);
    private final int port = Ports.free();
    private final int management = Ports.free();

    @TempDir
    Path folder;

    @Test
    void answersAsEverywhere() throws Exception {
        try (TestDatabase database = TestDatabase.create();
                JavaProcess spine = JavaProcess.application(
                        environment(database),
                        folder.resolve("log"),
                        "-Duser.language=tr",
                        "-Duser.country=TR",
                        "-Duser.extensions=nu-arab",
                        "-Duser.timezone=America/St_Johns")) {
            database.set("DateStyle = 'SQL, DMY'");
            database.set("TimeZone = 'Pacific/Apia'");
            database.set("IntervalStyle = 'sql_standard'");
            TestCaller caller = new TestCaller(port, management);
            await().until(() -> {
                spine.assertAlive();
                return caller.isReady();
            });
            Instant before = Instant.now();
            for (int i = 0; i < 2; i++) {
                assertThat(caller.save("number " + i).statusCode()).isEqualTo(202);
            }

            await().untilAsserted(() -> assertThat(
                            get("/vault/list?limit=1").headers().firstValue("Link"))
                    .hasValueSatisfying(link -> assertThat(link)
                            .matches("</vault/list\\?limit=1&before=20[0-9]{2}-[0-9T:.-]+Z_[0-9]+>; rel=\"next\"")));
            Matcher createdAt = Pattern.compile("\"created_at\":\"([^\"]+)\"")
                    .matcher(get("/vault/list?limit=2").body());
            assertThat(createdAt.results().map(time -> Instant.parse(time.group(1))))
                    .hasSize(2)
                    .allSatisfy(time -> assertThat(time).isBetween(before, Instant.now()));
            // a topic that has just been made is not known everywhere yet, and until then there is no audit
            await().untilAsserted(() -> assertThat(caller.ledger()).contains("\"stored\":2", "\"balanced\":true"));
            assertThat(get("/vault/list?limit=1000").body()).contains("must be an integer from 1 to 100");
            assertThat(caller.save("q".repeat(4_001)).body()).contains("must be at most 4000 characters, got 4001");
        }
    }

    private HttpResponse<String> get(String path) throws Exception {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://localhost:" + port + path))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
    }

    private Map<String, String> environment(TestDatabase database) {
        Map<String, String> environment = new HashMap<>();
        environment.put("SERVER_PORT", Integer.toString(port));
        environment.put("MANAGEMENT_SERVER_PORT", Integer.toString(management));
        environment.put("KAFKA_BOOTSTRAP_SERVERS", SharedServices.get().kafka().bootstrapServers());
        environment.put("KAFKA_TOPIC", topic);
        environment.put("KAFKA_CHANGES_TOPIC", topic + ".changes");
        environment.put("KAFKA_DEAD_LETTER_TOPIC", topic + ".dlq");
        environment.put("KAFKA_GROUP", topic);
        environment.put("VAULT_DB_URL", database.url());
        environment.put("VAULT_DB_USER", EmbeddedDatabase.USER);
        environment.put("VAULT_DB_PASSWORD", EmbeddedDatabase.PASSWORD);
        return environment;
    }
}
