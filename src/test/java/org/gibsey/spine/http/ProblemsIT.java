package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.gibsey.spine.embedded.SignedInCalls;
import org.gibsey.spine.embedded.SpineIT;
import org.gibsey.spine.http.RawHttp.Answer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;

/** Whatever goes wrong, and whoever finds it, is answered with a problem. */
@SpineIT
class ProblemsIT {

    /** Of a change: who is known may make one, and then there has to be the gift. */
    private static final int OF_NO_GIFT = SignedInCalls.areWanted() ? 404 : 403;

    private static final String GIFT = "{\"page_id\":41001,\"question\":\"q\",\"answer\":\"a\"}";
    private static final String LONG_AGO = "Thu, 01 Jan 1970 00:00:00 GMT";

    @LocalServerPort
    int port;

    @Autowired
    CamelContext camel;

    @Autowired
    ObjectMapper json;

    static Stream<Arguments> faults() {
        return Stream.of(
                // found by Tomcat
                arguments("no request line", "GARBAGE\n\n", 400),
                arguments("a control character in the method", "G\001T / HTTP/1.1\nHost: x\n\n", 400),
                arguments("characters no target may have", "GET /<> HTTP/1.1\nHost: x\n\n", 400),
                arguments("a version that does not exist", "GET / HTTP/7.0\nHost: x\nConnection: close\n\n", 400),
                arguments("no Host", "GET / HTTP/1.1\nConnection: close\n\n", 400),
                arguments("a header name with NUL", get("/", "X\000: 1"), 400),
                arguments("a head of 9 kB", get("/", "X: " + "a".repeat(9000)), 400),
                arguments("two lengths", post("Content-Length: 3\nContent-Length: 4", "abcd"), 400),
                arguments("a negative length", post("Content-Length: -3", "abcd"), 400),
                arguments("an unknown transfer encoding", post("Transfer-Encoding: brotli", ""), 400),
                arguments("a chunk without a size", post("Transfer-Encoding: chunked", "zz\n"), 400),
                arguments("an unknown expectation", post("Expect: a-miracle\nContent-Length: 1", "1"), 417),
                arguments("a path that leaves the root", get("/../etc/passwd"), 400),
                arguments("an encoded NUL in the path", get("/vault%00"), 400),
                arguments("CONNECT", "CONNECT x:80 HTTP/1.1\nHost: x:80\nConnection: close\n\n", 400),
                arguments("TRACE", "TRACE / HTTP/1.1\nHost: x\nConnection: close\n\n", 405),
                // found by Spring
                arguments("an unknown path", get("/vault/nope"), 404),
                arguments("a path one slash too long", get("/vault/list/"), 404),
                arguments("a wrong method", get("/vault/save"), 405),
                arguments("another wrong method", "DELETE /vault/list HTTP/1.1\nHost: x\nConnection: close\n\n", 405),
                arguments("an answer in HTML", get("/vault/list", "Accept: text/html"), 406),
                arguments("the page in another type", get("/", "Accept: application/json"), 406),
                arguments("the page of before it was", get("/", "If-Unmodified-Since: " + LONG_AGO), 412),
                arguments(
                        "the same in English",
                        get("/", "If-Unmodified-Since: " + LONG_AGO + "\nAccept-Language: en"),
                        412),
                arguments("a range beyond the page", get("/", "Range: bytes=999999-"), 416),
                arguments("an origin that is not allowed", get("/vault/list", "Origin: http://evil.example"), 403),
                arguments("text", body("text/plain", GIFT), 415),
                arguments("a form", body("application/x-www-form-urlencoded", "page_id=1"), 415),
                arguments("a multipart form", body("multipart/form-data; boundary=x", "--x--"), 415),
                arguments("no type", post("Content-Length: 2", "{}", false), 415),
                // found on the way into a route
                arguments("a compressed body", post("Content-Encoding: gzip\nContent-Length: 2", "{}"), 415),
                arguments("another charset", body("application/json; charset=iso-8859-1", GIFT), 400),
                arguments("a body without an end", post("Content-Length: 9", "{"), 408),
                arguments("a query that is not encoded", get("/vault/list?limit=%zz"), 400),
                // found in a route
                arguments("a change where nobody is known", delete("/vault/gifts/" + new UUID(0, 1)), OF_NO_GIFT),
                arguments("the same by the number of the row", delete("/vault/" + Long.MAX_VALUE), OF_NO_GIFT),
                arguments("an empty body", body("application/json", ""), 400),
                arguments("half a body", body("application/json", "{\"page_id\":"), 400),
                arguments("an array", body("application/json", "[" + GIFT + "]"), 400),
                arguments("something behind the object", body("application/json", GIFT + "{}"), 400),
                arguments("no fields", body("application/json", "{}"), 422));
    }

    private static String delete(String target) {
        return "DELETE " + target + " HTTP/1.1\nHost: x\nConnection: close\n\n";
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("faults")
    void answersEveryFaultWithAProblem(String what, String request, int status) throws IOException {
        Answer answer = RawHttp.send(port, request);

        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.headers())
                .containsEntry("Content-Type", "application/problem+json")
                .containsEntry("X-Content-Type-Options", "nosniff")
                .containsKey("Content-Security-Policy")
                .doesNotContainKeys("Server", "X-Powered-By");
        JsonNode problem = json.readTree(answer.body());
        assertThat(problem.get("status").intValue()).isEqualTo(status);
        assertThat(problem.get("type").textValue()).matches("about:blank|/problems#[a-z]+");
        assertThat(problem.get("title").textValue()).isNotBlank();
        assertThat(problem.get("detail").textValue()).isNotBlank();
        assertThat(answer.body()).doesNotContain("Exception", "org.", "Tomcat");
    }

    @Test
    void saysWhichCallTheProblemIsOf() throws IOException {
        Answer answer = RawHttp.send(port, get("/vault/nope"));

        assertThat(json.readTree(answer.body()).get("instance").textValue()).isEqualTo("/vault/nope");
    }

    @Test
    void namesTheMethodsThatWouldDo() throws IOException {
        assertThat(RawHttp.send(port, get("/vault/save")).headers()).containsEntry("Allow", "POST");
    }

    @Test
    void namesEveryInvalidFieldInOneAnswer() throws IOException {
        String wrong = "{\"page_id\":0,\"question\":\" \",\"answer\":7,\"symbol_id\":1.5,\"user_id\":\"me\"}";

        JsonNode problem = json.readTree(
                RawHttp.send(port, body("application/json", wrong)).body());

        List<String> pointers = new ArrayList<>();
        problem.get("errors").forEach(error -> {
            pointers.add(error.get("pointer").textValue());
            assertThat(error.get("reason").textValue()).isNotBlank();
        });
        assertThat(pointers).containsExactly("/page_id", "/question", "/answer", "/symbol_id", "/user_id");
    }

    @Test
    void asksToRetryWhileARouteIsSuspendedOrStopped() throws Exception {
        try {
            camel.getRouteController().suspendRoute("list-gifts");
            assertRetry(RawHttp.send(port, get("/vault/list")));
            camel.getRouteController().stopRoute("list-gifts");
            assertRetry(RawHttp.send(port, get("/vault/list")));
        } finally {
            camel.getRouteController().startRoute("list-gifts");
        }

        assertThat(RawHttp.send(port, get("/vault/list")).status()).isEqualTo(200);
    }

    private static void assertRetry(Answer answer) {
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.headers())
                .containsEntry("Content-Type", "application/problem+json")
                .containsEntry("Retry-After", "3");
    }

    private static String get(String path, String... headers) {
        return "GET " + path + " HTTP/1.1\nHost: x\nConnection: close\n" + lines(headers) + "\n";
    }

    private static String post(String headers, String body) {
        return post(headers, body, true);
    }

    private static String post(String headers, String body, boolean typed) {
        return "POST /vault/save HTTP/1.1\nHost: x\nConnection: close\n"
                + (typed ? "Content-Type: application/json\n" : "") + headers + "\n\n" + body;
    }

    private static String body(String type, String body) {
        int length = body.getBytes(StandardCharsets.ISO_8859_1).length;
        return post("Content-Type: " + type + "\nContent-Length: " + length, body, false);
    }

    private static String lines(String... headers) {
        return headers.length == 0 ? "" : String.join("\n", headers) + "\n";
    }
}
