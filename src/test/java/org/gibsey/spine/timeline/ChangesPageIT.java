package org.gibsey.spine.timeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.apache.camel.CamelContext;
import org.gibsey.spine.embedded.AnonymousChangesIT;
import org.gibsey.spine.embedded.Browser;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openqa.selenium.Keys;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.client.TestRestTemplate;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.http.HttpEntity;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Edit, delete and undo on the page, in a real browser, where anybody may change any gift. */
@AnonymousChangesIT
class ChangesPageIT {

    /** What the page waits for is over at once; the undo of ten seconds among it. */
    private static final String HASTE = """
            const waiting = window.setTimeout;
            window.setTimeout = (action, wait) => waiting(action, Math.min(wait ?? 0, 300));
            """;

    /**
     * What changes were sent, with their keys, is kept. They are stored, but until the page is told that it is heard their answers are
     * lost; while it is refusing, none of them gets so far.
     */
    private static final String LOSING_ANSWERS = """
            const fetching = window.fetch;
            window.sent = [];
            window.fetch = async (path, options) => {
              if (!options?.method) {
                return fetching(path, options);
              }
              window.sent.push(`${options.method} ${options.headers["Idempotency-Key"]}`);
              const answer = window.isRefusing ? null : await fetching(path, options);
              return window.isHeard ? answer : new Response("{}", {status: window.isRefusing || 503});
            };
            """;

    /** While it ages, minutes pass between any two looks, and the undo of ten seconds has no end. */
    private static final String AGEING = """
            const now = performance.now.bind(performance);
            let later = 0;
            window.isAgeing = true;
            performance.now = () => now() + (window.isAgeing ? later += 60_000 : later);
            const waiting = window.setTimeout;
            window.setTimeout = (action, wait) => waiting(action, window.isAgeing && wait === 10_000 ? 1e9 : wait);
            """;

    private static Browser browser;
    private static long lastPage = 56_200;

    @LocalServerPort
    int port;

    @Autowired
    CamelContext camel;

    @Autowired
    JdbcClient vault;

    @Autowired
    TestRestTemplate http;

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
        // a page of this origin that runs nothing
        browser.go("http://localhost:%d/auth.json".formatted(port));
        browser.script("sessionStorage.clear()");
        browser.clear();
        browser.screen(0, 0);
    }

    @Test
    void anEditShowsInEveryWindowAtOnceAndKeepsItsHistory() {
        store("Who reads this?", "Nobody.");
        String other = browser.open(ofPage()).window();
        browser.openWindow(ofPage());

        openEditor();
        browser.type("#edit-answer", "Whoever has the page open.");
        browser.click("dialog [type=submit]");

        // before it is stored, and then for all
        assertThat(browser.texts(".answer")).containsExactly("Whoever has the page open.");
        await().until(() -> browser.texts("#announcer").equals(List.of("Saved.")));
        assertThat(browser.texts(".gift .note")).isEmpty();
        assertThat(browser.<String>script("return document.activeElement.className"))
                .isEqualTo("quiet edit");
        browser.click(".edited");
        await().until(() -> browser.texts(".steps .answer").equals(List.of("Whoever has the page open.", "Nobody.")));
        browser.toFront(other);
        await().until(() -> browser.texts(".answer").equals(List.of("Whoever has the page open.")));
        assertThat(browser.texts(".edited")).containsExactly("edited");
        assertThat(browser.complaints()).isEmpty();
    }

    @Test
    void aDeletedGiftLeavesEveryWindowAndComesBackWhereItWas() {
        store("lower", "a");
        store("middle", "a");
        store("upper", "a");
        String other = browser.open(ofPage()).window();
        String own = browser.openWindow(ofPage());

        browser.click(".gift:nth-of-type(2) .delete");

        await().until(() -> browser.texts(".taken .note").equals(List.of("Deleted. Undo")));
        assertThat(browser.<String>script("return document.activeElement.textContent"))
                .isEqualTo("Undo");
        browser.toFront(other);
        await().until(() -> browser.texts(".question").equals(List.of("upper", "lower")));
        browser.toFront(own);
        browser.find(".note button").sendKeys(Keys.ENTER);
        await().until(() -> browser.texts("#announcer").equals(List.of("It is back.")));
        assertThat(browser.texts(".question")).containsExactly("upper", "middle", "lower");
        assertThat(browser.texts(".gift .note")).isEmpty();
        browser.toFront(other);
        await().until(() -> browser.texts(".question").equals(List.of("upper", "middle", "lower")));
    }

    @Test
    void anUndoThatFailsSaysWhyAndIsTriedAgain() throws IOException {
        store("taken back by mistake", "a");
        browser.open(ofPage());
        browser.script("""
                const fetching = window.fetch;
                window.refusal = 503;
                window.fetch = (path, options) => path.endsWith("/restore") && window.refusal
                  ? Promise.resolve(new Response("{}", {status: window.refusal})) : fetching(path, options);
                """);

        browser.click(".delete");
        await().until(() -> browser.texts(".taken .note").equals(List.of("Deleted. Undo")));
        browser.click(".note button");

        awaitNote(
                "The vault takes nothing at the moment\\. It is brought back once the vault takes that, asked again by itself"
                        + " in \\d+ s\\.");
        assertThat(browser.violationsAtEveryWidth("undo waiting")).isEmpty();
        browser.script("window.refusal = 401");
        awaitNote("It may be back already\\. You are signed out\\. Sign in, then try again\\. Try again");
        assertThat(browser.violationsAtEveryWidth("undo failed")).isEmpty();
        browser.script("window.refusal = 0");
        browser.click(".note button");
        await().until(() -> browser.texts("#announcer").equals(List.of("It is back.")));
        assertThat(browser.texts(".gift .note")).isEmpty();
        assertThat(browser.text(".question")).isEqualTo("taken back by mistake");
    }

    @Test
    void whatIsNotBroughtBackInTimeIsGoneFromThePage() {
        String gift = store("q", "a");
        store("other", "a");
        browser.open(ofPage());
        browser.script(HASTE);

        browser.script("document.querySelector('.gift:nth-of-type(2) .delete').click()");

        await().until(() -> browser.texts(".question").equals(List.of("other")));
        assertThat(browser.<String>script("return document.activeElement.id")).isEqualTo("gifts");
        browser.open(ofPage());
        assertThat(browser.texts(".question")).containsExactly("other");
        browser.go("http://localhost:%d/gifts/%s".formatted(port, gift));
        await().until(() -> browser.text("#state").equals("This gift was taken back by its reader."));
    }

    @Test
    void thePageOfAGiftIsLiveToo() {
        String gift = store("first", "a");
        // its address is the same however its characters are written
        browser.go("http://localhost:%d/gifts/%%%02x%s".formatted(port, (int) gift.charAt(0), gift.substring(1)));
        await().until(() -> browser.texts(".question").equals(List.of("first")));

        change(gift, "question = 'second'");
        await().until(() -> browser.texts(".question").equals(List.of("second")));
        openEditor();
        browser.type("#edit-question", "third");
        browser.click("dialog [type=submit]");
        await().until(() -> browser.texts("#announcer").equals(List.of("Saved.")));
        assertThat(browser.texts(".question")).containsExactly("third");
        change(gift, "deleted_at = now()");
        await().until(() -> browser.text("#state").equals("This gift was taken back by its reader."));
        assertThat(browser.texts(".gift")).isEmpty();
        change(gift, "deleted_at = null");
        await().until(() -> browser.texts(".question").equals(List.of("third")));
    }

    @Test
    void theLanguageOfAGiftFollowsItOnItsPageAndStaysWithAnEdit() {
        String gift = store("Wer liest?", "Jeder.");
        change(gift, "lang = 'de'");
        browser.go("http://localhost:%d/gifts/%s".formatted(port, gift));
        await().until(() -> languages().equals(List.of("de", "de")));

        change(gift, "lang = 'de-AT'");
        await().until(() -> languages().equals(List.of("de-AT", "de-AT")));
        openEditor();
        assertThat(browser.find("#edit-answer").getDomProperty("lang")).isEqualTo("de-AT");
        browser.type("#edit-answer", "Jede.");
        browser.click("dialog [type=submit]");
        await().until(() -> browser.texts("#announcer").equals(List.of("Saved.")));
        assertThat(languages()).containsExactly("de-AT", "de-AT");
        assertThat(vault.sql("select answer || lang from vault where event_id = cast(? as uuid)")
                        .param(gift)
                        .query(String.class)
                        .single())
                .isEqualTo("Jede.de-AT");
        browser.click(".edited");
        await().until(() -> browser.texts(".steps .lang").equals(List.of("Language: de-AT")));
    }

    private static List<String> languages() {
        return browser.script(
                "return [...document.querySelectorAll('.gift .question, .gift .answer')].map(text => text.lang)");
    }

    /** The gift was read before the change, and the answer comes after the stream has told of it. */
    @Test
    void aGiftThatIsReadLateBringsNothingBackOnItsPage() {
        String gift = UUID.randomUUID().toString();
        browser.go("http://localhost:%d/gifts/%s".formatted(port, gift));
        await().until(() -> browser.text("#state").startsWith("No gift is here yet."));
        // the second answer that has it is the one to the look when the stream is open
        browser.script("""
                const fetching = window.fetch;
                let found = 0;
                window.fetch = async (path, options) => {
                  const answer = await fetching(path, options);
                  if (!path.startsWith("/vault/gifts/") || !answer.ok || ++found !== 2) {
                    return answer;
                  }
                  const gift = await answer.text();
                  await new Promise(go => window.go = go);
                  return {ok: true, status: 200, headers: answer.headers, text: async () => {
                    setTimeout(() => window.isHeard = true, 100);
                    return gift;
                  }};
                };
                """);
        vault.sql("insert into vault (event_id, page_id, question, answer) values (cast(? as uuid), ?, 'first', 'a')")
                .params(gift, page)
                .update();
        await().until(() -> browser.script("return window.go !== undefined"));
        change(gift, "question = 'second'");
        await().until(() -> browser.texts(".question").equals(List.of("second")));

        browser.script("window.go()");

        await().until(() -> browser.script("return window.isHeard === true"));
        assertThat(browser.texts(".question")).containsExactly("second");
    }

    /** The list was read before the change, and its answer comes after the stream has told of it. */
    @ParameterizedTest
    @CsvSource({"410, Nothing is left of this gift.", "404, No gift is here"})
    void aGiftThatIsFoundGoneIsNotOnItsPageAnyMore(int status, String words) {
        String gift = UUID.randomUUID().toString();
        vault.sql(
                        "insert into vault (event_id, page_id, question, answer) values (cast(? as uuid), ?, 'Gone?', 'Yes.')")
                .params(gift, page)
                .update();
        Runnable stubbed = browser.before("""
                const fetching = window.fetch;
                window.fetch = (path, options) => path.startsWith("/vault/stream")
                  ? Promise.resolve(new Response(new ReadableStream({start(stream) {
                      window.tell = text => stream.enqueue(new TextEncoder().encode(text));
                    }})))
                  : path.startsWith("/vault/gifts/") && window.status
                    ? Promise.resolve(new Response("{}", {status: window.status})) : fetching(path, options);
                """);
        try {
            browser.go("http://localhost:%d/gifts/%s".formatted(port, gift));
            await().until(() -> browser.texts(".question").equals(List.of("Gone?")));
            await().until(() -> browser.script("return window.tell !== undefined"));

            browser.script("""
                    window.status = arguments[0];
                    window.tell('event: position\\ndata: {"live":true}\\n\\n');
                    """, status);

            await().until(() -> browser.text("#state").startsWith(words));
            assertThat(browser.texts(".gift")).isEmpty();
            assertThat(browser.find("#share").isDisplayed()).isFalse();
        } finally {
            stubbed.run();
        }
    }

    @Test
    void aListThatIsReadLateBringsNothingBack() {
        String edited = store("edited", "a");
        String deleted = store("deleted", "a");
        browser.open("http://localhost:%d/?page_id=%d".formatted(port, ++lastPage));
        browser.script("""
                const fetching = window.fetch;
                window.fetch = async (path, options) => {
                  const answer = await fetching(path, options);
                  if (!path.startsWith("/vault/list")) {
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
                history.pushState(null, "", arguments[0]);
                dispatchEvent(new PopStateEvent("popstate"));
                """, "/?page_id=" + page);
        await().until(() -> browser.script("return window.go !== undefined"));
        change(edited, "question = 'as it is now'");
        change(deleted, "deleted_at = now()");
        await().until(() -> browser.<String>script("return window.heard")
                .contains("{\"id\":%d,\"event_id\":\"%s\"}".formatted(number(deleted), deleted)));

        browser.script("window.go()");

        await().until(() -> browser.texts(".question").equals(List.of("as it is now")));
        assertThat(browser.find("#gifts").getDomAttribute("aria-busy")).isEqualTo("false");
    }

    private long number(String gift) {
        return vault.sql("select id from vault where event_id = cast(? as uuid)")
                .param(gift)
                .query(Long.class)
                .single();
    }

    /** Whatever the reason, the page shows what the vault has, and the reader has what was typed. */
    @Test
    void whatIsRefusedGoesBackWithTheReasonAndLosesNoText() throws IOException {
        store("as it was", "a");
        browser.open(ofPage());
        browser.script("""
                const fetching = window.fetch;
                window.fetch = (path, options) => {
                  const {refusal, outcome} = window;
                  return refusal && options?.method
                    ? Promise.resolve(new Response(JSON.stringify(refusal.problem ?? {}), {status: refusal.status}))
                    : outcome && options?.method
                      ? Promise.resolve(new Response("{}", {status: 202, headers: {Location: "/vault/changes/of-a-test"}}))
                      : outcome && path.startsWith("/vault/changes/")
                        ? Promise.resolve(new Response(JSON.stringify({status: outcome}), {status: 200}))
                        : fetching(path, options);
                };
                """ + HASTE);
        openEditor();
        browser.type("#edit-question", "typed for an hour");

        assertRefused("window.refusal = {status: 401}", "You are signed out.");
        assertRefused("window.refusal = {status: 403, problem: {type: '/problems#foreign'}}", "another reader's");
        assertRefused(
                "window.refusal = {status: 403, problem: {type: '/problems#readonly'}}", "cannot be changed here");
        assertRefused("window.refusal = {status: 404}", "does not have this gift yet");
        assertRefused("window.refusal = {status: 409, problem: {type: '/problems#dead'}}", "could not store this");
        assertRefused("window.refusal = {status: 412}", "changed in the meantime");
        assertRefused("window.refusal = {status: 413}", "longer than the vault takes");
        assertRefused(
                "window.refusal = {status: 422, problem: {errors: [{pointer: '/question', reason: 'no NUL'}]}}",
                "mend what is marked");
        assertThat(browser.text("#edit-question-error"))
                .isEqualTo("There is something in this that the vault cannot keep.");
        assertRefused("delete window.refusal; window.outcome = 'conflict'", "changed in the meantime");
        assertRefused("window.outcome = 'superseded'", "A later change of it holds");
        assertRefused("window.outcome = 'dead'", "could not store this");
        browser.click("dialog [type=submit]");
        await().until(() -> browser.text("dialog .outcome").contains("could not store this"));
        assertThat(browser.violationsAtEveryWidth("edit not taken", "dialog[open]"))
                .isEmpty();

        browser.click("dialog[open] .close");
        browser.script("window.refusal = {status: 403, problem: {type: '/problems#foreign'}}");
        browser.click(".delete");
        await().until(() -> browser.texts(".gift .note").equals(List.of("Not deleted. It is another reader's gift.")));
        assertThat(browser.texts(".taken")).isEmpty();
        assertThat(browser.violationsAtEveryWidth("not deleted")).isEmpty();
        // what the dialog holds when it is opened again, also on a page that was loaded again
        browser.open(ofPage());
        openEditor();
        assertThat(browser.find("#edit-question").getDomProperty("value")).isEqualTo("typed for an hour");
        assertThat(browser.violationsAtEveryWidth("edit that was begun before", "dialog[open]"))
                .isEmpty();
        browser.click("dialog .note button");
        assertThat(browser.find("#edit-question").getDomProperty("value")).isEqualTo("as it was");
    }

    /** The stream may tell of it later. */
    @Test
    void whatIsRefusedForAGiftThatIsGoneTakesTheGiftFromThePageAndLosesNoText() {
        store("as it was", "a");
        Map.of(
                        "path.startsWith('/vault/changes/') ? [200, {status: 'void'}] : [202, {}]",
                        "Nothing is left of this gift.",
                        "[410, {}]",
                        "The gift is deleted, and cannot be changed.")
                .forEach((answer, reason) -> {
                    browser.open(ofPage());
                    browser.script("""
                            const fetching = window.fetch;
                            window.fetch = async (path, options) => {
                              if (!options?.method && !path.startsWith("/vault/changes/")) {
                                return fetching(path, options);
                              }
                              const [status, body] = %s;
                              return new Response(JSON.stringify(body), {status, headers: {Location: "/vault/changes/of-a-test"}});
                            };
                            """.formatted(answer));
                    openEditor();
                    browser.type("#edit-question", "typed for an hour");

                    browser.click("dialog [type=submit]");

                    await().until(() -> browser.text("dialog .outcome").equals(reason));
                    assertThat(browser.find("#edit-question").getDomProperty("value"))
                            .isEqualTo("typed for an hour");
                    assertThat(browser.texts(".gift")).isEmpty();
                });
    }

    @Test
    void aGiftThatWasDeletedDuringItsEditStaysAwayFromItsPageUntilItIsBroughtBack() {
        String gift = store("as it was", "a");
        browser.go("http://localhost:%d/gifts/%s".formatted(port, gift));
        await().until(() -> browser.texts(".question").equals(List.of("as it was")));
        openEditor();
        browser.type("#edit-question", "typed for an hour");
        change(gift, "deleted_at = now()");
        await().until(() -> browser.texts(".gift").isEmpty());

        browser.click("dialog [type=submit]");

        await().until(() -> browser.text("dialog .outcome").equals("The gift is deleted, and cannot be changed."));
        assertThat(browser.find("#edit-question").getDomProperty("value")).isEqualTo("typed for an hour");
        assertThat(browser.texts(".gift")).isEmpty();
        assertThat(browser.texts("#state")).containsExactly("This gift was taken back by its reader.");
        change(gift, "deleted_at = null");
        await().until(() -> browser.texts(".question").equals(List.of("as it was")));
    }

    @Test
    void aDeleteThatMayBeStoredIsSentAgainByItselfAndIsOne() throws IOException {
        String gift = store("q", "a");
        browser.open(ofPage());
        browser.script(LOSING_ANSWERS);

        browser.click(".delete");

        awaitNote(
                "The vault takes nothing at the moment\\. Your delete is kept here, and sent again by itself in \\d+ s;"
                        + " it is done once\\. Undo");
        assertThat(browser.texts(".gift.taken")).hasSize(1);
        assertThat(browser.violationsAtEveryWidth("delete waiting")).isEmpty();
        browser.script("window.isHeard = true");
        awaitNote("Deleted\\. Undo");
        assertThat(browser.<String>script("return document.activeElement.textContent"))
                .isEqualTo("Undo");
        assertThat(sent()).hasSizeGreaterThan(1).containsOnly(sent().get(0));
        assertThat(changesOf(gift)).isOne();
    }

    /** To bring back what may not be deleted yet would have the delete come after it. */
    @Test
    void aDeleteThatMayBeStoredIsUndoneOnceThatIsKnown() throws IOException {
        String gift = store("q", "a");
        browser.open(ofPage());
        browser.script(LOSING_ANSWERS);
        browser.click(".delete");
        awaitNote("The vault takes nothing at the moment\\. Your delete .*");

        browser.click(".note button");

        awaitNote(
                "The vault takes nothing at the moment\\. It may be deleted already; it is brought back by itself once that"
                        + " is known, asked again in \\d+ s\\.");
        assertThat(browser.texts(".gift.taken")).isEmpty();
        assertThat(browser.violationsAtEveryWidth("undo of a delete that waits"))
                .isEmpty();
        browser.script("window.isHeard = true");
        await().until(() -> browser.texts("#announcer").equals(List.of("It is back.")));
        assertThat(browser.texts(".gift .note")).isEmpty();
        assertThat(browser.texts(".gift .acts")).hasSize(1);
        assertThat(Set.copyOf(sent())).hasSize(2);
        await().until(() ->
                http.getForObject("/vault/list?page_id=" + page, String.class).contains(gift));
    }

    /** To bring back what may not be deleted yet would find it there, and have the delete come after it. */
    @Test
    void anUndoOfWhatMayBeDeletedIsTriedAgainFromTheDeleteOn() {
        String gift = store("q", "a");
        browser.open(ofPage());
        browser.script(LOSING_ANSWERS);
        browser.click(".delete");
        awaitNote("The vault takes nothing at the moment\\. Your delete .*");
        browser.click(".note button");
        browser.script("window.isRefusing = 401");
        awaitNote("It may be deleted already\\. You are signed out\\. Sign in, then try again\\. Try again");
        assertThat(sent()).containsOnly(sent().get(0));

        browser.script("window.isRefusing = 0; window.isHeard = true");
        browser.click(".note button");

        await().until(() -> browser.texts("#announcer").equals(List.of("It is back.")));
        assertThat(browser.texts(".gift .note")).isEmpty();
        assertThat(Set.copyOf(sent())).hasSize(2);
        assertThat(changesOf(gift)).isEqualTo(2);
    }

    /** Until then the vault says that the gift is there, whatever will become of it. */
    @Test
    void anUndoWaitsForItsDeleteHoweverLongTheVaultKeepsThatOnly() throws Exception {
        String gift = store("q", "a");
        browser.open(ofPage());
        browser.script(AGEING);
        camel.getRouteController().stopRoute("persist-changes");
        try {
            browser.click(".delete");
            awaitNote("Kept, and deleted for all when the vault stores again\\. Undo");
            browser.click(".note button");

            String kept =
                    "Your delete is kept. It is done when the vault stores again, and then brought back by itself;"
                            + " keep this window open until then.";
            await().until(() -> browser.texts("#announcer").equals(List.of(kept)));
            assertThat(browser.texts(".gift .note")).containsExactly(kept);
            assertThat(browser.texts(".gift .acts")).isEmpty();
            assertThat(browser.violationsAtEveryWidth("undo of a delete that is kept"))
                    .isEmpty();
            browser.script("window.isAgeing = false");
        } finally {
            camel.getRouteController().startRoute("persist-changes");
        }

        await().until(() -> browser.texts("#announcer").equals(List.of("It is back.")));
        assertThat(browser.texts(".gift .note")).isEmpty();
        assertThat(browser.texts(".gift .acts")).hasSize(1);
        assertThat(changesOf(gift)).isEqualTo(2);
        assertThat(http.getForObject("/vault/list?page_id=" + page, String.class))
                .contains(gift);
    }

    @Test
    void aDeleteThatWasNotTakenIsOverWithItsUndo() {
        String gift = store("q", "a");
        browser.open(ofPage());
        browser.script(LOSING_ANSWERS + "window.isRefusing = 429;");
        browser.click(".delete");
        awaitNote("The vault takes nothing at the moment\\. Your delete .*");

        browser.click(".note button");

        await().until(() -> browser.texts("#announcer").equals(List.of("Not deleted.")));
        assertThat(browser.texts(".gift .note")).isEmpty();
        assertThat(browser.texts(".gift .acts")).hasSize(1);
        assertThat(sent()).containsOnly(sent().get(0));
        assertThat(changesOf(gift)).isZero();
    }

    @Test
    void anEditThatMayBeStoredIsSentAgainByItselfAndIsOne() throws IOException {
        String gift = store("q", "a");
        browser.open(ofPage());
        browser.script(LOSING_ANSWERS);
        openEditor();
        browser.type("#edit-question", "sent once");

        browser.click("dialog [type=submit]");

        awaitNote("The vault takes nothing at the moment\\. Your edit is kept here, and sent again by itself in \\d+ s;"
                + " it is saved once\\. Stop trying");
        assertThat(browser.texts(".question")).containsExactly("sent once");
        assertThat(browser.violationsAtEveryWidth("edit waiting")).isEmpty();
        browser.script("window.isHeard = true");
        await().until(() -> browser.texts("#announcer").equals(List.of("Saved.")));
        assertThat(browser.texts(".gift .note")).isEmpty();
        assertThat(browser.texts(".question")).containsExactly("sent once");
        assertThat(sent()).hasSizeGreaterThan(1).containsOnly(sent().get(0));
        assertThat(changesOf(gift)).isOne();
    }

    @Test
    void whoStopsAnEditThatMayBeStoredHasItsTextAndSendsTheSameOneAgain() {
        String gift = store("q", "a");
        browser.open(ofPage());
        browser.script(LOSING_ANSWERS + "window.isRefusing = 503;");
        openEditor();
        browser.type("#edit-question", "typed for an hour");
        browser.click("dialog [type=submit]");
        awaitNote(".* Stop trying");

        browser.click(".note button");

        await().until(() -> browser.text("dialog .outcome")
                .equals("Not tried any more. It may be saved already: saved again as it is, it is saved once."));
        assertThat(browser.find("#edit-question").getDomProperty("value")).isEqualTo("typed for an hour");
        assertThat(browser.texts(".question")).containsExactly("q");
        browser.script("window.isRefusing = 0; window.isHeard = true");
        browser.click("dialog [type=submit]");
        await().until(() -> browser.texts("#announcer").equals(List.of("Saved.")));
        assertThat(browser.texts(".question")).containsExactly("typed for an hour");
        assertThat(sent()).hasSizeGreaterThan(1).containsOnly(sent().get(0));
        assertThat(changesOf(gift)).isOne();
    }

    /** As the reader reads it at the gift. */
    private static void awaitNote(String words) {
        await().untilAsserted(() -> assertThat(browser.texts(".gift .note"))
                .singleElement()
                .asString()
                .matches(words));
    }

    private static List<String> sent() {
        return browser.script("return window.sent");
    }

    private long changesOf(String gift) {
        return vault.sql("select count(*) from gift_change where gift = cast(? as uuid)")
                .param(gift)
                .query(Long.class)
                .single();
    }

    private static void openEditor() {
        browser.click(".gift .edit");
        await().until(() -> browser.script("return document.querySelector('dialog[open] #edit-question') !== null"));
    }

    private void assertRefused(String how, String reason) {
        browser.script(how);
        browser.click("dialog [type=submit]");
        await().untilAsserted(() -> {
            assertThat(browser.text("dialog .outcome")).contains(reason);
            assertThat(browser.find("dialog[open]").isDisplayed()).isTrue();
        });
        assertThat(browser.find("#edit-question").getDomProperty("value")).isEqualTo("typed for an hour");
        assertThat(browser.texts(".question")).containsExactly("as it was");
        browser.script("document.querySelector('dialog .outcome').textContent = ''");
    }

    @Test
    void anEditOnItsWayIsNotOpenedAgainAndLosesNoText() throws IOException {
        store("as it was", "a");
        browser.open(ofPage());
        browser.script("""
                const fetching = window.fetch;
                window.fetch = (path, options) => options?.method
                  ? new Promise(answer => window.answer = answer)
                  : fetching(path, options);
                """);
        openEditor();
        browser.type("#edit-question", "typed for an hour");
        browser.click("dialog [type=submit]");
        await().until(() -> browser.script("return window.answer !== undefined"));

        browser.click(".gift .edit");
        awaitNote("Saving… It can be changed again when that is done.");
        assertThat(browser.violationsAtEveryWidth("edit on its way")).isEmpty();
        assertThat(browser.<Boolean>script("return document.querySelector('dialog[open]') === null"))
                .isTrue();
        browser.click(".gift .delete");
        assertThat(browser.texts(".taken")).isEmpty();

        browser.script("window.answer(new Response('{}', {status: 412}))");
        await().until(() -> browser.script("return document.querySelector('dialog[open] #edit-question') !== null"));
        assertThat(browser.find("#edit-question").getDomProperty("value")).isEqualTo("typed for an hour");
    }

    /** Two windows of one reader: the second does not undo what the first has done to other fields. */
    @Test
    void anEditOfWhatWasChangedMeanwhileIsAskedForOnceMoreAndTouchesNothingElse() {
        String gift = store("q", "a");
        browser.open(ofPage());
        openEditor();
        browser.type("#edit-question", "mine");
        HttpEntity<Map<String, String>> theirs = new HttpEntity<>(Map.of("answer", "theirs"));
        await().until(() -> http.exchange("/vault/gifts/" + gift, HttpMethod.PUT, theirs, String.class)
                .getStatusCode()
                .equals(HttpStatus.ACCEPTED));
        await().until(() -> browser.texts(".answer").equals(List.of("theirs")));

        browser.click("dialog [type=submit]");
        await().until(() -> browser.text("dialog .outcome").startsWith("It was changed in the meantime"));
        assertThat(browser.find("#edit-answer").getDomProperty("value")).isEqualTo("theirs");
        browser.click("dialog [type=submit]");

        await().until(() -> browser.texts("#announcer").equals(List.of("Saved.")));
        assertThat(browser.texts(".question")).containsExactly("mine");
        assertThat(http.getForObject("/vault/list?page_id=" + page, String.class))
                .contains("\"question\":\"mine\",\"answer\":\"theirs\"");
    }

    @Test
    void keepsTheRulesOfTheForm() {
        store("q", "a");
        browser.open(ofPage());
        openEditor();

        browser.type("#edit-question", " ");
        browser.click("dialog [type=submit]");

        assertThat(browser.text("#edit-question-error")).isEqualTo("There is no question yet.");
        assertThat(browser.<String>script("return document.activeElement.id")).isEqualTo("edit-question");
        browser.find("#edit-question").sendKeys("now", Keys.chord(Keys.CONTROL, Keys.ENTER));
        await().until(() -> browser.texts("#announcer").equals(List.of("Saved.")));
        assertThat(browser.texts(".question")).containsExactly(" now");
    }

    /** What is read in its place, and the answer to who asks for it. */
    private static final Map<String, String> NO_HISTORY = Map.of(
            "Looking…", "new Promise(() => {})",
            "The vault cannot be read", "Promise.resolve(new Response('{}', {status: 503}))",
            "The gift is deleted", "Promise.resolve(new Response('{}', {status: 410}))");

    @Test
    void isOpenToEveryReader() throws Exception {
        List<String> violations = new ArrayList<>();
        String gift = store("q", "a");
        change(gift, "changed_at = now()");
        for (int width : List.of(390, 1440)) {
            browser.screen(width, 900);
            browser.open(ofPage());
            openEditor();
            browser.type("#edit-question", " ");
            browser.click("dialog [type=submit]");
            violations.addAll(browser.violationsInLightAndDark(width + " editor"));
            assertThat(browser.<Long>script("return document.documentElement.scrollWidth"))
                    .isLessThanOrEqualTo(width);
            browser.find("#edit-question").sendKeys(Keys.ESCAPE);
            for (Map.Entry<String, String> state : NO_HISTORY.entrySet()) {
                browser.script("window.fetching = window.fetch; window.fetch = () => " + state.getValue());
                browser.click(".edited");
                await().until(() -> browser.text(".steps").startsWith(state.getKey()));
                violations.addAll(browser.violationsInLightAndDark(width + " " + state.getKey(), "dialog[open]"));
                browser.click("dialog[open] .close");
                browser.script("window.fetch = window.fetching");
            }
            browser.click(".edited");
            await().until(() -> !browser.texts(".steps .question").isEmpty());
            violations.addAll(browser.violationsInLightAndDark(width + " history"));
            browser.click("dialog[open] .close");
            browser.click(".delete");
            await().until(() -> !browser.texts(".taken .note").isEmpty());
            violations.addAll(browser.violationsInLightAndDark(width + " deleted"));
            browser.click(".gift .note button");
            await().until(() -> browser.texts("#announcer").equals(List.of("It is back.")));
        }

        assertThat(violations).isEmpty();
    }

    private String ofPage() {
        return "http://localhost:%d/?page_id=%d".formatted(port, page);
    }

    private String store(String question, String answer) {
        return vault.sql(
                        "insert into vault (page_id, question, answer) values (?, ?, ?) returning cast(event_id as text)")
                .params(page, question, answer)
                .query(String.class)
                .single();
    }

    /** As another writer does it: by its revision a page that has just read the gift knows that it was changed since. */
    private void change(String gift, String set) {
        vault.sql("update vault set revision = gen_random_uuid(), " + set + " where event_id = cast(? as uuid)")
                .param(gift)
                .update();
    }
}
