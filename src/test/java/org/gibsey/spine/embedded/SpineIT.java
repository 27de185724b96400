package org.gibsey.spine.embedded;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.gibsey.spine.SpineApplication;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.test.context.ContextConfiguration;

/**
 * A test of the whole application against a real broker and a real database, on free ports. All tests of a JVM share the
 * two, and the application where their settings are the same; each uses page ids of its own.
 */
@Documented
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@SpringBootTest(
        classes = SpineApplication.class,
        // which sets the locale
        useMainMethod = SpringBootTest.UseMainMethod.ALWAYS,
        webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
        properties = {
            "management.server.port=0",
            // Spring switches JMX off in tests unless told here
            "spring.jmx.enabled=true",
            // nothing here is so short of time that it must be warm
            "WARM_UP_TIME=0s",
            // nor so slow that its reads are to be ended
            "MAX_READ_TIME=30s",
            // only the tests of live routes edit a file: the others would read all of them four times a second
            "VAULT_ROUTES_LOOK_EVERY=5s"
        })
@ContextConfiguration(initializers = SharedServices.class)
public @interface SpineIT {}
