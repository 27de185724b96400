package org.gibsey.spine.management;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.gibsey.spine.SpineApplication;
import org.gibsey.spine.embedded.Browser;
import org.gibsey.spine.embedded.Promise;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.SpineIT;
import org.gibsey.spine.embedded.TestCaller;
import org.gibsey.spine.embedded.TestTopic;
import org.gibsey.spine.health.Observed;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.Keys;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.web.server.LocalManagementPort;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;
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

    /** The page reads anew after a moment: its own pace is a second and a half, and three for dead letters. */
    private static final String HASTE = """
            const waiting = window.setTimeout;
            window.setTimeout = (action, wait) => waiting(action, Math.min(wait ?? 0, 500));
            """;

    @TempDir
    static Path folder;

    private static Browser browser;
    private static TestTopic topic;
    private final List<String> stopped = new ArrayList<>();
    private Runnable endOfHaste = () -> {};
    private final HttpClient http = HttpClient.newHttpClient();

    @Autowired
    JdbcClient vault;

    @Autowired
    CamelContext camel;

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
        endOfHaste = browser.before(HASTE);
    }

    @AfterEach
    void withoutHaste() throws Exception {
        endOfHaste.run();
        endOfHaste = () -> {};
        // also where the test failed before it did so
        for (String route : stopped) {
            camel.getRouteController().startRoute(route);
        }
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
        assertThat(browser.text("#role")).isEqualTo("Its task: to take saves and to store them.");
        assertThat(faults()).isEmpty();
    }

    /** What an operator does who has the page and nothing else; and how soon the page says it. */
    @Test
    void saysFirstWhatIsNotWellAndMendsIt() throws Exception {
        withoutHaste();
        nothingWaits();
        open(management);
        await().until(() -> browser.text("#verdict").equals("Well"));
        assertThat(browser.<String>script("return document.title")).isEqualTo("✓ Well · Behind the Gibsey Vault");
        assertThat(icon()).isEqualTo("icon-well.svg");

        press("[aria-label='Stop show-kafka-status…']");
        assertThat(browser.text("#act-title")).isEqualTo("Stop show-kafka-status?");
        assertThat(browser.text("#act-means"))
                .contains("answered 503 until it is started", "It may be needed to keep callers away");
        assertThat(browser.<String>script("return document.activeElement.id")).isEqualTo("act-close");
        assertThat(get(port, "/kafka/status").statusCode()).isEqualTo(200);
        browser.click("#act-do");
        Promise.within(
                Duration.ofSeconds(2),
                "a route stopped on the page is first in line",
                () -> assertThat(first()).isEqualTo("Route show-kafka-status is stopped"));
        assertThat(get(port, "/kafka/status").statusCode()).isEqualTo(503);
        await().until(() -> browser.texts("#concerns time").size() > 0);
        assertThat(browser.text("#verdict")).isEqualTo("Not well");
        assertThat(browser.<Boolean>script(
                        "return scrollY > 0 && document.querySelector('.first').getBoundingClientRect().top === 0"))
                .as("the first line is on the screen where the route was stopped")
                .isTrue();
        assertThat(browser.<String>script("return document.title"))
                .isEqualTo("▲ Route show-kafka-status is stopped · Behind the Gibsey Vault");
        assertThat(icon()).isEqualTo("icon-alarm.svg");
        assertThat(browser.text("#concerns li:first-child .todo")).contains("Start it");
        assertThat(browser.find("#concerns li:first-child a").getDomAttribute("href"))
                .isEqualTo("ops/runbook.html#giftspinenotready");
        assertThat(browser.text("#routes li:first-child .id")).isEqualTo("show-kafka-status");
        assertThat(severity("#concerns .what")).isEqualTo(severity("#verdict")).isNotEqualTo(severity("#loop h2"));
        assertThat(get(management, "/actuator/liveroutes").body()).contains("\"from\":\"platform-http\"");
        await("it is noted down")
                .until(() -> history().matches(".*: show-kafka-status\",\"since\":\"[^\"]+\",\"until\":null.*"));

        press("[aria-label='Start show-kafka-status…']");
        browser.click("#act-do");
        await().until(() -> browser.text("#verdict").equals("Well"));
        assertThat(get(port, "/kafka/status").statusCode()).isEqualTo(200);
        await("it is noted down that it is over")
                .until(() -> history().matches(".*: show-kafka-status\",\"since\":\"[^\"]+\",\"until\":\".*"));

        stop("index-dead-letters");
        Promise.within(
                Duration.ofSeconds(2),
                "a route stopped elsewhere is first in line",
                () -> assertThat(first()).isEqualTo("Route index-dead-letters is stopped"));
        assertThat(browser.text("#concerns .todo")).contains("waits in the topic");
        press("[aria-label='Start index-dead-letters…']");
        browser.click("#act-do");
        await().until(() -> browser.text("#verdict").equals("Well"));
        press("[aria-label='Suspend index-dead-letters…']");
        assertThat(browser.text("#act-means")).contains("keeps its partitions", "It may be needed for a short pause");
        browser.click("#act-do");
        await().until(() -> first().equals("Route index-dead-letters is suspended"));
        press("[aria-label='Resume index-dead-letters…']");
        browser.click("#act-do");
        await().until(() -> browser.text("#verdict").equals("Well"));
        assertThat(layoutShifts())
                .as("%s", layoutShifts())
                .satisfies(shifts -> assertThat(shifts.stream()
                                .mapToDouble(shift -> Double.parseDouble(shift.substring(0, shift.indexOf(' '))))
                                .sum())
                        .isLessThan(.05));
        assertThat(faults()).isEmpty();
    }

    /** What is drawn anew or hidden while the keyboard is on it, or in a dialog that it opened, must not send it to the top of the page. */
    @Test
    void theKeyboardStaysWhereItWasThroughAnAct() throws Exception {
        nothingWaits();
        topic.write("to be dismissed by the keyboard");
        open(management);
        await().until(() -> browser.text("#dead .figure").equals("1"));

        byKeyboard("#routes [aria-label='Stop show-kafka-status…']", "#act", "#act-do");
        await().until(() -> first().equals("Route show-kafka-status is stopped"));
        await("the act that undoes it")
                .until(() -> focused("return focused.closest('#routes') && focused.getAttribute('aria-label')")
                        .equals("Start show-kafka-status…"));

        byKeyboard("#concerns [aria-label='Start show-kafka-status…']", "#act", "#act-do");
        await().until(() -> !first().startsWith("Route"));
        await("the line that it was in")
                .until(() -> focused("return focused.id").equals("first"));

        byKeyboard(".letter:first-child .dismiss", "#dismiss", "#dismiss-why", "#dismiss-do");
        await().until(() -> browser.text(".letter:first-child .letter-state").equals("dismissed"));
        await("another act on the letter")
                .until(() -> focused("return String(focused.closest('.letter:first-child .acts') !== null)")
                        .equals("true"));
    }

    /** Enter on what opens a dialog, then on what does it; before that a field of it is filled. */
    private static void byKeyboard(String opener, String dialog, String... parts) {
        browser.script("document.querySelector(arguments[0]).focus()", opener);
        browser.press(Keys.ENTER);
        await().until(() -> browser.isShown(dialog));
        for (String part : parts) {
            browser.script("document.querySelector(arguments[0]).focus()", part);
            browser.press(part.endsWith("-why") ? "as asked" : Keys.ENTER);
        }
        await().until(() -> !browser.isShown(dialog));
    }

    private static String focused(String script) {
        return String.valueOf(browser.<Object>script("const focused = document.activeElement; " + script));
    }

    /** Who sees green does not look again: what was not read is not well. */
    @Test
    void isNotWellWhereAPartCannotBeRead() throws Exception {
        nothingWaits();
        Map<String, String> unread = Map.of(
                "liveroutes", "how its routes are",
                "prometheus", "whether gifts wait, or are lost",
                "deadletters", "whether dead letters wait",
                "history", "whether saves and changes fail",
                "acts", "what is under way",
                "groups", "who is in the consumer groups");
        for (Map.Entry<String, String> part : unread.entrySet()) {
            String fails =
                    "if (what === '%s') return window.broken ? Promise.reject(new TypeError('lost')) : real(url, ...more);";
            Runnable real = browser.before(FETCH.formatted(fails.formatted(part.getKey())));
            try {
                open(management);
                await().until(() -> browser.text("#verdict").equals("Well"));
                browser.script("window.broken = true");
                String what = "It is not known " + part.getValue() + ": the process does not answer";
                await(part.getKey())
                        .until(() -> browser.texts("#concerns .what").equals(List.of(what)));
                assertThat(browser.text("#verdict")).isEqualTo("Unknown");
                assertThat(browser.<String>script("return document.title"))
                        .isEqualTo("? " + what + " · Behind the Gibsey Vault");
                assertThat(icon()).isEqualTo("icon-unknown.svg");
                assertThat(browser.find("#well").isDisplayed()).isFalse();
                browser.script("window.broken = false");
                await(part.getKey()).until(() -> browser.text("#verdict").equals("Well"));
            } finally {
                real.run();
            }
        }

        topic.write("{\"page_id\":55308,\"question\":\"unfinished");
        Runnable real = browser.before(FETCH.formatted("if (what === 'liveroutes') return json({}, 500);"));
        try {
            open(management);
            await().until(() -> browser.texts("#concerns .what")
                    .equals(List.of(
                            "1 dead letter waits: undecodable",
                            "It is not known how its routes are: the answer was 500")));
            assertThat(browser.text("#verdict")).isEqualTo("Unknown");
            assertThat(icon()).isEqualTo("icon-unknown.svg");
            assertThat(browser.violationsInLightAndDark("not all is known")).isEmpty();
        } finally {
            real.run();
        }
    }

    /** Metrics that are there and say nothing: a broker that does not tell the lag, and a name that is missing. */
    @Test
    void isNotWellWhereAFigureIsNotKnown() throws Exception {
        nothingWaits();
        Runnable real = browser.before(FETCH.formatted(
                "if (what === 'prometheus') return Promise.resolve(new Response('gifts_lag_seconds NaN\\n'));"));
        try {
            open(management);
            await().until(() -> browser.texts("#concerns .what")
                    .equals(List.of(
                            "It is not known whether gifts wait: the broker does not say",
                            "It is not known whether gifts are lost: the process does not say")));
            assertThat(browser.text("#verdict")).isEqualTo("Unknown");
        } finally {
            real.run();
        }
    }

    @Test
    void neverShowsTheVerdictOfBeforeWhenItCannotShowWhatItReads() {
        nothingWaits();
        Runnable real = browser.before(
                FETCH.formatted(
                        "if (what === 'liveroutes' && window.broken) return json({saves: true, stores: true, files: [null]});"));
        try {
            open(management);
            await().until(() -> browser.text("#verdict").equals("Well"));
            browser.script("window.broken = true");
            await().until(() ->
                    browser.texts("#concerns .what").equals(List.of("This page cannot show what it reads")));
            assertThat(browser.text("#verdict")).isEqualTo("Unknown");
            assertThat(icon()).isEqualTo("icon-unknown.svg");
            assertThat(browser.complaints()).isNotEmpty();

            browser.script("window.broken = false");
            await().until(() -> browser.text("#verdict").equals("Well"));
        } finally {
            real.run();
        }
    }

    /** Who may not see them, or asks a broker that does not say. */
    @Test
    void isNotWellWhereTheBrokerDoesNotSayWhoIsInTheGroups() {
        nothingWaits();
        Runnable real = browser.before(
                FETCH.formatted(
                        "if (what === 'groups') return json({problem: 'Not authorized to access group', groups: [], topics: []});"));
        try {
            open(management);
            await().until(() -> browser.texts("#concerns .what")
                    .equals(List.of("It is not known who is in the consumer groups: the broker does not say:"
                            + " Not authorized to access group")));
            assertThat(browser.text("#verdict")).isEqualTo("Unknown");
        } finally {
            real.run();
        }
    }

    /** As after a start, when the process has not asked yet. Rounds are counted by the reads of what is read in each. */
    @Test
    void asksAgainAtTheNextRoundWhoIsInTheGroupsWhereThatIsNotKnown() {
        nothingWaits();
        Runnable real = browser.before(FETCH.formatted("""
                window.rounds ??= 0;
                window.rounds += what === "liveroutes";
                if (what === "groups" && window.rounds <= 2) return json({problem: 'not looked yet', groups: [], topics: []});
                if (what === "groups") window.known ??= window.rounds;
                """));
        try {
            open(management);
            await().until(() -> browser.text("#verdict").equals("Well"));
            assertThat(browser.<Number>script("return window.known").intValue()).isEqualTo(3);
        } finally {
            real.run();
        }
    }

    /** With its section of the runbook; that the process notes them is in {@code RatesTest}. */
    @Test
    void saysWhatTheProcessNotedOverSomeMinutes() throws Exception {
        nothingWaits();
        Runnable real = browser.before(FETCH.formatted("""
                if (what === "history") return json({at: new Date().toISOString(), began: new Date(0).toISOString(), points: {}, incidents:
                  ["audit", "pace", "changes", "saves", "gone"].map(part => ({part, reason: "as it is", since: new Date(0).toISOString(),
                    until: part === "gone" ? new Date().toISOString() : null}))});
                """));
        try {
            open(management);
            await().until(() -> browser.texts("#concerns .what")
                    .equals(List.of("Changes: as it is", "Saves: as it is", "Audit: as it is", "Pace: as it is")));
        } finally {
            real.run();
        }
        assertThat(browser.text("#verdict")).isEqualTo("Not well");
        assertThat(
                        browser.<List<String>>script(
                                "return Array.from(document.querySelectorAll('#concerns a'), link => link.getAttribute('href'))"))
                .containsExactly(
                        "ops/runbook.html#giftspinechangesfail",
                        "ops/runbook.html#giftspinesavesfail",
                        "ops/runbook.html#giftspineledgerstandsstill",
                        "ops/runbook.html#giftspinesavesslow");
    }

    /** Who has the page and who is called by an alert are told the same, from the same moment on: critical is an alarm here. */
    @Test
    void isAsUrgentAsTheAlertsFromTheSameThresholdsOn() {
        nothingWaits();
        Runnable real = browser.before(
                FETCH.formatted("""
                const then = new Date(0).toISOString(), above = window.above ?? 0;
                if (what === "prometheus") return Promise.resolve(new Response(`gifts_lag_seconds ${%s + above}
                  gifts_unaccounted ${above}
                  erasures_oldest_seconds ${%s + above}`.replaceAll(/^ +/gm, "")));
                if (what === "health/readiness") return json({status: "DOWN", components: {broker: {status: "DOWN", details: {reason: "away"}}}}, 503);
                if (what === "history") return json({at: new Date().toISOString(), began: then, points: {}, incidents:
                  ["audit", "pace", "changes", "saves"].map(part => ({part, reason: "as it is", since: then, until: null}))});
                if (what === "deadletters") return json({total: 0, letters: [], giftTopic: "t",
                  waiting: ["refused", "conflict"].map(reason => ({reason, letters: 1, since: then}))});
                if (what === "liveroutes") return json({pattern: "none", missing: [], saves: true, stores: true, files: [{file: "a.camel.yaml",
                  routes: [], notTaken: {outcome: "REFUSED", at: then, problems: []}}]});
                """.formatted(threshold("GiftSpineLag"), threshold("GiftSpineErasureUnfinished"))));
        try {
            open(management);
            await().until(() -> urgencies().contains("giftspineeditnottaken warn"));
            assertThat(urgencies())
                    .doesNotContainAnyElementsOf(
                            urgencies("GiftSpineLag", "GiftSpineErasureUnfinished", "GiftSpineLedgerNotBalanced"));

            browser.script("window.above = 1");

            // a process that is down says nothing, so that nothing is known of it
            await().untilAsserted(() -> assertThat(urgencies())
                    .containsExactlyInAnyOrderElementsOf(urgencies(Observed.alerts().stream()
                            .map(alert -> alert.path("alert").asText())
                            .filter(alert -> !alert.equals("GiftSpineDown"))
                            .toArray(String[]::new))));
        } finally {
            real.run();
        }
    }

    private static JsonNode alert(String name) {
        return Observed.alerts().stream()
                .filter(alert -> alert.path("alert").asText().equals(name))
                .findFirst()
                .orElseThrow();
    }

    /** What its figure has to be above. */
    private static String threshold(String alert) {
        return alert(alert).path("expr").asText().replaceFirst(".*> (\\d+)$", "$1");
    }

    /** Section of the runbook and urgency, as the page has them. */
    private static List<String> urgencies() {
        return browser.script("return Array.from(document.querySelectorAll('.concern'),"
                + " concern => `${concern.querySelector('a').hash.slice(1)} ${concern.dataset.severity}`)");
    }

    /** Likewise of alerts. */
    private static List<String> urgencies(String... alerts) {
        return Stream.of(alerts)
                .map(alert -> alert.toLowerCase(Locale.ROOT)
                        + (alert(alert).at("/labels/severity").asText().equals("critical") ? " alarm" : " warn"))
                .toList();
    }

    @Test
    void tellsWhichOfTwoDeadLettersCanBeMendedAndSendsItAgain() throws Exception {
        nothingWaits();
        vault.sql("alter table vault add constraint no_shouting check (question <> 'SHOUT') not valid")
                .update();
        try {
            topic.write("{\"page_id\":55302,\"question\":\"unfinished");
            assertThat(new TestCaller(port, management).save("SHOUT").statusCode())
                    .isEqualTo(202);
            open(management);
            await().until(() -> browser.texts(".letter[data-state='dead']").size() == 2);
        } finally {
            vault.sql("alter table vault drop constraint no_shouting").update();
        }
        await().until(() -> browser.text("#verdict").equals("Well, but look"));
        assertThat(browser.texts("#concerns .what"))
                .containsExactlyInAnyOrder("1 dead letter waits: undecodable", "1 dead letter waits: refused");
        await().until(() -> browser.text("#dead").contains("1 refused, 1 undecodable"));
        assertThat(browser.text("#dead .figure")).isEqualTo("2");
        assertThat(browser.texts(".letter .mend")).anyMatch(mend -> mend.startsWith("Cannot be mended"));

        String mendable = "return Array.from(document.querySelectorAll('.letter'))"
                + ".find(letter => letter.querySelector('.mend').textContent.startsWith('Can be mended'))";
        browser.script(mendable + ".querySelector('.content').click()");
        await().until(() -> browser.<Boolean>script(mendable + ".querySelector('.value') !== null"));
        assertThat(browser.<String>script(mendable + ".querySelector('.content-of').textContent"))
                .contains("key", "ce_id", "dlq_sqlstate", "23514", "\"question\":\"SHOUT\"");
        browser.script(mendable + ".querySelector('.replay').click()");
        await().until(() -> browser.text("#replay-found").startsWith("1 would be sent"));
        assertThat(browser.text("#replay-what")).contains("no_shouting");
        assertThat(browser.text("#replay-mend")).contains("constraint");
        browser.click("#replay-send");
        await().until(() -> browser.text("#replay-found").startsWith("1 sent"));
        browser.click("#replay-close");

        await().until(() -> browser.text("#dead .figure").equals("1"));
        await().until(() ->
                browser.texts(".letter:nth-child(-n+2) .letter-state").contains("stored"));
        assertThat(browser.texts("#reasons button:not([hidden])"))
                .containsExactly("Replay the one undecodable…", "Dismiss the one undecodable…");
        assertThat(browser.text("#letters-note")).isEqualTo("1 waits for somebody.");
        assertThat(browser.text("#letters-place")).matches("(1 to 20 of )?[0-9,]+ in the table");
        assertThat(faults()).isEmpty();
    }

    /** An invalid gift beside one that is no JSON: the words say which, and what is written is checked before it is sent. */
    @Test
    void mendsAnInvalidGiftAndSendsItAgain() throws Exception {
        nothingWaits();
        String gift = "{\"page_id\":%s,\"question\":\"mended?\",\"answer\":\"on the page\"}";
        topic.write("{\"page_id\":55305,\"question\":\"unfinished");
        topic.write(gift.formatted("\"four\""));
        open(management);
        await().until(() -> browser.texts(".letter[data-state='dead']").size() == 2);
        assertThat(browser.texts(".letter[data-state='dead'] .mend"))
                .anyMatch(mend -> mend.startsWith("Cannot be mended"))
                .anyMatch(mend -> mend.startsWith("Can be mended"));
        String button = ".letter[data-state='dead'] .mend-it:not([hidden])";
        assertThat(browser.texts(button)).containsExactly("Mend…");

        press(button);
        await().until(() -> browser.isShown("#mend"));
        assertThat(browser.text("#mend-what")).contains("/page_id must be a 64-bit integer");
        assertThat(browser.<String>script("return document.activeElement.id + document.activeElement.value"))
                .isEqualTo("mend-value" + gift.formatted("\"four\""));
        assertThat(browser.find("#mend-do").isEnabled()).isFalse();
        browser.type("#mend-value", gift.formatted("\"five\""));
        await().until(() -> browser.text("#mend-found").startsWith("Not yet: /page_id must be"));
        assertThat(browser.find("#mend-do").isEnabled()).isFalse();
        browser.click("#mend-close");
        press(button);
        await().until(() -> browser.isShown("#mend"));
        assertThat(browser.find("#mend-value").getDomProperty("value")).isEqualTo(gift.formatted("\"five\""));
        await().until(() -> browser.text("#mend-found").startsWith("Not yet: /page_id must be"));
        List<String> violations = browser.violationsInLightAndDark("mending", "#mend");
        browser.type("#mend-value", gift.formatted("55306"));
        await().until(() -> browser.text("#mend-found").equals("This can be stored."));
        browser.click("#mend-do");

        await().until(() -> browser.texts(".letter-state").contains("stored"));
        assertThat(browser.find("#mend").isDisplayed()).isFalse();
        await().until(() -> browser.text("#dead .figure").equals("1"));
        await().until(() -> browser.texts("#concerns .what").equals(List.of("1 dead letter waits: undecodable")));
        assertThat(browser.text("#concerns .todo")).startsWith("Cannot be mended");
        assertThat(vault.sql("select answer from vault where page_id = 55306")
                        .query(String.class)
                        .single())
                .isEqualTo("on the page");
        assertThat(violations).isEmpty();
        assertThat(faults()).allMatch(complaint -> complaint.contains("400"));
    }

    /** Each state once, narrow and wide, light and dark; locked is in the test of processes of one role. */
    @Test
    void isOpenToEveryOperator() throws Exception {
        List<String> violations = new ArrayList<>();
        stop("show-change");
        topic.write("{\"page_id\":55303,\"question\":\"unfinished");
        for (int width : List.of(390, 1440)) {
            browser.screen(width, 900);
            for (Map.Entry<String, String> state : ANSWERS.entrySet()) {
                Runnable real = browser.before(FETCH.formatted(state.getValue()));
                try {
                    browser.go("http://localhost:%d/ops".formatted(management));
                    await(state.getKey()).until(() -> state.getKey().equals("loading") == busy());
                    violations.addAll(browser.violationsInLightAndDark(width + " " + state.getKey()));
                    fits(width, state.getKey());
                } finally {
                    real.run();
                }
            }
            open(management);
            await().until(() -> !browser.texts(".letter[data-state='dead']").isEmpty()
                    && browser.text("#verdict").equals("Not well"));
            browser.script("document.querySelector('.letter .content').click()");
            await().until(() -> !browser.texts(".content-of dd").isEmpty());
            violations.addAll(browser.violationsInLightAndDark(width + " not well, and what a dead letter holds"));
            pressStartOf("show-change");
            violations.addAll(browser.violationsInLightAndDark(width + " question", "#act"));
            browser.click("#act-close");
            press(".letter[data-state='dead'] .replay");
            await().until(() -> browser.text("#replay-found").startsWith("1 would be sent"));
            violations.addAll(browser.violationsInLightAndDark(width + " replay", "#replay"));
            browser.click("#replay-close");
            press(".letter[data-state='dead'] .dismiss");
            browser.type("#dismiss-why", " ");
            browser.click("#dismiss-do");
            await().until(() -> browser.text("#dismiss-found").startsWith("Not dismissed"));
            violations.addAll(browser.violationsInLightAndDark(width + " dismissal refused", "#dismiss"));
            browser.click("#dismiss-close");
            fits(width, "not well");
            browser.script("window.fetch = () => Promise.reject(new TypeError('lost'))");
            await().until(() -> browser.text("#state").startsWith("Unknown"));
            violations.addAll(browser.violationsInLightAndDark(width + " lost"));
        }
        open(management);
        pressStartOf("show-change");
        browser.click("#act-do");
        nothingWaits();
        await().until(() -> browser.text("#verdict").equals("Well"));
        violations.addAll(browser.violationsInLightAndDark("well"));

        await("there is a point")
                .until(() ->
                        get(management, "/actuator/history?span=hour").body().contains("\"at\":[1"));
        assertThat(get(management, "/actuator/history?span=week").statusCode()).isEqualTo(400);
        for (int reload = 0; reload < 2; reload++) {
            open(management);
            await().until(() ->
                    browser.texts("#charts .when").stream().allMatch(when -> when.matches("\\d\\d:\\d\\d:\\d\\d")));
            assertThat(browser.<Boolean>script("""
                    return Array.from(document.querySelectorAll("#charts .line.l0"), line => line.getAttribute("d"))
                      .filter(path => path.startsWith("M")).length >= 4""")).isTrue();
            assertThat(browser.texts("#charts svg:first-of-type text"))
                    .contains("0", "0 MB")
                    .anyMatch(text -> text.matches("[0-9.]+") && !text.equals("0"));
            assertThat(browser.texts("#charts figure:last-child text"))
                    .anyMatch(text -> text.matches("[1-9][0-9,]* MB"));
            assertThat(browser.texts("#charts rect.incident title")).contains("these routes do not run: show-change");
        }
        await().until(() ->
                browser.texts("#incidents li").get(0).contains("routes: these routes do not run: show-change, for "));
        await().until(() -> browser.texts("#members tr").stream()
                .anyMatch(member -> member.matches("ops-page-it[^-].*127\\.0\\.0\\.1.*")));
        assertThat(browser.texts("#topics th")).contains(TOPIC, "ops_page_it.changes", "ops_page_it.dlq");
        assertThat(browser.texts("#topics td:last-child")).containsOnly("all");
        browser.find("#charts svg").sendKeys(Keys.ARROW_LEFT);
        assertThat(browser.texts("#charts path.cursor")).hasSize(6);
        browser.click("#day");
        await().until(() -> browser.text("#course-note").startsWith("a point each 5 minutes"));
        browser.scheme("light");
        browser.go("http://localhost:%d/ops/runbook.html".formatted(management));
        await().until(() ->
                browser.find("#runbook").getDomAttribute("aria-busy").equals("false"));
        violations.addAll(browser.violationsAtEveryWidth("runbook"));
        for (Map.Entry<String, String> state : NO_RUNBOOK.entrySet()) {
            Runnable real = browser.before("window.fetch = () => " + state.getValue());
            try {
                browser.reload();
                await().until(() -> browser.text("#runbook").endsWith(state.getKey()));
                violations.addAll(browser.violationsAtEveryWidth("runbook: " + state.getKey()));
            } finally {
                real.run();
            }
        }

        assertThat(violations).isEmpty();
    }

    /** What is read in its place, and the answer to who asks for it. */
    private static final Map<String, String> NO_RUNBOOK = Map.of(
            "Operations", "new Promise(() => {})",
            "The runbook cannot be read: the answer was 503.", "Promise.resolve(new Response('', {status: 503}))",
            "The runbook cannot be read: the process does not answer.", "Promise.reject(new TypeError('lost'))");

    /** What the process answers in place of what it would, by the last part of the path; the rest is as it is. */
    private static final String FETCH = """
            const real = window.fetch, json = (body, status = 200) => Promise.resolve(Response.json(body, {status}));
            window.fetch = (url, ...more) => {
              const what = url.replace(/^actuator\\//, "").replace(/\\?.*/, "");
              %s
              return real(url, ...more);
            };
            """;

    private static final Map<String, String> ANSWERS = Map.of(
            "loading",
            "return new Promise(() => {});",
            "errors",
            "return json({message: 'Nothing can be read here at the moment.'}, 500);",
            "empty",
            """
            if (what === "deadletters") return json({total: 0, waiting: [], letters: []});
            if (what === "groups") return json({groups: [], topics: []});
            if (what === "liveroutes") return json({pattern: "none", files: [], missing: [], saves: false, stores: false});
            """,
            "long",
            """
            const long = "שלום ".repeat(60) + "w".repeat(300), then = new Date().toISOString();
            if (what === "acts") return json(["audit", "replay", "dismissal", "adoption"].map((name, i) =>
              ({name, done: 1e6, of: 2e6, since: then, stopping: i === 1})));
            if (what === "deadletters") return json({total: 1e6, waiting: [{reason: "refused", letters: 1e6, since: then}],
              letters: ["dead", "dismissed", "dead again", "stored", "replaying", "erased"].map((state, id) => ({id, state, stub: false,
                eventId: crypto.randomUUID(), topic: "t".repeat(120), partition: 0, offset: 1e15, reason: "refused", message: long,
                sqlState: "23514", attempts: 1e6, firstFailedAt: then, lastFailedAt: then, replayedAt: then, replays: 1e6,
                dismissedAt: then, dismissedBy: "vera", dismissedWhy: long}))});
            """);

    private static void fits(int width, String state) {
        List<String> tooWide = browser.script("""
                return Array.from(document.body.querySelectorAll("*"))
                  .filter(part => !part.closest(".table, pre") && part.getBoundingClientRect().right > innerWidth + 1)
                  .map(part => part.id || part.className || part.nodeName)""");
        assertThat(tooWide).as("%s at %d", state, width).isEmpty();
        assertThat(browser.<Long>script("return document.documentElement.scrollWidth"))
                .as("%s at %d", state, width)
                .isLessThanOrEqualTo(width);
    }

    private static boolean busy() {
        return browser.find("body").getDomAttribute("aria-busy") != null;
    }

    @Test
    void servesTheRunbookThatItsLinksLeadTo() throws Exception {
        browser.go("http://localhost:%d/ops/runbook.html#giftspinelag".formatted(management));
        await().until(() ->
                browser.find("#runbook").getDomAttribute("aria-busy").equals("false"));

        String source = Files.readString(Path.of("docs/operations.md"));
        assertThat(browser.texts("article :is(h1, h2, h3)"))
                .containsExactlyElementsOf(source.lines()
                        .filter(line -> line.matches("#{1,3} .*"))
                        .map(line -> line.replaceFirst("#+ ", ""))
                        .toList());
        assertThat(browser.texts("article tr")).hasSize((int) source.lines()
                .filter(line -> line.startsWith("|") && !line.startsWith("|---"))
                .count());
        assertThat(browser.texts("article p")).as("no code among them").noneMatch(text -> text.startsWith(" "));
        assertThat(browser.texts("article pre")).anyMatch(code -> code.contains("-------+----"));
        assertThat(browser.texts("article :not(pre, code)")).noneMatch(text -> text.contains("]("));
        List<String> anchors = browser.script(
                "return Array.from(document.querySelectorAll('article a[href^=\"#\"]'), a => a.hash.slice(1))");
        assertThat(anchors)
                .isNotEmpty()
                .allSatisfy(anchor -> assertThat(browser.find("#" + anchor)).isNotNull());
        assertThat(Pattern.compile("\"(giftspine\\w+|where-to-look)\"")
                        .matcher(Files.readString(Path.of("src/main/resources/ops/concerns.js")))
                        .results()
                        .map(link -> link.group(1))
                        .distinct()
                        .toList())
                .hasSizeGreaterThan(5)
                .allSatisfy(section -> assertThat(browser.find("#" + section)).isNotNull());
        assertThat(browser.<Double>script("return document.querySelector('#giftspinelag').getBoundingClientRect().top"))
                .isBetween(0d, 100d);
        assertThat(faults()).isEmpty();
    }

    @Test
    void sendsADeadLetterAgainAfterADryRunOnly() throws Exception {
        nothingWaits();
        topic.write("{\"page_id\":55301,\"question\":\"unfinished");
        open(management);
        await().until(() -> browser.text("#dead .figure").equals("1"));
        String newest = ".letter:first-child ";
        assertThat(browser.text(newest + ".reason")).isEqualTo("undecodable");
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
        assertThat(faults()).isEmpty();
    }

    @Test
    void dismissesADeadLetterThatNobodyCanMendWithAReason() throws Exception {
        nothingWaits();
        topic.write("to be dismissed");
        open(management);
        String newest = ".letter:first-child ";
        await().until(() -> browser.text("#dead .figure").equals("1"));
        String origin = browser.text(newest + ".origin");

        press(newest + ".dismiss");
        assertThat(browser.text("#dismiss-title")).matches("Dismiss letter \\d+\\?");
        assertThat(browser.text("#dismiss-what")).contains(origin, browser.text(newest + ".message"));
        assertThat(browser.<String>script("return document.activeElement.id")).isEqualTo("dismiss-why");
        browser.click("#dismiss-do");
        assertThat(browser.find("#dismiss").isDisplayed())
                .as("not without a reason")
                .isTrue();
        browser.type("#dismiss-why", "its sender sent it anew");
        browser.click("#dismiss-do");

        await().until(() -> browser.text(newest + ".letter-state").equals("dismissed"));
        assertThat(browser.text(newest + ".mend")).isEqualTo("Dismissed by anybody: its sender sent it anew");
        await().until(() -> browser.text("#dead .figure").equals("0"));
        await().until(() -> browser.text("#verdict").equals("Well"));
        assertThat(browser.find(newest + ".dismiss").isDisplayed()).isFalse();
        assertThat(faults()).isEmpty();
    }

    /** Held by a lock, so that it can be stopped; and one more comes after the dry run. */
    @Test
    void dismissesAllOfAReasonThatWereThereAtTheDryRun() throws Exception {
        nothingWaits();
        for (int i = 0; i < 20; i++) {
            topic.write("nobody wants it " + i);
        }
        topic.write("{\"page_id\":\"four\"}");
        open(management);
        String button = "#dismissal-all-undecodable";
        await().until(() -> browser.texts("#reasons button:not([hidden])")
                .containsAll(List.of("Dismiss all 20 undecodable…", "Dismiss the one invalid…")));
        press(button);
        assertThat(browser.text("#replay-title")).isEqualTo("Dismiss all that are undecodable?");
        assertThat(browser.text("#replay-what")).contains("undecodable, not only those shown");
        assertThat(browser.<String>script("return document.activeElement.id")).isEqualTo("replay-why");
        await().until(() -> browser.text("#replay-found").equals("20 would be dismissed, with this reason."));
        List<String> violations = browser.violationsInLightAndDark("dismissal of many", "#replay");
        browser.click("#replay-send");
        assertThat(browser.text("#replay-found")).as("not without a reason").startsWith("20 would be");
        topic.write("came after the dry run");
        await().until(() -> browser.texts("#concerns .what").contains("21 dead letters wait: undecodable"));
        try (var connection = SharedServices.get().database().superuser();
                var statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("lock table dead_letter in share mode");
            browser.type("#replay-why", "a program wrote nonsense");
            browser.click("#replay-send");
            await().until(() ->
                    browser.text("#replay-course").startsWith("0 of 20 letters dismissed. Stopped, the others"));
            browser.click("#replay-send");
            await().until(() -> browser.texts("#under-way .far").contains("0 of 20 letters, stopping"));
        }
        await().until(() ->
                browser.text("#replay-course").equals("8 of 20 dismissed, then stopped: the others are as they were."));
        browser.click("#replay-close");

        await().until(() -> browser.text(button).equals("Dismiss all 13 undecodable…"));
        press(button);
        await().until(() -> browser.text("#replay-found").equals("13 would be dismissed, with this reason."));
        browser.type("#replay-why", "a program wrote nonsense");
        browser.click("#replay-send");
        await().until(() -> browser.text("#replay-course").equals("13 dismissed. The list shows the outcome."));
        browser.click("#replay-close");
        await().until(() -> browser.texts("#concerns .what").equals(List.of("1 dead letter waits: invalid")));
        assertThat(browser.texts(".letter[data-state='dismissed'] .mend"))
                .contains("Dismissed by anybody: a program wrote nonsense");
        await().until(() -> browser.text("#letters-last").startsWith("Dismissal of dead letters: 13 dismissed."));
        assertThat(violations).isEmpty();
        assertThat(faults()).isEmpty();
    }

    @Test
    void showsTheDeadLettersOfOneReason() throws Exception {
        nothingWaits();
        for (int i = 0; i < 21; i++) {
            topic.write("undecodable " + i);
        }
        topic.write("{\"page_id\":\"four\"}");
        open(management);
        await().until(() -> browser.texts("#reason option")
                .containsAll(List.of("any", "undecodable, 21 waiting", "invalid, 1 waiting")));

        browser.find("#reason").sendKeys("undec");
        await().until(() -> browser.text("#letters-place").matches("1 to 20 of [0-9,]+ undecodable in the table"));
        assertThat(browser.texts(".letter .reason")).hasSize(20).containsOnly("undecodable");
        List<String> newest = browser.texts(".letter .origin");
        browser.press(Keys.TAB);
        browser.press(Keys.TAB);
        browser.press(Keys.ENTER);
        await().until(() -> browser.text("#letters-place").startsWith("21 to "));
        assertThat(browser.<String>script("return document.getElementById('letters-turned').textContent"))
                .as("read aloud")
                .startsWith("21 to ");
        assertThat(browser.texts(".letter .origin")).isNotEmpty().doesNotContainAnyElementsOf(newest);
        assertThat(browser.<String>script("return document.activeElement.id")).isEqualTo("older");
        List<String> violations = browser.violationsInLightAndDark("older ones of one reason");
        browser.find("#reason").sendKeys("inv");
        await().until(() -> browser.texts(".letter .reason").stream().allMatch("invalid"::equals)
                && browser.text("#letters-place").endsWith(" invalid in the table"));
        assertThat(browser.texts(".letter[data-state='dead']")).hasSize(1);

        assertThat(violations).isEmpty();
        assertThat(faults()).isEmpty();
    }

    /** As many as an outage of a program that writes nonsense leaves behind. */
    @Test
    void leadsToTheOldestOfManyDeadLetters() {
        Runnable real = browser.before(FETCH.formatted("""
                const asked = new URL(url, location).searchParams, limit = Number(asked.get("limit") ?? 20), page = Number(asked.get("page") ?? 1);
                const then = new Date().toISOString(), total = 250;
                if (what === "deadletters") return json({total, page, limit, giftTopic: "t", waiting: [{reason: "refused", letters: total, since: then}],
                  letters: Array.from({length: Math.min(limit, Math.max(0, total - (page - 1) * limit))}, (_, i) => ({id: total - (page - 1) * limit - i,
                    state: "dead", stub: false, topic: "t", partition: 0, offset: total - (page - 1) * limit - i, reason: "refused", message: "refused",
                    attempts: 1, firstFailedAt: then, lastFailedAt: then, replays: 0}))});
                """));
        try {
            open(management);
            assertThat(browser.find("#newer").getDomAttribute("aria-disabled")).isEqualTo("true");
            for (int page = 1; page <= 12; page++) {
                String first = "%d to ".formatted(page * 20 + 1);
                browser.script("document.getElementById('older').click()");
                await().until(() -> browser.text("#letters-place").startsWith(first));
            }
            assertThat(browser.text("#letters-place")).isEqualTo("241 to 250 of 250 in the table");
            assertThat(browser.text(".letter:last-child .origin")).startsWith("t-0 at 1 ");
            assertThat(browser.find("#older").getDomAttribute("aria-disabled")).isEqualTo("true");
            browser.script("document.getElementById('older').click()");
            press("#newer");
            await().until(() -> browser.text("#letters-place").startsWith("221 to 240 "));
        } finally {
            real.run();
        }
    }

    /** Its times are those of the process: an operator's clock may be wrong. */
    @Test
    void measuresTimeByTheClockOfTheProcess() throws Exception {
        nothingWaits();
        topic.write("just now");
        await("there is a point")
                .until(() ->
                        get(management, "/actuator/history?span=hour").body().contains("\"at\":[1"));
        Runnable real = browser.before("""
                const Right = Date, ahead = 3 * 3_600_000;
                window.Date = class extends Right {
                  constructor(...parts) { super(...parts.length ? parts : [Right.now() + ahead]); }
                  static now() { return Right.now() + ahead; }
                };
                """);
        try {
            open(management);
            await().until(() -> browser.text("#dead .figure").equals("1"));
            await().until(() -> !browser.text(".letter:first-child time").contains("hour"));
            List<Number> places = browser.script("""
                    return Array.from(document.querySelectorAll("#charts .line.l0"), line => line.getAttribute("d"))
                      .flatMap(path => Array.from(path.matchAll(/[ML]([-\\d.]+)/g), ([, x]) => Number(x)))""");
            assertThat(places)
                    .isNotEmpty()
                    .allSatisfy(x -> assertThat(x.doubleValue()).isGreaterThan(0));
        } finally {
            real.run();
        }
    }

    @Test
    void whatADeadLetterHoldsIsTextAndNothingElse() throws Exception {
        String hostile = "<img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script>";
        nothingWaits();
        topic.write(hostile);
        open(management);
        await().until(() -> browser.text("#dead .figure").equals("1"));

        browser.click(".letter:first-child .content");

        await().until(() -> browser.text(".letter:first-child .value").equals(hostile));
        assertThat(browser.<String>script("return document.title")).isNotEqualTo("broken");
        assertThat(faults()).isEmpty();
    }

    @Test
    void auditsTheWholeTopicWhenAsked() {
        open(management);

        // topics that have just been made are not known everywhere yet, and as long as one is unknown there is no audit
        await().until(() -> browser.text("#in-flight .figure").matches("[0-9,]+"));

        browser.click("#walk");

        await().until(() -> browser.text("#walked")
                .matches("[0-9,]+ events in ops_page_it and ops_page_it.changes: .* accounted for\\."));

        String verdict = browser.text("#walked");
        open(management);
        assertThat(browser.text("#walked")).as("after a reload").isEqualTo(verdict);
        assertThat(browser.text("#walked-at")).isNotBlank();
    }

    /** The replay is held by a lock, which keeps it from noting that the first letters were sent. */
    @Test
    void showsHowFarALongActIsAndStopsItAfterAQuestion() throws Exception {
        nothingWaits();
        for (int i = 0; i < 20; i++) {
            topic.write("a long replay " + i);
        }
        open(management);
        await().until(() -> browser.text("#replay-all-undecodable").equals("Replay all 20 undecodable…"));
        try (var connection = SharedServices.get().database().superuser();
                var statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("lock table dead_letter in share mode");
            press("#replay-all-undecodable");
            await().until(() -> browser.text("#replay-found").startsWith("20 would be sent"));
            browser.click("#replay-send");
            await().until(() -> browser.text("#replay-course").startsWith("0 of 20 letters sent. Stopped, the others"));
            browser.click("#replay-send");
            await().until(() -> browser.texts("#under-way .far").contains("0 of 20 letters, stopping"));
            assertThat(browser.violationsAtEveryWidth("replay that stops", "#replay"))
                    .isEmpty();
        }
        await().until(() ->
                browser.text("#replay-course").equals("8 of 20 sent, then stopped: the others are as they were."));
        browser.click("#replay-close");
        await().until(() -> browser.texts("#under-way li").isEmpty());

        assertThat(faults()).isEmpty();

        Runnable real = browser.before(AUDIT_THAT_WAITS);
        try {
            open(management);
            press("#walk");
            await().until(() -> browser.texts("#under-way .far").contains("1,000 of 5,000 events"));
            press("#under-way button");
            assertThat(browser.text("#act-title")).isEqualTo("Stop the audit?");
            assertThat(browser.violationsAtEveryWidth("question before a stop", "#act"))
                    .isEmpty();
            assertThat(browser.text("#act-what")).isEqualTo("Audit of the whole topic: 1,000 of 5,000 events");
            assertThat(browser.text("#act-means")).contains("no verdict");
            browser.click("#act-do");
            await().until(() ->
                    browser.text("#walked").endsWith("1 unaccounted. Stopped before the end: this is no verdict."));
            await().until(() -> browser.texts("#under-way li").isEmpty());
        } finally {
            real.run();
        }
    }

    /** Who hears the page would hear nothing else: a count is not read aloud each time it changes. */
    @Test
    void readsAloudThatAReplayBeginsAndEndsAndNotHowFarItIs() throws Exception {
        nothingWaits();
        topic.write("a replay that is heard");
        open(management);
        await().until(() -> browser.text("#replay-all-undecodable").equals("Replay the one undecodable…"));
        Runnable real = browser.before(FETCH.formatted("""
                const since = new Date().toISOString();
                if (what === "deadletters" && more[0]?.method === "POST") {
                  return JSON.parse(more[0].body).dryRun ? json({selected: 9}) : new Promise(done =>
                    window.end = () => (window.end = null, done(Response.json({replayed: 9, selected: 9, stopped: false}))));
                }
                if (what === "deadletters") return real(url, ...more).then(answer => answer.json()).then(listing => (window.waiting ??= 9,
                  Response.json({...listing, total: ++window.waiting, waiting: [{reason: "undecodable", letters: window.waiting, since}]})));
                if (what.startsWith("acts/")) return json({running: null, ended: null});
                if (what === "acts") return json(window.end ? [{name: "replay", done: window.far = (window.far ?? 0) + 1, of: 9, since}] : []);
                """) + """
                window.heard = [];
                addEventListener("DOMContentLoaded", () => document.querySelectorAll("[role=status]").forEach(element =>
                  new MutationObserver(() => element.textContent && window.heard.push(element.textContent))
                    .observe(element, {childList: true, characterData: true, subtree: true})));
                """);
        try {
            open(management);
            await().until(() -> browser.<Boolean>script("return window.waiting >= 12"));
            press("#replay-all-undecodable");
            await().until(() -> browser.text("#replay-found").startsWith("9 would be sent"));
            browser.click("#replay-send");
            await().until(() -> browser.<Boolean>script("return window.far >= 3"));
            assertThat(browser.text("#replay-far")).matches("[0-9]+ of 9 letters sent\\.");
            browser.script("window.end()");
            await().until(() -> browser.text("#replay-course").equals("9 sent. The list shows the outcome."));

            assertThat(browser.<List<String>>script("return window.heard"))
                    .containsExactly(
                            "Well, but look: 10 dead letters wait: undecodable",
                            "Dry run…",
                            "9 would be sent, with key and content as they came.",
                            "Sending…",
                            "Stopped, the others stay as they are; closed, it goes on.",
                            "9 sent. The list shows the outcome.");
            browser.click("#replay-close");
        } finally {
            real.run();
        }
    }

    /** An audit that is under way until it is stopped: the tables that a lock would keep it from are read by the page, too. */
    private static final String AUDIT_THAT_WAITS = """
            const real = fetch, json = body => Promise.resolve(Response.json(body)), now = () => new Date().toISOString();
            let end = null, ended = null;
            window.fetch = (url, options, ...more) => url === "actuator/ledger" ? new Promise(done => end = done)
              : url === "actuator/acts/audit" && options.method === "POST" ? (ended = {since: now(), until: now(), result: {topics: ["t"],
                  stopped: true, balanced: null, events: 1000, stored: 999, duplicates: 0, dead: 0, inFlight: 0, unaccounted: 1}},
                  end(Response.json({})), end = null, json({}))
              : url === "actuator/acts/audit" ? json({running: null, ended})
              : url === "actuator/acts" ? json(end ? [{name: "audit", done: 1000, of: 5000, since: now(), stopping: false}] : [])
              : real(url, options, ...more);
            """;

    /** The process tells how an audit ended, whatever became of the call and of the page that made it. */
    @Test
    void findsAnAuditAgainThatTakesLongerThanThePageWaits() {
        Runnable real = browser.before("""
                const real = fetch, json = body => Promise.resolve(Response.json(body)), now = () => new Date().toISOString();
                window.fetch = (url, ...more) => url === "actuator/ledger"
                    ? (sessionStorage.audit = "runs", Promise.reject(new DOMException("", "TimeoutError")))
                  : url === "actuator/acts" ? json(sessionStorage.audit === "runs"
                    ? [{name: "audit", done: 1000, of: 5000, since: now(), stopping: false}] : [])
                  : url === "actuator/acts/audit" ? json({running: null, ended: sessionStorage.audit === "ended" ? {since: now(), until: now(),
                    result: {topics: ["t"], stopped: false, balanced: true, events: 5000, stored: 5000, duplicates: 0, dead: 0, inFlight: 0,
                      unaccounted: 0}} : null})
                  : real(url, ...more);
                """);
        try {
            for (String lost : List.of("the answer", "the page")) {
                open(management);
                if (lost.equals("the answer")) {
                    press("#walk");
                }
                await(lost).until(() -> browser.texts("#under-way .far").contains("1,000 of 5,000 events"));
                assertThat(browser.text("#walked")).as(lost).isEqualTo("Auditing…");
                assertThat(browser.find("#walk").getDomAttribute("aria-disabled"))
                        .isEqualTo("true");
                browser.script("sessionStorage.audit = 'ended'");
                await(lost)
                        .until(
                                () -> browser.text("#walked")
                                        .equals(
                                                "5,000 events in t: 5,000 stored, 0 dead, 0 in flight. Every event is accounted for."));
                assertThat(browser.text("#walked-at")).isNotBlank();
                await(lost)
                        .until(() -> browser.find("#walk")
                                .getDomAttribute("aria-disabled")
                                .equals("false"));
                browser.script("sessionStorage.audit = 'runs'");
            }
        } finally {
            browser.script("sessionStorage.clear()");
            real.run();
        }
    }

    /** Held by a lock, as above. What asks for it reaches the process only after the page has asked how it ended. */
    @Test
    void findsAReplayAgainWhoseAnswerIsLost() throws Exception {
        nothingWaits();
        for (int i = 0; i < 20; i++) {
            topic.write("a replay that is found again " + i);
        }
        open(management);
        await().until(() -> browser.text("#replay-all-undecodable").equals("Replay all 20 undecodable…"));
        try (var connection = SharedServices.get().database().superuser();
                var statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("lock table dead_letter in share mode");
            press("#replay-all-undecodable");
            await().until(() -> browser.text("#replay-found").startsWith("20 would be sent"));
            browser.script("""
                    const sent = fetch;
                    let late = () => {};
                    window.fetch = async (url, options) => {
                      if (options?.method === "POST" && url === "actuator/deadletters") {
                        late = () => sent(url, {...options, signal: null});
                        throw new DOMException("", "TimeoutError");
                      }
                      const answer = await sent(url, options);
                      if (url === "actuator/acts/replay") {
                        setTimeout(late, 100);
                        late = () => {};
                      }
                      return answer;
                    };
                    """);
            browser.click("#replay-send");
            await().until(() -> browser.text("#replay-course").startsWith("0 of 20 letters sent. Stopped, the others"));
        }
        await().until(() -> browser.text("#replay-course").equals("20 sent. The list shows the outcome."));

        open(management);

        await().until(() -> browser.text("#letters-last").startsWith("Replay of dead letters: 20 sent."));
        assertThat(faults()).isEmpty();
    }

    /** Where it is not pinned, because it would leave no room. */
    @Test
    void aPhoneShowsWhatIsNotWellWhereverItHasScrolledTo() throws Exception {
        nothingWaits();
        browser.screen(390, 844);
        open(management);
        await().until(() -> browser.text("#verdict").equals("Well"));
        browser.click(".contents [href='#routes-title']");
        await().until(() -> browser.<Boolean>script("return document.body.classList.contains('away')"));
        assertThat(browser.find("#afar").isDisplayed()).as("nothing to say").isFalse();

        press("[aria-label='Stop show-kafka-status…']");
        browser.click("#act-do");

        Promise.within(
                Duration.ofSeconds(2),
                "a route stopped on a phone is in sight",
                () -> assertThat(browser.find("#afar").getText()).isEqualTo("▲ Route show-kafka-status is stopped"));
        List<String> violations = browser.violationsInLightAndDark("far from the first line");
        browser.click("#afar");
        await().until(() -> !browser.<Boolean>script("return document.body.classList.contains('away')"));
        press("[aria-label='Start show-kafka-status…']");
        browser.click("#act-do");
        await().until(() -> browser.text("#verdict").equals("Well"));
        assertThat(violations).isEmpty();
    }

    /** Several entries at once come to a page that was busy. */
    @Test
    void knowsWhereItHasScrolledToByTheLastOfSeveralEntries() {
        Runnable real = browser.before("""
                window.IntersectionObserver = class { constructor(heard) { window.scrolled = heard; } observe() {} };
                """);
        try {
            open(management);
            browser.script("window.scrolled([{isIntersecting: true}, {isIntersecting: false}])");
            assertThat(browser.<Boolean>script("return document.body.classList.contains('away')"))
                    .isTrue();
        } finally {
            real.run();
        }
    }

    /** What is led to is not under the first line, however much that says. */
    @Test
    void whatALinkOfThePageLeadsToIsInSight() throws Exception {
        for (String reason : List.of("{\"page_id\":55307,\"question\":\"unfinished", "{\"page_id\":\"four\"}")) {
            topic.write(reason);
        }
        browser.screen(1440, 900);
        open(management);
        await().until(() -> browser.texts("#concerns li").size() >= 2);
        for (String part : List.of("routes-title", "workers-title", "course-title")) {
            browser.click(".contents [href='#" + part + "']");
            await(part).until(() -> browser.<Boolean>script("""
                    const first = document.querySelector(".first").getBoundingClientRect().bottom;
                    const top = document.getElementById(arguments[0]).getBoundingClientRect().top;
                    return top >= first && top < first + 60 && document.querySelector(".spine").getBoundingClientRect().top >= first - 1""", part));
        }
    }

    @Test
    void fitsAPhone() {
        browser.screen(360, 740);

        open(management);

        assertThat(browser.<Long>script("return document.documentElement.scrollWidth"))
                .isLessThanOrEqualTo(360);

        browser.go("http://localhost:%d/ops/runbook.html".formatted(management));
        await().until(() ->
                browser.find("#runbook").getDomAttribute("aria-busy").equals("false"));
        assertThat(browser.<Long>script("return document.documentElement.scrollWidth"))
                .as("of the runbook")
                .isLessThanOrEqualTo(360);
    }

    @Test
    void anApiAndAWorkerSayWhatTheyDoNotHaveAndAskForATokenWhereOneIsNeeded() throws IOException {
        try (ConfigurableApplicationContext api = application("save-gift")) {
            open(management(api));
            await().until(() -> browser.text("#role").contains("leaves storing to the workers"));
            await("an API shows the workers")
                    .until(() -> browser.texts("#members td:nth-child(3)").contains("127.0.0.1"));
            await("and those that index dead letters, which it does not")
                    .until(() -> browser.texts("#members th").contains("ops-page-it-dead-letters"));
            assertThat(browser.text("#accepted .figure")).isEqualTo("0");
            assertThat(browser.text("#stored")).contains("–", "This process stores nothing");
            assertThat(browser.text("#p99 .figure")).isEqualTo("–");
            assertThat(browser.text("#in-flight .figure")).isNotEqualTo("–");
        }
        await().until(() -> browser.text("#state").equals("Unknown: the process does not answer"));
        assertThat(browser.text("#accepted .figure")).isEqualTo("–");
        assertThat(first()).isEqualTo("No answer: the process does not answer");
        assertThat(icon()).isEqualTo("icon-unknown.svg");
        List<String> violations = new ArrayList<>(browser.violations("lost"));
        assertThat(browser.texts(".route-state")).containsOnly("not known");
        assertThat(browser.<List<String>>script("return Array.from(document.querySelectorAll('.route-state'),"
                        + " state => getComputedStyle(state, '::before').backgroundColor)"))
                .containsOnly(browser.<String>script("return getComputedStyle(document.querySelector('.rate')).color"));

        try (ConfigurableApplicationContext worker = application("persist-gifts", "--MANAGEMENT_TOKENS=" + tokens())) {
            browser.go("http://localhost:%d/ops".formatted(management(worker)));
            await().until(() -> browser.isShown("#token"));
            for (int width : List.of(390, 1440)) {
                browser.screen(width, 900);
                violations.addAll(browser.violationsInLightAndDark(width + " locked"));
                fits(width, "locked");
            }
            browser.screen(0, 0);
            assertThat(violations).isEmpty();
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

    /** The meters of a process whose routes are stopped: who calls them is answered 503. */
    @Test
    void saysThatSavesAndChangesFail() throws Exception {
        try (ConfigurableApplicationContext api = application(
                "save-gift", "--VAULT_ROUTES=file:routes/edit-gift.camel.yaml", "--KAFKA_GROUP=ops-page-it-nobody")) {
            int ofApi = Integer.parseInt(api.getEnvironment().getRequiredProperty("local.server.port"));
            open(management(api));
            stop(management(api), "save-gift");
            stop(management(api), "edit-gift");
            HttpRequest edit = HttpRequest.newBuilder(uri(ofApi, "/vault/gifts/" + UUID.randomUUID()))
                    .header("Content-Type", "application/json")
                    .PUT(BodyPublishers.ofString("{\"question\":\"failed\"}"))
                    .build();
            TestCaller caller = new TestCaller(ofApi, management(api));
            // what failed before the first look was not lately
            await().until(() -> {
                assertThat(caller.save("failed").statusCode()).isEqualTo(503);
                assertThat(http.send(edit, BodyHandlers.ofString()).statusCode())
                        .isEqualTo(503);
                return browser.texts("#concerns .what")
                        .containsAll(List.of(
                                "Saves: more than one in a hundred is answered 500 or 503",
                                "Changes: more than one in a hundred is answered 500 or 503"));
            });
            assertThat(browser.text("#verdict")).isEqualTo("Not well");
            await().until(() -> browser.texts("#members th").contains("ops-page-it-nobody"));
            assertThat(browser.texts("#members th"))
                    .as("nobody indexes dead letters for these workers")
                    .doesNotContain("ops-page-it-nobody-dead-letters");
        }
    }

    private static Path tokens() throws IOException {
        return Files.writeString(folder.resolve("tokens"), "vera view sha256:" + Operators.hash("my-token"));
    }

    private static void signIn(String token, String complaint) {
        await().until(() -> browser.isShown("#token"));
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

    /** Not where the first line lies over it. */
    private static void press(String selector) {
        browser.script("arguments[0].scrollIntoView({block: 'center'})", browser.find(selector));
        browser.click(selector);
    }

    /** What the browser complained about, but for a process that is not ready, which is no fault of the page. */
    private static List<String> faults() {
        return browser.complaints().stream()
                .filter(complaint -> !(complaint.contains("/health/readiness") && complaint.contains("503")))
                .toList();
    }

    private static void pressStartOf(String route) {
        await().until(() -> browser.texts("#concerns .what").contains("Route " + route + " is stopped"));
        press("#concerns [aria-label='Start " + route + "…']");
    }

    private void open(int managementPort) {
        browser.go("http://localhost:%d/ops".formatted(managementPort));
        await("the page has read the figures").until(() -> browser.text("#read").startsWith("Read at"));
    }

    /** Dead letters of other tests wait no more, and stay accounted for. */
    private void nothingWaits() {
        vault.sql("update dead_letter set erased_at = now() where erased_at is null")
                .update();
    }

    /** What the first line says. */
    private static String first() {
        List<String> concerns = browser.texts("#concerns .what");
        return concerns.isEmpty() ? "" : concerns.get(0);
    }

    /** Of the page since it was opened, apart from what followed a click (Layout Instability, {@code layout-shift}). */
    private static List<String> layoutShifts() {
        return browser.script("""
                const seen = new PerformanceObserver(() => {});
                seen.observe({type: "layout-shift", buffered: true});
                return seen.takeRecords().filter(shift => !shift.hadRecentInput)
                  .map(({value, sources}) => `${value} ${sources.map(({node}) => node?.id || node?.className || node?.nodeName)}`);
                """);
    }

    private String history() throws Exception {
        return get(management, "/actuator/history").body();
    }

    private static String icon() {
        String address = browser.script("return document.querySelector('link[rel=icon]').href");
        return address.substring(address.lastIndexOf('/') + 1);
    }

    private static String severity(String selector) {
        return browser.script("return getComputedStyle(document.querySelector(arguments[0])).color", selector);
    }

    private void stop(String route) throws Exception {
        stopped.add(route);
        stop(management, route);
    }

    private void stop(int at, String route) throws Exception {
        HttpResponse<String> stopped = http.send(
                HttpRequest.newBuilder(uri(at, "/actuator/camelroutes/" + route + "/stop"))
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString("{}"))
                        .build(),
                BodyHandlers.ofString());
        assertThat(stopped.statusCode()).as(stopped.body()).isBetween(200, 204);
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
                .properties("KAFKA_GROUP=ops-page-it")
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
