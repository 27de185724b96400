package org.gibsey.spine.timeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.camel.CamelContext;
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
import org.openqa.selenium.Keys;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;

/** The page at / in a real browser. */
@SpineIT
class PageIT {

    private static Browser browser;
    private static long lastPage = 55_200;

    @LocalServerPort
    int port;

    @Autowired
    CamelContext camel;

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
        // no draft of another test: a page of this origin that runs nothing
        browser.go(all() + "auth.json");
        browser.script("sessionStorage.clear()");
        browser.clear();
        browser.screen(0, 0);
        browser.printing(false);
        browser.scheme("light");
        browser.reader("", "");
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
        // nobody is known, and nobody may change anything
        assertThat(browser.texts(".acts")).isEmpty();
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
    void theLinkOfAGiftIsCopiedOrGivenToWhatTheDeviceSharesWith() throws Exception {
        UUID gift = store("Who reads this?", "a", null);
        String link = all() + "gifts/" + gift;
        Runnable end = browser.before("""
                window.given = [];
                Object.defineProperty(navigator, "clipboard", {value: {writeText: async text => {
                  if (window.isDenied) {
                    throw new DOMException("not here", "NotAllowedError");
                  }
                  window.given.push(text);
                }}});
                Object.defineProperty(navigator, "share", {value: sessionStorage.cannotShare ? undefined : async ({title, url}) => {
                  window.given.push(`${title} ${url}`);
                  throw new DOMException("thought better of it", "AbortError");
                }});
                """);
        try {
            browser.go(link + "?from=mail#here");
            await().until(() -> browser.texts("#gift-place .question").size() == 1);

            browser.click("#copy");
            await().until(() -> browser.text("#shared").equals("Copied."));
            browser.click("#send");
            await().until(() -> browser.<Long>script("return window.given.length") == 2);
            assertThat(browser.<List<String>>script("return window.given"))
                    .containsExactly(link, "Who reads this? · The Gibsey Vault " + link);
            // to be copied by hand
            browser.script("window.isDenied = true");
            browser.click("#copy");
            await().until(() -> browser.text("#shared").equals(link));
            assertThat(browser.<String>script("return getSelection().toString()"))
                    .isEqualTo(link);
            assertThat(browser.complaints()).isEmpty();

            browser.script("sessionStorage.cannotShare = true");
            browser.reload();
            await().until(() -> browser.texts("#gift-place .question").size() == 1);
            assertThat(browser.find("#copy").isDisplayed()).isTrue();
            assertThat(browser.find("#send").isDisplayed()).isFalse();
        } finally {
            end.run();
        }
    }

    @Test
    void saysInWordsWhatBecameOfAGift() throws Exception {
        UUID dead = dead();
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

    /** An outage is longer than anybody's patience, and what is asked during it tells nothing of the gift. */
    @Test
    void thePageOfAGiftLooksForItCalmlyAsLongAsItMayCome() throws Exception {
        UUID onItsWay = UUID.randomUUID();
        Runnable haste = browser.before("""
                const fetching = window.fetch;
                window.looks = 0;
                window.fetch = (path, options) => {
                  if (String(path).startsWith("/vault/gifts/")) {
                    window.looks++;
                    return window.isAway ? Promise.resolve(new Response("{}", {status: 503})) : fetching(path, options);
                  }
                  return fetching(path, options);
                };
                const waiting = window.setTimeout;
                window.waits = [];
                window.setTimeout = (action, wait) => {
                  window.waits.push(wait ?? 0);
                  return waiting(action, Math.min(wait ?? 0, 20));
                };
                """);
        try {
            browser.go(all() + "gifts/" + onItsWay);
            await().until(() -> browser.script("return window.looks > 20"));
            assertThat(browser.text("#state")).startsWith("No gift is here: it is not stored yet, or there is none");
            assertThat(browser.<List<Number>>script("return window.waits.slice(8, 20)"))
                    .allSatisfy(wait -> assertThat(wait.intValue()).isBetween(15_000, 30_000));
            browser.script("window.isAway = true; window.looks = 0");
            await().until(() -> browser.script("return window.looks > 10"));
            assertThat(browser.text("#state")).startsWith("The vault cannot be read");
            browser.script("window.isAway = false");
            await().until(() -> browser.text("#state").startsWith("No gift is here: it is not stored yet"));
            // while nobody sees it one look is kept until somebody does
            browser.script("""
                    Object.defineProperty(document, "hidden", {value: true, configurable: true});
                    // with it two rounds of a look and the wait after it have been due
                    return new Promise(done => setTimeout(() => setTimeout(() => setTimeout(() => setTimeout(done, 20), 20), 20), 20));
                    """);
            long looks = browser.<Long>script("return window.looks");
            assertThat(browser.<Long>script("""
                    return new Promise(done => setTimeout(() => setTimeout(() => done(window.looks), 20), 20))""")).isEqualTo(looks);
            browser.script("""
                    Object.defineProperty(document, "hidden", {value: false});
                    document.dispatchEvent(new Event("visibilitychange"));
                    """);
            await().until(() -> browser.script("return window.looks > arguments[0]", looks));

            execute("insert into vault (page_id, question, answer, event_id) values (?, 'late', 'a', '%s')"
                    .formatted(onItsWay));
            await().until(() -> browser.texts("#gift-place .question").equals(List.of("late")));
        } finally {
            haste.run();
        }
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

    /** For who has it read aloud, and for the shapes of Han; where neither the gift nor its letters tell, nothing is claimed. */
    @Test
    void questionAndAnswerAreInTheLanguageOfTheGiftOrOfItsLetters() throws Exception {
        String sql = "insert into vault (page_id, question, answer, lang) values (?, ?, ?, ?)";
        execute(sql, "Wer liest?", "どなたでも。", "de-AT");
        execute(sql, "東京の誰が読むのですか?", "누구나 읽는다.", null);
        execute(sql, "Ποιος διαβάζει;", "כל מי שפתח", null);
        execute(sql, "優の良品", "What is π, and what is の?", null);

        browser.open(ofPage());

        assertThat(languages()).containsExactly("", "", "el", "he", "ja", "ko", "de-AT", "de-AT");
        browser.script("[...document.querySelectorAll('.address')].at(-1).click()");
        await().until(() -> browser.texts("#gift-place .question").equals(List.of("Wer liest?")));
        assertThat(languages()).containsExactly("de-AT", "de-AT");
    }

    private static List<String> languages() {
        return browser.script("return [...document.querySelectorAll('.question, .answer')].map(text => text.lang)");
    }

    @Test
    void fitsAPhone() throws Exception {
        store("x".repeat(300), "https://example.org/" + "y".repeat(300), 7);
        browser.screen(360, 740);

        browser.open(ofPage());

        assertThat(browser.<Long>script("return document.documentElement.scrollWidth"))
                .isLessThanOrEqualTo(360);
        // a gift cuts off what goes beyond it, so that the page does not become wider
        assertThat(browser.<List<String>>script("""
                return Array.from(document.querySelectorAll(".gift :is(.margin, .question, .answer)"))
                  .filter(part => part.scrollWidth > part.clientWidth).map(part => part.className)""")).isEmpty();
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

        assertThat(browser.text("#page_id-error")).isEqualTo("A page is a whole number from 1 on, such as 7.");
        assertThat(browser.text("#question-error")).isEqualTo("There is no question yet.");
        assertThat(browser.text("#answer-error")).isEmpty();
        assertThat(browser.find("#page_id").getDomAttribute("aria-invalid")).isEqualTo("true");
        assertThat(browser.find("#answer").getDomAttribute("aria-invalid")).isNull();
        assertThat(browser.find("#answer").getDomProperty("value")).isEqualTo("An answer to nothing.");
        assertThat(browser.<String>script("return document.activeElement.id")).isEqualTo("page_id");

        browser.type("#page_id", Long.toString(page));
        browser.type("#question", "Now?");

        assertThat(browser.text("#page_id-error")).isEmpty();
        assertThat(browser.find("#question").getDomAttribute("aria-invalid")).isNull();
        assertThat(browser.text("#outcome")).isEmpty();
    }

    /** What the page lets pass and the vault does not: fields are marked all the same, and not in the words of programs. */
    @Test
    void tellsWhatOnlyTheVaultFoundWrong() {
        browser.open(ofPage());
        browser.type("#answer", "A");
        browser.script("document.querySelector('#question').value = 'a\\u0000b'");

        browser.click("#save-form button");

        await().until(() -> !browser.text("#question-error").isEmpty());
        assertThat(browser.text("#question-error")).isEqualTo("There is something in this that the vault cannot keep.");
    }

    @Test
    void countsCharactersAsTheVaultDoes() {
        browser.open(ofPage());
        String fill = """
                const question = document.querySelector("#question");
                question.value = "😀".repeat(arguments[0]);
                question.dispatchEvent(new Event("input", {bubbles: true}));
                """;

        browser.script(fill, 4001);
        browser.type("#answer", "A");
        browser.click("#save-form button");
        assertThat(browser.text("#question-count")).isEqualTo("4,001 of 4,000 characters");
        assertThat(browser.text("#question-error")).isEqualTo("This is 1 character longer than the vault takes.");

        browser.script(fill, 4000);
        assertThat(browser.text("#question-error")).isEmpty();
        browser.click("#save-form button");
        await().until(() -> browser.text("#outcome").startsWith("Stored, on the page"));
    }

    @Test
    void savesAgainByItselfWhatMayBeStoredAndStoresItOnce() throws Exception {
        browser.open(ofPage());
        browser.type("#question", "Are you there?");
        browser.type("#answer", "In a moment.");
        camel.getRouteController().suspendRoute("save-gift");
        try {
            browser.click("#save-form button");
            await().until(() -> browser.text("#outcome")
                    .matches(
                            "The vault takes nothing at the moment\\. What you wrote is kept here, and sent again by itself"
                                    + " in \\d s; it is stored once\\."));
            assertThat(browser.find("#question").getDomProperty("readOnly")).isEqualTo("true");
            assertThat(browser.find("#stop").isDisplayed()).isTrue();
            assertThat(browser.violationsAtEveryWidth("waiting to save again")).isEmpty();
        } finally {
            camel.getRouteController().resumeRoute("save-gift");
        }

        await().until(() -> browser.text("#outcome").startsWith("Stored, on the page"));
        assertThat(browser.texts(".question")).containsExactly("Are you there?");
        assertThat(browser.find("#question").getDomProperty("value")).isEmpty();
    }

    @Test
    void stopsTryingWhenToldToAndSavesLaterUnderTheSameKey() throws Exception {
        browser.open(ofPage());
        browser.type("#question", "Once?");
        browser.type("#answer", "Once.");
        browser.script("""
                window.keys = [];
                const fetching = window.fetch;
                window.fetch = (path, options) => {
                  if (path === "/vault/save") {
                    window.keys.push(options.headers["Idempotency-Key"]);
                  }
                  return path === "/vault/save" && !window.heard
                    // stored, and the answer lost
                    ? fetching(path, options).then(() => Promise.reject(new TypeError("lost")))
                    : fetching(path, options);
                };
                """);

        browser.click("#save-form button");
        await().until(() -> browser.text("#outcome").startsWith("The vault cannot be reached."));
        browser.clickOnceShown("#stop");
        browser.script("window.heard = true");
        await().until(() -> browser.text("#outcome").startsWith("Not tried any more."));
        browser.click("#save-form button");

        await().until(() -> browser.text("#outcome").startsWith("Stored, on the page"));
        assertThat(browser.<List<String>>script("return window.keys")).hasSizeGreaterThan(1);
        assertThat(browser.<Long>script("return new Set(window.keys).size")).isOne();
        assertThat(browser.texts(".question")).containsExactly("Once?");
    }

    @Test
    void goesOnAfterAReloadWithWhatMayBeStoredAndStoresItOnce() throws Exception {
        Runnable heard = losingAnswers();
        try {
            browser.open(ofPage());
            write("Before or after?", "Both.");
            browser.click("#save-form button");
            await().until(() -> browser.text("#outcome").startsWith("The vault cannot be reached."));
            await().until(() -> browser.texts(".question").equals(List.of("Before or after?")));
            String key = browser.script("return window.keys[0]");

            browser.reload();

            // by itself, and it says that it does
            await().until(() -> browser.text("#outcome")
                    .matches(
                            "The vault cannot be reached\\. What you wrote is kept here, and sent again by itself in \\d+ s;"
                                    + " it is stored once\\."));
            assertThat(browser.find("#question").getDomProperty("readOnly")).isEqualTo("true");
            assertThat(browser.<List<String>>script("return window.keys")).containsOnly(key);
            browser.script("window.isHeard = true");
            await().until(() -> browser.text("#outcome").startsWith("Stored, "));
            assertThat(browser.text("#outcome")).isEqualTo("Stored, on the page");
            assertThat(browser.<List<String>>script("return window.keys")).containsOnly(key);
        } finally {
            heard.run();
        }
        assertThat(browser.texts(".question")).containsExactly("Before or after?");
        assertThat(browser.find("#question").getDomProperty("value")).isEmpty();
        browser.open(ofPage());
        assertThat(browser.text("#outcome")).isEmpty();
        assertThat(browser.texts(".question")).containsExactly("Before or after?");
    }

    @Test
    void whoChangesWhatMayBeStoredLearnsThatItWouldBeTwoGifts() throws Exception {
        Runnable heard = losingAnswers();
        try {
            browser.open(ofPage());
            write("One gift?", "One.");
            browser.click("#save-form button");
            await().until(() -> browser.text("#outcome").startsWith("The vault cannot be reached."));
            browser.clickOnceShown("#stop");
            await().until(() -> browser.text("#outcome").startsWith("Not tried any more."));
            String key = browser.script("return window.keys[0]");
            // what was stopped is not begun again
            browser.reload();
            browser.awaitLive();
            assertThat(browser.text("#outcome"))
                    .isEqualTo("It may be stored already: saved again as it is, it is stored once.");

            browser.find("#answer").sendKeys("!");

            String twice = "What was sent before may be stored already: saved as it is now, it is a second gift.";
            assertThat(browser.text("#outcome")).isEqualTo(twice);
            browser.reload();
            browser.awaitLive();
            assertThat(browser.find("#answer").getDomProperty("value")).isEqualTo("One.!");
            assertThat(browser.text("#outcome")).isEqualTo(twice);
            // as it was it is the same gift again, typed or by the button
            browser.find("#answer").sendKeys(Keys.BACK_SPACE);
            assertThat(browser.text("#outcome")).startsWith("It may be stored already");
            assertThat(browser.find("#resume").isDisplayed()).isFalse();
            browser.find("#answer").sendKeys("?");
            browser.script("window.isHeard = true");
            browser.click("#resume");
            await().until(() -> browser.text("#outcome").startsWith("Stored, "));
            assertThat(browser.<List<String>>script("return window.keys")).containsExactly(key);
        } finally {
            heard.run();
        }
        assertThat(browser.texts(".answer")).containsExactly("One.");
    }

    private static void write(String question, String answer) {
        browser.type("#question", question);
        browser.type("#answer", answer);
    }

    /** Each page loaded from now on keeps the keys of its saves; until it is told that it is heard, their answers are lost. */
    private static Runnable losingAnswers() {
        return browser.before("""
                const fetching = window.fetch;
                window.keys = [];
                window.fetch = (path, options) => {
                  if (path !== "/vault/save") {
                    return fetching(path, options);
                  }
                  window.keys.push(options.headers["Idempotency-Key"]);
                  return fetching(path, options).then(answer => window.isHeard ? answer : Promise.reject(new TypeError("lost")));
                };
                """);
    }

    /** Words that a program has for it are none. */
    @Test
    void saysInWordsWhyNothingIsTakenOrStored() {
        browser.open(ofPage());
        write("Why?", "Because.");
        browser.script("""
                const fetching = window.fetch;
                window.fetch = (path, options) => path === "/vault/save" ? Promise.resolve(new Response(
                    JSON.stringify(window.problem), {status: window.status, headers: {Location: "/vault/gifts/of-a-test"}}))
                  : path === "/vault/gifts/of-a-test" ? Promise.resolve(new Response(JSON.stringify(window.found), {status: 200}))
                    : fetching(path, options);
                """);

        Map.of(
                        "rate", "You have saved very much in a short time. What",
                        "share", "As much of the vault is open at your address as one may have",
                        "guesses", "Many sign-ins from your address, or from others, were refused.",
                        "of a proxy", "The vault takes nothing at the moment.")
                .forEach((reason, words) -> {
                    browser.script("window.status = 429; window.problem = {type: '/problems#' + arguments[0]}", reason);
                    browser.click("#save-form button");
                    await().until(() -> browser.text("#outcome").startsWith(words));
                    browser.clickOnceShown("#stop");
                    // none of these may be stored
                    await().until(() -> browser.text("#outcome")
                            .equals("Not tried any more. It is not saved; what you wrote stays here."));
                });
        Map.of(
                        404, "Not saved: the vault does not take gifts from this page as it is.",
                        403, "Not saved: the vault does not take gifts from this page as it is.",
                        408, "Not saved: the connection was too slow for it.",
                        413, "Not saved: question and answer together are longer",
                        422, "Not saved: the vault does not take it as it is.")
                .forEach((status, words) -> {
                    browser.script(
                            "window.status = arguments[0];"
                                    + " window.problem = {title: 'Not found', detail: 'There is nothing at this path.'}",
                            status);
                    browser.click("#save-form button");
                    await().until(() -> browser.text("#outcome").startsWith(words));
                });
        browser.script("window.status = 202; window.found = {status: 'dead', reason: 'conflict'}");
        browser.click("#save-form button");
        await().until(() -> browser.text("#outcome")
                .equals("It could not be stored: another gift has its identity."
                        + " It is kept, and those who look after the vault can see it."));
    }

    @Test
    void aDraftIsThereAgainAfterAReload() {
        browser.open(ofPage());
        browser.type("#question", "Half a quest");
        browser.script("document.querySelector('#symbol_id').value = '7'");
        browser.type("#page_id", "12");

        browser.open(ofPage());

        assertThat(browser.find("#question").getDomProperty("value")).isEqualTo("Half a quest");
        assertThat(browser.find("#symbol_id").getDomProperty("value")).isEqualTo("7");
        assertThat(browser.find("#page_id").getDomProperty("value")).isEqualTo("12");
        browser.type("#question", "");
        browser.script("document.querySelector('#symbol_id').value = ''");
    }

    @Test
    void comesBackToTheGiftThatTheReaderWasAt() throws Exception {
        for (int i = 0; i < 150; i++) {
            store("older " + i, "a\nb\nc\nd\ne", null);
        }
        browser.open(ofPage());
        scrollUntil(() -> browser.texts(".question").contains("older 30"));
        String top = "return Array.from(document.querySelectorAll('.gift'))"
                + ".find(gift => gift.querySelector('.question').textContent === 'older 30').getBoundingClientRect().top";
        browser.script("Array.from(document.querySelectorAll('.gift'))"
                + ".find(gift => gift.querySelector('.question').textContent === 'older 30').scrollIntoView()");
        store("newer", "a", null);
        await().until(() -> browser.text("#pill").equals("1 new"));
        double before = browser.settled(top);

        browser.reload();
        awaitTop(top, before);
        assertThat(browser.text("#pill")).isEqualTo("1 new");

        // not by a click of the driver, which scrolls
        browser.script("document.querySelector('.gift:nth-of-type(120) .page').click()");
        await().until(() -> browser.<Long>script("return Math.round(scrollY)") == 0);
        browser.awaitLive();
        browser.back();
        awaitTop(top, before);

        browser.script("document.querySelector('.gift:nth-of-type(120) .address').click()");
        await().until(() -> browser.texts("#gift-place .question").size() == 1);
        browser.click("#back");
        awaitTop(top, before);
        assertThat(browser.text("#pill")).isEqualTo("1 new");
        browser.click("#pill");
        awaitNewest("newer");
    }

    @Test
    void comesBackToTheNearestGiftWhereTheReadersOwnIsGone() throws Exception {
        storeThread(150);
        browser.open(ofPage());
        scrollUntil(() -> browser.texts(".question").contains("gift 30"));
        browser.script(giftOf("gift 60") + ".scrollIntoView(); scrollBy(0, 20)");
        browser.settled("return " + giftOf("gift 60") + ".getBoundingClientRect().top");
        String own = browser.script("""
                return Array.from(document.querySelectorAll(".gift"))
                  .find(gift => gift.getBoundingClientRect().bottom > 0).querySelector(".question").textContent""");
        int number = Integer.parseInt(own.substring("gift ".length()));
        double before = browser.settled("return " + giftOf(own) + ".getBoundingClientRect().top");

        browser.script("document.querySelector('#all').click()");
        browser.awaitLive();
        delete(own);
        browser.back();
        awaitAt("gift " + (number - 1), before);

        browser.script(giftOf("gift " + (number - 1)) + ".querySelector('.address').click()");
        await().until(() -> browser.texts("#gift-place .question").size() == 1);
        delete("gift " + (number - 1));
        browser.click("#back");
        awaitAt("gift " + (number - 2), before);
    }

    private static String giftOf(String question) {
        return "Array.from(document.querySelectorAll('.gift'))"
                + ".find(gift => gift.querySelector('.question').textContent === '%s')".formatted(question);
    }

    private static void awaitAt(String question, double top) {
        browser.awaitLive();
        await().untilAsserted(() -> {
            assertThat(browser.texts(".question")).contains(question);
            assertThat(browser.<Number>script("return " + giftOf(question) + ".getBoundingClientRect().top")
                            .doubleValue())
                    .isBetween(top - 2, top + 2);
        });
    }

    private void delete(String question) throws SQLException {
        execute("update vault set deleted_at = now() where page_id = ? and question = ?", question);
    }

    /** The page hears late that its end was in sight. */
    @Test
    void theWayBackReadsEachPieceOnceOnABusyMachineToo() throws Exception {
        storeThread(350);
        Runnable end = browser.before("""
                window.IntersectionObserver = class extends IntersectionObserver {
                  constructor(hear, options) {
                    super(hear, options);
                    this.hear = hear;
                  }
                  observe(target) {
                    super.observe(target);
                    window.watches = {...window.watches, [target.id]: this};
                  }
                };
                const fetching = window.fetch;
                window.asked = [];
                window.fetch = async (path, options) => {
                  if (String(path).startsWith("/vault/list") && window.asked.push(path) === 2 && sessionStorage.isBack) {
                    await new Promise(go => window.go = go);
                  }
                  return fetching(path, options);
                };
                """);
        try {
            browser.open(ofPage());
            scrollUntil(() -> browser.texts(".question").contains("gift 90"));
            browser.script(giftOf("gift 100") + ".scrollIntoView()");
            String top = "return " + giftOf("gift 100") + ".getBoundingClientRect().top";
            double before = browser.settled(top);
            browser.script("sessionStorage.isBack = true");
            browser.reload();
            await().until(() -> browser.script("return window.go !== undefined"));

            browser.script("window.watches.end.hear([{isIntersecting: true}])");

            browser.script("window.go()");
            awaitAt("gift 100", before);
            assertThat(browser.<List<String>>script("return window.asked"))
                    .hasSizeGreaterThan(2)
                    .doesNotHaveDuplicates();
        } finally {
            end.run();
        }
    }

    private void awaitTop(String top, double before) {
        browser.awaitLive();
        await().until(() -> browser.texts(".question").contains("older 30")
                && Math.abs(browser.<Number>script(top).doubleValue() - before) < 2);
    }

    @Test
    void findsGiftsByWordsAndSaysSoInItsAddress() throws Exception {
        storeInIndex("Where is the Quincunx?", "Here.");
        storeInIndex("And the other?", "There.");
        browser.open(ofPage());

        browser.type("#filter-words", "  quincunx  here ");
        browser.click("#filter button");
        browser.awaitLive();

        await().until(() -> browser.texts(".question").equals(List.of("Where is the Quincunx?")));
        assertThat(browser.address()).isEqualTo(ofPage() + "&q=quincunx+here");
        assertThat(browser.find("#filter-words").getDomProperty("value")).isEqualTo("quincunx here");
        store("A second quincunx, here?", "Yes.", null);
        await().until(() ->
                browser.texts(".question").equals(List.of("A second quincunx, here?", "Where is the Quincunx?")));

        browser.type("#filter-words", "quincunx nowhere");
        browser.click("#filter button");
        await().until(() -> browser.text("#end").equals("No gift has these words."));
        assertThat(browser.violationsAtEveryWidth("nothing found")).isEmpty();
        browser.type("#filter-words", "-quincunx");
        browser.click("#filter button");
        await().until(() -> browser.text("#end").equals("Name a word to look for, and not only what to leave out."));
        browser.back();
        browser.back();
        browser.awaitLive();
        await().until(() -> browser.texts(".question").size() == 2);
    }

    /** It would be asked for again every two seconds. */
    @Test
    void aSearchThatTakesTooLongSaysSo() {
        browser.open(ofPage());
        browser.script("""
                const fetching = window.fetch;
                window.fetch = (path, options) => path.startsWith("/vault/search")
                    ? Promise.resolve(new Response('{"type": "/problems#long"}', {status: 503}))
                    : fetching(path, options);
                """);

        browser.type("#filter-words", "quincunx");
        browser.click("#filter button");

        await().until(() -> browser.text("#end")
                .equals("This search takes the vault too long. Name another word beside these, or a page."));
    }

    @Test
    void aSearchFindsAllThatComesAtOnce() throws Exception {
        String word = "burst" + page;
        storeBurst(word, 1);
        browser.open(ofPage() + "&q=" + word);
        await().until(() -> browser.texts(".question").equals(newest(word, 1)));

        storeBurst(word, 230);

        await().until(() -> browser.texts(".question").equals(newest(word, 231)));
        assertThat(browser.find("#pill").isDisplayed()).isFalse();
    }

    @Test
    void aSearchOffersWhatIsMoreThanItHolds() throws Exception {
        String word = "flood" + page;
        storeBurst(word, 40);
        browser.open(ofPage() + "&q=" + word);
        browser.script("document.querySelectorAll('.gift')[20].scrollIntoView()");
        browser.awaitFrames();

        storeBurst(word, 700);

        await().until(() -> browser.text("#pill").equals("500+ new"));
        browser.click("#pill");
        awaitNewest(word + " 740");
        scrollUntil(() -> browser.text("#end").equals("⁂"));
        assertThat(browser.texts(".question")).isEqualTo(newest(word, 740));
    }

    /** Whether it has the words only the vault can say. */
    @Test
    void aGiftThatComesWhileASearchIsMadeHasToHaveItsWords() throws Exception {
        String word = "early" + page;
        storeBurst(word, 1);
        Runnable end = browser.before("""
                const fetching = window.fetch;
                window.fetch = async (path, options) => {
                  const answer = await fetching(path, options);
                  if (!String(path).startsWith("/vault/search")) {
                    return answer;
                  }
                  const rows = await answer.text();
                  await new Promise(go => window.go = go);
                  return new Response(rows, {headers: answer.headers});
                };
                const parsing = JSON.parse;
                window.heard = "";
                JSON.parse = (text, ...more) => {
                  window.heard += text;
                  return parsing(text, ...more);
                };
                """);
        try {
            browser.go(ofPage() + "&q=" + word);
            await().until(() -> browser.script("return window.go !== undefined"));
            store("of something else", "a", null);
            await().until(() -> browser.<String>script("return window.heard").contains("of something else"));
            browser.awaitFrames();

            browser.script("window.go()");

            browser.awaitLive();
            assertThat(browser.texts(".question")).containsExactly(word + " 1");
        } finally {
            end.run();
        }
    }

    /** Gifts that a search finds at once, each after the one before. */
    private void storeBurst(String word, int gifts) throws SQLException {
        execute("""
                insert into vault (page_id, question, answer, created_at, searchable)
                select ?, ? || ' ' || n, 'a', now() + n * interval '1 millisecond', true from generate_series(?, ?) n
                """, word, stored + 1, stored + gifts);
        stored += gifts;
    }

    private static List<String> newest(String word, int gifts) {
        return IntStream.iterate(gifts, n -> n > 0, n -> n - 1)
                .mapToObj(n -> word + " " + n)
                .toList();
    }

    @Test
    void namesTheSymbolsAndListsThem() {
        browser.open(ofPage());
        browser.type("#question", "Who?");
        browser.type("#answer", "The fox.");
        browser.script("document.querySelector('#symbol_id').value = '1'");

        browser.click("#save-form button");

        await().until(() -> browser.texts(".gift .symbol").equals(List.of("London Fox")));
        assertThat(browser.texts("#filter-symbol option")).hasSize(17).startsWith("any", "an author", "London Fox");
        browser.click(".gift .symbol");
        browser.awaitLive();
        assertThat(browser.find("#filter-symbol").getDomProperty("value")).isEqualTo("1");
        browser.script("document.querySelector('#symbol_id').value = ''");
    }

    /** All gifts, and those of a page, which can be in another order, too. */
    @Test
    void theFilterIsCalmAtEveryWidth() {
        for (String address : List.of(all(), ofPage())) {
            browser.open(address);
            long rows = 3;
            for (int width = 390; width <= 1440; width += 25) {
                browser.screen(width, 900);
                String at = address + " at " + width;
                long fewer = browser.<Long>script("""
                        const lefts = Array.from(document.querySelectorAll("#filter .all, .fields > *"),
                          part => part.getBoundingClientRect().left);
                        return lefts.filter((left, i) => i === 0 || left <= lefts[i - 1]).length""");
                assertThat(fewer).as(at).isBetween(2L, rows);
                rows = fewer;
                assertThat(browser.<List<String>>script("""
                        const edge = document.querySelector("#filter").getBoundingClientRect();
                        const parts = Array.from(document.querySelectorAll("#filter :is(a, label, input, select, button):not([hidden])"));
                        const places = parts.map(part => part.getBoundingClientRect());
                        return parts.filter((part, i) => places[i].left < edge.left - 1 || places[i].right > edge.right + 1
                            || part.getClientRects().length > 1 || places[i].height > 40 || places[i].width < 24
                            || places.some((other, j) => j < i && other.left < places[i].right - 1 && places[i].left < other.right - 1
                              && other.top < places[i].bottom - 1 && places[i].top < other.bottom - 1))
                          .map(part => `${part.id || part.textContent} ${JSON.stringify(part.getBoundingClientRect())}`)""")).as(at).isEmpty();
            }
            assertThat(rows).as(address).isEqualTo(2);
        }
    }

    /** Whatever becomes of it: each state once, narrow and wide, light and dark. */
    @Test
    void isOpenToEveryReader() throws Exception {
        List<String> violations = new ArrayList<>();
        for (int width : List.of(390, 1440)) {
            browser.screen(width, 900);
            page = ++lastPage;
            Runnable asLoaded = browser.before("""
                    const fetching = window.fetch;
                    window.fetch = (path, options) => path.startsWith("/vault/") ? new Promise(() => {}) : fetching(path, options);
                    """);
            browser.go(ofPage());
            await().until(() -> browser.text("#state").equals("Opening the vault…"));
            violations.addAll(browser.violationsInLightAndDark(width + " loading"));
            asLoaded.run();

            browser.open(ofPage());
            browser.script("document.querySelector('#save').open = true");
            browser.script("document.querySelector('#save-form button').click()");
            violations.addAll(browser.violationsInLightAndDark(width + " empty, and a gift refused"));
            browser.script("document.querySelector('#filter-words').value = '-nowhere'");
            browser.click("#filter button");
            await().until(() -> browser.text("#end").startsWith("Name a word"));
            violations.addAll(browser.violationsInLightAndDark(width + " search refused"));

            store("A question?", "line\n".repeat(60), 7);
            store("מה כתוב כאן?", "שלום ".repeat(400), 1);
            execute("update vault set revision = gen_random_uuid() where page_id = ?");
            browser.open(ofPage());
            browser.script("document.querySelectorAll('.gift')[1].scrollIntoView()");
            browser.awaitFrames();
            store("Held back?", "Yes.", null);
            await().until(() -> browser.text("#pill").equals("1 new"));
            violations.addAll(browser.violationsInLightAndDark(width + " long gifts of two directions, and a new one"));
            browser.script("document.querySelector('#keys').click()");
            violations.addAll(browser.violationsInLightAndDark(width + " help"));
            browser.press(Keys.ESCAPE);
            await().until(() -> !browser.isShown("#help"));

            camel.getRouteController().suspendRoute("list-gifts");
            try {
                browser.script("document.querySelector('#order').click()");
                await().until(() -> browser.text("#end").startsWith("The vault cannot be read"));
                assertThat(browser.text("#state"))
                        .isEqualTo("New gifts arrive; the others cannot be read at the moment");
                browser.script("""
                        window.fetch = () => Promise.reject(new TypeError("lost"));
                        dispatchEvent(new PageTransitionEvent("pagehide"));
                        dispatchEvent(new PageTransitionEvent("pageshow", {persisted: true}));
                        """);
                await().until(() -> browser.text("#state").startsWith("Connection lost"));
                violations.addAll(browser.violationsInLightAndDark(width + " lost, and not to be read"));
            } finally {
                camel.getRouteController().resumeRoute("list-gifts");
            }
        }

        assertThat(violations).isEmpty();
    }

    @Test
    void thePageOfAGiftIsOpenToEveryReader() throws Exception {
        List<String> violations = new ArrayList<>();
        UUID dead = dead();
        UUID deleted = store("taken back", "a", null);
        execute("update vault set deleted_at = now() where page_id = ?");
        UUID blanked = store("nothing is left", "a", null);
        execute("update vault set purged_at = now() where event_id = '%s'".formatted(blanked));
        UUID there = store("מה כתוב כאן?", "line\n".repeat(60), 7);
        for (int width : List.of(390, 1440)) {
            browser.screen(width, 900);
            Runnable asLoaded = browser.before("window.fetch = () => new Promise(() => {})");
            browser.go(all() + "gifts/" + there);
            violations.addAll(browser.violationsInLightAndDark(width + " loading"));
            asLoaded.run();
            Map<UUID, String> states = Map.of(
                    UUID.randomUUID(),
                    "No gift is here yet.",
                    dead,
                    "This gift could not be stored",
                    deleted,
                    "This gift was taken back",
                    blanked,
                    "Nothing is left of this gift.");
            for (Map.Entry<UUID, String> state : states.entrySet()) {
                browser.go(all() + "gifts/" + state.getKey());
                await().until(() -> browser.text("#state").startsWith(state.getValue()));
                violations.addAll(browser.violationsInLightAndDark(width + " " + state.getValue()));
            }
            camel.getRouteController().suspendRoute("show-gift");
            try {
                browser.go(all() + "gifts/" + there);
                await().until(() -> browser.text("#state").startsWith("The vault cannot be read"));
                violations.addAll(browser.violationsInLightAndDark(width + " not to be read"));
            } finally {
                camel.getRouteController().resumeRoute("show-gift");
            }
            await().until(() -> browser.texts("#gift-place .question").size() == 1);
            browser.click("#copy");
            violations.addAll(browser.violationsInLightAndDark(width + " there"));
            browser.script("document.querySelector('#keys').click()");
            violations.addAll(browser.violationsInLightAndDark(width + " help"));
        }

        assertThat(violations).isEmpty();
    }

    /** With one short gift in letters of many kinds; with the icon, and the stream as far as it has come. */
    @Test
    void loadsAllOfThePageIn15RequestsAnd160Kilobytes() throws Exception {
        store("Zażółć gęślą jaźń, où ça? Ποιος; Кто? מי", "Pește, ığdır, ẞ, Ḥāfiẓ, ɣ, Tiếng Việt, 誰, ノ, ✓, €", 7);
        browser.forgetFiles();
        Runnable streamed = browser.before("""
                const fetching = window.fetch;
                window.streamed = 0;
                window.fetch = async (path, options) => {
                  const answer = await fetching(path, options);
                  if (!path.startsWith("/vault/stream")) {
                    return answer;
                  }
                  window.streamed += [...answer.headers].join().length;
                  return new Response(answer.body.pipeThrough(new TransformStream({transform(bytes, out) {
                    window.streamed += bytes.length;
                    out.enqueue(bytes);
                  }})), answer);
                };
                """);
        try {
            browser.open(ofPage());
        } finally {
            streamed.run();
        }
        assertThat(browser.texts(".question")).hasSize(1);

        // the icon comes when all else is there
        List<String> loaded = await().until(
                        () -> browser.<List<String>>script("""
                                return document.fonts.ready.then(() =>
                                  [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
                                    .map(entry => `${entry.transferSize} ${new URL(entry.name).pathname}`)
                                    // of what has no end the browser does not tell
                                    .concat(`${window.streamed} /vault/stream`))
                                """),
                        all -> all.stream().anyMatch(entry -> entry.matches("[1-9]\\d+ /book/icon.svg")));
        assertThat(loaded).hasSizeLessThanOrEqualTo(15).anyMatch(entry -> entry.matches("[1-9]\\d+ /vault/stream"));
        assertThat(loaded.stream()
                        .mapToInt(entry -> Integer.parseInt(entry.substring(0, entry.indexOf(" "))))
                        .sum())
                .as("%s", loaded)
                .isBetween(50_000, 160_000);
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
        assertThat(browser.<String>script("return document.querySelector('#feed').getAttribute('href')"))
                .isEqualTo("/feed?page_id=" + page);

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
        browser.click("#filter button");

        assertThat(browser.find("#filter-page").getDomAttribute("aria-invalid")).isEqualTo("true");
        assertThat(browser.address()).isEqualTo(ofPage());
    }

    @Test
    void loadsOlderGiftsWhereTheReaderGets() throws Exception {
        for (int i = 0; i < 75; i++) {
            store("gift " + i, "a\nb", null);
        }
        browser.open(ofPage());
        assertThat(browser.texts(".question")).hasSizeLessThan(75);

        scrollUntil(() -> browser.text("#end").equals("⁂"));

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
    void isReadAsABook() throws Exception {
        String sentence =
                "The lamp in the corridor has been burning since the second chapter, and nobody knows who lit it. ";
        storeAt("2026-11-23T22:30:00Z", "Monday?", sentence.repeat(12));
        storeAt("2026-11-23T23:30:00Z", "Tuesday?", "line\n".repeat(60));
        storeAt("2026-11-24T10:00:00Z", "Tuesday, too?", "a");
        browser.reader("de-DE", "Europe/Berlin");
        // a line is as long as eyes like it, wherever there is room for that
        browser.open(ofPage());
        for (int width : List.of(620, 800, 990, 1440)) {
            browser.screen(width, 900);
            assertThat(charactersOfALine()).as("at %d", width).isBetween(65.0, 75.0);
        }
        // days and times are in the reader's language, and of the reader's clock; and which a gift is in is not known
        assertThat(browser.texts(".day:not([hidden])"))
                .containsExactly("Dienstag, 24. November 2026", "Montag, 23. November 2026");
        assertThat(browser.find(".gift time").getDomAttribute("title"))
                .startsWith("Dienstag, 24. November 2026 um 11:00:00");
        assertThat(browser.find(".gift .address").getDomAttribute("lang")).isEqualTo("de-DE");
        assertThat(browser.find(".gift .answer").getDomAttribute("lang")).isEmpty();
        // who folds a long gift at its end is there still
        browser.script("document.querySelectorAll('.more')[1].click()");
        String end = "return Math.round(document.querySelectorAll('.more')[1].getBoundingClientRect().top)";
        browser.script("document.querySelectorAll('.more')[1].scrollIntoView({block: 'center'})");
        long before = browser.<Long>script(end);
        browser.script("document.querySelectorAll('.more')[1].click()");
        browser.awaitFrames();
        assertThat(browser.<Long>script(end)).isBetween(before - 1, before + 1);
        assertThat(browser.find(".gift:nth-of-type(2) .answer").getSize().getHeight())
                .isLessThan(600);
        // on paper a gift has its date
        browser.printing(true);
        assertThat(browser.find(".gift time").isDisplayed()).isFalse();
        assertThat(browser.<String>script(
                        "return getComputedStyle(document.querySelector('.gift .address'), '::after').content"))
                .isEqualTo("\"24.11.2026, 11:00\"");
        assertThat(browser.find(".gift:nth-of-type(2) .answer").getSize().getHeight())
                .isGreaterThan(600);
    }

    private static double charactersOfALine() {
        browser.script("return document.fonts.ready.then(() => 1)");
        List<Number> lines = browser.script("""
                const text = [...document.querySelectorAll(".answer")].at(-1).firstChild;
                text.parentElement.scrollIntoView();
                const range = document.createRange();
                const lines = new Map();
                for (let at = 0; at < text.length; at++) {
                  range.setStart(text, at);
                  range.setEnd(text, at + 1);
                  const line = Math.round(range.getBoundingClientRect().top);
                  lines.set(line, (lines.get(line) ?? 0) + 1);
                }
                return [...lines.values()].slice(0, -1);
                """);
        return lines.stream().mapToInt(Number::intValue).average().orElseThrow();
    }

    @Test
    void readsAPageAsItWasLeftHoweverLongItIs() throws Exception {
        storeThread(1_100);
        browser.open(ofPage());

        browser.click("#order");
        browser.awaitLive();

        await().until(() -> browser.texts(".question").equals(questions(0, 30)));
        assertThat(browser.address()).isEqualTo(ofPage() + "&order=saved");
        assertThat(browser.find("#gifts").getDomAttribute("aria-label"))
                .isEqualTo("Gifts of page " + page + ", as they were left");
        // what comes meanwhile is at the end, and nothing moves
        scrollUntil(() -> browser.texts(".question").contains("gift 250"));
        String gift = "Array.from(document.querySelectorAll('.gift'))"
                + ".find(gift => gift.querySelector('.question').textContent === 'gift 250')";
        String top = "return " + gift + "?.getBoundingClientRect().top ?? -1";
        double before = scrolledTo(gift);
        store("the last", "a", null);
        await().until(() -> browser.text("#pill").equals("1 new at the end"));
        List<String> read = browser.texts(".question");
        assertThat(read).isEqualTo(questions(0, read.size()));
        assertThat(browser.<Number>script(top).doubleValue()).isEqualTo(before);
        // the keys go on from there
        browser.script(gift + ".focus()");
        browser.press("j");
        assertThat(browser.text(".gift:focus .question")).isEqualTo("gift 251");
        browser.press("k");
        browser.script("document.activeElement.blur()");
        // the browser scrolls by whole pixels, and rounds from where it was
        assertThat(scrolledTo(gift)).isCloseTo(before, within(2.0));

        // it leads to the newest, however far away the end is, and back
        browser.script("document.querySelector('#pill').click()");
        browser.awaitLive();
        awaitNewest("the last");
        assertThat(browser.address()).isEqualTo(ofPage());
        browser.back();
        browser.awaitLive();
        await().until(() -> Math.abs(browser.<Number>script(top).doubleValue() - before) < 2);
        browser.reload();
        browser.awaitLive();
        await().until(() -> Math.abs(browser.<Number>script(top).doubleValue() - before) < 2);

        scrollUntil(() -> browser.text("#end").equals("⁂"));
        List<String> all = questions(0, 1_100);
        all.add("the last");
        assertThat(browser.texts(".question")).isEqualTo(all);
        // from now on what comes is there at once
        browser.script(gift + ".scrollIntoView()");
        store("later yet", "a", null);
        all.add("later yet");
        await().until(() -> browser.texts(".question").equals(all));
        assertThat(browser.find("#pill").isDisplayed()).isFalse();
        assertThat(browser.complaints()).isEmpty();
    }

    /** Where a gift is then: what is above it is laid out as it comes into sight, and moves it. */
    private double scrolledTo(String gift) {
        double[] last = {Double.NaN};
        await().until(() -> {
            browser.script(gift + ".scrollIntoView()");
            double before = last[0];
            last[0] = browser.settled("return " + gift + ".getBoundingClientRect().top");
            return Math.abs(last[0] - before) < 2;
        });
        return last[0];
    }

    @Test
    void aThreadCountsWhatComesUntilItsEndIsRead() throws Exception {
        storeThread(70);
        browser.open(ofPage() + "&order=saved");

        browser.type("#question", "Where is it?");
        browser.type("#answer", "At the end.");
        browser.click("#save-form button");
        await().until(() -> browser.text("#outcome").matches("Stored, after \\d+ ms; it is at the end"));
        // also while the reader is at the top
        browser.script("const gift = document.querySelector('.gift'); gift.focus(); gift.blur()");
        // of gifts that are not read yet the reader learns nothing but that there are new ones
        execute("update vault set answer = 'as edited' where page_id = ? and question = 'gift 50'");
        execute("update vault set deleted_at = now() where page_id = ? and question = 'gift 60'");
        storeAt("2026-01-01T00:00:10.5Z", "stored late", "a");
        List<String> read = questions(0, 30);
        read.add(11, "stored late");
        await().until(() -> browser.texts(".question").equals(read));
        assertThat(browser.text("#pill")).isEqualTo("1 new at the end");
        assertThat(browser.violationsAtEveryWidth("new at the end of a thread")).isEmpty();

        scrollUntil(() -> browser.text("#end").equals("⁂"));

        List<String> all = questions(0, 70);
        all.remove("gift 60");
        all.add(11, "stored late");
        all.add("Where is it?");
        assertThat(browser.texts(".question")).isEqualTo(all);
        assertThat(browser.texts(".answer").get(all.indexOf("gift 50"))).isEqualTo("as edited");
        assertThat(browser.find("#pill").isDisplayed()).isFalse();
    }

    @Test
    void whatIsNewAtTheEndOfAThreadIsSoAfterAReloadToo() throws Exception {
        storeThread(200);
        browser.open(ofPage() + "&order=saved");
        store("first new", "a", null);
        await().until(() -> browser.text("#pill").equals("1 new at the end"));

        browser.reload();

        await().until(() -> browser.text("#pill").equals("1 new at the end"));
        // also from further down, and with what came while the reader was away
        scrollUntil(() -> browser.texts(".question").contains("gift 50"));
        browser.script("document.querySelectorAll('.gift')[20].scrollIntoView()");
        browser.settled("return document.querySelectorAll('.gift')[20].getBoundingClientRect().top");
        browser.script("document.querySelector('.gift:nth-of-type(20) .address').click()");
        await().until(() -> browser.texts("#gift-place .question").size() == 1);
        store("second new", "a", null);
        browser.click("#back");
        browser.awaitLive();
        await().until(() -> browser.text("#pill").equals("2 new at the end"));

        scrollUntil(() -> browser.text("#end").equals("⁂"));
        List<String> all = questions(0, 200);
        all.addAll(List.of("first new", "second new"));
        assertThat(browser.texts(".question")).isEqualTo(all);
        assertThat(browser.find("#pill").isDisplayed()).isFalse();
        browser.reload();
        browser.awaitLive();
        await().until(() -> browser.texts(".question").size() >= 30);
        assertThat(browser.find("#pill").isDisplayed()).isFalse();
    }

    @Test
    void aThreadKeepsNoMoreOfWhatIsNewAtItsEndThanItCounts() throws Exception {
        storeThread(70);
        browser.open(ofPage() + "&order=saved");

        storeNew(480);
        await().until(() -> browser.text("#pill").equals("480 new at the end"));
        storeNew(60);

        await().until(() -> browser.text("#pill").equals("500+ new at the end"));
        // past those that are not kept the number is exact again
        scrollUntil(() -> browser.texts(".question").contains("new 60"));
        scrollUntil(() -> browser.text("#end").equals("⁂"));
        assertThat(browser.texts(".question")).hasSize(70 + 540).doesNotHaveDuplicates();
        assertThat(browser.find("#pill").isDisplayed()).isFalse();
        store("the last", "a", null);
        await().until(() -> browser.texts(".question").contains("the last"));
    }

    private int stored;

    /** Gifts that come now, each after the one before. */
    private void storeNew(int gifts) throws SQLException {
        execute("""
                insert into vault (page_id, question, answer, created_at)
                select ?, 'new ' || n, 'a', now() + n * interval '1 millisecond' from generate_series(?, ?) n
                """, stored + 1, stored + gifts);
        stored += gifts;
    }

    @Test
    void aThreadIsReadNoFurtherThanTheReaderHadComeForAGiftThatIsGone() throws Exception {
        storeThread(500);
        browser.open(ofPage() + "&order=saved");
        scrollUntil(() -> browser.texts(".question").contains("gift 50"));
        browser.script("document.querySelectorAll('.gift')[40].scrollIntoView()");
        browser.settled("return document.querySelectorAll('.gift')[40].getBoundingClientRect().top");
        browser.script("document.querySelector('#all').click()");
        browser.awaitLive();
        execute("update vault set deleted_at = now() where page_id = ? and question = 'gift 40'");

        browser.back();

        List<String> read = questions(0, 101);
        read.remove("gift 40");
        await().until(() -> browser.texts(".question").equals(read));
        // and what comes is beyond that
        store("the last", "a", null);
        await().until(() -> browser.text("#pill").equals("1 new at the end"));
        assertThat(browser.texts(".question")).isEqualTo(read);
    }

    /** The list has it, or the stream, or both, however they overtake each other. */
    @Test
    void aThreadHasTheGiftThatComesWhileItsEndIsRead() throws Exception {
        storeThread(40);
        execute("update vault set deleted_at = now() where page_id = ? and question = 'gift 38'");
        browser.open(ofPage() + "&order=saved");
        browser.script("""
                const fetching = window.fetch;
                window.fetch = async (path, options) => {
                  if (!path.startsWith("/vault/list")) {
                    return fetching(path, options);
                  }
                  await new Promise(ask => window.ask = ask);
                  const answer = await fetching(path, options);
                  const rows = await answer.text();
                  await new Promise(go => window.go = go);
                  return new Response(rows, {headers: answer.headers});
                };
                scrollTo(0, document.documentElement.scrollHeight);
                """);
        await().until(() -> browser.script("return window.ask !== undefined"));
        store("both", "a", null);
        await().until(() -> browser.text("#pill").equals("1 new at the end"));
        browser.script("window.ask()");
        await().until(() -> browser.script("return window.go !== undefined"));
        // the list has been asked by now
        storeAt("2026-01-01T00:00:34.5Z", "in between", "a");
        execute("update vault set question = 'as edited' where page_id = ? and question = 'gift 36'");
        execute("update vault set deleted_at = now() where page_id = ? and question = 'gift 37'");
        execute("update vault set deleted_at = null where page_id = ? and question = 'gift 38'");
        store("at the end", "a", null);
        await().until(() -> browser.text("#pill").equals("3 new at the end"));

        browser.script("window.go()");

        List<String> all = questions(0, 40);
        all.add(35, "in between");
        all.set(all.indexOf("gift 36"), "as edited");
        all.remove("gift 37");
        all.addAll(List.of("both", "at the end"));
        await().until(() -> browser.text("#end").equals("⁂"));
        assertThat(browser.texts(".question")).isEqualTo(all);
        assertThat(browser.find("#pill").isDisplayed()).isFalse();
    }

    /** The page hears late, and all at once, that its end has left the sight and is in it again. */
    @Test
    void aThreadIsReadToItsEndOnABusyMachineToo() throws Exception {
        storeThread(150);
        Runnable end = browser.before("""
                window.IntersectionObserver = class extends IntersectionObserver {
                  constructor(hear, options) {
                    const late = [];
                    super(entries => {
                      late.length || setTimeout(() => hear(late.splice(0)), 200);
                      late.push(...entries);
                    }, options);
                  }
                };
                """);
        try {
            browser.open(ofPage() + "&order=saved");

            scrollUntil(() -> browser.text("#end").equals("⁂"));

            assertThat(browser.texts(".question")).isEqualTo(questions(0, 150));
        } finally {
            end.run();
        }
    }

    /** The page hears late, and at once, that its top has left the sight and is in it again. */
    @Test
    void whoIsAtTheTopAgainSeesWhatComesOnABusyMachineToo() throws Exception {
        storeThread(40);
        Runnable end = browser.before("""
                window.IntersectionObserver = class extends IntersectionObserver {
                  constructor(hear, options) {
                    const late = [];
                    super(entries => {
                      late.push(...entries);
                      window.isBusy || hear(late.splice(0));
                    }, options);
                    this.late = late;
                    this.tell = () => hear(late.splice(0));
                  }
                  observe(target) {
                    super.observe(target);
                    window.watches = {...window.watches, [target.id]: this};
                  }
                };
                """);
        try {
            browser.open(ofPage());
            browser.script("window.isBusy = true; scrollTo(0, document.documentElement.scrollHeight)");
            await().until(() -> browser.<Long>script("return window.watches.top.late.length") == 1);
            browser.script("scrollTo(0, 0)");
            await().until(() -> browser.<Long>script("return window.watches.top.late.length") == 2);

            browser.script("window.isBusy = false; window.watches.top.tell()");
            store("newer", "a", null);

            awaitNewest("newer");
            assertThat(browser.find("#pill").isDisplayed()).isFalse();
        } finally {
            end.run();
        }
    }

    /** As a server has it, or the file of a route, from before there were threads. */
    @Test
    void aListThatKnowsNoThreadsIsNotAskedAgainAndAgain() throws Exception {
        storeThread(40);
        Runnable end = browser.before("""
                const fetching = window.fetch;
                window.asked = 0;
                window.fetch = (path, options) => {
                  const isList = String(path).startsWith("/vault/list");
                  window.asked += isList;
                  return fetching(isList ? path.replace(/&after=[^&]*/, "") : path, options);
                };
                """);
        try {
            browser.open(ofPage() + "&order=saved");

            scrollUntil(() -> browser.text("#end").startsWith("The vault cannot be read at the moment."));

            assertThat(browser.<Long>script("return window.asked")).isLessThan(4);
        } finally {
            end.run();
        }
    }

    @Test
    void keysWorkWhereverTheReaderIs() throws Exception {
        store("lower", "a", null);
        UUID upper = store("upper", "a", null);
        browser.open(ofPage());

        browser.press("j");
        browser.press("j");
        assertThat(browser.text(".gift:focus .question")).isEqualTo("lower");
        // what is the browser's, or goes into a word that is being composed, is left alone
        for (String how : List.of("ctrlKey", "altKey", "metaKey", "isComposing")) {
            browser.script(
                    "document.activeElement.dispatchEvent("
                            + "new KeyboardEvent('keydown', {key: 'k', bubbles: true, [arguments[0]]: true}))",
                    how);
        }
        assertThat(browser.text(".gift:focus .question")).isEqualTo("lower");
        browser.press("k");
        assertThat(browser.text(".gift:focus .question")).isEqualTo("upper");
        browser.press("/");
        browser.press("j?");
        assertThat(browser.find("#filter-words").getDomProperty("value")).isEqualTo("j?");
        browser.script("document.activeElement.blur()");
        browser.press("?");
        assertThat(browser.find("#help").isDisplayed()).isTrue();
        browser.click("#keys-on");
        browser.press(Keys.ESCAPE);
        await().until(() -> !browser.isShown("#help"));
        browser.press("/");
        assertThat(browser.<String>script("return document.activeElement.id")).isNotEqualTo("filter-words");
        browser.open(ofPage());
        browser.press("/");
        assertThat(browser.<String>script("return document.activeElement.id")).isNotEqualTo("filter-words");
        browser.click("#keys");
        browser.click("#keys-on");
        browser.click("#help .close");
        assertThat(browser.find("#help").isDisplayed()).isFalse();

        browser.go(all() + "gifts/" + upper);
        await().until(() -> browser.texts("#gift-place .question").size() == 1);
        browser.press("?");
        assertThat(browser.find("#help").isDisplayed()).isTrue();
        browser.press(Keys.ESCAPE);
        await().until(() -> !browser.isShown("#help"));
        browser.press("/");
        browser.awaitLive();
        assertThat(browser.<String>script("return document.activeElement.id")).isEqualTo("filter-words");
        assertThat(browser.complaints()).isEmpty();
    }

    @Test
    void theKeysOfThePageOfAGiftDoWhatItsHelpSays() throws Exception {
        storeThread(3);
        browser.open(ofPage());
        browser.click(".gift:nth-of-type(2) .address");
        awaitGift("gift 1");

        browser.press("?");
        assertThat(browser.texts("#help[open] kbd")).containsExactly("j", "k", "/", "?");
        browser.press(Keys.ESCAPE);
        await().until(() -> !browser.isShown("#help"));
        browser.press("j");
        awaitGift("gift 2");
        browser.press("j");
        await().until(() -> browser.text("#state").equals("This is the last gift of page %d.".formatted(page)));
        browser.press("k");
        awaitGift("gift 1");
        browser.press("k");
        awaitGift("gift 0");
        browser.press("k");
        await().until(() -> browser.text("#state").equals("This is the first gift of page %d.".formatted(page)));
        browser.press("/");
        browser.awaitLive();
        assertThat(browser.address()).startsWith(ofPage());
        assertThat(browser.<String>script("return document.activeElement.id")).isEqualTo("filter-words");
        assertThat(browser.complaints()).isEmpty();
    }

    /** Also while the page draws its list anew, and shows none. */
    private static void awaitNewest(String question) {
        await().until(() -> browser.texts(".question").stream()
                .findFirst()
                .filter(question::equals)
                .isPresent());
    }

    private static void awaitGift(String question) {
        await().until(() -> browser.texts("#gift-place .question").equals(List.of(question)));
    }

    @Test
    void aReaderOnAPhoneComesByALinkSearchesFollowsAPageAndIsBack() throws Exception {
        String word = "quincunx" + page;
        for (int i = 0; i < 60; i++) {
            storeInIndex("The " + word + ", " + i, "a\nb\nc");
        }
        UUID first = store("Where does it begin?", "Here.", null);
        browser.screen(390, 844);

        browser.go(all() + "gifts/" + first);
        await().until(() -> browser.texts("#gift-place .question").equals(List.of("Where does it begin?")));
        browser.click("#back");
        browser.awaitLive();
        browser.type("#filter-words", word);
        browser.click("#filter button");
        browser.awaitLive();
        await().until(() -> {
            browser.script("scrollTo(0, document.documentElement.scrollHeight)");
            return browser.texts(".question").size() == 60;
        });
        browser.script("document.querySelectorAll('.gift')[40].scrollIntoView()");
        String top = "return document.querySelectorAll('.gift')[40]?.getBoundingClientRect().top ?? -9999";
        double before = browser.settled(top);
        browser.click(".gift:nth-of-type(41) .page");
        browser.awaitLive();
        await().until(() -> browser.texts(".question").contains("Where does it begin?"));
        assertThat(browser.address()).isEqualTo(ofPage());

        browser.back();
        browser.awaitLive();

        await().until(() -> Math.abs(browser.<Number>script(top).doubleValue() - before) < 2);
        assertThat(browser.address()).isEqualTo(all() + "?q=" + word);
        assertThat(browser.text(".gift:nth-of-type(41) .question")).isEqualTo("The " + word + ", 19");
        assertThat(browser.<Long>script("return document.documentElement.scrollWidth"))
                .isLessThanOrEqualTo(390);
        assertThat(browser.complaints()).isEmpty();
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

    /** As a reader gets there: the list grows as its end comes near. */
    private static void scrollUntil(Callable<Boolean> isThere) {
        await().pollInterval(Duration.ofMillis(20)).until(() -> {
            browser.script("scrollTo(0, document.documentElement.scrollHeight)");
            return isThere.call();
        });
    }

    private static List<String> questions(int from, int to) {
        return IntStream.range(from, to).mapToObj(i -> "gift " + i).collect(Collectors.toCollection(ArrayList::new));
    }

    private String ofPage() {
        return "http://localhost:%d/?page_id=%d".formatted(port, page);
    }

    private UUID store(String question, String answer, Integer symbol) throws SQLException {
        UUID id = UUID.randomUUID();
        execute(
                "insert into vault (page_id, question, answer, symbol_id, event_id) values (?, ?, ?, ?, ?)",
                question,
                answer,
                symbol,
                id);
        return id;
    }

    /** Gifts of one day, a second after each other. */
    private void storeThread(int gifts) throws SQLException {
        execute("""
                insert into vault (page_id, question, answer, created_at)
                select ?, 'gift ' || n, 'a', timestamptz '2026-01-01T00:00:00Z' + n * interval '1 second'
                  from generate_series(0, ? - 1) n
                """, gifts);
    }

    private void storeAt(String time, String question, String answer) throws SQLException {
        execute(
                "insert into vault (page_id, question, answer, created_at) values (?, ?, ?, ?::timestamptz)",
                question,
                answer,
                time);
    }

    /** A gift that the vault does not take. */
    private UUID dead() throws SQLException {
        UUID dead = UUID.randomUUID();
        execute("""
                insert into dead_letter (event_id, topic, partition, record_offset, record_timestamp, reason, message,
                                         first_failed_at, last_failed_at)
                values (?2, 'gift_events', 0, ?1, 0, 'refused', 'secret of the database', now(), now())
                """.replace("?1", Long.toString(page)).replace("?2", "'" + dead + "'"));
        return dead;
    }

    /** Where a search finds it at once. */
    private void storeInIndex(String question, String answer) throws SQLException {
        execute("insert into vault (page_id, question, answer, searchable) values (?, ?, ?, true)", question, answer);
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
