package org.gibsey.spine.liveroutes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.gibsey.spine.embedded.Promise;
import org.gibsey.spine.liveroutes.LiveFile.Outcome;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Edits the save and the persist route while readers save: breaks each in every way once; {@code -Pfaults} goes on. */
class EditsUnderLoadIT extends EditedApplication {

    private static final int EDITS = Integer.getInteger("edits", 32);
    private static final int PAGE = 66_001;

    /** Each breaks a file in a way of its own; all but the last are to be found before they touch anything. */
    private static final Map<String, UnaryOperator<String>> INVALID = new LinkedHashMap<>();

    static {
        INVALID.put("syntax", text -> text.replace("      steps:", "      steps: ["));
        INVALID.put("unknown step", text -> text.replaceFirst("- (process|unmarshal):", "- proccess:"));
        INVALID.put("unknown component", text -> text.replaceFirst("uri: kafka:", "uri: kafak:"));
        INVALID.put("unknown option", text -> text.replaceFirst("(lingerMs|maxPollRecords): ", "$1x: "));
        INVALID.put("bad property", text -> text.replace("{{spine.topic.name}}", "{{spine.topic.nome}}"));
        INVALID.put("duplicate id", text -> text.replaceFirst("id: (process-\\S+|split-\\S+)", "id: list-gifts"));
        INVALID.put(
                "dangling direct:",
                text -> text.replaceFirst(
                        "      steps:\n", "      steps:\n        - to:\n            uri: direct:nowhere\n"));
        INVALID.put(
                "fails at start",
                text -> text.replace("deliveryTimeoutMs: 1700", "deliveryTimeoutMs: 18")
                        .replace("      steps:\n        - split:", """
                                      steps:
                                        - to:
                                            uri: kafka:{{spine.topic.dead-letters}}
                                            parameters:
                                              deliveryTimeoutMs: 18
                                        - split:\
                                """));
    }

    @Autowired
    JdbcClient vault;

    @Test
    void losesNoRequestAndNoGiftAndRunsNoInvalidEdit() throws Exception {
        List<String> kinds = List.copyOf(INVALID.keySet());
        Map<String, String> live = new LinkedHashMap<>();
        List<Duration> taken = new ArrayList<>();
        List<Duration> refused = new ArrayList<>();

        try (SavingReaders readers = new SavingReaders(port, PAGE)) {
            for (int edit = 0; edit < EDITS; edit++) {
                String id = edit % 4 < 2 ? "save-gift" : "persist-gifts";
                String name = "edit " + edit;
                String text = RouteFolderFixture.described(id, name);
                long began = System.nanoTime();
                if (edit % 2 == 0) {
                    write(id, edit, text);
                    await(name).pollInterval(Duration.ofMillis(10)).until(() -> runs(id, text));
                    taken.add(Promise.since(began));
                    live.put(id, name);
                } else {
                    String kind = kinds.get(edit / 4 % kinds.size());
                    String broken = INVALID.get(kind).apply(text);
                    assertThat(broken).as(kind + " changes " + id).isNotEqualTo(text);
                    write(id, edit, broken);
                    await(kind).pollInterval(Duration.ofMillis(10)).until(() -> isNotTaken(id, broken));
                    refused.add(Promise.since(began));
                    assertThat(file(id).notTaken().outcome())
                            .as(kind)
                            .isEqualTo(kind.equals("fails at start") ? Outcome.ROLLED_BACK : Outcome.REFUSED);
                }
                assertThat(camel.getRoute(id).getDescription()).isEqualTo(live.get(id));
                assertThat(file(id).routes())
                        .extracting(LiveRoutesEndpoint.RouteState::id, LiveRoutesEndpoint.RouteState::state)
                        .containsExactly(tuple(id, "Started"));
            }
            readers.stop();

            assertThat(readers.failures()).isEmpty();
            await().until(this::stored, count -> count >= readers.saved());
            // what the broker was too late to acknowledge may be there all the same
            assertThat(stored()).isBetween(readers.saved(), readers.saved() + readers.unacknowledged());
            assertThat(vault.sql("select count(*) from dead_letter where topic = 'edited_gifts'")
                            .query(Long.class)
                            .single())
                    .isZero();
            Promise.kept("an edit is live", Collections.max(taken), Duration.ofSeconds(3));
            Promise.kept("an edit is refused", Collections.max(refused), Duration.ofSeconds(10));
            Promise.kept("saves that the broker acknowledged too late", (double) readers.unacknowledged(), 1, "saves");
        }
    }

    private static void write(String id, int edit, String text) {
        if (edit % 3 == 0) {
            FOLDER.writeInPlace(id, text);
        } else {
            FOLDER.replace(id, text);
        }
    }

    private long stored() {
        return vault.sql("select count(*) from vault where page_id = " + PAGE)
                .query(Long.class)
                .single();
    }
}
