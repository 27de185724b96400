package org.gibsey.spine.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.util.FileSystemUtils;

/**
 * The broker and the database that the tests of one JVM share: started when first asked for, stopped and removed after the
 * last application has closed.
 */
public final class SharedServices implements ApplicationContextInitializer<ConfigurableApplicationContext> {

    private static @Nullable EmbeddedServices shared;
    private static @Nullable Path data;
    private static boolean usedByAnApplication;

    /** Starts them unless they run. */
    public static synchronized EmbeddedServices get() {
        if (shared == null) {
            try {
                // without an application nobody sets logging up, and the broker is talkative
                LoggingSystem.get(SharedServices.class.getClassLoader()).beforeInitialize();
                data = Files.createTempDirectory(Files.createDirectories(Path.of("target")), "services");
                shared = EmbeddedServices.start(data, Ports.free(), Ports.free());
                Runtime.getRuntime().addShutdownHook(new Thread(SharedServices::removeUnlessAnApplicationUsesThem));
            } catch (IOException | SQLException e) {
                throw new IllegalStateException("broker or database did not start", e);
            }
        }
        return shared;
    }

    @Override
    public void initialize(ConfigurableApplicationContext context) {
        EmbeddedServices services = get();
        removeAfterTheLastApplication();
        TestPropertyValues.of(
                        "KAFKA_BOOTSTRAP_SERVERS=" + services.kafka().bootstrapServers(),
                        "VAULT_DB_URL=" + services.database().url())
                .applyTo(context);
    }

    private static synchronized void removeAfterTheLastApplication() {
        if (!usedByAnApplication) {
            usedByAnApplication = true;
            SpringApplication.getShutdownHandlers().add(SharedServices::remove);
        }
    }

    /** Spring runs its shutdown handlers only where an application was started. */
    private static synchronized void removeUnlessAnApplicationUsesThem() {
        if (!usedByAnApplication) {
            remove();
        }
    }

    private static synchronized void remove() {
        try {
            if (shared != null) {
                shared.close();
            }
            FileSystemUtils.deleteRecursively(data);
        } catch (IOException e) {
            throw new IllegalStateException("broker or database did not stop", e);
        }
    }
}
