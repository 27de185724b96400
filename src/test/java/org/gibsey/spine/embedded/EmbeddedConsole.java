package org.gibsey.spine.embedded;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

/**
 * What one would need {@code psql} and Kafka's tools for, at the broker and the database of {@link EmbeddedSpine} while it runs:
 * {@code mvn -q spring-boot:test-run@console -Dspring-boot.run.arguments='select count(*) from vault'}, or {@code 'topic name'} to
 * make one.
 */
final class EmbeddedConsole {

    private static final String SYNTAX =
            "A statement of SQL, or 'topic name', is to be in -Dspring-boot.run.arguments='select count(*) from vault'";

    private EmbeddedConsole() {}

    public static void main(String[] words) throws InterruptedException {
        // what the clients of both have to say is of no interest here
        LoggingSystem.get(EmbeddedConsole.class.getClassLoader()).beforeInitialize();
        if (words.length == 0) {
            refuse(SYNTAX);
        }
        boolean isTopic = words.length == 2 && words[0].equals("topic");
        int port = isTopic ? setting("EMBEDDED_KAFKA_PORT", 9092) : setting("EMBEDDED_POSTGRES_PORT", 5432);
        if (!Ports.inUse(port)) {
            refuse("Nothing listens on port " + port + ". Start it first: mvn spring-boot:test-run");
        }
        try {
            if (isTopic) {
                make(words[1], port);
            } else {
                execute(String.join(" ", words), port);
            }
        } catch (ExecutionException | DataAccessException e) {
            // the lines after the first say where in the statement
            refuse(String.valueOf(NestedExceptionUtils.getMostSpecificCause(e).getMessage())
                    .lines()
                    .findFirst()
                    .orElse("refused"));
        }
    }

    private static void make(String topic, int port) throws ExecutionException, InterruptedException {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", "localhost:" + port))) {
            admin.createTopics(List.of(new NewTopic(topic, 6, (short) 1))).all().get();
        }
    }

    private static void execute(String sql, int port) {
        JdbcTemplate vault = new JdbcTemplate(new DriverManagerDataSource(
                "jdbc:postgresql://localhost:%d/gibsey".formatted(port),
                EmbeddedDatabase.USER,
                EmbeddedDatabase.PASSWORD));
        if (sql.startsWith("select ")) {
            vault.queryForList(sql).forEach(System.out::println);
        } else {
            vault.execute(sql);
        }
    }

    /** Who asked for it is told why not, and not where in the code. */
    private static void refuse(String why) {
        System.err.println(why);
        System.exit(1);
    }

    private static int setting(String name, int otherwise) {
        String value = System.getenv(name);
        return value == null || value.isBlank() ? otherwise : Integer.parseInt(value.strip());
    }
}
