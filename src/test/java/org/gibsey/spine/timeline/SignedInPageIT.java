package org.gibsey.spine.timeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.gibsey.spine.embedded.Browser;
import org.gibsey.spine.embedded.Patience;
import org.gibsey.spine.embedded.SignedInIT;
import org.gibsey.spine.embedded.TestIssuer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.test.web.server.LocalServerPort;

/** The page at / in a real browser, where readers see their own gifts only. */
@SignedInIT
class SignedInPageIT {

    private static Browser browser;

    @LocalServerPort
    int port;

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
    void signedOut() {
        browser.clear();
        // a page of this origin that runs nothing
        browser.go(page() + "auth.json");
        browser.script("localStorage.clear()");
        issuer().mails().clear();
        browser.clear();
    }

    @Test
    void asksWhoIsNobodyToSignInAndShowsNothing() throws IOException {
        browser.go(page());

        await().until(() -> browser.text("#state").equals("Sign in to see your gifts"));
        assertThat(browser.find("#sign-in").isDisplayed()).isTrue();
        assertThat(browser.texts(".gift")).isEmpty();
        assertThat(browser.violationsAtEveryWidth("signed out")).isEmpty();
        write("Q?", "A");
        browser.click("#save-form button");
        assertThat(browser.text("#outcome")).startsWith("Sign in to save");
        assertThat(browser.complaints()).isEmpty();

        browser.go(page() + "gifts/" + UUID.randomUUID());
        await().until(() -> browser.text("#state").equals("Sign in to see this gift."));
        assertThat(browser.violationsAtEveryWidth("gift, signed out")).isEmpty();
    }

    @Test
    void signsInWithALinkSavesShowsAndSignsOut() throws Exception {
        signIn("anna@example.org");

        assertThat(browser.address()).isEqualTo(page());
        assertThat(browser.text("#who")).isEqualTo("anna@example.org");
        write("Whose is this?", "Anna's.");
        browser.click("#save-form button");
        await().until(() -> browser.text("#outcome").startsWith("Stored, on the page after"));
        browser.open(page());
        assertThat(browser.texts(".question")).contains("Whose is this?");
        assertThat(browser.texts(".acts")).hasSameSizeAs(browser.texts(".question"));
        assertThat(browser.violationsAtEveryWidth("signed in")).isEmpty();
        assertThat(browser.<List<Boolean>>script("""
                        return import("/timeline/main.js").then(({session}) =>
                          [session.reader, session.reader.replace(/^./, "0"), "00000000-0000-0000-0000-000000000000"]
                            .map(user_id => session.mayChange({user_id})))
                        """)).containsExactly(true, false, false);
        assertThat(browser.complaints()).isEmpty();

        browser.click("#sign-out");

        await().until(() -> browser.text("#state").equals("Sign in to see your gifts"));
        assertThat(browser.texts(".gift")).isEmpty();
        assertThat(browser.<Long>script("return localStorage.length")).isZero();
        signIn("bert@example.org");
        assertThat(browser.texts(".question")).doesNotContain("Whose is this?");
    }

    @Test
    void keepsAGiftThroughTheEndOfItsReadersTime() throws Exception {
        signIn("carl@example.org");
        write("Is this lost?", "No.");
        // the issuer and this service refuse what the page has
        issuer().forget();
        browser.script("return import('/timeline/main.js').then(main => main.session.refresh())");

        await().until(() -> browser.text("#state").equals("Sign in to see your gifts"));
        browser.click("#save-form button");
        assertThat(browser.text("#outcome")).startsWith("Sign in to save");
        signIn("carl@example.org");

        assertThat(browser.<String>script("return document.getElementById('question').value"))
                .isEqualTo("Is this lost?");
        browser.click("#save-form button");
        await().until(() -> browser.text("#outcome").startsWith("Stored"));
        assertThat(browser.texts(".question")).containsExactly("Is this lost?");
    }

    /** In the name of the one who sent it, and of nobody else. */
    @Test
    void goesOnWithWhatMayBeStoredWhenItsReaderIsBack() throws Exception {
        signIn("emil@example.org");
        write("Is this twice?", "No.");
        browser.script("""
                const fetching = window.fetch;
                window.fetch = (path, options) => path === "/vault/save" && !window.isHeard
                  ? fetching(path, options).then(() => Promise.reject(new TypeError("lost"))) : fetching(path, options);
                """);
        browser.click("#save-form button");
        await().until(() -> browser.texts(".question").equals(List.of("Is this twice?")));
        await().until(() -> browser.text("#outcome").startsWith("The vault cannot be reached."));
        issuer().forget();
        browser.script("return import('/timeline/main.js').then(main => main.session.refresh())");
        browser.script("window.isHeard = true");
        await().until(() -> browser.text("#outcome")
                .equals("You are signed out. Sign in to save; what you wrote stays here."
                        + " It may be stored already: saved again as it is, it is stored once."));

        signIn("emil@example.org");

        await().until(() -> browser.text("#outcome").equals("Stored, on the page"));
        assertThat(browser.texts(".question")).containsExactly("Is this twice?");

        write("Whose is this?", "Emil's.");
        browser.script("window.fetch = () => Promise.reject(new TypeError('lost'))");
        browser.click("#save-form button");
        await().until(() -> browser.text("#outcome").startsWith("The vault cannot be reached."));
        browser.go(page() + "auth.json");
        browser.script("localStorage.removeItem('gibsey.refresh')");
        signIn("fritz@example.org");
        assertThat(browser.find("#question").getDomProperty("value")).isEqualTo("Whose is this?");
        assertThat(browser.find("#question").getDomProperty("readOnly")).isEqualTo("false");
        assertThat(browser.text("#outcome")).isEmpty();
        assertThat(browser.texts(".question")).isEmpty();
    }

    @Test
    void goesOnWithANewTokenWhenTheOldOneIsRefused() throws Exception {
        signIn("dora@example.org");
        String before = browser.script("return localStorage.getItem('gibsey.refresh')");

        browser.script("return import('/timeline/main.js').then(main => main.session.refresh())");

        assertThat(browser.<String>script("return localStorage.getItem('gibsey.refresh')"))
                .isNotEqualTo(before);
        write("Still here?", "Yes.");
        browser.click("#save-form button");
        await().until(() -> browser.text("#outcome").startsWith("Stored"));
    }

    /** The issuer is away, and not the reader. */
    @Test
    void whoseSignInCannotBeRenewedIsNotSignedOutAndLosesNothing() throws Exception {
        signIn("ida@example.org");
        write("Am I out?", "No.");
        browser.script("""
                const fetching = window.fetch;
                window.fetch = (path, options) => path.startsWith("/vault/")
                  ? Promise.resolve(new Response("{}", {status: 401})) : fetching(path, options);
                """);
        String notRenewed = "Your sign-in cannot be renewed at the moment.";
        String again = " What you wrote is kept here, and sent again by itself in \\d+ s; it is stored once\\.";
        issuer().setAway(true);
        try {
            browser.click("#save-form button");

            await().until(() -> browser.text("#outcome").matches(notRenewed + again));
            assertThat(browser.text("#who")).isEqualTo("ida@example.org");
            assertThat(browser.violationsAtEveryWidth("sign-in not renewed")).isEmpty();
            browser.clickOnceShown("#stop");
            // what was refused is not stored
            await().until(() ->
                    browser.text("#outcome").equals("Not tried any more. It is not saved; what you wrote stays here."));
            browser.reload();
            await().until(() -> browser.text("#session-outcome").equals(notRenewed + " Trying again…"));
            assertThat(browser.violationsAtEveryWidth("sign-in not renewed after a reload"))
                    .isEmpty();
        } finally {
            issuer().setAway(false);
        }

        await().until(() -> browser.text("#who").equals("ida@example.org"));
        assertThat(browser.text("#session-outcome")).isEmpty();
        browser.click("#save-form button");
        await().until(() -> browser.text("#outcome").startsWith("Stored"));
        assertThat(browser.texts(".question")).containsExactly("Am I out?");
    }

    @Test
    void thePageOfAGiftAsksNobodyToSignInWhoseSignInCannotBeRenewed() throws Exception {
        signIn("jana@example.org");
        Runnable refused = browser.before("""
                const fetching = window.fetch;
                window.fetch = (path, options) => path.startsWith("/vault/")
                  ? Promise.resolve(new Response("{}", {status: 401})) : fetching(path, options);
                """);
        try {
            browser.go(page() + "gifts/" + UUID.randomUUID());
            await().until(() -> browser.text("#who").equals("jana@example.org"));

            issuer().setAway(true);

            await().until(() -> browser.text("#state").equals("The vault cannot be read at the moment. Trying again…"));
        } finally {
            issuer().setAway(false);
            refused.run();
        }
    }

    /** What is read for one reader is for no other, however late it comes. */
    @Test
    void aGiftThatIsReadLateIsNotShownToWhoIsSignedOutByThen() throws Exception {
        signIn("kurt@example.org");
        write("Whose is this?", "Kurt's.");
        browser.click("#save-form button");
        await().until(() -> browser.text("#outcome").startsWith("Stored"));
        String gift = browser.find(".address").getDomProperty("href");
        Runnable late = browser.before("""
                const fetching = window.fetch;
                window.fetch = async (path, options) => {
                  const answer = await fetching(path, options);
                  if (!path.startsWith("/vault/gifts/") || window.go) {
                    return answer;
                  }
                  const gift = await answer.text();
                  await new Promise(go => window.go = go);
                  return {ok: true, status: 200, headers: answer.headers, text: async () => {
                    setTimeout(() => window.isHeard = true);
                    return gift;
                  }};
                };
                """);
        try {
            browser.go(gift);
            await().until(() -> browser.script("return window.go !== undefined"));
            browser.click("#sign-out");
            await().until(() -> browser.text("#state").equals("Sign in to see this gift."));

            browser.script("window.go()");

            await().until(() -> browser.script("return window.isHeard === true"));
            assertThat(browser.texts(".gift")).isEmpty();
            assertThat(browser.text("#state")).isEqualTo("Sign in to see this gift.");
            assertThat(browser.<String>script("return document.title")).doesNotContain("Whose is this?");
        } finally {
            late.run();
        }
    }

    @Test
    void theTitleOfAGiftGoesWithIt() throws Exception {
        signIn("mona@example.org");
        write("Is it in the title?", "No.");
        browser.click("#save-form button");
        await().until(() -> browser.text("#outcome").startsWith("Stored"));
        browser.go(browser.find(".address").getDomProperty("href"));
        await().until(() -> browser.<String>script("return document.title").startsWith("Is it in the title?"));

        browser.click("#sign-out");

        await().until(() -> browser.text("#state").equals("Sign in to see this gift."));
        assertThat(browser.<String>script("return document.title")).isEqualTo("A gift · The Gibsey Vault");
    }

    @Test
    void whoSignsOutWhileTheSignInIsRenewedIsSignedOut() throws Exception {
        signIn("nora@example.org");
        browser.script("""
                const fetching = window.fetch;
                window.fetch = async (path, options) => {
                  const answer = await fetching(path, options);
                  if (path.includes("/token?")) {
                    await new Promise(go => window.go = go);
                  }
                  return answer;
                };
                import("/timeline/main.js").then(main => main.session.refresh()).then(() => window.isOver = true);
                """);
        await().until(() -> browser.script("return window.go !== undefined"));
        browser.click("#sign-out");
        await().until(() -> browser.text("#state").equals("Sign in to see your gifts"));

        browser.script("window.go()");

        await().until(() -> browser.script("return window.isOver === true"));
        assertThat(browser.find("#sign-in").isDisplayed()).isTrue();
        assertThat(browser.<Long>script("return localStorage.length")).isZero();
    }

    /** Also when that reader signs in between two tries. */
    @Test
    void whatOneReaderSavesIsNotSentAgainAsAnothers() throws Exception {
        signIn("olga@example.org");
        write("Whose is it now?", "Olga's.");
        browser.script("""
                const fetching = window.fetch;
                window.sent = 0;
                window.fetch = (path, options) => path !== "/vault/save" ? fetching(path, options)
                  : window.sent++ ? fetching(path, options)
                  : new Promise(go => window.go = () => go(new Response("{}", {status: 503})));
                """);
        browser.click("#save-form button");
        await().until(() -> browser.script("return window.go !== undefined"));
        browser.click("#sign-out");
        await().until(() -> browser.isShown("#sign-in"));
        browser.type("#email", "paul@example.org");
        browser.click("#sign-in button");
        String refresh = refreshToken(issuer().mails()
                .poll(Patience.LIMIT.toSeconds(), TimeUnit.SECONDS)
                .link());
        // as another window has it where that link is opened
        browser.script("""
                localStorage.setItem("gibsey.refresh", arguments[0]);
                dispatchEvent(new StorageEvent("storage", {key: "gibsey.refresh", newValue: arguments[0]}));
                """, refresh);
        await().until(() -> browser.text("#who").equals("paul@example.org"));

        browser.script("window.go()");

        await().until(() -> browser.text("#outcome")
                .equals("Another reader has signed in. What was written is not sent any more, and stays here."));
        assertThat(browser.<Long>script("return window.sent")).isOne();
        assertThat(browser.find("#question").getDomProperty("value")).isEqualTo("Whose is it now?");
        assertThat(browser.find("#question").getDomProperty("readOnly")).isEqualTo("false");
        browser.click("#save-form button");
        await().until(() -> browser.text("#outcome").startsWith("Stored"));
        assertThat(browser.complaints()).noneMatch(complaint -> complaint.contains("TypeError"));
    }

    /** What the one before has begun is kept, and shown to that one again. */
    @Test
    void noDialogShowsAGiftToTheReaderWhoComesNext() throws Exception {
        signIn("rosa@example.org");
        write("Who reads this?", "Rosa.");
        browser.click("#save-form button");
        await().until(() -> browser.text("#outcome").startsWith("Stored"));
        browser.click(".edit");
        await().until(() -> browser.isShown("#edit-answer"));
        browser.type("#edit-answer", "Rosa alone.");

        becomes("sven@example.org");

        assertThat(browser.texts("dialog[open]")).isEmpty();
        becomes("rosa@example.org");
        await().until(() -> browser.texts(".question").equals(List.of("Who reads this?")));
        browser.click(".edit");
        await().until(() -> browser.isShown("#edit-answer"));
        assertThat(browser.find("#edit-answer").getDomProperty("value")).isEqualTo("Rosa alone.");
    }

    /** As another window has it where one reader signs out and the other opens the link. */
    private static void becomes(String email) throws Exception {
        browser.script("""
                const [email] = arguments;
                return import("/timeline/main.js").then(({session}) => {
                  localStorage.removeItem("gibsey.refresh");
                  dispatchEvent(new StorageEvent("storage", {key: "gibsey.refresh"}));
                  return session.signIn(email);
                });
                """, email);
        String refresh = refreshToken(issuer().mails()
                .poll(Patience.LIMIT.toSeconds(), TimeUnit.SECONDS)
                .link());
        browser.script("""
                localStorage.setItem("gibsey.refresh", arguments[0]);
                dispatchEvent(new StorageEvent("storage", {key: "gibsey.refresh", newValue: arguments[0]}));
                """, refresh);
        await().until(() -> browser.<String>script("return document.getElementById('who').textContent")
                .equals(email));
    }

    @Test
    void saysWhyNobodyIsSignedIn() throws Exception {
        TestIssuer.Mail mail = askForLink("gina@example.org");
        issuer().forget();
        browser.go(mail.link());

        await().until(() -> browser.text("#session-outcome").equals("This link has been used or is too old"));
        assertThat(browser.violationsAtEveryWidth("link refused")).isEmpty();
        browser.type("#email", "gina");
        browser.click("#sign-in button");
        assertThat(browser.text("#session-outcome")).isEqualTo("Please give an e-mail address.");
        assertThat(browser.violationsAtEveryWidth("no address to send a link to"))
                .isEmpty();
        browser.type("#email", "gina@example.org");
        browser.script("""
                window.fetch = () => Promise.resolve(new Response('{"msg": "once a minute at most"}', {status: 429}));
                """);
        browser.click("#sign-in button");
        await().until(() -> browser.text("#session-outcome").equals("No link was sent: once a minute at most."));
        assertThat(browser.violationsAtEveryWidth("no link sent")).isEmpty();
    }

    /** Anybody can make such an address, and have the reader leave gifts in another's name. */
    @Test
    void believesNoLinkThatThisBrowserDidNotAskFor() {
        browser.go(page() + "#access_token=" + issuer().token(TestIssuer.reader("mallory@example.org"))
                + "&refresh_token=x&expires_in=3600");

        await().until(() -> browser.text("#state").equals("Sign in to see your gifts"));
        assertThat(browser.address()).isEqualTo(page());
        assertThat(browser.<Long>script("return localStorage.length")).isZero();
    }

    /** Wherever the network cuts it: at every place, with every end of line. */
    @Test
    void readsEventsThatAreCutAnywhere() {
        browser.go(page());
        String text = """
                \uFEFF: a comment
                event: gift
                id: 1
                data: {"question":"a: b"}

                data:first
                data: second
                id: 2

                event: empty

                id
                data

                event: position
                data: {"live":true}
                retry: 2000

                data: not ended""";

        for (String end : List.of("\n", "\r\n", "\r")) {
            List<String> wrong = browser.script("""
                    const text = arguments[0];
                    const read = pieces => {
                      const events = [];
                      const parser = new EventParser(event => events.push([event.type, event.data, event.id]));
                      pieces.forEach(piece => parser.push(piece));
                      return JSON.stringify(events);
                    };
                    let EventParser;
                    return import("/timeline/session.js").then(module => {
                      EventParser = module.EventParser;
                      const expected = JSON.stringify([
                        ["gift", '{"question":"a: b"}', "1"], ["message", "first\\nsecond", "2"],
                        ["message", "", ""], ["position", '{"live":true}', ""]]);
                      const wrong = [];
                      for (let cut = 0; cut <= text.length; cut++) {
                        const found = read([text.slice(0, cut), text.slice(cut)]);
                        if (found !== expected) wrong.push(cut + ": " + found);
                      }
                      const found = read([...text]);
                      if (found !== expected) wrong.push("each: " + found);
                      return wrong;
                    });
                    """, text.replace("\n", end));
            assertThat(wrong).isEmpty();
        }
    }

    private void signIn(String email) throws InterruptedException {
        browser.open(askForLink(email).link());
    }

    private TestIssuer.Mail askForLink(String email) throws InterruptedException {
        browser.go(page());
        await().until(() -> browser.isShown("#sign-in"));
        browser.type("#email", email);
        browser.click("#sign-in button");
        TestIssuer.Mail mail = issuer().mails().poll(Patience.LIMIT.toSeconds(), TimeUnit.SECONDS);
        assertThat(mail).as("the mail with the link").isNotNull();
        assertThat(mail.to()).isEqualTo(email);
        return mail;
    }

    /** Of whoever opens the link. */
    private static String refreshToken(String link) throws Exception {
        HttpResponse<Void> answer = HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(URI.create(link)).build(), HttpResponse.BodyHandlers.discarding());
        Matcher token = Pattern.compile("refresh_token=([^&]+)")
                .matcher(answer.headers().firstValue("Location").orElseThrow());
        assertThat(token.find()).isTrue();
        return token.group(1);
    }

    private static void write(String question, String answer) {
        browser.type("#page_id", "73001");
        browser.type("#question", question);
        browser.type("#answer", answer);
    }

    private String page() {
        return "http://localhost:" + port + "/";
    }

    private static TestIssuer issuer() {
        return SignedInIT.Readers.issuer();
    }
}
