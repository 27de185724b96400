package org.gibsey.spine.embedded;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;

/** Calls an application in another process, over HTTP. Thread-safe. */
public final class TestCaller {

    private final HttpClient http = HttpClient.newHttpClient();
    private final int port;
    private final int management;

    /**
     * @param port       public port on localhost
     * @param management management port on localhost
     */
    public TestCaller(int port, int management) {
        this.port = port;
        this.management = management;
    }

    /** {@code POST /vault/save} with this question. */
    public HttpResponse<String> save(String question) throws IOException, InterruptedException {
        return send(request(port, "/vault/save")
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(
                        "{\"page_id\":1,\"question\":\"%s\",\"answer\":\"a\"}".formatted(question))));
    }

    /** The body of {@code GET /vault/list}. */
    public String list() throws IOException, InterruptedException {
        return send(request(port, "/vault/list")).body();
    }

    /** The body of {@code GET /actuator/health}. */
    public String health() throws IOException, InterruptedException {
        return management("/actuator/health");
    }

    /** The body of {@code GET} on the management port. */
    public String management(String path) throws IOException, InterruptedException {
        return send(request(management, path)).body();
    }

    /** The body of {@code GET /actuator/prometheus}. */
    public String metrics() throws IOException, InterruptedException {
        return send(request(management, "/actuator/prometheus")).body();
    }

    /** What an audit of the topic says. */
    public String ledger() throws IOException, InterruptedException {
        return audit("{}");
    }

    /** The same, and what has no place is sent again. */
    public String resend() throws IOException, InterruptedException {
        return audit("{\"dryRun\":false}");
    }

    private String audit(String body) throws IOException, InterruptedException {
        return send(request(management, "/actuator/ledger")
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body)))
                .body();
    }

    /** The value of a metric without labels. */
    public double metric(String name) throws IOException, InterruptedException {
        return send(request(management, "/actuator/prometheus"))
                .body()
                .lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .findFirst()
                .orElseThrow();
    }

    /** Whether it says that it can do its work; not when it says nothing. */
    public boolean isReady() throws InterruptedException {
        return says("/actuator/health/readiness", 200);
    }

    /** Whether it says that it cannot do its work now, and that it need not be restarted for that. */
    public boolean isWaiting() throws InterruptedException {
        return says("/actuator/health/readiness", 503) && says("/actuator/health/liveness", 200);
    }

    private boolean says(String path, int status) throws InterruptedException {
        try {
            return send(request(management, path)).statusCode() == status;
        } catch (IOException closed) {
            return false;
        }
    }

    private static HttpRequest.Builder request(int port, String path) {
        return HttpRequest.newBuilder(URI.create("http://localhost:" + port + path))
                .timeout(Patience.LIMIT);
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return http.send(request.build(), BodyHandlers.ofString());
    }
}
