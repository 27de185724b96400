package org.gibsey.spine.embedded;

import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

/**
 * What one would need {@code psql} and Kafka's tools for, at the broker and the database of {@link EmbeddedSpine} while it runs:
 * {@code mvn -q spring-boot:test-run@console -Dspring-boot.run.arguments='select count(*) from vault'}, or {@code 'topic name'} to
 * make one.
 */
final class EmbeddedConsole {

    private EmbeddedConsole() {}

    public static void main(String[] words) throws Exception {
        // what the clients of both have to say is of no interest here
        LoggingSystem.get(EmbeddedConsole.class.getClassLoader()).beforeInitialize();
        if (words.length == 2 && words[0].equals("topic")) {
            String broker = "localhost:" + setting("EMBEDDED_KAFKA_PORT", "9092");
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker))) {
                admin.createTopics(List.of(new NewTopic(words[1], 6, (short) 1)))
                        .all()
                        .get();
            }
            return;
        }
        String sql = String.join(" ", words);
        JdbcTemplate vault = new JdbcTemplate(new DriverManagerDataSource(
                "jdbc:postgresql://localhost:%s/gibsey".formatted(setting("EMBEDDED_POSTGRES_PORT", "5432")),
                EmbeddedDatabase.USER,
                EmbeddedDatabase.PASSWORD));
        if (sql.startsWith("select ")) {
            vault.queryForList(sql).forEach(System.out::println);
        } else {
            vault.execute(sql);
        }
    }

    private static String setting(String name, String otherwise) {
        return System.getenv().getOrDefault(name, otherwise);
    }
}
