package org.gibsey.spine.liveroutes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.gibsey.spine.http.AnswerMade;
import org.gibsey.spine.liveroutes.RequestGate.Hold;
import org.junit.jupiter.api.Test;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;

class RequestGateTest {

    private static final Duration SHORT = Duration.ofMillis(20);

    private final RequestGate gate = new RequestGate();
    private Thread lastThread = Thread.currentThread();

    @Test
    void letsRequestsOfUnknownPathsPassAndDoesNotWaitForThem() throws Exception {
        request("/anything", () -> assertThat(holds("/vault/save")).isTrue());
    }

    @Test
    void keepsRequestsWaitingUntilTheHoldIsClosed() throws Exception {
        Hold hold = hold("/vault/save");

        Waiting request = new Waiting("/vault/save");
        request.awaitWaiting();
        assertThat(request.status).isNotDone();
        hold.close();

        await().until(request.status::isDone);
        assertThat(request.status.join()).isEqualTo(200);
    }

    @Test
    void answers503ToARequestThatGivesUpWaiting() throws Exception {
        try (Hold hold = hold("/vault/save")) {
            assertThat(hold).isNotNull();
            Waiting request = new Waiting("/vault/save");
            request.awaitWaiting();

            request.thread.interrupt();

            await().until(request.status::isDone);
            assertThat(request.status.join()).isEqualTo(503);
        }
    }

    @Test
    void waitsForTheRequestsInWork() throws Exception {
        know("/vault/save");

        request("/vault/save", () -> assertThat(holds("/vault/save")).isFalse());

        assertThat(holds("/vault/save")).isTrue();
    }

    @Test
    void letsOthersPassWhileAnExchangeWaitsForOneRequest() throws Exception {
        know("/vault/save");
        CountDownLatch end = new CountDownLatch(1);
        CompletableFuture<Integer> slow = inThread(() -> request("/vault/save", () -> awaitQuietly(end)));
        await().until(() -> !holds("/vault/save"));
        CompletableFuture<Optional<Hold>> exchange =
                inThread(() -> gate.hold(List.of("/vault/save"), Duration.ofMinutes(5)));

        await().until(() -> lastThread.getState() == Thread.State.TIMED_WAITING);

        for (int i = 0; i < 3; i++) {
            assertThat(request("/vault/save", () -> {})).isEqualTo(200);
        }

        assertThat(exchange).isNotDone();
        end.countDown();
        assertThat(slow.join()).isEqualTo(200);
        await().until(exchange::isDone);
        assertThat(exchange.join()).isPresent();
    }

    @Test
    void doesNotWaitForWhatGoesOnAfterTheChainHasReturned() throws Exception {
        know("/vault/{*rest}");
        MockHttpServletRequest stream = new MockHttpServletRequest("GET", "/vault/stream");
        stream.setAsyncSupported(true);

        gate.doFilter(stream, new MockHttpServletResponse(), (request, response) -> request.startAsync());

        assertThat(stream.isAsyncStarted()).isTrue();
        assertThat(holds("/vault/{*rest}")).isTrue();
    }

    @Test
    void doesNotWaitForTheReaderOfAnAnswerThatIsMade() throws Exception {
        know("/vault/list");
        MockHttpServletRequest call = new MockHttpServletRequest("GET", "/vault/list");

        filter(call, new MockHttpServletResponse(), (request, answer) -> {
            assertThat(holds("/vault/list")).isFalse();
            AnswerMade.tell(call);
            assertThat(holds("/vault/list")).isTrue();
        });

        // who left twice would let an exchange begin beside a request in work
        request("/vault/list", () -> assertThat(holds("/vault/list")).isFalse());
        assertThat(holds("/vault/list")).isTrue();
    }

    @Test
    void letsTheNextRequestPassWhenOneHasFailed() throws Exception {
        know("/vault/save");
        MockHttpServletRequest failing = new MockHttpServletRequest("POST", "/vault/save");

        assertThat(CompletableFuture.runAsync(() -> filter(failing, new MockHttpServletResponse(), (q, a) -> {
                    throw new IOException("gone");
                })))
                .failsWithin(Duration.ofSeconds(30));

        assertThat(holds("/vault/save")).isTrue();
    }

    @Test
    void letsRequestsPassAgainWhenAHoldWasGivenUp() throws Exception {
        know("/vault/save", "/vault/list");

        request("/vault/list", () -> {
            assertThat(holds("/vault/save", "/vault/list")).isFalse();
            assertThat(request("/vault/save", () -> {})).isEqualTo(200);
        });
    }

    @Test
    void holdsNoOtherPath() throws Exception {
        know("/vault/list", "/vault/gifts/{id}");

        try (Hold hold = hold("/vault/gifts/{id}")) {
            assertThat(hold).isNotNull();
            new Waiting("/vault/gifts/7").awaitWaiting();
            assertThat(request("/vault/list", () -> {})).isEqualTo(200);
        }
    }

    @Test
    void countsARequestForTheMostSpecificPath() throws Exception {
        know("/vault/{*rest}", "/vault/save");

        request("/vault/save", () -> {
            assertThat(holds("/vault/save")).isFalse();
            assertThat(holds("/vault/{*rest}")).isTrue();
        });
    }

    /** Makes the gate know paths, as the start of a route does. */
    private void know(String... paths) throws InterruptedException {
        hold(paths).close();
    }

    private Hold hold(String... paths) throws InterruptedException {
        return gate.hold(List.of(paths), SHORT).orElseThrow();
    }

    private boolean holds(String... paths) {
        try {
            return gate.hold(List.of(paths), SHORT).map(this::closed).orElse(false);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private boolean closed(Hold hold) {
        hold.close();
        return true;
    }

    private <T> CompletableFuture<T> inThread(Callable<T> work) {
        CompletableFuture<T> result = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try {
                result.complete(work.call());
            } catch (Exception e) {
                result.completeExceptionally(e);
            }
        });
        thread.setDaemon(true);
        thread.start();
        lastThread = thread;
        return result;
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** @return the status of the answer */
    private int request(String path, Runnable work) {
        MockHttpServletResponse response = new MockHttpServletResponse();
        filter(new MockHttpServletRequest("GET", path), response, (request, answer) -> work.run());
        return response.getStatus();
    }

    private void filter(MockHttpServletRequest request, MockHttpServletResponse response, FilterChain chain) {
        try {
            gate.doFilter(request, response, chain);
        } catch (IOException | ServletException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A request in a thread of its own. */
    private final class Waiting {

        private final CompletableFuture<Integer> status = new CompletableFuture<>();
        private final Thread thread;

        Waiting(String path) {
            thread = new Thread(() -> status.complete(request(path, () -> {})));
            thread.setDaemon(true);
            thread.start();
        }

        void awaitWaiting() {
            await().until(() -> thread.getState() == Thread.State.TIMED_WAITING);
        }
    }
}
