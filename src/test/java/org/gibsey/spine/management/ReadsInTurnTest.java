package org.gibsey.spine.management;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import jakarta.servlet.ServletException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;

class ReadsInTurnTest {

    private final ReadsInTurn turns = new ReadsInTurn(Duration.ofMillis(1));
    private final CountDownLatch begun = new CountDownLatch(2);
    private final CountDownLatch end = new CountDownLatch(1);
    private final List<CompletableFuture<Void>> others = new ArrayList<>();

    @BeforeEach
    void twoOthersRead() throws InterruptedException {
        for (int i = 0; i < 2; i++) {
            others.add(CompletableFuture.runAsync(
                    () -> call("GET", "/actuator/prometheus", () -> {
                        begun.countDown();
                        end.await();
                    }),
                    task -> new Thread(task).start()));
        }
        begun.await();
    }

    @AfterEach
    void endTheirs() {
        end.countDown();
        others.forEach(CompletableFuture::join);
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET", "HEAD"})
    void aThirdReadIsToldToComeAgainAndServedOnceOneOfThemIsDone(String method) {
        MockHttpServletResponse refused = call(method, "/ops", () -> {});
        assertThat(refused.getStatus()).isEqualTo(503);
        assertThat(refused.getHeader("Retry-After")).isEqualTo("5");

        end.countDown();

        await().until(() -> call(method, "/ops", () -> {}).getStatus() == 200);
    }

    @ParameterizedTest
    @CsvSource({"GET, /actuator/health/liveness", "GET, /actuator/health/readiness", "POST, /actuator/ledger"})
    void probesAndOrdersWaitForNobody(String method, String path) {
        assertThat(call(method, path, () -> {}).getStatus()).isEqualTo(200);
    }

    /** What is served while it is called. */
    private interface Work {
        void run() throws InterruptedException;
    }

    private MockHttpServletResponse call(String method, String path, Work work) {
        MockHttpServletResponse response = new MockHttpServletResponse();
        try {
            turns.doFilter(new MockHttpServletRequest(method, path), response, (request, answer) -> {
                try {
                    work.run();
                } catch (InterruptedException e) {
                    throw new ServletException(e);
                }
            });
        } catch (IOException | ServletException e) {
            throw new AssertionError(e);
        }
        return response;
    }
}
