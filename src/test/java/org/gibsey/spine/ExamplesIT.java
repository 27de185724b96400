package org.gibsey.spine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.gibsey.spine.embedded.Browser;
import org.gibsey.spine.embedded.SpineIT;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.core.io.ClassPathResource;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The clients of {@code examples/}: each is run as its first lines say. */
@SpineIT
class ExamplesIT {

    /** Signs that tear a client which quotes, escapes or decodes on its own. */
    private static final String QUESTION = "\"Où\" & 'why' \\ $HOME 😀: ?";

    /** A client, and the command that fails where what it needs is missing. */
    record Client(String file, List<String> needs) {

        @Override
        public String toString() {
            return file;
        }
    }

    @LocalServerPort
    int port;

    @Autowired
    ObjectMapper json;

    @Autowired
    JdbcClient vault;

    @TempDir
    Path folder;

    static Stream<Client> clients() {
        return Stream.of(
                new Client("gifts.sh", List.of("bash", "-c", "jq --version && curl --json '' --version")),
                new Client("gifts.py", List.of("python3", "-c", "import requests")),
                new Client(
                        "gifts.mjs",
                        List.of("node", "-e", "process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)")));
    }

    @ParameterizedTest
    @MethodSource("clients")
    void savesListsAndFollows(Client client) throws Exception {
        assumeRuns(client);
        int page = 88_000 + client.file().hashCode() % 1000;

        Path followed = folder.resolve("followed");
        Process following = start(client, port, followed, "follow");
        try {
            // a stream begins with what is saved after it is open: gifts are saved until one is seen
            await().until(() -> {
                save(client, page, "first");
                return gifts(followed, page).size() > 0;
            });
            String location = save(client, page, QUESTION);
            String id = location.substring(location.lastIndexOf('/') + 1);
            await().until(() -> gifts(followed, page).stream()
                    .anyMatch(gift -> gift.path("event_id").asText().equals(id)));
        } finally {
            following.destroyForcibly().waitFor();
        }
        // more than a page of the list
        vault.sql("""
                        insert into vault (event_id, page_id, question, answer, created_at)
                        select gen_random_uuid(), :page, 'q', 'a', now() from generate_series(1, 101)""").param("page", page).update();

        Path listed = folder.resolve("listed");
        assertThat(start(client, port, listed, "list").waitFor()).isZero();

        List<JsonNode> gifts = gifts(listed, page);
        assertThat(gifts).extracting(gift -> gift.path("event_id").asText()).doesNotHaveDuplicates();
        assertThat(gifts).hasSizeGreaterThan(101);
        assertThat(gifts)
                .extracting(gift -> gift.path("question").asText())
                .contains(QUESTION, "first")
                .filteredOn("q"::equals)
                .hasSize(101);
    }

    /** A server that fails twice in the ways a save can fail, and ends each stream after an event. */
    @ParameterizedTest
    @MethodSource("clients")
    void repeatsASaveWithItsKeyAndResumesAStreamFromItsLastEvent(Client client) throws Exception {
        assumeRuns(client);
        List<String> keys = new CopyOnWriteArrayList<>();
        List<String> resumed = new CopyOnWriteArrayList<>();
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        List<String> tokens = new CopyOnWriteArrayList<>();
        server.createContext("/vault/save", exchange -> {
            tokens.add(exchange.getRequestHeaders().getFirst("Authorization"));
            keys.add(exchange.getRequestHeaders().getFirst("Idempotency-Key"));
            exchange.getRequestBody().readAllBytes();
            int status = List.of(503, 429, 202).get(keys.size() - 1);
            exchange.getResponseHeaders().set(status == 202 ? "Location" : "Retry-After", status == 202 ? "/it" : "1");
            exchange.sendResponseHeaders(status, -1);
            exchange.close();
        });
        server.createContext("/vault/stream", exchange -> {
            tokens.add(exchange.getRequestHeaders().getFirst("Authorization"));
            resumed.add(String.valueOf(exchange.getRequestHeaders().getFirst("Last-Event-ID")));
            int number = resumed.size();
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody()
                    .write(
                            ": hello\nevent: position\nid: %d-a\ndata: {}\n\nevent: gift\nid: %d-b\ndata: {\"page_id\":%d}\n\nevent: gift\nid: torn\n"
                                    .formatted(number, number, number)
                                    .getBytes(StandardCharsets.UTF_8));
            exchange.close();
        });
        server.start();
        try {
            int there = server.getAddress().getPort();
            Path saved = folder.resolve("saved");
            assertThat(start(client, there, saved, "save", "1", "q", "a").waitFor())
                    .isZero();
            assertThat(saved).content().isEqualToIgnoringNewLines("/it");
            assertThat(keys).hasSize(3).doesNotContainNull().containsOnly(keys.get(0));

            Path followed = folder.resolve("resumed");
            Process following = start(client, there, followed, "follow", "0-z");
            try {
                await().until(() -> resumed.size() >= 3);
            } finally {
                following.destroyForcibly().waitFor();
            }
            assertThat(resumed).startsWith("0-z", "1-b", "2-b");
            assertThat(Files.readAllLines(followed)).contains("{\"page_id\":1}", "{\"page_id\":2}");
            assertThat(tokens).containsOnly("Bearer of a reader");
        } finally {
            server.stop(0);
        }
    }

    @ParameterizedTest
    @MethodSource("clients")
    void saysInOneLineHowItIsCalledWhenItIsCalledOtherwise(Client client) throws Exception {
        assumeRuns(client);
        for (List<String> words : List.of(List.<String>of(), List.of("sing"), List.of("save", "1"))) {
            Path output = folder.resolve("output");
            Path said = folder.resolve("said");

            int status = command(client, port, words.toArray(String[]::new))
                    .redirectOutput(output.toFile())
                    .redirectError(said.toFile())
                    .start()
                    .waitFor();

            assertThat(Files.readAllLines(said))
                    .singleElement(STRING)
                    .startsWith("usage: " + client + " save PAGE QUESTION ANSWER | list | follow [LAST_EVENT_ID]");
            assertThat(output).isEmptyFile();
            assertThat(status).isEqualTo(2);
        }
    }

    /** In a page of another program's, whose first stream breaks after its first gift; what is saved meanwhile comes with the next. */
    @Test
    void showsTheGiftsOfAPageInReactAcrossALostConnection() throws Exception {
        int page = 88_888;
        AtomicInteger streams = new AtomicInteger();
        HttpServer site = siteOfReact(page, exchange -> {
            boolean breaks = isStream(exchange) && streams.incrementAndGet() == 1;
            pass(exchange, UnaryOperator.identity(), piece -> breaks && piece.contains("event: gift"));
        });
        insert(page, "before");
        vault.sql("update vault set lang = 'de' where page_id = ?").param(page).update();
        try (Browser browser = Browser.start()) {
            browser.go("http://localhost:" + site.getAddress().getPort() + "/");
            await().until(() -> browser.texts("section[aria-busy=false] h3").equals(List.of("before")));
            insert(page, "breaks");
            await().until(() -> streams.get() > 1
                    || browser.texts("section[aria-busy=true]").size() == 1);
            insert(page, "meanwhile");
            await().until(() -> browser.texts("h3").equals(List.of("meanwhile", "breaks", "before")));
            assertThat(browser.texts("article[lang=de] h3")).containsExactly("before");
            assertThat(browser.texts("article[lang]")).hasSize(1);
            vault.sql("update vault set deleted_at = now() where page_id = :page and question = 'breaks'")
                    .param("page", page)
                    .update();
            await().until(() -> browser.texts("h3").equals(List.of("meanwhile", "before")));
        } finally {
            site.stop(0);
        }
    }

    /** The first stream is of a database that has had more transactions, and the next has a gift before it says where it is. */
    @Test
    void showsNothingInReactOfADatabaseThatAnotherHasReplaced() throws Exception {
        int page = 88_887;
        CompletableFuture<Void> isShown = new CompletableFuture<>();
        AtomicInteger streams = new AtomicInteger();
        HttpServer site = siteOfReact(page, exchange -> {
            if (isStream(exchange) && streams.incrementAndGet() == 1) {
                exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
                exchange.sendResponseHeaders(200, 0);
                exchange.getResponseBody()
                        .write(("event: position\nid: 4000000000000:1\ndata: {\"live\":true}\n\n"
                                        + event("4000000000001:1", page, "of the other"))
                                .getBytes(StandardCharsets.UTF_8));
                exchange.getResponseBody().flush();
                isShown.join();
                exchange.close();
            } else {
                String reset = "event: reset\ndata: {}\n\n";
                pass(exchange, piece -> piece.replace(reset, reset + event("1:1", page, "after it")), piece -> false);
            }
        });
        insert(page, "here");
        try (Browser browser = Browser.start()) {
            browser.go("http://localhost:" + site.getAddress().getPort() + "/");
            await().until(() -> browser.texts("section[aria-busy=false] h3").equals(List.of("of the other", "here")));

            isShown.complete(null);

            await().until(() -> browser.texts("section[aria-busy=false] h3").equals(List.of("after it", "here")));
        } finally {
            isShown.complete(null);
            site.stop(0);
        }
    }

    private static String event(String id, int page, String question) {
        return "event: gift\nid: %s\ndata: {\"id\":1,\"event_id\":\"%s\",\"page_id\":%d,\"question\":\"%s\",\"answer\":\"a\",\"created_at\":\"9999-01-01T00:00:00Z\"}\n\n"
                .formatted(id, UUID.randomUUID(), page, question);
    }

    /** Another program's site, with a page of React's, that passes on what is asked of the vault. */
    private static HttpServer siteOfReact(int page, HttpHandler vault) throws IOException {
        HttpServer site = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        site.setExecutor(Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, "site");
            thread.setDaemon(true);
            return thread;
        }));
        site.createContext(
                "/",
                exchange -> answer(exchange, "text/html", """
                <!doctype html><div id="root"></div>
                <script src="/react.development.js"></script><script src="/react-dom.development.js"></script>
                <script type="importmap">{"imports": {"react": "/react.mjs"}}</script>
                <script type="module">
                  import { GiftStream } from "/GiftStream.mjs";
                  ReactDOM.createRoot(root).render(React.createElement(GiftStream, {url: "", pageId: %d}));
                </script>""".formatted(page).getBytes(StandardCharsets.UTF_8)));
        for (String library : List.of("react", "react-dom")) {
            String umd = "META-INF/resources/webjars/%s/18.3.1/umd/%s.development.js".formatted(library, library);
            byte[] script = new ClassPathResource(umd).getContentAsByteArray();
            site.createContext(
                    "/" + library + ".development.js", exchange -> answer(exchange, "text/javascript", script));
        }
        site.createContext(
                "/react.mjs",
                exchange -> answer(
                        exchange,
                        "text/javascript",
                        "export const { createElement, useEffect, useState } = React;"
                                .getBytes(StandardCharsets.UTF_8)));
        site.createContext(
                "/GiftStream.mjs",
                exchange ->
                        answer(exchange, "text/javascript", Files.readAllBytes(Path.of("examples/GiftStream.mjs"))));
        site.createContext("/vault/", vault);
        site.start();
        return site;
    }

    private static boolean isStream(HttpExchange exchange) {
        return exchange.getRequestURI().getPath().equals("/vault/stream");
    }

    private void insert(int page, String question) {
        vault.sql("insert into vault (page_id, question, answer) values (:page, :question, 'a')")
                .param("page", page)
                .param("question", question)
                .update();
    }

    private static void answer(HttpExchange exchange, String type, byte[] body) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", type + "; charset=utf-8");
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    /**
     * Passes a call on to the vault.
     *
     * @param answer what becomes of each piece of its answer
     * @param isLast whether the connection is lost after a piece
     */
    private void pass(HttpExchange exchange, UnaryOperator<String> answer, Predicate<String> isLast)
            throws IOException {
        URL vault = new URL("http://localhost:" + port + exchange.getRequestURI());
        try (InputStream body = vault.openStream()) {
            exchange.getResponseHeaders()
                    .set("Content-Type", isStream(exchange) ? "text/event-stream" : "application/json");
            exchange.sendResponseHeaders(200, 0);
            byte[] buffer = new byte[8192];
            for (int read = body.read(buffer); read >= 0; read = body.read(buffer)) {
                String piece = new String(buffer, 0, read, StandardCharsets.UTF_8);
                exchange.getResponseBody().write(answer.apply(piece).getBytes(StandardCharsets.UTF_8));
                exchange.getResponseBody().flush();
                if (isLast.test(piece)) {
                    break;
                }
            }
        } finally {
            exchange.close();
        }
    }

    private String save(Client client, int page, String question) throws Exception {
        Path saved = folder.resolve("saved");
        assertThat(start(client, port, saved, "save", String.valueOf(page), question, "a")
                        .waitFor())
                .isZero();
        return Files.readString(saved).strip();
    }

    private List<JsonNode> gifts(Path output, int page) throws IOException {
        List<JsonNode> gifts = new ArrayList<>();
        List<String> lines = Files.readString(output).lines().toList();
        for (String line : lines) {
            JsonNode gift = json.readTree(line);
            if (gift.path("page_id").asInt() == page) {
                gifts.add(gift);
            }
        }
        return gifts;
    }

    private void assumeRuns(Client client) throws Exception {
        boolean runs;
        try {
            runs = new ProcessBuilder(client.needs())
                            .redirectErrorStream(true)
                            .redirectOutput(folder.resolve("needs").toFile())
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException missing) {
            runs = false;
        }
        assumeTrue(runs, "examples/%s needs what this machine has not: %s".formatted(client, client.needs()));
    }

    private static Process start(Client client, int port, Path output, String... arguments) throws IOException {
        return command(client, port, arguments)
                .redirectOutput(output.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private static ProcessBuilder command(Client client, int port, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                client.needs().get(0), Path.of("examples", client.file()).toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("GIFT_SPINE", "http://localhost:" + port);
        // where no readers are known it means nothing
        builder.environment().put("GIFT_SPINE_TOKEN", "of a reader");
        return builder;
    }
}
