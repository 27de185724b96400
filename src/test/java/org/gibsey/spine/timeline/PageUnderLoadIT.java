package org.gibsey.spine.timeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.gibsey.spine.embedded.Browser;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.SpineIT;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.boot.test.web.server.LocalServerPort;

/** The page at / while much is saved, and with much on it. */
@SpineIT
@Tag("slow")
class PageUnderLoadIT {

    private static final int SHOWN_AT_MOST = 400;

    /** Each gift that comes to the page, whether it is in its place, and how the page moves meanwhile. */
    private static final String WATCH = """
            const watch = window.watch = {added: [], misplaced: 0, gaps: [], long: []};
            new MutationObserver(changes => {
              changes.forEach(({addedNodes}) => addedNodes.forEach(({dataset}) => watch.added.push(dataset.event)));
              const times = Array.from(document.querySelectorAll("#gifts > :nth-child(-n+60) time"), time => Date.parse(time.dateTime));
              watch.misplaced += times.filter((time, i) => i > 0 && time > times[i - 1]).length;
            }).observe(document.getElementById("gifts"), {childList: true});
            new PerformanceObserver(list => list.getEntries().forEach(task => watch.long.push(task.duration)))
              .observe({type: "longtask"});
            let last = performance.now();
            requestAnimationFrame(function frame(now) {
              watch.gaps.push(now - last);
              last = now;
              requestAnimationFrame(frame);
            });
            """;

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
    void onlyOneWindow() {
        browser.clear();
    }

    @Test
    void twoWindowsShowEveryGiftOnceInOrderAndStaySmooth() throws Exception {
        long page = 55_501;
        String first = browser.open(ofPage(page)).window();
        browser.script(WATCH);
        String second = browser.openWindow(ofPage(page));
        browser.script(WATCH);

        List<Double> took = new SteadySaves(port).run(page, 200, Duration.ofSeconds(30));

        List<String> stored = new ArrayList<>();
        await().until(() -> {
            stored.clear();
            stored.addAll(newestFirst(page));
            return stored.size() == took.size();
        });
        for (String window : List.of(first, second)) {
            browser.toFront(window);
            await().until(() -> browser.<Long>script("return watch.added.length") >= stored.size());
            List<String> added = browser.script("return watch.added");
            assertThat(added).doesNotHaveDuplicates().containsExactlyInAnyOrderElementsOf(stored);
            assertThat(browser.<Long>script("return watch.misplaced")).isZero();
            assertThat(browser.<List<String>>script(
                            "return Array.from(document.querySelectorAll('.gift'), gift => gift.dataset.event)"))
                    .isEqualTo(stored.subList(0, SHOWN_AT_MOST));
            assertSmooth("%,d gifts at 200 a second".formatted(stored.size()));
        }
    }

    @Test
    void staysSmoothWithThousandsOfGiftsOnIt() throws Exception {
        long page = 55_502;
        int gifts = 3_000;
        try (Connection psql = SharedServices.get().database().superuser();
                Statement insert = psql.createStatement()) {
            insert.execute("""
                    insert into vault (page_id, question, answer, symbol_id, created_at)
                    select %d, 'Question ' || n || '?', repeat('An answer of some length. ', 1 + n %% 30), n %% 16,
                           now() - n * interval '1 minute'
                      from generate_series(1, %d) n
                    """.formatted(page, gifts));
        }
        browser.open(ofPage(page));
        await().until(() -> {
            browser.script("scrollTo(0, document.documentElement.scrollHeight)");
            return browser.text("#end").equals("⁂");
        });
        assertThat(browser.<Long>script("return document.querySelectorAll('.gift').length"))
                .isEqualTo(gifts);

        browser.script(WATCH);
        browser.script("""
                const step = document.documentElement.scrollHeight / 240;
                let frames = 0;
                requestAnimationFrame(function up() {
                  scrollBy(0, -step);
                  ++frames < 240 ? requestAnimationFrame(up) : window.watch.done = true;
                });
                """);

        await().until(() -> Boolean.TRUE.equals(browser.script("return watch.done === true")));
        assertSmooth("scrolling through %,d gifts".formatted(gifts));
    }

    @Test
    void aSavedGiftIsOnTheScreenWithinAQuarterOfASecond() {
        browser.open(ofPage(55_503));

        browser.script("""
                const gifts = 1_000;
                import("/timeline/main.js").then(({saveForm}) => {
                  let saved = 0;
                  const timer = setInterval(() => {
                    saveForm.save({page_id: 55503, question: `Question ${++saved}?`, answer: "Soon."}, `${Math.random()}`);
                    if (saved === gifts) {
                      clearInterval(timer);
                    }
                  }, 50);
                });
                """);

        Pattern figure = Pattern.compile("Save to screen: .* median (\\d+), p99 (\\d+) of 1000");
        await().until(() -> figure.matcher(browser.text("#latency")).matches());
        Matcher figures = figure.matcher(browser.text("#latency"));
        assertThat(figures.matches()).isTrue();
        System.out.printf(
                "save to screen at 20 a second, 1,000 gifts: median %s ms, p99 %s ms%n",
                figures.group(1), figures.group(2));
        assertThat(Integer.parseInt(figures.group(2))).isLessThan(250);
    }

    /** No task that a reader would notice, and a frame in time but for a few. */
    private static void assertSmooth(String what) {
        List<Number> gaps = browser.script("return watch.gaps.slice(1).sort((a, b) => a - b)");
        List<Number> tasks = browser.script("return watch.long.sort((a, b) => a - b)");
        double longest = tasks.isEmpty() ? 0 : tasks.get(tasks.size() - 1).doubleValue();
        double frames = gaps.size();
        double at50 = gaps.get((int) (frames * 0.5)).doubleValue();
        double at99 = gaps.get((int) (frames * 0.99)).doubleValue();
        System.out.printf(
                "%s: %,.0f frames, one every %.0f ms, 99 of 100 within %.0f ms, the longest %.0f ms; %d tasks over 50 ms,"
                        + " the longest %.0f ms%n",
                what, frames, at50, at99, gaps.get(gaps.size() - 1).doubleValue(), tasks.size(), longest);
        assertThat(at99).as("gap between frames, ms").isLessThan(100);
        assertThat(longest).as("longest task, ms").isLessThan(200);
    }

    private static List<String> newestFirst(long page) throws SQLException {
        List<String> events = new ArrayList<>();
        try (Connection psql = SharedServices.get().database().superuser();
                Statement select = psql.createStatement();
                ResultSet rows = select.executeQuery(
                        "select event_id from vault where page_id = %d order by created_at desc, id desc"
                                .formatted(page))) {
            while (rows.next()) {
                events.add(rows.getString(1));
            }
        }
        return events;
    }

    private String ofPage(long page) {
        return "http://localhost:%d/?page_id=%d".formatted(port, page);
    }
}
