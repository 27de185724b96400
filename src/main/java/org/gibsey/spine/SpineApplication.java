package org.gibsey.spine;

import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.Locale;
import org.gibsey.spine.liveroutes.RouteCheck;
import org.gibsey.spine.management.NewToken;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/**
 * The process. What it does is decided by the route files it loads ({@code VAULT_ROUTES}): the HTTP routes make it an API,
 * the persist routes a worker, all of them a single machine.
 */
@SpringBootApplication
@EnableConfigurationProperties(SpineSettings.class)
public class SpineApplication {

    public static void main(String[] args) {
        // formats and parses alike on every machine: Camel does not find its options in Turkish (no dotless i in "ID"),
        // and numbers in answers would have the digits of the place
        Locale.setDefault(Locale.ROOT);
        if (RouteCheck.isAskedFor(args)) {
            System.exit(RouteCheck.run(SpineApplication.class, args, System.out));
        }
        if (NewToken.isAskedFor(args)) {
            System.exit(NewToken.run(args, System.out));
        }
        SpringApplication.run(SpineApplication.class, args);
    }

    /** The machine's: when something happened. */
    @Bean
    Clock clock() {
        return Clock.systemUTC();
    }

    /**
     * How long something lasts, and what comes after what. It goes on at its pace when the machine's clock is set: an hour forth
     * would make every look at the broker stale, and an hour back would put off for an hour what is due.
     *
     * @param clock gives the time that it begins at, so that people can read it
     */
    @Bean
    Clock steadyClock(Clock clock) {
        Instant began = clock.instant();
        long beganNanos = System.nanoTime();
        InstantSource steady = () -> began.plusNanos(System.nanoTime() - beganNanos);
        return steady.withZone(ZoneOffset.UTC);
    }
}
