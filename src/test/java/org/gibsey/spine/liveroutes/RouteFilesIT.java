package org.gibsey.spine.liveroutes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.gibsey.spine.embedded.DocumentedEdits;
import org.gibsey.spine.embedded.Patience;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.TestTopic;
import org.gibsey.spine.liveroutes.LiveFile.Outcome;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.client.TestRestTemplate;
import org.springframework.boot.test.web.server.LocalManagementPort;
import org.springframework.http.ResponseEntity;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.util.FileSystemUtils;

/** Route files that come, change, move and go. */
class RouteFilesIT extends EditedApplication {

    @Autowired
    TestRestTemplate http;

    @Autowired
    JdbcClient vault;

    @Autowired
    MeterRegistry meters;

    @LocalManagementPort
    int managementPort;

    @AfterEach
    void putBackWhatIsShipped() {
        for (String id : List.of("save-gift", "persist-gifts")) {
            String text = RouteFolderFixture.shipped(id);
            FOLDER.replace(id, text);
            await().until(() -> runs(id, text));
        }
    }

    @Test
    void takesInANewFileAndForgetsItWhenItIsDeleted() {
        FOLDER.replace("hello", page("hello", "/vault/hello", "hi"));
        await().untilAsserted(() -> assertThat(get("/vault/hello")).isEqualTo("200 hi"));

        FOLDER.delete("hello");

        await().untilAsserted(() -> assertThat(get("/vault/hello")).startsWith("404"));
        assertThat(camel.getRoute("hello")).isNull();
        assertThat(endpoint.report().files()).noneMatch(file -> file.file().contains("hello"));
    }

    @Test
    void forgetsAPathThatARouteNoLongerHas() {
        FOLDER.replace("mover", page("mover", "/vault/old", "hi"));
        await().untilAsserted(() -> assertThat(get("/vault/old")).isEqualTo("200 hi"));

        FOLDER.replace("mover", page("mover", "/vault/new", "hi"));

        await().untilAsserted(() -> assertThat(get("/vault/new")).isEqualTo("200 hi"));
        assertThat(get("/vault/old")).startsWith("404");
        remove("mover");
    }

    @Test
    void failsNoRequestWhileAFileIsRenamed() {
        FOLDER.replace("name-0", page("name-0", "/vault/named", "hi"));
        await().untilAsserted(() -> assertThat(get("/vault/named")).isEqualTo("200 hi"));
        AtomicBoolean done = new AtomicBoolean();
        CompletableFuture<List<String>> answers = CompletableFuture.supplyAsync(() -> {
            List<String> others = new ArrayList<>();
            while (!done.get()) {
                String answer = get("/vault/named");
                if (!answer.equals("200 hi")) {
                    others.add(answer);
                }
            }
            return others;
        });

        for (int i = 1; i <= 5; i++) {
            String name = "name-" + i;
            String text = page(name, "/vault/named", "hi");
            FOLDER.replace(name, text);
            FOLDER.delete("name-" + (i - 1));
            await().until(() -> runs(name, text));
        }

        done.set(true);
        assertThat(answers.join()).isEmpty();
        remove("name-5");
    }

    @Test
    void exchangesARouteWhileAStreamUnderItsPrefixIsOpen() throws Exception {
        String text = page("prefix", "/vault", "hi").replace("GET\n", "GET\n        matchOnUriPrefix: true\n");
        FOLDER.replace("prefix", text);
        await().untilAsserted(() -> assertThat(get("/vault/under/it")).isEqualTo("200 hi"));
        HttpRequest timeline = HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/vault/stream"))
                .build();
        try (InputStream stream = HttpClient.newHttpClient()
                .send(timeline, HttpResponse.BodyHandlers.ofInputStream())
                .body()) {
            assertThat(stream.read()).isPositive();

            String edited = text.replace("expression: hi", "expression: ho");
            FOLDER.replace("prefix", edited);

            await().until(() -> runs("prefix", edited) || isNotTaken("prefix", edited));
            assertThat(file("prefix").notTaken()).isNull();
            assertThat(get("/vault/under/it")).isEqualTo("200 ho");
        }
        remove("prefix");
    }

    @Test
    void exchangesTheRouteOfSavesWhoseBodiesAreStillComing() throws Exception {
        List<Socket> slow = new ArrayList<>();
        try {
            for (int i = 0; i < 3; i++) {
                slow.add(new Socket("localhost", port));
                send(slow.get(i), """
                        POST /vault/save HTTP/1.1
                        Host: x
                        Content-Type: application/json
                        Transfer-Encoding: chunked

                        """);
            }
            String text = RouteFolderFixture.described("save-gift", "exchanged while bodies are coming");
            FOLDER.replace("save-gift", text);

            await().until(() -> {
                for (Socket socket : slow) {
                    send(socket, "1\n \n");
                }
                return runs("save-gift", text);
            });

            String gift = "{\"page_id\":66104,\"question\":\"q\",\"answer\":\"a\"}";
            for (Socket socket : slow) {
                send(socket, Integer.toHexString(gift.length()) + "\n" + gift + "\n0\n\n");
                socket.setSoTimeout(20_000);
                assertThat(new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII))
                        .isEqualTo("HTTP/1.1 202");
            }
        } finally {
            for (Socket socket : slow) {
                socket.close();
            }
        }
    }

    /** An edit that waited for them would be live when they are cut off. */
    @Test
    void exchangesARouteWhoseAnswersAreNotRead() throws Exception {
        vault.sql("insert into vault (page_id, question, answer)" + " values (66105, 'q', repeat('漢', 200000))")
                .update();
        List<Socket> slow = new ArrayList<>();
        try {
            for (int i = 0; i < 4; i++) {
                Socket socket = new Socket();
                slow.add(socket);
                socket.setReceiveBufferSize(16 << 10);
                socket.setSoTimeout((int) Patience.LIMIT.toMillis());
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
                send(socket, """
                        GET /vault/list?page_id=66105 HTTP/1.1
                        Host: x
                        Connection: close

                        """);
                assertThat(new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII))
                        .isEqualTo("HTTP/1.1 200");
            }
            String text = RouteFolderFixture.described("list-gifts", "exchanged while answers are sent");
            MOUNT.mount("list-gifts", text);

            await().until(() -> runs("list-gifts", text));

            for (Socket socket : slow) {
                String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                assertThat(answer.chars().filter(sign -> sign == '漢').count()).isEqualTo(200_000);
            }
        } finally {
            for (Socket socket : slow) {
                socket.close();
            }
            vault.sql("delete from vault where page_id = 66105").update();
        }
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.replace("\n", "\r\n").getBytes(StandardCharsets.US_ASCII));
    }

    @Test
    void refusesToDeleteAnEntryThatIsCalledAndDeletesItWithItsCaller() {
        String caller = page("caller", "/vault/called", "hi")
                .replace("      steps:\n", "      steps:\n        - to:\n            uri: direct:called\n");
        String called = """
                - route:
                    id: called
                    from:
                      uri: direct:called
                      steps:
                        - log:
                            message: called
                            loggingLevel: DEBUG
                """;
        FOLDER.replace("caller", caller);
        await().until(() -> isNotTaken("caller", caller));
        FOLDER.replace("called", called);
        await().untilAsserted(() -> assertThat(get("/vault/called")).isEqualTo("200 hi"));

        FOLDER.delete("called");

        await().until(() -> file("called").notTaken() != null);
        assertThat(file("called").notTaken().outcome()).isEqualTo(Outcome.REFUSED);
        assertThat(file("called").notTaken().problems())
                .singleElement()
                .asString()
                .contains("the entry direct:called");
        assertThat(get("/vault/called")).isEqualTo("200 hi");
        remove("caller");
        await().until(() -> camel.getRoute("called") == null);
    }

    @Test
    void goesOnWhileTheFolderIsGone() throws IOException {
        Path away = FOLDER.path().resolveSibling("away");
        Files.move(FOLDER.path(), away);
        try {
            await().until(() -> endpoint.report().folderProblem() != null);

            assertThat(save(66_101)).isEqualTo(202);
            assertThat(endpoint.report().missing()).isEmpty();
        } finally {
            Files.move(away, FOLDER.path());
        }
        await().until(() -> endpoint.report().folderProblem() == null);
    }

    /** Each matches the pattern of route files. */
    @Test
    void aFolderALinkToNothingAndAHugeFileHoldUpNoOther() throws IOException {
        Path folder = Files.createDirectory(FOLDER.file("folder"));
        Path link = Files.createSymbolicLink(FOLDER.file("link"), Path.of("nowhere"));
        FOLDER.writeInPlace("huge", "# nothing\n".repeat(200_000));
        try {
            String text = RouteFolderFixture.described("save-gift", "beside odd files");
            FOLDER.replace("save-gift", text);

            await().until(() -> runs("save-gift", text));
            assertThat(file("huge").notTaken().problems())
                    .singleElement()
                    .asString()
                    .contains("larger than");
        } finally {
            Files.delete(folder);
            Files.delete(link);
            FOLDER.delete("huge");
        }
    }

    @Test
    void ofAGroupThatReadsTwoTopicsAPartOfTheLagIsNotAllOfIt() throws Exception {
        Map<String, Object> broker =
                Map.of("bootstrap.servers", SharedServices.get().kafka().bootstrapServers());
        try (Admin admin = Admin.create(broker);
                TestTopic one = new TestTopic(
                        "part-one", broker.get("bootstrap.servers").toString());
                TestTopic two = new TestTopic(
                        "part-two", broker.get("bootstrap.servers").toString())) {
            admin.createTopics(List.of(new NewTopic("part-one", 1, (short) 1), new NewTopic("part-two", 1, (short) 1)))
                    .all()
                    .get();
            for (String topic : List.of("part-one", "part-two")) {
                String text = reader(topic, "both-parts");
                FOLDER.replace(topic, text);
                // not before it has started, which would start it again
                await().until(() -> runs(topic, text));
                camel.getRouteController().stopRoute(topic);
            }
            one.write("waits");
            two.write("waits");
            await().untilAsserted(() -> assertThat(lag("both-parts")).containsExactly(2.0));

            admin.deleteTopics(List.of("part-two")).all().get();

            await().until(() -> !lag("both-parts").equals(List.of(2.0)));
            assertThat(lag("both-parts")).isEmpty();
            remove("part-one");
            remove("part-two");
            admin.deleteTopics(List.of("part-one")).all().get();
        }
    }

    private List<Double> lag(String group) {
        return meters.find("consumer.group.lag.records").tag("group", group).gauges().stream()
                .map(Gauge::value)
                .toList();
    }

    private static String reader(String topic, String group) {
        return """
            - route:
                id: %s
                from:
                  uri: kafka:%s
                  parameters:
                    groupId: %s
                    maxPollRecords: 10
                  steps:
                    - split:
                        expression:
                          simple:
                            expression: ${body}
                        streaming: true
                        steps:
                          - setBody:
                              expression:
                                constant:
                                  expression: select 1
                          - to:
                              uri: jdbc:dataSource
            """.formatted(topic, topic, group);
    }

    @Test
    void refusesAPathThatAnotherRouteHasUnderOtherNames() {
        FOLDER.replace("one-page", page("one-page", "/vault/pages/{page}", "hi"));
        await().untilAsserted(() -> assertThat(get("/vault/pages/1")).isEqualTo("200 hi"));
        String other = page("other-page", "/vault/pages/{number}", "ho");

        FOLDER.replace("other-page", other);

        await().until(() -> isNotTaken("other-page", other) || runs("other-page", other));
        assertThat(get("/vault/pages/1")).isEqualTo("200 hi");
        remove("other-page");
        remove("one-page");
    }

    @Test
    void isReadyWithARefusedEditAndNotWithoutARoute() throws Exception {
        String broken = RouteFolderFixture.shipped("save-gift").replace("lingerMs", "lingerMz");
        FOLDER.replace("save-gift", broken);
        await().until(() -> isNotTaken("save-gift", broken));

        assertThat(readiness()).startsWith("200").contains("refused: ").contains("there is no option 'lingerMz'");
        assertThat(save(66_102)).isEqualTo(202);
        assertThat(gauge("route.files.not.current")).isEqualTo(1);

        camel.getRouteController().stopRoute("list-gifts");
        assertThat(readiness()).startsWith("503").contains("these routes do not run: list-gifts");
        camel.getRouteController().startRoute("list-gifts");
        await().untilAsserted(() -> assertThat(readiness()).startsWith("200"));
    }

    @Test
    void bringsBackARouteThatVanished() throws Exception {
        String text = page("lost", "/vault/lost", "hi");
        FOLDER.replace("lost", text);
        await().untilAsserted(() -> assertThat(get("/vault/lost")).isEqualTo("200 hi"));

        camel.getRouteController().stopRoute("lost");
        camel.removeRoute("lost");

        await().until(() -> camel.getRoute("lost") != null);
        await().untilAsserted(() -> assertThat(get("/vault/lost")).isEqualTo("200 hi"));
        remove("lost");
    }

    /** The route waits at a missing table, the operator corrects the SQL, and the batch is stored. */
    @Test
    void storesWhatWaitedAfterAnEditOfItsSql() {
        vault.sql("create table gone (like vault including all)").update();
        String other = RouteFolderFixture.shipped("persist-gifts").replace("insert into vault (", "insert into gone (");
        FOLDER.replace("persist-gifts", other);
        await().until(() -> runs("persist-gifts", other));
        vault.sql("drop table gone").update();
        assertThat(save(66_103)).isEqualTo(202);
        await().until(() -> camel.getInflightRepository().size("persist-gifts") > 0);

        String mended = RouteFolderFixture.described("persist-gifts", "mended");
        FOLDER.replace("persist-gifts", mended);

        await().until(() -> runs("persist-gifts", mended));
        await().until(() -> vault.sql("select count(*) from vault where page_id = 66103")
                        .query(Long.class)
                        .single()
                == 1);
    }

    /** One after the other, each in what the one before it left. */
    @Test
    void takesTheEditsOfTheDocs(@TempDir Path folder) throws Exception {
        DocumentedEdits.assumeGit();
        FileSystemUtils.copyRecursively(Path.of("routes"), folder.resolve("routes"));
        List<String> console = DocumentedEdits.console();
        String brokers = SharedServices.get().kafka().bootstrapServers();
        String topic = console.get(2).replaceFirst("^topic ", "");
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", brokers));
                TestTopic copies = new TestTopic(topic, brokers)) {
            vault.sql(console.get(0)).update();
            edit(0, "persist-gifts", folder);
            assertThat(save(66_106)).isEqualTo(202);
            await().until(() -> vault.sql(console.get(1)).query().listOfRows().stream()
                    .anyMatch(row -> Integer.valueOf(1).equals(row.get("words"))));

            admin.createTopics(List.of(new NewTopic(topic, 6, (short) 1))).all().get();
            edit(1, "save-gift", folder);
            edit(2, "persist-gifts", folder);
            assertThat(save(66_107)).isEqualTo(202);
            assertThat(copies.read(copy -> true))
                    .singleElement()
                    .satisfies(copy -> assertThat(new String(copy.value(), StandardCharsets.UTF_8))
                            .contains("66107"));
            await().until(() -> vault.sql("select count(*) from vault where page_id = 66107 and words = 1")
                            .query(Long.class)
                            .single()
                    == 1);

            putBackWhatIsShipped();
            vault.sql("alter table vault drop column words").update();
            admin.deleteTopics(List.of(topic)).all().get();
        }
    }

    private void edit(int number, String id, Path folder) throws Exception {
        DocumentedEdits.apply(DocumentedEdits.all().get(number), folder);
        String text = Files.readString(folder.resolve("routes").resolve(id + ".camel.yaml"));
        FOLDER.replace(id, text);
        await().until(() -> runs(id, text));
    }

    /** As it stands in a ConfigMap of the version before. */
    @Test
    void takesTheInsertThatKnowsNoLanguageAndStoresGiftsWithoutIt() {
        String text = RouteFolderFixture.shipped("persist-gifts")
                .replace(" lang,", "")
                .replaceAll(" *case when not is_erased then lang end,\n", "")
                .replace(" :?lang::text[],", "");
        assertThat(text).doesNotContain("lang");
        FOLDER.replace("persist-gifts", text);
        await().until(() -> runs("persist-gifts", text));

        http.postForEntity(
                "/vault/save", Map.of("page_id", 66_112, "question", "q", "answer", "a", "lang", "de"), String.class);

        await().untilAsserted(
                        () -> assertThat(vault.sql("select coalesce(lang, 'none') from vault where page_id = 66112")
                                        .query(String.class)
                                        .list())
                                .containsExactly("none"));
    }

    @Test
    void refusesSqlTheDatabaseDoesNotUnderstand() {
        String typo = RouteFolderFixture.shipped("persist-gifts").replace("page_id, question,", "page_id, qestion,");
        FOLDER.replace("persist-gifts", typo);

        await().until(() -> isNotTaken("persist-gifts", typo));

        assertThat(file("persist-gifts").notTaken().problems())
                .singleElement()
                .asString()
                .endsWith("the database says: column \"qestion\" of relation \"vault\" does not exist");
    }

    @Test
    void refusesATopicThatIsNotThere() {
        String text = page("copy", "/vault/copy", "hi").replace("      steps:\n", """
                      steps:
                        - to:
                            uri: kafka:gift_copie
                            parameters:
                              maxBlockMs: 700
                              deliveryTimeoutMs: 1700
                              requestTimeoutMs: 1500
                """);

        FOLDER.replace("copy", text);

        await().until(() -> isNotTaken("copy", text));
        assertThat(file("copy").notTaken().problems())
                .singleElement()
                .asString()
                .endsWith("the broker says: there is no topic gift_copie");
        remove("copy");
    }

    /** First the table comes, then the topic; what it still lacks is said once more, and nothing is said at the tries between. */
    @Test
    void takesAnEditWhenWhatItLackedIsThere() throws Exception {
        double refused =
                meters.get("route.edits").tag("result", "refused").counter().count();
        String text = RouteFolderFixture.lacking("late");
        FOLDER.replace("late", text);
        await().until(() -> isNotTaken("late", text));
        assertThat(file("late").notTaken().problems()).hasSize(2);

        vault.sql("create table lately (come integer)").update();

        await().until(() -> file("late").notTaken().problems().size() == 1);
        assertThat(file("late").notTaken().problems().get(0).toString())
                .endsWith("the broker says: there is no topic gift_lately");

        try (Admin admin = Admin.create(
                Map.of("bootstrap.servers", SharedServices.get().kafka().bootstrapServers()))) {
            admin.createTopics(List.of(new NewTopic("gift_lately", 1, (short) 1)))
                    .all()
                    .get();

            await().until(() -> runs("late", text));

            assertThat(meters.get("route.edits")
                            .tag("result", "refused")
                            .counter()
                            .count())
                    .isEqualTo(refused + 2);
            remove("late");
            vault.sql("drop table lately").update();
            admin.deleteTopics(List.of("gift_lately")).all().get();
        }
    }

    @Test
    void countsEditsAndShowsFilesOverJmx() throws Exception {
        double before =
                meters.get("route.edits").tag("result", "active").counter().count();
        String text = RouteFolderFixture.described("save-gift", "counted");
        FOLDER.replace("save-gift", text);
        await().until(() -> runs("save-gift", text));

        assertThat(meters.get("route.edits").tag("result", "active").counter().count())
                .isEqualTo(before + 1);
        MBeanServer jmx = ManagementFactory.getPlatformMBeanServer();
        assertThat(jmx.queryNames(new ObjectName("org.springframework.boot:type=Endpoint,name=Liveroutes,*"), null))
                .anySatisfy(name -> assertThat(jmx.invoke(name, "report", new Object[0], new String[0])
                                .toString())
                        .contains(RouteFolderFixture.revision(text)));
    }

    private void remove(String id) {
        FOLDER.delete(id);
        await().until(() -> camel.getRoute(id) == null);
    }

    private String get(String path) {
        ResponseEntity<String> answer = http.getForEntity(path, String.class);
        return answer.getStatusCode().value() + " " + answer.getBody();
    }

    private int save(int page) {
        return http.postForEntity("/vault/save", Map.of("page_id", page, "question", "q", "answer", "a"), String.class)
                .getStatusCode()
                .value();
    }

    private String readiness() {
        return get("http://localhost:" + managementPort + "/actuator/health/readiness");
    }

    private double gauge(String name) {
        return meters.get(name).gauge().value();
    }

    private static String page(String id, String path, String text) {
        return """
                - route:
                    id: %s
                    from:
                      uri: platform-http:%s
                      parameters:
                        httpMethodRestrict: GET
                      steps:
                        - setBody:
                            expression:
                              constant:
                                expression: %s
                """.formatted(id, path, text);
    }
}
