package org.gibsey.spine.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.UUID;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.embedded.Patience;
import org.gibsey.spine.embedded.Ports;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two API processes, and a client that was not answered: it sends its edit again, with its key, to the other one. */
@Tag("slow")
class RepeatedChangeIT {

    private static final String FIRST = "{\"question\":\"of the first\",\"answer\":\"of the first\"}";

    private final HttpClient client = HttpClient.newHttpClient();
    private final int one = Ports.free();
    private final int other = Ports.free();
    private FaultBench bench;
    private Load load;
    private JavaProcess worker;

    @BeforeEach
    void start() throws Exception {
        bench = new FaultBench("repeated.md", new ArrayList<>());
        load = bench.scenario();
        ready(bench.api(load, one));
        ready(bench.api(load, other));
        worker = ready(bench.worker(load));
    }

    @AfterEach
    void stop() throws Exception {
        bench.close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anEditThatComesAgainAfterAnotherIsTheSameChangeAndTakesNothingBack(boolean storedInBetween) throws Exception {
        UUID gift = load.probe();
        await().until(() -> bench.isStored(gift));
        if (!storedInBetween) {
            assertThat(worker.terminate()).isEqualTo(143);
        }

        String first = edit(one, gift, "k", FIRST);
        stored(storedInBetween, 1);
        String second = edit(other, gift, "another", "{\"answer\":\"of the second\"}");
        stored(storedInBetween, 2);
        String again = edit(other, gift, "k", FIRST);
        if (!storedInBetween) {
            bench.worker(load);
        }

        assertThat(again).isEqualTo(first).isNotEqualTo(second);
        await().until(() -> changes() == 2 && load.changesGroup().committed() == (storedInBetween ? 2 : 3));
        assertThat(bench.text("select question || ' and ' || answer from vault where event_id = '" + gift + "'"))
                .isEqualTo("of the first and of the second");
        assertThat(changes()).isEqualTo(2);
    }

    private void stored(boolean isAwaited, int changes) {
        if (isAwaited) {
            await().until(() -> changes() == changes);
        }
    }

    private long changes() throws Exception {
        return bench.number("select count(*) from gift_change");
    }

    /** @return where the change can be asked for */
    private String edit(int port, UUID gift, String key, String body) throws IOException, InterruptedException {
        HttpResponse<String> answer = client.send(
                HttpRequest.newBuilder(URI.create("http://localhost:%d/vault/gifts/%s".formatted(port, gift)))
                        .header("Content-Type", "application/json")
                        .header("Idempotency-Key", key)
                        .timeout(Patience.LIMIT)
                        .PUT(BodyPublishers.ofString(body))
                        .build(),
                BodyHandlers.ofString());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
        return answer.headers().firstValue("Location").orElseThrow();
    }

    private JavaProcess ready(JavaProcess process) {
        await().until(bench.caller(process)::isReady);
        return process;
    }
}
