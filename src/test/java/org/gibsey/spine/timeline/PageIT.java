package org.gibsey.spine.timeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import org.gibsey.spine.embedded.Browser;
import org.gibsey.spine.embedded.EmbeddedServices;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.embedded.Ports;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.SpineIT;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.test.web.server.LocalServerPort;

/** The page at / in a real browser. */
@SpineIT
class PageIT {

    private static Browser browser;
    private static long lastPage = 55_200;

    @LocalServerPort
    int port;

    private long page;

    @BeforeAll
    static void start() throws IOException {
        browser = Browser.start();
    }

    @AfterAll
    static void stop() throws IOException {
        if (browser != null) {
            browser.close();
        }
    }

    @BeforeEach
    void newPage() {
        page = ++lastPage;
        browser.clear();
        browser.screen(0, 0);
    }

    @Test
    void aGiftSavedInOneWindowShowsInTheOther() {
        String reading = browser.open(all()).window();
        String saving = browser.openWindow(ofPage());

        browser.type("#question", "Who reads this?");
        browser.type("#answer", "Whoever has the page open.");
        browser.click("#save-form button");

        await().until(() -> browser.text("#outcome").startsWith("Stored, on the page after"));
        assertThat(browser.texts(".question")).containsExactly("Who reads this?");
        assertThat(browser.text("#latency")).matches("Save to screen: \\d+ ms");
        browser.toFront(reading);
        await().until(() -> browser.texts(".question").contains("Who reads this?"));
        assertThat(browser.text(".gift .page")).isEqualTo(Long.toString(page));
        assertThat(browser.find(".gift time").getDomAttribute("title")).isNotBlank();
        assertThat(saving).isNotEqualTo(reading);
    }

    @Test
    void aGiftHasAnAddressToReadAndShareItAt() throws Exception {
        String hostile = "<img src=x onerror=\"document.title='broken'\">";
        store(hostile, "line\n".repeat(60), 7);
        browser.open(ofPage());

        browser.click(".gift .address");

        await().until(() -> browser.texts("#gift-place .question").equals(List.of(hostile)));
        assertThat(browser.address()).matches("http://localhost:\\d+/gifts/[0-9a-f-]{36}");
        assertThat(browser.<String>script("return document.title")).isEqualTo(hostile + " · The Gibsey Vault");
        assertThat(browser.text("#gift-place .answer")).hasLineCount(60);
        assertThat(browser.text("#thread")).isEqualTo("More of page " + page);
        browser.click("#copy");
        await().until(() -> browser.text("#shared").matches("Copied\\.|" + browser.address()));
        assertThat(browser.complaints()).isEmpty();
        browser.click("#back");
        browser.awaitLive();
        assertThat(browser.address()).isEqualTo(ofPage());
    }

    @Test
    void saysInWordsWhatBecameOfAGift() throws Exception {
        UUID dead = UUID.randomUUID();
        execute("""
                insert into dead_letter (event_id, topic, partition, record_offset, record_timestamp, reason, message,
                                         first_failed_at, last_failed_at)
                values (?2, 'gift_events', 0, ?1, 0, 'refused', 'secret of the database', now(), now())
                """.replace("?1", Long.toString(page)).replace("?2", "'" + dead + "'"));
        browser.go(all() + "gifts/" + dead);
        await().until(() ->
                browser.text("#state").startsWith("This gift could not be stored: the vault does not take it"));
        assertThat(browser.find("#share").isDisplayed()).isFalse();

        UUID onItsWay = UUID.randomUUID();
        browser.go(all() + "gifts/" + onItsWay);
        await().until(() -> browser.text("#state").startsWith("No gift is here yet."));
        execute("insert into vault (page_id, question, answer, event_id) values (?, 'late', 'a', '%s')"
                .formatted(onItsWay));

        await().until(() -> browser.texts("#gift-place .question").equals(List.of("late")));
        assertThat(browser.text("#state")).isEmpty();
    }

    @Test
    void whatReadersWroteIsTextAndNothingElse() throws Exception {
        String hostile = "<script>document.title='broken'</script><img src=x onerror=\"document.title='broken'\">";
        String hebrew = "מה כתוב כאן?";
        store(hostile, "</article><h1>&amp;", null);
        store(hebrew, "שלום", null);

        browser.open(ofPage());

        assertThat(browser.texts(".question")).containsExactly(hebrew, hostile);
        assertThat(browser.texts(".answer")).containsExactly("שלום", "</article><h1>&amp;");
        assertThat(browser.<String>script("return document.title")).isEqualTo("The Gibsey Vault");
        assertThat(browser.<String>script("return getComputedStyle(document.querySelector('.question')).direction"))
                .isEqualTo("rtl");
        assertThat(browser.complaints()).isEmpty();
    }

    @Test
    void fitsAPhone() throws Exception {
        store("x".repeat(300), "https://example.org/" + "y".repeat(300), 7);
        browser.screen(360, 740);

        browser.open(ofPage());

        assertThat(browser.<Long>script("return document.documentElement.scrollWidth"))
                .isLessThanOrEqualTo(360);
        assertThat(browser.find("#save-form").isDisplayed()).isFalse();
        browser.click("#save summary");
        assertThat(browser.find("#save-form").isDisplayed()).isTrue();
        assertThat(browser.<Long>script("return document.documentElement.scrollWidth"))
                .isLessThanOrEqualTo(360);
    }

    @Test
    void saysFieldByFieldWhyAGiftIsRefused() {
        browser.open(ofPage());
        browser.type("#page_id", "none");
        browser.type("#question", "");
        browser.type("#answer", "An answer to nothing.");

        browser.click("#save-form button");

        await().until(() -> !browser.text("#page_id-error").isEmpty());
        assertThat(browser.text("#page_id-error")).contains("must be an integer");
        assertThat(browser.text("#question-error")).contains("must not be blank");
        assertThat(browser.text("#answer-error")).isEmpty();
        assertThat(browser.find("#page_id").getDomAttribute("aria-invalid")).isEqualTo("true");
        assertThat(browser.find("#answer").getDomAttribute("aria-invalid")).isNull();
        assertThat(browser.find("#answer").getDomProperty("value")).isEqualTo("An answer to nothing.");
        assertThat(browser.<String>script("return document.activeElement.id")).isEqualTo("page_id");
    }

    @Test
    void keepsAPageNumberThatIsLargerThanAJavaScriptNumber() throws Exception {
        page = Long.MAX_VALUE;
        store("Where does it end?", "Here.", null);

        browser.open(ofPage());

        assertThat(browser.text(".gift .page")).isEqualTo("9223372036854775807");
    }

    @Test
    void showsOnePageOrOneSymbolAndSaysSoInItsAddress() throws Exception {
        int symbol = (int) page;
        store("with", "a symbol", symbol);
        store("without", "a symbol", null);
        browser.open(all());

        browser.click(".gift .page");
        browser.awaitLive();
        await().until(() -> browser.texts(".question").equals(List.of("without", "with")));
        assertThat(browser.address()).isEqualTo(ofPage());

        browser.click("[href='/?symbol_id=" + symbol + "']");
        browser.awaitLive();
        await().until(() -> browser.texts(".question").equals(List.of("with")));
        store("later, with", "a symbol", symbol);
        store("later, without", "a symbol", null);
        await().until(() -> browser.texts(".question").equals(List.of("later, with", "with")));

        browser.back();
        browser.awaitLive();
        await().until(() -> browser.texts(".question").size() == 4);
        assertThat(browser.address()).isEqualTo(ofPage());
    }

    @Test
    void nothingMovesUnderAReaderWhoHasScrolledAway() throws Exception {
        for (int i = 0; i < 20; i++) {
            store("older " + i, "a\nb\nc\nd\ne", null);
        }
        browser.open(ofPage());
        browser.script("document.querySelectorAll('.gift')[10].scrollIntoView()");
        browser.script("window.reading = document.querySelectorAll('.gift')[10]");
        String place = "return Math.round(window.reading.getBoundingClientRect().top)";
        long before = browser.<Long>script(place);

        store("newer 1", "a", null);
        store("newer 2", "a", null);

        await().until(() -> browser.text("#pill").equals("2 new"));
        assertThat(browser.<Long>script(place)).isEqualTo(before);
        assertThat(browser.texts(".question").get(0)).isEqualTo("older 19");
        browser.click("#pill");
        await().until(() -> browser.<Long>script("return Math.round(scrollY)") == 0);
        assertThat(browser.texts(".question")).startsWith("newer 2", "newer 1", "older 19");
        assertThat(browser.find("#pill").isDisplayed()).isFalse();
    }

    @Test
    void aReaderWhoHasScrolledAwayLearnsWhereTheSavedGiftIs() throws Exception {
        for (int i = 0; i < 20; i++) {
            store("older " + i, "a\nb\nc\nd\ne", null);
        }
        browser.open(ofPage());
        browser.script("document.querySelectorAll('.gift')[10].scrollIntoView()");
        await().until(() -> browser.<Long>script("return Math.round(scrollY)") > 0);

        browser.type("#question", "Where did it go?");
        browser.type("#answer", "Up.");
        browser.click("#save-form button");

        await().until(() -> browser.text("#outcome").matches("Stored, after \\d+ ms; scroll up to see it"));
        assertThat(browser.text("#pill")).isEqualTo("1 new");
    }

    @Test
    void showsWhatComesAlsoWhileNobodyLooks() throws Exception {
        browser.open(ofPage());
        // as a browser treats a tab behind another one, which the one without a screen does not
        browser.script("""
                Object.defineProperty(document, "hidden", {value: true});
                window.requestAnimationFrame = () => 1;
                document.dispatchEvent(new Event("visibilitychange"));
                """);

        store("unseen", "a", null);

        await().until(() -> browser.texts(".question").equals(List.of("unseen")));
    }

    @Test
    void bearsAThousandGiftsAtOnce() throws Exception {
        browser.open(ofPage());

        execute("""
                insert into vault (page_id, question, answer, created_at)
                select ?, 'gift ' || n, 'a', now() + n * interval '1 millisecond' from generate_series(1, 1000) n
                """);

        List<String> newest = IntStream.iterate(1000, i -> i > 600, i -> i - 1)
                .mapToObj(i -> "gift " + i)
                .toList();
        await().until(() -> browser.texts(".question").equals(newest));
    }

    @Test
    void marksAFilterThatIsNoNumber() {
        browser.open(ofPage());

        browser.type("#filter-page", "9223372036854775808");
        browser.type("#filter-symbol", "moon");
        browser.click("#filter button");

        assertThat(browser.find("#filter-page").getDomAttribute("aria-invalid")).isEqualTo("true");
        assertThat(browser.find("#filter-symbol").getDomAttribute("aria-invalid"))
                .isEqualTo("true");
        assertThat(browser.address()).isEqualTo(ofPage());
    }

    @Test
    void loadsOlderGiftsWhereTheReaderGets() throws Exception {
        for (int i = 0; i < 75; i++) {
            store("gift " + i, "a\nb", null);
        }
        browser.open(ofPage());
        assertThat(browser.texts(".question")).hasSizeLessThan(75);

        await().until(() -> {
            browser.script("scrollTo(0, document.documentElement.scrollHeight)");
            return browser.text("#end").equals("⁂");
        });

        assertThat(browser.texts(".question"))
                .isEqualTo(IntStream.iterate(74, i -> i >= 0, i -> i - 1)
                        .mapToObj(i -> "gift " + i)
                        .toList());
    }

    @Test
    void aGiftStoredLateGoesWhereItsTimeIs() throws Exception {
        store("morning", "a", null);
        store("evening", "a", null);
        browser.open(ofPage());

        execute("""
                insert into vault (page_id, question, answer, created_at)
                select page_id, 'noon', 'a', created_at + interval '1 microsecond' from vault where question = 'morning' and page_id = ?
                """);

        await().until(() -> browser.texts(".question").size() == 3);
        assertThat(browser.texts(".question")).containsExactly("evening", "noon", "morning");
    }

    @Test
    void unfoldsALongAnswer() throws Exception {
        store("long", "line\n".repeat(60), null);
        browser.open(ofPage());
        int folded = browser.find(".answer").getSize().getHeight();

        browser.click(".more");

        assertThat(browser.find(".answer").getSize().getHeight()).isGreaterThan(folded * 2);
    }

    @Test
    void goesFromGiftToGiftByKeyboard() throws Exception {
        store("lower", "a", null);
        store("upper", "a", null);
        browser.open(ofPage());

        browser.script("document.getElementById('gifts').focus()");
        browser.find("#gifts").sendKeys("j");
        browser.find(".gift:focus").sendKeys("j");

        assertThat(browser.text(".gift:focus .question")).isEqualTo("lower");
    }

    @Test
    void bothWindowsCatchUpAfterTheServerWasKilled() throws Exception {
        int fixedPort = Ports.free();
        String address = "http://localhost:%d/?page_id=%d".formatted(fixedPort, page);
        String first;
        String second;
        try (JavaProcess server = server(fixedPort)) {
            awaitUp(fixedPort);
            first = browser.open(address).window();
            second = browser.openWindow(address);
            store("before", "a", null);
            await().until(() -> browser.texts(".question").contains("before"));
            server.kill();
            await().until(() -> browser.text("#state").startsWith("Connection lost"));
        }
        store("meanwhile", "a", null);

        try (JavaProcess server = server(fixedPort)) {
            awaitUp(fixedPort);
            for (String window : List.of(first, second)) {
                browser.toFront(window);
                await().until(() -> browser.texts(".question").equals(List.of("meanwhile", "before")));
                browser.awaitLive();
            }
            store("after", "a", null);
            await().until(() -> browser.texts(".question").equals(List.of("after", "meanwhile", "before")));
            assertThat(server.isAlive()).isTrue();
        }
    }

    private String all() {
        return "http://localhost:%d/".formatted(port);
    }

    private String ofPage() {
        return "http://localhost:%d/?page_id=%d".formatted(port, page);
    }

    private void store(String question, String answer, Integer symbol) throws SQLException {
        execute(
                "insert into vault (page_id, question, answer, symbol_id) values (?, ?, ?, ?)",
                question,
                answer,
                symbol);
    }

    private void execute(String sql, Object... rest) throws SQLException {
        List<Object> parameters = new ArrayList<>(sql.contains("?") ? List.of(page) : List.of());
        for (Object parameter : rest) {
            parameters.add(parameter);
        }
        try (Connection psql = SharedServices.get().database().superuser();
                PreparedStatement statement = psql.prepareStatement(sql)) {
            for (int i = 0; i < parameters.size(); i++) {
                statement.setObject(i + 1, parameters.get(i));
            }
            statement.executeUpdate();
        }
    }

    private static JavaProcess server(int port) throws Exception {
        EmbeddedServices services = SharedServices.get();
        return JavaProcess.application(
                Map.of(
                        "SERVER_PORT", Integer.toString(port),
                        "MANAGEMENT_SERVER_PORT", "0",
                        "KAFKA_BOOTSTRAP_SERVERS", services.kafka().bootstrapServers(),
                        "VAULT_DB_URL", services.database().url(),
                        "VAULT_ROUTES", "file:routes/list-gifts.camel.yaml"),
                Path.of("target", "page-it-server.log"),
                "-XX:TieredStopAtLevel=1");
    }

    private static void awaitUp(int port) {
        await("the server is up")
                .untilAsserted(() -> TestStream.open(port, "", null).close());
    }
}
