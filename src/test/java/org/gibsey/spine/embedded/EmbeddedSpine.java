package org.gibsey.spine.embedded;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.gibsey.spine.SpineApplication;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.logging.LoggingSystem;

/**
 * The whole system in one command, {@code mvn spring-boot:test-run}: real broker, real database, the application, on the
 * ports and with the names the compose file uses. Data stays in {@code .gift-spine} between runs.
 */
final class EmbeddedSpine {

    private EmbeddedSpine() {}

    public static void main(String[] args) throws Exception {
        // broker and database start before Spring sets logging up, and have nothing to say until then
        LoggingSystem.get(EmbeddedSpine.class.getClassLoader()).beforeInitialize();
        int kafka = setting("EMBEDDED_KAFKA_PORT", 9092);
        int postgres = setting("EMBEDDED_POSTGRES_PORT", 5432);
        int http = setting("SERVER_PORT", 8000);
        int management = setting("MANAGEMENT_SERVER_PORT", 8001);
        Map<String, Integer> ports = new LinkedHashMap<>();
        ports.put("EMBEDDED_KAFKA_PORT", kafka);
        ports.put("EMBEDDED_POSTGRES_PORT", postgres);
        ports.put("SERVER_PORT", http);
        ports.put("MANAGEMENT_SERVER_PORT", management);
        Path data = Path.of(System.getenv().getOrDefault("EMBEDDED_DATA", ".gift-spine"));
        if (!EmbeddedDatabase.endLeftover(EmbeddedServices.databaseFolder(data))) {
            refuse("Another run uses " + data.toAbsolutePath(), "Stop it", "EMBEDDED_DATA=" + data + "-2");
        }
        ports.forEach((setting, port) -> {
            if (Ports.inUse(port)) {
                refuse("Port " + port + " is in use", "Stop what listens there", setting + "=" + (port + 1000));
            }
        });

        EmbeddedServices services = EmbeddedServices.start(data, kafka, postgres);
        // after the application has closed, so that it finds both until its end
        SpringApplication.getShutdownHandlers().add(() -> close(services));
        System.setProperty("KAFKA_BOOTSTRAP_SERVERS", services.kafka().bootstrapServers());
        System.setProperty("VAULT_DB_URL", services.database().url());
        System.setProperty("VAULT_DB_USER", EmbeddedDatabase.USER);
        System.setProperty("VAULT_DB_PASSWORD", EmbeddedDatabase.PASSWORD);
        try {
            SpringApplication.run(SpineApplication.class, args);
        } catch (RuntimeException alreadyReported) {
            // the broker's threads would keep the process, with nothing in it
            System.exit(1);
        }
        System.out.printf(
                """

                Gift Spine is up.

                  timeline      http://localhost:%1$d/
                  list          http://localhost:%1$d/vault/list
                  the loop      http://localhost:%2$d/ops
                  health        http://localhost:%2$d/actuator/health
                  Kafka         %3$s, topic gift_events
                  PostgreSQL    %4$s (user %5$s, password %6$s)
                  data          %7$s

                Save a gift:

                  curl -i http://localhost:%1$d/vault/save -H 'Content-Type: application/json' \\
                       -d '{"page_id":1,"question":"What is the spine?","answer":"What holds the pages."}'

                Ctrl-C stops everything; the data stays.

                """,
                http,
                management,
                services.kafka().bootstrapServers(),
                services.database().url(),
                EmbeddedDatabase.USER,
                EmbeddedDatabase.PASSWORD,
                data.toAbsolutePath());
    }

    private static void refuse(String what, String mend, String setting) {
        System.err.printf("%n%s. %s, or choose another: %s mvn spring-boot:test-run%n%n", what, mend, setting);
        System.exit(1);
    }

    private static void close(EmbeddedServices services) {
        try {
            services.close();
        } catch (Exception e) {
            throw new IllegalStateException("broker or database did not stop", e);
        }
    }

    private static int setting(String name, int otherwise) {
        String value = System.getenv(name);
        return value == null || value.isBlank() ? otherwise : Integer.parseInt(value.strip());
    }
}
