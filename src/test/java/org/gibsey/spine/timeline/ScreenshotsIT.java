package org.gibsey.spine.timeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.gibsey.spine.embedded.Browser;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.SpineIT;
import org.gibsey.spine.embedded.TestTopic;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.boot.test.web.server.LocalManagementPort;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.context.TestPropertySource;

/**
 * Both pages as readers and operators have them, light and dark, on a desk and on a phone: into {@code target/screenshots},
 * for somebody to look at; with {@code -Dscreenshots.readme=true} into the README as well. Run alone, they show nothing of other tests.
 */
@SpineIT
@Tag("slow")
@TestPropertySource(
        properties = {
            "KAFKA_TOPIC=screenshots_it",
            "KAFKA_DEAD_LETTER_TOPIC=screenshots_it.dlq",
            "KAFKA_GROUP=screenshots-it",
            // Spring switches it off in tests unless told here
            "management.prometheus.metrics.export.enabled=true"
        })
class ScreenshotsIT {

    private static final Path FOLDER = Path.of("target", "screenshots");

    /** What the README shows, by the name of the picture. */
    private static final Map<String, Path> OF_THE_README = Boolean.getBoolean("screenshots.readme")
            ? Map.of(
                    "timeline-light", Path.of("docs", "images", "timeline.png"),
                    "ops-light", Path.of("docs", "images", "ops.png"))
            : Map.of();

    private record Written(int minutesAgo, long page, Integer symbol, String question, String answer) {}

    private static final List<Written> GIFTS = List.of(
            new Written(
                    0,
                    12,
                    3,
                    "Who keeps the lamp in the corridor lit?",
                    "Nobody. It has been burning since the second chapter, and its wick is a sentence that no one has"
                            + " finished."),
            new Written(
                    4,
                    147,
                    7,
                    "Why does the station clock run backwards?",
                    "So that those who missed the train may still arrive."),
            new Written(
                    11,
                    256,
                    null,
                    "What did the cartographer leave out?",
                    "The house,\nthe road that came to it,\nthe evening it was drawn by.\n\nWhoever finds the map has to live"
                            + " there."),
            new Written(
                    26, 88, 14, "מי כתב את השם על הדלת?", "זה שעוד לא נכנס. הוא משאיר את הדלת פתוחה ואת השאלה סגורה."),
            new Written(
                    43,
                    19,
                    1,
                    "Is it safe to answer the telephone on page 19?",
                    "It is safe to answer. It is not safe to have been the one who called."),
            new Written(
                    95,
                    303,
                    10,
                    "¿Adónde van las palabras tachadas?",
                    "Al mismo sitio que los pájaros en invierno: más al sur de la página, donde el margen es ancho y nadie"
                            + " corrige."),
            new Written(
                    180, 7, 5, "What is on the other side of the glass?", "A reader, looking for the page you are on."),
            new Written(
                    60 * 26, 41, null, "How many doors does the library have?", "One more than you have come in by."));

    @LocalServerPort
    int port;

    @LocalManagementPort
    int management;

    @Test
    void ofBothPagesLightAndDarkOnADeskAndOnAPhone() throws Exception {
        Files.createDirectories(FOLDER);
        store();
        try (Browser browser = Browser.start();
                TestTopic topic = new TestTopic(
                        "screenshots_it", SharedServices.get().kafka().bootstrapServers())) {
            shoot(browser, "timeline", () -> browser.open("http://localhost:" + port + "/"));

            topic.write("{\"page_id\":12,\"question\":\"Who keeps");
            topic.write("{\"page_id\":12,\"question\":\"Is there a page before the first?\"}");
            topic.write("<gift/>");
            browser.go("http://localhost:%d/ops".formatted(management));
            new SteadySaves(port).run(55_601, 20, Duration.ofSeconds(16));
            await().until(() -> browser.texts(".letter").size() >= 3);
            await().until(() -> browser.text("#p99 .rate").startsWith("in the last minute"));
            shoot(browser, "ops", () -> {});
            browser.click(".letter:first-child .replay");
            await().until(() -> browser.text("#replay-found").startsWith("1 would be sent"));
            keep(browser, "ops-replay");
            assertThat(browser.complaints()).isEmpty();
        }
    }

    private interface Opening {
        void open();
    }

    private static void shoot(Browser browser, String page, Opening opening) throws IOException {
        for (String scheme : List.of("light", "dark")) {
            browser.scheme(scheme);
            browser.screen(1280, 900);
            opening.open();
            settle(browser);
            keep(browser, page + "-" + scheme);
            browser.screen(390, 844);
            opening.open();
            settle(browser);
            keep(browser, page + "-" + scheme + "-phone");
            assertThat(browser.<Long>script("return document.documentElement.scrollWidth"))
                    .isLessThanOrEqualTo(390);
        }
    }

    /** Fonts are there, and the emblem is drawn. */
    private static void settle(Browser browser) {
        await().until(
                        () -> Boolean.TRUE.equals(
                                browser.script(
                                        "return document.fonts.status === 'loaded' && document.getAnimations().every(a => a.playState === 'finished')")));
    }

    private static void keep(Browser browser, String name) throws IOException {
        byte[] picture = browser.screenshot();
        Files.write(FOLDER.resolve(name + ".png"), picture);
        if (OF_THE_README.containsKey(name)) {
            Files.write(OF_THE_README.get(name), picture);
        }
    }

    private void store() throws SQLException {
        try (Connection psql = SharedServices.get().database().superuser();
                PreparedStatement insert =
                        psql.prepareStatement("insert into vault (page_id, question, answer, symbol_id, created_at)"
                                + " values (?, ?, ?, ?, now() - ? * interval '1 minute')")) {
            for (Written gift : GIFTS) {
                insert.setLong(1, gift.page());
                insert.setString(2, gift.question());
                insert.setString(3, gift.answer());
                insert.setObject(4, gift.symbol());
                insert.setInt(5, gift.minutesAgo());
                insert.addBatch();
            }
            insert.executeBatch();
        }
    }
}
