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
 * The settings of our own, each with its meaning, unit and default in {@code application.yaml}. An unknown or invalid one
 * stops the start, with a message that names it. Immutable.
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
                    "MAX_CONCURRENT_BODY_BYTES must be at least twice MAX_BODY_BYTES, or the largest body never finds a place")
    public boolean isRoomForTheLargestBody() {
        return http == null || limits == null || http.concurrentBodyBytes >= 2L * limits.bodyBytes;
    }

    public record Topic(
            @NotBlank String name,
            @NotBlank String deadLetters,
            @NotBlank String group,
            boolean create,
            @Min(1) @Max(1000) int partitions) {}

    public record Limits(
            @Min(1) int questionChars,
            @Min(1) int answerChars,
            @Min(1) int bodyBytes) {}

    public record Http(
            @NotNull List<@NotBlank String> origins,
            @NotNull List<Network> trustedProxies,
            @Min(1) int concurrentSaves,
            @Min(1) int concurrentReads,
            @Min(1) int concurrentBodyBytes,
            @NotNull Duration headTime,
            @NotNull Duration bodyTime,
            @NotNull @DurationMin(seconds = 1) Duration answerTime) {}

    public record Management(@NotNull List<@Pattern(regexp = "[A-Za-z0-9._-]+") String> hosts) {}

    public record Database(boolean migrate) {}

    public record Stream(
            @Min(1) int clients,

            @NotNull @DurationMin(seconds = 1) @DurationMax(seconds = 30)
            Duration heartbeat,

            @NotNull @DurationMin(millis = 100) @DurationMax(minutes = 5)
            Duration poll,

            @Min(1024) int bufferBytes) {}

    public record Ledger(
            @Min(0) int eventsPerSecond, @NotNull Duration roundPause) {}

    public record Routes(
            @NotNull List<String> required,
            @NotNull Duration lookEvery,

            @NotNull
            List<@Pattern(regexp = "(bean|component|dataformat|language|setting):\\S+|option:[^.\\s]+\\.\\S+") String>
                    allow) {}

    public record Tracing(
            @NotNull @Pattern(regexp = "|https?://.+") String endpoint) {}
}
