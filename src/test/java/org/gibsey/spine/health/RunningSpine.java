package org.gibsey.spine.health;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import org.gibsey.spine.SpineApplication;
import org.gibsey.spine.embedded.Patience;
import org.gibsey.spine.embedded.SignedInCalls;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** The application as an operator has it: started with settings, seen over HTTP. Closing stops it. */
final class RunningSpine implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final ConfigurableApplicationContext application;
    private final HttpClient http = HttpClient.newHttpClient();

    private RunningSpine(ConfigurableApplicationContext application) {
        this.application = application;
    }

    /** @param settings {@code NAME=value}, beside free ports */
    static RunningSpine start(String... settings) {
        List<String> arguments = new ArrayList<>(List.of("--SERVER_PORT=0", "--MANAGEMENT_SERVER_PORT=0"));
        for (String setting : settings) {
            arguments.add("--" + setting);
        }
        return new RunningSpine(SignedInCalls.in(new SpringApplicationBuilder(SpineApplication.class))
                .run(arguments.toArray(String[]::new)));
    }

    <T> T bean(Class<T> type) {
        return application.getBean(type);
    }

    /** GET on the management port. */
    HttpResponse<String> manage(String path) throws Exception {
        return send(request("local.management.port", path).GET());
    }

    /** POST of JSON on the management port. */
    HttpResponse<String> manage(String path, String body) throws Exception {
        return send(request("local.management.port", path)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    /** Saves a gift. */
    HttpResponse<String> save(int page, String question) throws Exception {
        return send(request("local.server.port", "/vault/save")
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(
                        "{\"page_id\":%d,\"question\":\"%s\",\"answer\":\"a\"}".formatted(page, question))));
    }

    /** Any call on the public port; its HTTP status. */
    int call(String method, String path, String body) throws Exception {
        return send(request("local.server.port", path)
                        .header("Content-Type", "application/json")
                        .method(method, HttpRequest.BodyPublishers.ofString(body)))
                .statusCode();
    }

    /** HTTP status of readiness: 200 or 503. */
    int readiness() throws Exception {
        return manage("/actuator/health/readiness").statusCode();
    }

    int liveness() throws Exception {
        return manage("/actuator/health/liveness").statusCode();
    }

    /** One named part of readiness. */
    JsonNode part(String name) throws Exception {
        return json("/actuator/health/readiness").path("components").path(name);
    }

    /** What the management port says. */
    JsonNode json(String path) throws Exception {
        return JSON.readTree(manage(path).body());
    }

    /** What an audit of the topic says. */
    JsonNode audit() throws Exception {
        return JSON.readTree(manage("/actuator/ledger", "{}").body()).path("ledger");
    }

    /** All metrics, in the words of Prometheus. */
    String metrics() throws Exception {
        return manage("/actuator/prometheus").body();
    }

    /** Value of a metric as Prometheus sees it, summed over its labels; NaN when it is not there. */
    double metric(String name) throws Exception {
        return metrics()
                .lines()
                .filter(line -> line.startsWith(name + " ") || line.startsWith(name + "{"))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .reduce(Double::sum)
                .orElse(Double.NaN);
    }

    @Override
    public void close() {
        application.close();
    }

    private HttpRequest.Builder request(String port, String path) {
        return HttpRequest.newBuilder(URI.create(
                        "http://localhost:" + application.getEnvironment().getProperty(port) + path))
                .timeout(Patience.LIMIT);
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
}
