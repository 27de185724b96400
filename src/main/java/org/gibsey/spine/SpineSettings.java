package org.gibsey.spine;

import jakarta.validation.Valid;
import jakarta.validation.constraints.AssertTrue;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import java.time.Duration;
import java.util.List;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.validation.annotation.Validated;

/**
 * The settings of our own. Each has one commented line in {@code application.yaml}; an unknown or invalid one stops the
 * start.
 *
 * @param topic what gifts travel on
 * @param limits what a request may carry
 * @param http how the public port treats its callers
 * @param management how operators reach the management port
 * @param database the vault
 * @param stream the live timeline
 * @param ledger how the books are checked
 * @param routes the route files
 * @param tracing where traces go
 */
@Validated
@ConfigurationProperties(prefix = "spine", ignoreUnknownFields = false)
public record SpineSettings(
        @Valid @NotNull Topic topic,
        @Valid @NotNull Limits limits,
        @Valid @NotNull Http http,
        @Valid @NotNull Management management,
        @Valid @NotNull Database database,
        @Valid @NotNull Stream stream,
        @Valid @NotNull Ledger ledger,
        @Valid @NotNull Routes routes,
        @Valid @NotNull Tracing tracing) {

    /** Every check across settings is here. */
    @AssertTrue(
            message =
                    "MAX_CONCURRENT_BODY_BYTES must be at least MAX_BODY_BYTES, or the largest body never finds a place")
    public boolean isRoomForTheLargestBody() {
        return http == null || limits == null || http.concurrentBodyBytes >= limits.bodyBytes;
    }

    /**
     * @param name        topic of the gifts
     * @param deadLetters topic of the gifts that cannot be stored
     * @param group       consumer group of the workers
     * @param create      whether missing topics are created at start
     * @param partitions  of a topic created here
     */
    public record Topic(
            @NotBlank String name,
            @NotBlank String deadLetters,
            @NotBlank String group,
            boolean create,
            @Min(1) @Max(1000) int partitions) {}

    /**
     * @param questionChars longest question, in UTF-16 code units
     * @param answerChars   longest answer, in UTF-16 code units
     * @param bodyBytes     largest request body, in bytes
     */
    public record Limits(
            @Min(1) int questionChars,
            @Min(1) int answerChars,
            @Min(1) int bodyBytes) {}

    /**
     * @param origins             whose pages may call from a browser
     * @param concurrentSaves     saves in work at once
     * @param concurrentReads     other calls in work at once
     * @param concurrentBodyBytes bodies in work at once, in bytes; one without a length counts as the largest
     * @param headTime            how long the head of a request may take
     * @param bodyTime            how long the body of a request may take
     */
    public record Http(
            @NotNull List<@NotBlank String> origins,
            @Min(1) int concurrentSaves,
            @Min(1) int concurrentReads,
            @Min(1) int concurrentBodyBytes,
            @NotNull Duration headTime,
            @NotNull Duration bodyTime) {}

    /** @param hosts names the management port answers to, without a port; addresses and {@code localhost} it answers anyway */
    public record Management(@NotNull List<@Pattern(regexp = "[A-Za-z0-9._-]+") String> hosts) {}

    /** @param migrate whether this process brings the schema up to date */
    public record Database(boolean migrate) {}

    /**
     * @param clients     streams that may be open at the same time
     * @param heartbeat   longest silence on a stream; the page takes it for lost after 45 s
     * @param poll        how often the vault is looked at without a notification
     * @param bufferBytes what may wait for one slow client before it is dropped
     */
    public record Stream(
            @Min(1) int clients,

            @NotNull @DurationMin(seconds = 1) @DurationMax(seconds = 30)
            Duration heartbeat,

            @NotNull @DurationMin(millis = 100) @DurationMax(minutes = 5)
            Duration poll,

            @Min(1024) int bufferBytes) {}

    /**
     * @param eventsPerSecond how many events this process compares with the tables all the time; 0 for none
     * @param roundPause      between two rounds over the topic
     */
    public record Ledger(
            @Min(0) int eventsPerSecond, @NotNull Duration roundPause) {}

    /**
     * @param required  ids of the routes that must run for this process to be ready; empty: one for each route file there is
     * @param lookEvery how often the route files are read; zero: only at the start
     */
    public record Routes(
            @NotNull List<String> required, @NotNull Duration lookEvery) {}

    /** @param endpoint base URL of an OTLP receiver, http or https; empty for none */
    public record Tracing(
            @NotNull @Pattern(regexp = "|https?://.+") String endpoint) {}
}
