package org.gibsey.spine.embedded;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
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
        boolean auth = Boolean.parseBoolean(System.getenv("EMBEDDED_AUTH"));
        int issuerPort = setting("EMBEDDED_AUTH_PORT", 8002);
        Map<String, Integer> ports = new LinkedHashMap<>();
        ports.put("EMBEDDED_KAFKA_PORT", kafka);
        ports.put("EMBEDDED_POSTGRES_PORT", postgres);
        ports.put("SERVER_PORT", http);
        ports.put("MANAGEMENT_SERVER_PORT", management);
        if (auth) {
            ports.put("EMBEDDED_AUTH_PORT", issuerPort);
        }
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
        // there is one application in this JVM, unlike those of tests, and its MBeans have the names of the docs
        System.setProperty("spring.jmx.unique-names", "false");
        // one reader tries it out, who need not wait until it is fast
        System.setProperty("WARM_UP_TIME", "0s");
        System.setProperty("VAULT_DB_URL", services.database().url());
        System.setProperty("VAULT_DB_USER", EmbeddedDatabase.USER);
        System.setProperty("VAULT_DB_PASSWORD", EmbeddedDatabase.PASSWORD);
        TestIssuer issuer = auth ? TestIssuer.start(issuerPort) : null;
        if (issuer != null) {
            System.setProperty("AUTH_ISSUER", issuer.issuer());
            letReadersRead(services.database());
            System.setProperty("VAULT_ROW_SECURITY", "true");
        }
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
                  operators     http://localhost:%2$d/ops
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
        if (issuer != null) {
            introduceReaders(issuer, http);
        }
    }

    /** What the owner of the tables may not do by himself: a role to read with. */
    private static void letReadersRead(EmbeddedDatabase database) throws SQLException {
        try (Connection connection = database.superuser();
                Statement statement = connection.createStatement()) {
            statement.execute("do $$ begin if not exists (select from pg_roles where rolname = 'gift_reader') then"
                    + " create role gift_reader nologin; grant gift_reader to " + EmbeddedDatabase.USER
                    + "; end if; end $$");
        }
    }

    /** Each sees the own gifts only. Mails with links to sign in are printed instead of sent. */
    private static void introduceReaders(TestIssuer issuer, int http) {
        System.out.printf(
                "Readers are known: without a token the save above is answered 401. Two of them, for eight hours:%n");
        for (String name : List.of("anna", "bert")) {
            String token = issuer.sign(issuer.claims(TestIssuer.reader(name + "@example.org"))
                    .claim("email", name + "@example.org")
                    .expirationTime(Date.from(Instant.now().plus(Duration.ofHours(8))))
                    .build());
            System.out.printf("""

                      %1$s=%2$s
                      curl -i http://localhost:%3$d/vault/save -H "Authorization: Bearer $%1$s" \\
                           -H 'Content-Type: application/json' -d '{"page_id":1,"question":"Whose is this?","answer":"%1$s'"'"'s."}'
                      curl http://localhost:%3$d/vault/list -H "Authorization: Bearer $%1$s"
                    """, name, token, http);
        }
        System.out.printf("%nOr sign in at http://localhost:%d/ with any e-mail: the link appears here.%n%n", http);
        Thread mails = new Thread(() -> print(issuer.mails()), "mails");
        mails.setDaemon(true);
        mails.start();
    }

    private static void print(BlockingQueue<TestIssuer.Mail> mails) {
        try {
            while (true) {
                TestIssuer.Mail mail = mails.take();
                System.out.printf("Mail to %s: %s%n", mail.to(), mail.link());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
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
