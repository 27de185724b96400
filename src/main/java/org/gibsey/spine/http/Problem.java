package org.gibsey.spine.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import jakarta.servlet.http.HttpServletResponse;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.gibsey.spine.ClientShares;
import org.gibsey.spine.gift.InvalidInput;
import org.gibsey.spine.gift.InvalidInput.FieldError;
import org.gibsey.spine.gift.MalformedJson;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;

/**
 * What a caller is told when a call did not succeed (RFC 9457): what it has to do, never what happened inside. Every error
 * of the public port is one of these, whoever finds it: Tomcat, Spring, a route. Immutable.
 *
 * @param status HTTP status
 * @param reason one word for metrics, and the last part of {@code type} where the status alone does not say enough
 * @param title  the kind of problem, always the same for a reason
 * @param detail what is to be done about this one
 * @param errors each broken rule, for input that was understood
 * @param headers header fields of its answer, beside those that all have
 */
record Problem(
        int status,
        String reason,
        String title,
        @Nullable String detail,
        List<FieldError> errors,
        Map<String, String> headers) {

    static final String MEDIA_TYPE = "application/problem+json";

    /** What a save can be refused for. */
    static final List<String> REASONS_OF_A_SAVE = List.of(
            "malformed", "slow", "large", "type", "invalid", "share", "rate", "busy", "stopped", "broker", "failed");

    /** What it can be refused for besides, where readers are known. */
    static final List<String> REASONS_OF_A_TOKEN = List.of("signin", "token", "guesses", "issuer");

    private static final ObjectWriter JSON = new ObjectMapper().writer();
    /** SQLSTATEs, or their classes: connection, rollback, resources, state, operator, system, undefined table. */
    private static final List<String> PASSING = List.of("08", "40", "53", "55", "57", "58", "42P01", "42883");

    /** SQLSTATE of a statement that was ended at its time limit. */
    private static final String STOPPED = "57014";

    /** Reason of a read that was. */
    static final String TOO_LONG = "long";

    private static final int RETRY_AFTER_SECONDS = 3;
    /** A request target longer than this is not repeated in an answer. */
    private static final int LONGEST_INSTANCE = 200;

    private Problem(int status, String reason, String title, @Nullable String detail) {
        this(status, reason, title, detail, List.of(), Map.of());
    }

    static Problem malformed(String detail) {
        return new Problem(400, "malformed", "Malformed request", detail);
    }

    static Problem invalid(List<FieldError> errors) {
        String detail = "The request was understood but breaks the rules below.";
        return new Problem(422, "invalid", "Invalid fields", detail, errors, Map.of());
    }

    static Problem unknown(String detail) {
        return new Problem(404, "unknown", "Not found", detail);
    }

    static Problem readOnly() {
        String detail = "Gifts cannot be changed here: nobody is known, so nobody could tell whose they are.";
        return new Problem(403, "readonly", "Read only", detail);
    }

    static Problem nobodyKnown() {
        String detail =
                "Readers are not known here, so nobody can tell which gifts are yours. Ask whoever runs this service.";
        return new Problem(403, "readonly", "Read only", detail);
    }

    static Problem foreign() {
        return new Problem(403, "foreign", "Another reader's", "Only the reader whose gift it is can change it.");
    }

    static Problem dead() {
        String detail = "The gift could not be stored, so there is nothing to change. GET of the gift says why.";
        return new Problem(409, "dead", "Not stored", detail);
    }

    static Problem present() {
        return new Problem(409, "present", "Not deleted", "The gift is not deleted, so there is nothing to restore.");
    }

    static Problem revision() {
        String detail =
                "If-Match does not name the gift's revision. Read it again, and repeat the change if it still applies.";
        return new Problem(412, "revision", "Changed meanwhile", detail);
    }

    static Problem gone(String detail) {
        return new Problem(410, "gone", "Gone", detail);
    }

    static Problem slow(String detail) {
        return new Problem(408, "slow", "Too slow", detail);
    }

    static Problem large(String detail) {
        return new Problem(413, "large", "Too large", detail);
    }

    static Problem type(String detail) {
        return new Problem(415, "type", "Wrong type", detail);
    }

    static Problem signIn() {
        String detail = "This call is for readers who have signed in: send the token in the Authorization header.";
        return new Problem(401, "signin", "Not signed in", detail);
    }

    static Problem token() {
        String detail = "The token is not one of this service's issuer, or its time is over: get another.";
        return new Problem(401, "token", "Token refused", detail);
    }

    static Problem guesses() {
        String detail = "Too many tokens from this address were refused. Others are looked at again in a minute.";
        Map<String, String> limit = Map.of(
                "Retry-After", "60", "RateLimit-Policy", "\"guesses\";q=20;w=60", "RateLimit", "\"guesses\";r=0;t=60");
        return new Problem(429, "guesses", "Too many refused tokens", detail, List.of(), limit);
    }

    /** Its connection stays open, unlike that of a 503: who guesses through a proxy must not cost it one for each guess. */
    static Problem guessesOfOthers() {
        String detail =
                "Nothing was done, because many wrong tokens come from many addresses. Repeat the call after a moment.";
        Map<String, String> limit = Map.of(
                "Retry-After",
                "1",
                "RateLimit-Policy",
                "\"guesses\";q=" + GuessLimit.MOST_A_SECOND + ";w=1",
                "RateLimit",
                "\"guesses\";r=0;t=1");
        return new Problem(429, "guesses", "Too many refused tokens", detail, List.of(), limit);
    }

    static Problem issuer() {
        String detail = "The issuer of the tokens cannot be asked for its keys at the moment. Repeat the call.";
        return new Problem(503, "issuer", "Issuer not available", detail);
    }

    static Problem busy() {
        String detail = "Nothing was done, because too many calls are in work. Repeat it after a moment.";
        return new Problem(503, "busy", "Too many calls at once", detail);
    }

    static Problem shareUsed(ClientShares places) {
        String detail = "Nothing was done, because this client has as many calls open as one may have. End one first.";
        Map<String, String> limit = Map.of(
                "RateLimit-Policy",
                "\"share\";q=" + places.share() + ";qu=\"concurrent-requests\"",
                "RateLimit",
                "\"share\";r=0");
        return new Problem(429, "share", "Too many calls of one client", detail, List.of(), limit);
    }

    /** @param seconds after which it can be repeated */
    static Problem rate(long seconds) {
        return new Problem(
                429,
                "rate",
                "Too many saves of one client",
                "Nothing was done, because this client sends more saves than one may. Repeat it in " + seconds + " s.",
                List.of(),
                Map.of("Retry-After", Long.toString(seconds)));
    }

    static Problem stopped() {
        String detail = "Nothing was done, because this call is not served at the moment. Repeat it after a moment.";
        return new Problem(503, "stopped", "Not running", detail);
    }

    /** @param detail what the caller may expect of the broker */
    static Problem broker(String detail) {
        return new Problem(503, "broker", "Broker not available", detail);
    }

    private static Problem database() {
        return new Problem(503, "database", "Vault not readable", "The vault cannot be read at the moment.");
    }

    private static Problem tooLong() {
        String detail =
                "The database was stopped, because this read took longer than one may. Ask for less, such as another word,"
                        + " a page_id or an earlier page; or repeat it after a moment, should the database only be busy.";
        return new Problem(503, TOO_LONG, "Takes too long", detail);
    }

    private static Problem failed() {
        return new Problem(500, "failed", "Failed", "The call failed inside. An operator finds why in the log.");
    }

    /** For an error that Tomcat or Spring found. */
    static Problem ofStatus(int status) {
        return switch (status) {
            // what HTTP calls not implemented is a request that is wrong here, and no fault of this side
            case 400, 501, 505 -> malformed("The request is not well-formed HTTP, or its target is not a valid one.");
            case 403 -> new Problem(403, "origin", "Origin not allowed", "Pages of this origin may not call.");
            case 404 -> unknown("There is nothing at this path. The calls are described in /openapi.yaml.");
            case 405 -> {
                String detail = "This path does not take this method. See the Allow header.";
                yield new Problem(405, "method", "Wrong method", detail);
            }
            case 406 ->
                new Problem(406, "accept", "Not acceptable", "This path answers in no type that Accept allows.");
            case 408 -> slow("The request must arrive faster.");
            case 413 -> large("The body is too large.");
            case 415 -> type("The body must be application/json in UTF-8.");
            case 500 -> failed();
            case 503 -> stopped();
            default -> new Problem(status, "http", phrase(status), "The request cannot be served.");
        };
    }

    private static String phrase(int status) {
        HttpStatus known = HttpStatus.resolve(status);
        return known == null ? "Error" : known.getReasonPhrase();
    }

    /** For what went wrong in a route; status 500 when nobody has foreseen it. */
    static Problem of(Throwable fault) {
        for (Throwable cause = fault; cause != null; cause = cause.getCause()) {
            if (cause instanceof Refused refused) {
                return refused.problem();
            }
            if (cause instanceof InvalidInput input) {
                return invalid(input.errors());
            }
            if (cause instanceof MalformedJson json) {
                return malformed("The body is not one JSON object: " + json.getMessage() + ".");
            }
            if (cause instanceof RecordTooLargeException) {
                return large("The event made of the body is too large.");
            }
            if (cause instanceof KafkaException) {
                return broker("The broker did not acknowledge in time. It may be stored all the same, so repeat the"
                        + " call with the same Idempotency-Key.");
            }
            if (cause instanceof SQLException sql && STOPPED.equals(sql.getSQLState())) {
                return tooLong();
            }
            if (cause instanceof SQLException sql && passes(sql.getSQLState())) {
                return database();
            }
            if (cause instanceof RejectedExecutionException) {
                return stopped();
            }
        }
        return failed();
    }

    /** Whether the database will read again by itself: it is away, overloaded, or its schema is of before. */
    private static boolean passes(@Nullable String sqlState) {
        return sqlState == null || PASSING.stream().anyMatch(sqlState::startsWith);
    }

    /**
     * Sets status and headers of the answer, beside those that are there.
     *
     * @param target the request target as it came, or null when it is not known
     * @return its body
     */
    byte[] prepare(HttpServletResponse response, @Nullable String target) {
        response.setStatus(status);
        // RFC 8259, section 11: JSON has no charset; a page whose language is known has set one
        response.setCharacterEncoding(null);
        response.setContentType(MEDIA_TYPE);
        response.setHeader("Cache-Control", "no-store");
        if (status == 401) {
            // RFC 6750, section 3.1: nothing more for who has sent no token
            response.setHeader(
                    "WWW-Authenticate", reason.equals("token") ? "Bearer error=\"invalid_token\"" : "Bearer");
        }
        if (status == 503 || status == 429) {
            response.setIntHeader("Retry-After", RETRY_AFTER_SECONDS);
        }
        headers.forEach(response::setHeader);
        return json(target);
    }

    @JsonInclude(JsonInclude.Include.NON_NULL)
    private record Body(
            String type,
            String title,
            int status,
            @Nullable String detail,
            @Nullable String instance,
            @JsonInclude(JsonInclude.Include.NON_EMPTY) List<FieldError> errors) {}

    private byte[] json(@Nullable String target) {
        String type = reason.equals("http") ? "about:blank" : "/problems#" + reason;
        String instance = target == null || target.length() > LONGEST_INSTANCE ? null : target;
        try {
            return JSON.writeValueAsBytes(new Body(type, title, status, detail, instance, errors));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("text and numbers can be written", e);
        }
    }
}
