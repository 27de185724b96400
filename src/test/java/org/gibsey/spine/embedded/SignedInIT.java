package org.gibsey.spine.embedded;

import java.io.IOException;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.gibsey.spine.SpineApplication;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.test.context.ContextConfiguration;

/**
 * A test of the whole application where readers are known and see their own gifts only, with a database, topics and an issuer
 * of its own. All tests with it share them.
 */
@Documented
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@SpringBootTest(
        classes = SpineApplication.class,
        webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
        properties = {
            "management.server.port=0",
            "spring.jmx.enabled=true",
            // its calls have no token, and pass the doors
            "WARM_UP_TIME=1s",
            "VAULT_ROUTES_LOOK_EVERY=5s",
            "KAFKA_TOPIC=signed_in",
            "KAFKA_DEAD_LETTER_TOPIC=signed_in.dlq",
            "KAFKA_GROUP=signed-in"
        })
@ContextConfiguration(initializers = {SharedServices.class, SignedInIT.Readers.class})
public @interface SignedInIT {

    /** Starts the issuer and makes the database when they are first needed; both end with the JVM and its server. */
    final class Readers implements ApplicationContextInitializer<ConfigurableApplicationContext> {

        private static TestIssuer issuer;
        private static TestDatabase database;

        /** Signs the readers of these tests in. */
        public static TestIssuer issuer() {
            return issuer;
        }

        @Override
        public void initialize(ConfigurableApplicationContext context) {
            try {
                startOnce();
                TestPropertyValues.of(
                                "AUTH_ISSUER=" + issuer.issuer(),
                                "VAULT_ROW_SECURITY=true",
                                "VAULT_DB_URL=" + database.url())
                        .applyTo(context);
            } catch (IOException | SQLException e) {
                throw new IllegalStateException("issuer or database did not start", e);
            }
        }

        /** An application that was closed meanwhile is started again on what it had. */
        private static synchronized void startOnce() throws IOException, SQLException {
            if (issuer == null) {
                letTheDatabaseHideWhatIsAnothers();
                database = TestDatabase.create();
                issuer = TestIssuer.start();
            }
        }

        /** What an owner of tables may not do by himself: a role to read with. */
        private static void letTheDatabaseHideWhatIsAnothers() throws SQLException {
            try (Connection connection = SharedServices.get().database().superuser();
                    Statement statement = connection.createStatement()) {
                statement.execute("create role gift_reader nologin; grant gift_reader to " + EmbeddedDatabase.USER);
            }
        }
    }
}
