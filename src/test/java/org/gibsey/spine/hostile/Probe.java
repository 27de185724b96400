package org.gibsey.spine.hostile;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/** Asks the management ports whether the processes live and are ready, as a kubelet does, for as long as it is open. */
final class Probe implements AutoCloseable {

    private static final Duration EVERY = Duration.ofSeconds(1);
    /** A kubelet gives a probe this time, see the manifests. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final HttpClient http = HttpClient.newHttpClient();
    private final Map<String, Integer> failures = new ConcurrentHashMap<>();
    private final List<Integer> ports;
    private final Thread thread = new Thread(this::run, "probe");

    Probe(List<Integer> ports) {
        this.ports = ports;
        thread.start();
    }

    /** Each answer but a good one, with its number. */
    Map<String, Integer> failures() {
        return Map.copyOf(failures);
    }

    private void run() {
        try {
            while (!Thread.interrupted()) {
                for (int port : ports) {
                    ask(port, "liveness");
                    ask(port, "readiness");
                }
                LockSupport.parkNanos(EVERY.toNanos());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void ask(int port, String what) throws InterruptedException {
        URI uri = URI.create("http://localhost:%d/actuator/health/%s".formatted(port, what));
        try {
            int status = http.send(HttpRequest.newBuilder(uri).timeout(PATIENCE).build(), BodyHandlers.discarding())
                    .statusCode();
            if (status != 200) {
                failures.merge(what + " " + status, 1, Integer::sum);
            }
        } catch (IOException e) {
            failures.merge(what + " " + e.getClass().getSimpleName(), 1, Integer::sum);
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
