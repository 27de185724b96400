package org.gibsey.spine.management;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import javax.management.MBeanException;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.gibsey.spine.embedded.EmbeddedDatabase;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.embedded.Patience;
import org.gibsey.spine.embedded.Ports;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.TestDatabase;
import org.gibsey.spine.embedded.TestTopic;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.jdbc.core.simple.JdbcClient;

/** A process as whoever operates it has it: the jar, its log in JSON, JMX from elsewhere with a password. */
class OperatedProcessIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String TOPIC =
            "operated_" + UUID.randomUUID().toString().substring(0, 8);
    private static final int PORT = Ports.free();
    private static final int MANAGEMENT_PORT = Ports.free();
    private static final int JMX_PORT = Ports.free();

    @TempDir
    static Path folder;

    private static TestDatabase database;
    private static TestTopic topic;
    private static JavaProcess process;
    private static JMXConnector connector;
    private static MBeanServerConnection jmx;

    private final HttpClient http = HttpClient.newHttpClient();
    private final JdbcClient vault = JdbcClient.create(database.dataSource());

    @BeforeAll
    static void start() throws Exception {
        database = TestDatabase.create();
        topic = new TestTopic(TOPIC, SharedServices.get().kafka().bootstrapServers());
        Files.write(
                folder.resolve("tokens"),
                List.of(
                        "vera view sha256:" + Operators.hash("token-of-vera"),
                        "olga view,operate sha256:" + Operators.hash("token-of-olga")));
        process = process(
                "operated",
                "-Dcom.sun.management.jmxremote.password.file=" + secret("password", "operator open-sesame"),
                "-Dcom.sun.management.jmxremote.access.file=" + secret("access", "operator readwrite"),
                "-Dcom.sun.management.jmxremote.rmi.port=" + JMX_PORT);
        await().ignoreExceptionsInstanceOf(IOException.class).until(() -> {
            process.assertAlive();
            return HttpClient.newHttpClient()
                            .send(request("/vault/list").build(), BodyHandlers.discarding())
                            .statusCode()
                    == 200;
        });
        connector = connect(login("open-sesame"));
        jmx = connector.getMBeanServerConnection();
        await().until(() -> ((List<?>) report().get("files")).size() == shipped());
    }

    private static int shipped() {
        return Path.of("routes").toFile().list((folder, name) -> name.endsWith(".camel.yaml")).length;
    }

    @AfterAll
    static void stop() throws Exception {
        if (connector != null) {
            connector.close();
        }
        if (process != null) {
            process.close();
        }
        topic.close();
        database.close();
    }

    @Test
    void letsNobodyInWithoutThePassword() {
        assertThatThrownBy(() -> connect(login("close-sesame"))).isInstanceOf(SecurityException.class);
        assertThatThrownBy(() -> connect(Map.of())).isInstanceOf(SecurityException.class);
    }

    @Test
    void theJvmOpensNoJmxPortWithoutAPasswordFile() throws Exception {
        try (JavaProcess unprotected = process("unprotected")) {
            assertThat(unprotected.awaitExit()).isEqualTo(1);
            assertThat(unprotected.log()).content().containsIgnoringCase("password file");
        }
    }

    /** A management port that other machines reach. */
    @ParameterizedTest
    @CsvSource({
        "GET,  /actuator/health/liveness,            ,     localhost,    200",
        "GET,  /actuator/health/liveness,            ,     evil.example, 403",
        "GET,  /actuator/health/liveness,            vera, evil.example, 403",
        "GET,  /actuator/health/readiness/broker,    ,     localhost,    401",
        "GET,  /actuator/health/readiness/broker,    vera, localhost,    200",
        "GET,  /actuator/prometheus,                 ,     localhost,    401",
        "HEAD, /actuator/prometheus,                 ,     localhost,    401",
        "GET,  /actuator/prometheus/,                ,     localhost,    401",
        "GET,  //actuator/prometheus,                ,     localhost,    401",
        "GET,  /%61ctuator/prometheus,               ,     localhost,    401",
        "GET,  /actuator;x/prometheus,               ,     localhost,    401",
        "GET,  /ops/..;/actuator/prometheus,         ,     localhost,    401",
        "GET,  /actuator/prometheus,                 vera, localhost,    200",
        "GET,  /actuator/prometheus,                 vere, localhost,    401",
        "GET,  /actuator/deadletters,                vera, localhost,    200",
        "GET,  /actuator/deadletters/1,              vera, localhost,    403",
        "GET,  /actuator/deadletters/1,              olga, localhost,    403",
        "POST, /actuator/deadletters,                vera, localhost,    403",
        "POST, /actuator/dismissals,                 vera, localhost,    403",
        "POST, /actuator/camelroutes/save-gift/stop, vera, localhost,    403",
        "POST, /actuator/ledger,                     vera, localhost,    403",
        "POST, /actuator/ledger,                     ,     localhost,    401",
        "POST, /actuator/ledger,                     olga, localhost,    200"
    })
    void eachTokenIsGoodForWhatItsLineSays(String method, String path, String name, String host, int status)
            throws Exception {
        assertThat(manage(method, path, name, host)).startsWith("HTTP/1.1 " + status);
        assertThat(Files.readString(process.log())).doesNotContain("token-of-");
    }

    @Test
    void saysWhoReplaysBeforeAndAfterAndReplaysNothingThatCannotBeNotedDown() throws Exception {
        topic.write("{\"question\":\"a gift without a page\"}");
        await().until(() -> deadLetters("invalid").get("letters").toString().contains("state=dead"));
        String all = "{\"reason\":\"invalid\",\"dryRun\":\"no\"}";
        vault.sql("alter table operator_action rename to operator_action_away").update();
        try {
            assertThat(manage("POST", "/actuator/deadletters", "olga", "localhost", all, trace("d")))
                    .startsWith("HTTP/1.1 503")
                    .contains("Nothing was done");
        } finally {
            vault.sql("alter table operator_action_away rename to operator_action")
                    .update();
        }
        assertThat(lines(trace("d"))).contains("deadletters begins", "deadletters failed");
        assertThat(replays()).isZero();

        assertThat(manage("POST", "/actuator/deadletters", "olga", "localhost", all, trace("e")))
                .startsWith("HTTP/1.1 200");

        List<JsonNode> audit = audit(trace("e"));
        assertThat(audit).hasSize(2).allSatisfy(line -> {
            assertThat(line.at("/user/name").asText()).isEqualTo("olga");
            assertThat(line.at("/client/address").asText()).isEqualTo("127.0.0.1");
            assertThat(line.at("/event/action").asText()).isEqualTo("deadletters");
            assertThat(line.at("/message").asText()).contains("\"reason\":\"invalid\"");
        });
        assertThat(audit.get(0).at("/event/outcome").asText()).isEqualTo("unknown");
        assertThat(audit.get(1).at("/event/outcome").asText()).isEqualTo("success");
        assertThat(audit.get(1).at("/message").asText()).containsPattern("ids=\\[\\d+");
        assertThat(vault.sql(
                                "select actor, address, action, outcome, arguments ->> 'reason' as reason from operator_action"
                                        + " where trace = ?")
                        .param(trace("e"))
                        .query()
                        .singleRow())
                .containsEntry("actor", "olga")
                .containsEntry("address", "127.0.0.1")
                .containsEntry("action", "deadletters")
                .containsEntry("outcome", "done")
                .containsEntry("reason", "invalid");
        await().until(() -> replays() > 0);

        await().until(() -> deadLetters("invalid").get("letters").toString().contains("state=dead again"));
        long id = vault.sql("select max(id) from dead_letter where reason = 'invalid'")
                .query(Long.class)
                .single();
        String why = "{\"why\":\"nobody knows its page\"}";
        assertThat(manage("POST", "/actuator/deadletters/" + id, "vera", "localhost", why, trace("1")))
                .startsWith("HTTP/1.1 403");
        assertThat(manage("POST", "/actuator/deadletters/" + id, "olga", "localhost", why, trace("2")))
                .startsWith("HTTP/1.1 200");
        assertThat(vault.sql("select dismissed_by || ': ' || dismissed_why as who, actor, outcome from dead_letter d,"
                                + " operator_action where d.id = ? and trace = ?")
                        .param(id)
                        .param(trace("2"))
                        .query()
                        .singleRow())
                .containsEntry("who", "olga: nobody knows its page")
                .containsEntry("actor", "olga")
                .containsEntry("outcome", "done");
    }

    private long replays() {
        return vault.sql("select coalesce(sum(replays), 0) from dead_letter where reason = 'invalid'")
                .query(Long.class)
                .single();
    }

    @Test
    void saysWhoStopsARouteAndWhoWasDenied() throws Exception {
        String stop = "/actuator/camelroutes/show-kafka-status/stop";
        assertThat(manage("POST", stop, "vera", "localhost", "{}", trace("8"))).startsWith("HTTP/1.1 403");
        assertThat(manage("POST", stop, "olga", "localhost", "{}", trace("9"))).startsWith("HTTP/1.1 20");
        invoke(route("show-kafka-status"), "start");

        assertThat(messages())
                .anySatisfy(line -> assertThat(line).isEqualTo("vera at 127.0.0.1: call denied, POST " + stop));
        assertThat(audit(trace("9")))
                .hasSize(2)
                .allSatisfy(line -> assertThat(line.at("/message").asText())
                        .startsWith("olga at 127.0.0.1: camelroutes ")
                        .contains("show-kafka-status"));
        assertThat(messages())
                .contains("jmx: route-start begins, show-kafka-status", "jmx: route-start done, show-kafka-status")
                .anySatisfy(line -> assertThat(line)
                        .matches(
                                "unknown: route-edit done, .*save-gift.camel.yaml from revision none to [0-9a-f]{12}"));
    }

    /** Of the logger audit. */
    private static List<JsonNode> audit(String trace) throws IOException {
        List<JsonNode> audit = new ArrayList<>();
        for (String line : Files.readAllLines(process.log())) {
            JsonNode entry = JSON.readTree(line);
            if (entry.at("/log/logger").asText().equals("audit")
                    && (trace.isEmpty() || entry.at("/trace/id").asText().equals(trace))) {
                audit.add(entry);
            }
        }
        return audit;
    }

    private static List<String> messages() throws IOException {
        return audit("").stream().map(line -> line.at("/message").asText()).toList();
    }

    private static String manage(String method, String path, String name, String host) throws IOException {
        return manage(method, path, name, host, method.equals("POST") ? "{}" : "", trace("0"));
    }

    private static String manage(String method, String path, String name, String host, String body, String trace)
            throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), MANAGEMENT_PORT)) {
            socket.setSoTimeout((int) Patience.LIMIT.toMillis());
            String authorization = name == null ? "" : "Authorization: Bearer token-of-" + name + "\r\n";
            socket.getOutputStream()
                    .write(("%s %s HTTP/1.1\r\nHost: %s\r\n%straceparent: %s\r\nContent-Type: application/json\r\n"
                                    + "Content-Length: %d\r\nConnection: close\r\n\r\n%s")
                            .formatted(method, path, host, authorization, parent(trace), body.length(), body)
                            .getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "save-gift",
                "edit-gift",
                "delete-gift",
                "restore-gift",
                "erase-reader",
                "erase-readers",
                "purge-deleted",
                "persist-gifts",
                "persist-changes",
                "index-dead-letters",
                "list-gifts",
                "search-gifts",
                "show-gift",
                "show-change",
                "show-history",
                "show-gift-page",
                "feed-gifts",
                "show-kafka-status"
            })
    void stopsStartsSuspendsAndResumesARoute(String id) throws Exception {
        ObjectName route = route(id);

        invoke(route, "suspend");
        assertThat(jmx.getAttribute(route, "State")).isEqualTo("Suspended");
        invoke(route, "resume");
        assertThat(jmx.getAttribute(route, "State")).isEqualTo("Started");
        invoke(route, "stop");
        assertThat(jmx.getAttribute(route, "State")).isEqualTo("Stopped");
        assertThat(report().get("missing").toString()).contains(id);
        invoke(route, "start");
        assertThat(jmx.getAttribute(route, "State")).isEqualTo("Started");
        assertThat(report().get("missing").toString()).doesNotContain(id);
    }

    @Test
    void aRouteDoesNothingUntilItIsResumedOrStarted() throws Exception {
        ObjectName persist = route("persist-gifts");
        ObjectName save = route("save-gift");
        invoke(persist, "stop");
        assertThat(save("waits for its route", trace("1"))).isEqualTo(202);
        invoke(save, "suspend");
        assertThat(save("refused", trace("1"))).isEqualTo(503);

        invoke(save, "resume");
        assertThat(save("waits for its route, too", trace("1"))).isEqualTo(202);
        assertThat(rows("waits for its route%")).isZero();
        invoke(persist, "start");

        await().until(() -> rows("waits for its route%") == 2);
    }

    @Test
    void countsWhatARouteDoes() throws Exception {
        ObjectName save = route("save-gift");
        invoke(save, "reset");
        assertThat(jmx.getAttribute(save, "ExchangesTotal")).isEqualTo(0L);

        assertThat(save("counted", trace("1"))).isEqualTo(202);

        await().untilAsserted(() ->
                assertThat(jmx.getAttribute(save, "ExchangesCompleted")).isEqualTo(1L));
        assertThat(jmx.getAttribute(save, "ExchangesFailed")).isEqualTo(0L);
        Object statistics =
                jmx.invoke(save, "dumpStatsAsXml", new Object[] {false}, new String[] {boolean.class.getName()});
        assertThat(statistics.toString()).contains("exchangesCompleted=\"1\"", "meanProcessingTime");
    }

    /** An edit that nobody rehearsed. */
    @Test
    void noRouteIsRewrittenOverJmx() throws Exception {
        ObjectName save = route("save-gift");

        assertThatThrownBy(() -> jmx.invoke(
                        save,
                        "updateRouteFromXml",
                        new Object[] {"<route id=\"save-gift\"><from uri=\"direct:x\"/><to uri=\"mock:y\"/></route>"},
                        new String[] {"java.lang.String"}))
                .isInstanceOf(MBeanException.class)
                .cause()
                .isInstanceOf(IllegalAccessException.class);
    }

    @Test
    void listsShowsAndReplaysDeadLetters() throws Exception {
        topic.write("neither JSON nor a gift");
        await().until(() -> number(deadLetters("undecodable"), "total") == 1);
        Map<?, ?> letter = (Map<?, ?>) ((List<?>) deadLetters("undecodable").get("letters")).get(0);
        long id = number(letter, "id");

        Map<?, ?> shown = (Map<?, ?>)
                jmx.invoke(endpoint("Deadletters"), "show", new Object[] {id}, new String[] {"java.lang.Long"});
        Map<?, ?> tried = replay(Long.toString(id), null);
        Map<?, ?> replayed = replay(Long.toString(id), false);

        assertThat(shown.get("value").toString()).contains("neither JSON nor a gift");
        assertThat(tried.get("dryRun")).isEqualTo(true);
        assertThat(number(tried, "selected")).isEqualTo(1);
        assertThat(number(tried, "replayed")).isZero();
        assertThat(number(replayed, "replayed")).isEqualTo(1);
        await().until(() -> deadLetters("undecodable").get("letters").toString().contains("attempts=2"));
        assertThat(messages()).anySatisfy(line -> assertThat(line).startsWith("jmx: deadletters done, "));
        assertThat(vault.sql("select count(*) from operator_action where actor = 'jmx' and action = 'deadletters'")
                        .query(Long.class)
                        .single())
                .isEqualTo(1);
    }

    @Test
    void tellsWhichContentOfEachRouteFileRuns() throws Exception {
        Map<?, ?> report = report();

        assertThat((List<?>) report.get("files")).hasSize(shipped());
        assertThat(report.get("files").toString()).contains("save-gift.camel.yaml", "revision=", "state=Started");
    }

    @Test
    void balancesTheBooksAndSendsAgainWhatIsMissing() throws Exception {
        assertThat(save("deleted by hand", trace("1"))).isEqualTo(202);
        await().until(() -> rows("deleted by hand") == 1);
        await().until(() -> number(ledger(), "inFlight") == 0);
        assertThat(ledger().get("balanced")).isEqualTo(true);

        vault.sql("delete from vault where question = 'deleted by hand'").update();

        assertThat(number(ledger(), "unaccounted")).isEqualTo(1);
        Map<?, ?> resent = (Map<?, ?>)
                jmx.invoke(endpoint("Ledger"), "resend", new Object[] {false}, new String[] {"java.lang.Boolean"});
        assertThat(number(resent, "resent")).isEqualTo(1);
        await().until(() -> rows("deleted by hand") == 1);
        assertThat(ledger().get("balanced")).isEqualTo(true);
    }

    @Test
    void logsOneJsonObjectALineWithTheTraceAndWithoutWhatReadersWrote() throws Exception {
        String asked = trace("a");
        String saved = trace("b");
        String died = trace("c");
        // a batch that has a gift of the test before, too, names no trace
        await().until(() -> number(ledger(), "inFlight") == 0);
        vault.sql("alter table vault rename column answer to reply").update();
        try {
            assertThat(http.send(
                                    request("/vault/list")
                                            .header("traceparent", parent(asked))
                                            .build(),
                                    BodyHandlers.discarding())
                            .statusCode())
                    .isEqualTo(500);
            assertThat(save("a secret of the reader", saved)).isEqualTo(202);
            await().untilAsserted(() -> assertThat(lines(saved))
                    .containsPattern(
                            "Route persist-gifts waits with 1 records before " + TOPIC + "-\\d offset \\d+: .*42703"));
        } finally {
            vault.sql("alter table vault rename column reply to answer").update();
        }
        ProducerRecord<byte[], byte[]> poison = new ProducerRecord<>(
                TOPIC, "{\"question\":\"a secret of the reader\"}".getBytes(StandardCharsets.UTF_8));
        poison.headers().add("traceparent", parent(died).getBytes(StandardCharsets.UTF_8));
        topic.write(poison);

        await().untilAsserted(() -> assertThat(lines(died)).contains("1 dead-lettered"));
        await().until(() -> rows("a secret of the reader") == 1);
        assertThat(lines(asked)).contains("Route list-gifts failed").contains("\"level\":\"ERROR\"");
        assertThat(Files.readString(process.log())).doesNotContain("a secret of the reader", EmbeddedDatabase.PASSWORD);
        assertThat(Files.readAllLines(process.log())).isNotEmpty().allSatisfy(line -> {
            JsonNode entry = JSON.readTree(line);
            assertThat(entry.at("/@timestamp").asText()).isNotBlank();
            assertThat(entry.at("/log/level").asText()).isIn("INFO", "WARN", "ERROR");
            assertThat(entry.at("/log/logger").asText()).isNotBlank();
            assertThat(entry.at("/message").asText()).isNotBlank();
            assertThat(entry.at("/service/name").asText()).isEqualTo("gift-spine");
        });
    }

    /** Lines of one trace. */
    private static String lines(String trace) throws IOException {
        return String.join(
                "\n",
                Files.readAllLines(process.log()).stream()
                        .filter(line -> line.contains("\"trace\":{\"id\":\"" + trace + "\"}"))
                        .toList());
    }

    private int save(String question, String trace) throws Exception {
        return http.send(
                        request("/vault/save")
                                .header("Content-Type", "application/json")
                                .header("traceparent", parent(trace))
                                .POST(HttpRequest.BodyPublishers.ofString(
                                        "{\"page_id\":1,\"question\":\"%s\",\"answer\":\"a\"}".formatted(question)))
                                .build(),
                        BodyHandlers.discarding())
                .statusCode();
    }

    private long rows(String like) {
        return vault.sql("select count(*) from vault where question like ?")
                .param(like)
                .query(Long.class)
                .single();
    }

    private static long number(Map<?, ?> answer, String field) {
        return ((Number) answer.get(field)).longValue();
    }

    private static Map<?, ?> ledger() throws Exception {
        Map<?, ?> audit = (Map<?, ?>)
                jmx.invoke(endpoint("Ledger"), "resend", new Object[] {true}, new String[] {"java.lang.Boolean"});
        return (Map<?, ?>) audit.get("ledger");
    }

    private static Map<?, ?> report() throws Exception {
        return (Map<?, ?>) invoke(endpoint("Liveroutes"), "report");
    }

    private static Map<?, ?> deadLetters(String reason) throws Exception {
        return (Map<?, ?>) jmx.invoke(endpoint("Deadletters"), "list", new Object[] {reason, null, null}, new String[] {
            "java.lang.String", "java.lang.Integer", "java.lang.Integer"
        });
    }

    private static Map<?, ?> replay(String ids, Boolean dryRun) throws Exception {
        return (Map<?, ?>)
                jmx.invoke(endpoint("Deadletters"), "replay", new Object[] {ids, null, dryRun, null}, new String[] {
                    "java.lang.String", "java.lang.String", "java.lang.Boolean", "java.lang.String"
                });
    }

    private static Object invoke(ObjectName bean, String operation) throws Exception {
        return jmx.invoke(bean, operation, new Object[0], new String[0]);
    }

    private static ObjectName route(String id) throws Exception {
        return new ObjectName("org.apache.camel:context=gift-spine,type=routes,name=\"" + id + "\"");
    }

    private static ObjectName endpoint(String name) throws Exception {
        return new ObjectName("org.springframework.boot:type=Endpoint,name=" + name);
    }

    private static Map<String, ?> login(String password) {
        return Map.of(JMXConnector.CREDENTIALS, new String[] {"operator", password});
    }

    @SuppressWarnings("BanJNDI") // to the process of this test
    private static JMXConnector connect(Map<String, ?> login) throws IOException {
        return JMXConnectorFactory.connect(
                new JMXServiceURL("service:jmx:rmi:///jndi/rmi://localhost:" + JMX_PORT + "/jmxrmi"), login);
    }

    /** With a JMX port, and a database, topic and group of its own. */
    private static JavaProcess process(String name, String... jvmArgs) throws IOException {
        List<String> args = new ArrayList<>(List.of(
                "-Dcom.sun.management.jmxremote.port=" + JMX_PORT,
                "-Dcom.sun.management.jmxremote.ssl=false",
                "-Djava.rmi.server.hostname=localhost"));
        args.addAll(List.of(jvmArgs));
        return JavaProcess.application(
                Map.ofEntries(
                        entry("LOG_FORMAT", "ecs"),
                        entry(
                                "KAFKA_BOOTSTRAP_SERVERS",
                                SharedServices.get().kafka().bootstrapServers()),
                        entry("KAFKA_TOPIC", TOPIC),
                        entry("KAFKA_CHANGES_TOPIC", TOPIC + ".changes"),
                        entry("KAFKA_DEAD_LETTER_TOPIC", TOPIC + ".dlq"),
                        entry("KAFKA_GROUP", TOPIC),
                        entry("VAULT_DB_URL", database.url()),
                        entry("SERVER_PORT", Integer.toString(PORT)),
                        entry("MANAGEMENT_SERVER_PORT", Integer.toString(MANAGEMENT_PORT)),
                        entry("MANAGEMENT_SERVER_ADDRESS", "0.0.0.0"),
                        entry("MANAGEMENT_TOKENS", folder.resolve("tokens").toString())),
                folder.resolve(name + ".log"),
                args.toArray(String[]::new));
    }

    /** A file only its owner may read, which is what the JVM insists on. */
    private static Path secret(String name, String content) throws IOException {
        Path file = Files.createFile(
                folder.resolve(name),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        return Files.writeString(file, content);
    }

    private static HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://localhost:" + PORT + path));
    }

    private static String trace(String digit) {
        return "4bf92f3577b34da6a3ce929d0e0e473" + digit;
    }

    private static String parent(String trace) {
        return "00-" + trace + "-00f067aa0ba902b7-00";
    }
}
