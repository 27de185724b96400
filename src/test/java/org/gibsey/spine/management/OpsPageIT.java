package org.gibsey.spine.management;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.gibsey.spine.SpineApplication;
import org.gibsey.spine.embedded.Browser;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.SpineIT;
import org.gibsey.spine.embedded.TestCaller;
import org.gibsey.spine.embedded.TestTopic;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.web.server.LocalManagementPort;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.test.context.TestPropertySource;

/** The operators' page in a real browser, and topics of its own, because it counts. */
@SpineIT
@TestPropertySource(
        properties = {
            "KAFKA_TOPIC=ops_page_it",
            "KAFKA_CHANGES_TOPIC=ops_page_it.changes",
            "KAFKA_DEAD_LETTER_TOPIC=ops_page_it.dlq",
            "KAFKA_GROUP=ops-page-it",
            // Spring switches it off in tests unless told here
            "management.prometheus.metrics.export.enabled=true"
        })
class OpsPageIT {

    private static final String TOPIC = "ops_page_it";

    @TempDir
    static Path folder;

    private static Browser browser;
    private static TestTopic topic;
    private final HttpClient http = HttpClient.newHttpClient();

    @LocalServerPort
    int port;

    @LocalManagementPort
    int management;

    @BeforeAll
    static void start() throws IOException {
        browser = Browser.start();
        topic = new TestTopic(TOPIC, SharedServices.get().kafka().bootstrapServers());
    }

    @AfterAll
    static void stop() throws IOException {
        if (browser != null) {
            browser.close();
            topic.close();
        }
    }

    @BeforeEach
    void onlyOneWindow() {
        browser.clear();
        browser.screen(0, 0);
    }

    @Test
    void showsTheLoopAndKeepsItUpToDate() throws Exception {
        open(management);
        int accepted = accepted();

        TestCaller caller = new TestCaller(port, management);
        for (int i = 0; i < 3; i++) {
            assertThat(caller.save("seen from behind " + i).statusCode()).isEqualTo(202);
        }

        await().until(() -> accepted() == accepted + 3);
        await().until(() -> browser.text("#p99 .figure").matches("[0-9.,]+ (ms|s)"));
        assertThat(browser.text("#state")).isEqualTo("Ready");
        assertThat(browser.text("#in-flight .figure")).matches("[0-9,]+");
        assertThat(browser.text("#stored .figure")).matches("[0-9,]+");
        assertThat(browser.text("#dead .figure")).matches("[0-9,]+");
        assertThat(browser.text("#lag .figure")).isNotEqualTo("–");
        assertThat(browser.texts(".route .id"))
                .contains("save-gift", "persist-gifts", "index-dead-letters", "list-gifts", "show-gift");
        assertThat(browser.texts(".route-state")).containsOnly("started");
        assertThat(browser.texts(".part .name")).contains("broker", "database", "routes", "consumers");
        assertThat(browser.text("#role")).isEqualTo("It takes saves and stores them.");
        assertThat(browser.complaints()).isEmpty();
    }

    @Test
    void sendsADeadLetterAgainAfterADryRunOnly() throws Exception {
        topic.write("{\"page_id\":55301,\"question\":\"unfinished");
        open(management);
        await().until(() -> browser.texts(".letter .reason").contains("undecodable"));
        String newest = ".letter:first-child ";
        assertThat(browser.text(newest + ".letter-state")).isEqualTo("dead");

        browser.click(newest + ".replay");

        await().until(() -> browser.text("#replay-found").startsWith("1 would be sent"));
        assertThat(browser.text(newest + ".letter-state")).isEqualTo("dead");
        assertThat(browser.<String>script("return document.activeElement.id")).isEqualTo("replay-close");
        browser.click("#replay-send");
        await().until(() -> browser.text("#replay-found").startsWith("1 sent"));
        browser.click("#replay-close");
        await().until(() -> browser.text(newest + ".letter-state").equals("dead again"));
        assertThat(browser.text(newest + ".origin")).contains("2 attempts", "replayed once");
        assertThat(browser.complaints()).isEmpty();
    }

    @Test
    void whatADeadLetterHoldsIsTextAndNothingElse() throws Exception {
        String hostile = "<img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script>";
        topic.write(hostile);
        open(management);
        await().until(() -> !browser.texts(".letter").isEmpty());

        browser.click(".letter:first-child .content");

        await().until(() -> browser.text(".letter:first-child .value").equals(hostile));
        assertThat(browser.<String>script("return document.title")).isEqualTo("Behind the Gibsey Vault");
        assertThat(browser.complaints()).isEmpty();
    }

    @Test
    void auditsTheWholeTopicWhenAsked() {
        open(management);

        // topics that have just been made are not known everywhere yet, and as long as one is unknown there is no audit
        await().until(() -> browser.text("#in-flight .figure").matches("[0-9,]+"));

        browser.click("#walk");

        await().until(() -> browser.text("#walked")
                .matches("[0-9,]+ events in ops_page_it and ops_page_it.changes: .* accounted for\\."));
    }

    @Test
    void fitsAPhone() {
        browser.screen(360, 740);

        open(management);

        assertThat(browser.<Long>script("return document.documentElement.scrollWidth"))
                .isLessThanOrEqualTo(360);
    }

    @Test
    void anApiAndAWorkerSayWhatTheyDoNotHaveAndAskForATokenWhereOneIsNeeded() throws IOException {
        try (ConfigurableApplicationContext api = application("save-gift")) {
            open(management(api));
            await().until(() -> browser.text("#role").contains("leaves storing to the workers"));
            assertThat(browser.text("#accepted .figure")).isEqualTo("0");
            assertThat(browser.text("#stored")).contains("–", "This process stores nothing");
            assertThat(browser.text("#p99 .figure")).isEqualTo("–");
            assertThat(browser.text("#in-flight .figure")).isNotEqualTo("–");
        }
        await().until(() -> browser.text("#state").equals("Unknown: the process does not answer"));
        assertThat(browser.text("#accepted .figure")).isEqualTo("–");

        try (ConfigurableApplicationContext worker = application("persist-gifts", "--MANAGEMENT_TOKENS=" + tokens())) {
            browser.go("http://localhost:%d/ops".formatted(management(worker)));
            signIn("not-my-token", "This token is not, or no longer, that of an operator.");
            signIn("my-token", "");
            await().until(() -> browser.text("#role").startsWith("A worker"));
            assertThat(browser.text("#accepted")).contains("–", "This process takes no saves");
            assertThat(browser.text("#stored .figure")).isNotEqualTo("–");
            browser.click("#walk");
            await().until(() -> browser.text("#walked")
                    .equals("The audit failed: This needs the role operate, which vera does not have."));
            assertThat(browser.<String>script("return sessionStorage.token + localStorage.length"))
                    .isEqualTo("my-token0");
        }
    }

    private static Path tokens() throws IOException {
        return Files.writeString(folder.resolve("tokens"), "vera view sha256:" + OperatorTokens.hash("my-token"));
    }

    private static void signIn(String token, String complaint) {
        await().until(() -> browser.find("#token").isDisplayed());
        browser.type("#token-value", token);
        browser.click("#token button");
        await().until(() -> browser.text("#token-note").equals(complaint));
    }

    @Test
    void isOnTheManagementPortAlone() throws Exception {
        for (String path : List.of("/ops", "/ops/", "/ops/index.html", "/ops/main.js", "/ops/book/book.css")) {
            assertThat(get(port, path).statusCode()).as(path).isEqualTo(404);
        }
        HttpResponse<String> page = get(management, "/ops");
        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.headers().firstValue("content-security-policy").orElseThrow())
                .contains("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'")
                .doesNotContain("unsafe");
        assertThat(get(management, "/ops/book/book.css").statusCode()).isEqualTo(200);
        assertThat(get(management, "/ops/../application.yaml").statusCode()).isNotEqualTo(200);
        assertThat(get(management, "/ops/%2e%2e/application.yaml").statusCode()).isNotEqualTo(200);
    }

    @Test
    void aPageOfAnotherSiteSendsNothingAgain() throws Exception {
        for (Map.Entry<String, String> foreign :
                List.of(Map.entry("Origin", "http://localhost:" + port), Map.entry("Sec-Fetch-Site", "cross-site"))) {
            HttpResponse<String> answer = http.send(
                    HttpRequest.newBuilder(uri(management, "/actuator/deadletters"))
                            .header(foreign.getKey(), foreign.getValue())
                            .header("Content-Type", "application/json")
                            .POST(BodyPublishers.ofString("{\"reason\":\"undecodable\",\"dryRun\":true}"))
                            .build(),
                    BodyHandlers.ofString());

            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(403);
            assertThat(answer.body()).contains("a page");
        }
    }

    /** What a page of another site can send without asking first: text, forms, and nothing at all. */
    @Test
    void whatNeedsNoPermissionInABrowserIsNotTaken() throws Exception {
        for (String type : List.of("text/plain", "application/x-www-form-urlencoded", "multipart/form-data")) {
            HttpResponse<String> answer = http.send(
                    HttpRequest.newBuilder(uri(management, "/actuator/deadletters?reason=undecodable&dryRun=true"))
                            .header("Content-Type", type)
                            .POST(BodyPublishers.ofString("{\"reason\":\"undecodable\",\"dryRun\":true}"))
                            .build(),
                    BodyHandlers.ofString());

            assertThat(answer.statusCode()).as(type).isEqualTo(415);
        }
    }

    private void open(int managementPort) {
        browser.go("http://localhost:%d/ops".formatted(managementPort));
        await("the page has read the figures").until(() -> browser.text("#read").startsWith("Read at"));
    }

    private static int accepted() {
        return Integer.parseInt(browser.text("#accepted .figure").replace(",", ""));
    }

    private static int management(ConfigurableApplicationContext application) {
        return Integer.parseInt(application.getEnvironment().getRequiredProperty("local.management.port"));
    }

    private static ConfigurableApplicationContext application(String route, String... more) {
        return new SpringApplicationBuilder(SpineApplication.class)
                .initializers(new SharedServices())
                .run(Stream.concat(
                                Stream.of(more),
                                Stream.of(
                                        "--server.port=0",
                                        "--management.server.port=0",
                                        "--spring.jmx.enabled=false",
                                        "--camel.main.jmx-enabled=false",
                                        "--KAFKA_TOPIC=" + TOPIC,
                                        "--KAFKA_CHANGES_TOPIC=ops_page_it.changes",
                                        "--KAFKA_DEAD_LETTER_TOPIC=ops_page_it.dlq",
                                        "--KAFKA_GROUP=ops-page-it",
                                        "--VAULT_ROUTES=file:routes/%s.camel.yaml".formatted(route)))
                        .toArray(String[]::new));
    }

    private HttpResponse<String> get(int at, String path) throws Exception {
        return http.send(HttpRequest.newBuilder(uri(at, path)).build(), BodyHandlers.ofString());
    }

    private static URI uri(int at, String path) {
        return URI.create("http://localhost:" + at + path);
    }
}
