package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.sql.DataSource;
import org.gibsey.spine.embedded.SpineIT;
import org.gibsey.spine.http.RawHttp.Answer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.context.TestPropertySource;

/** Reads for which the database takes long: here they wait for a lock on the changes of gifts, as others for a scan of the vault. */
@SpineIT
@ExtendWith(OutputCaptureExtension.class)
// longer than a call waits for its turn, and than a pool for a connection
@TestPropertySource(properties = "spine.http.read-time=8s")
class SlowReadsIT {

    private static final int HONEST = 1;
    private static final int[] HARMFUL = {2, 3};
    private static final int CALLS = 20;

    @LocalServerPort
    int port;

    @Autowired
    DataSource database;

    @Autowired
    JdbcClient vault;

    @Test
    void areEndedWithAnAnswerAndThoseOfTwoClientsHoldUpNobody(CapturedOutput log) throws Exception {
        ExecutorService clients = Executors.newCachedThreadPool();
        // the first execution of a statement asks how many parameters it has, and waits for the lock there
        history(HONEST);
        try (Connection other = database.getConnection();
                Statement statement = other.createStatement()) {
            other.setAutoCommit(false);
            statement.execute("lock table gift_change in access exclusive mode");
            List<CompletableFuture<Answer>> slow = new ArrayList<>();
            for (int client : HARMFUL) {
                for (int i = 0; i < CALLS; i++) {
                    slow.add(CompletableFuture.supplyAsync(() -> history(client), clients));
                }
            }
            await().until(() -> waiting() >= HARMFUL.length);

            for (int i = 0; i < 5; i++) {
                assertThat(get(HONEST, "/vault/list").status()).isEqualTo(200);
            }

            List<Answer> answers = slow.stream().map(CompletableFuture::join).toList();
            assertThat(answers).extracting(Answer::status).containsOnly(503);
            List<Answer> ended = answers.stream()
                    .filter(answer -> answer.body().contains("/problems#long"))
                    .toList();
            assertThat(ended).hasSizeGreaterThanOrEqualTo(HARMFUL.length).allSatisfy(answer -> {
                assertThat(answer.headers()).containsEntry("Retry-After", "3");
                assertThat(answer.body()).contains("took longer than one may");
            });
            other.rollback();
        } finally {
            clients.shutdown();
        }
        assertThat(log.getOut().lines().filter(line -> line.contains("takes longer than a read may")))
                .singleElement()
                .asString()
                .contains("WARN", "Route show-history");
        assertThat(history(HARMFUL[0]).status()).isEqualTo(404);
    }

    private long waiting() {
        return vault.sql(
                        "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%from gift_change c%'")
                .query(Long.class)
                .single();
    }

    private Answer history(int from) {
        return get(from, "/vault/gifts/" + UUID.randomUUID() + "/history");
    }

    private Answer get(int from, String path) {
        try {
            return RawHttp.send(port, from, "GET %s HTTP/1.1\nHost: x\nConnection: close\n\n".formatted(path));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
