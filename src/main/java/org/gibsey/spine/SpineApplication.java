package org.gibsey.spine;

import java.time.Clock;
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

    /** How long something lasts. */
    @Bean
    Clock steadyClock(Clock clock) {
        return new SteadyClock(clock);
    }
}
