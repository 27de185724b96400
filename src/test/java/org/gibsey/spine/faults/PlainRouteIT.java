package org.gibsey.spine.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import java.util.stream.IntStream;
import org.apache.camel.component.kafka.KafkaComponent;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.PluginHelper;
import org.apache.camel.support.ResourceHelper;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.flywaydb.core.Flyway;
import org.gibsey.spine.embedded.EmbeddedDatabase;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.TestDatabase;
import org.gibsey.spine.embedded.TestTopic;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.JdbcTemplate;

/** What {@code examples/routes/plain.yaml} loses, run by Camel as it comes: why there is more to this service than a route. */
class PlainRouteIT {

    private static final int GIFTS = 3;

    private final String brokers = SharedServices.get().kafka().bootstrapServers();
    private final String name = "plain_" + UUID.randomUUID().toString().substring(0, 8);
    private final TestTopic topic = new TestTopic(name, brokers);
    private final TestTopic dead = new TestTopic(name + ".dead", brokers);
    private TestDatabase database;
    private JdbcTemplate vault;

    @BeforeEach
    void make() throws Exception {
        database = TestDatabase.create();
        Flyway.configure()
                .dataSource(database.url(), EmbeddedDatabase.USER, EmbeddedDatabase.PASSWORD)
                .load()
                .migrate();
        vault = new JdbcTemplate(database.dataSource());
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", brokers))) {
            admin.createTopics(List.of(new NewTopic(name, 1, (short) 1), new NewTopic(name + ".dead", 1, (short) 1)))
                    .all()
                    .get();
        }
    }

    @AfterEach
    void remove() throws Exception {
        topic.close();
        dead.close();
        database.close();
    }

    @Test
    void losesGiftsInAnOutageAndStoresThemTwiceAfterACrash() throws Exception {
        try (DefaultCamelContext camel = start("first")) {
            topic.writeAll(0, gifts("before"));
            await().until(() -> rows() == GIFTS);

            vault.execute("alter table vault rename to vault_in_repair");
            topic.writeAll(0, gifts("during"));
            await().until(() -> dead.read(letter -> true).size() == GIFTS);
            vault.execute("alter table vault_in_repair rename to vault");

            // nothing is left of them
            assertThat(dead.read(letter -> true))
                    .extracting(letter -> new String(letter.value(), StandardCharsets.UTF_8))
                    .allMatch(text -> text.startsWith("insert into vault") && !text.contains("during"));
            topic.writeAll(0, gifts("after"));
            await().until(() -> rows() == 2 * GIFTS);
            assertThat(camel.isStarted()).isTrue();
        }

        // as from offsets that were not committed
        try (DefaultCamelContext again = start("second")) {
            await().until(() -> rows() == 5 * GIFTS);
            assertThat(again.isStarted()).isTrue();
        }
        assertThat(vault.queryForObject("select count(distinct question) from vault", Integer.class))
                .isEqualTo(3 * GIFTS);
    }

    private int rows() {
        return vault.queryForObject("select count(*) from vault", Integer.class);
    }

    private static List<String> gifts(String when) {
        return IntStream.range(0, GIFTS)
                .mapToObj(number -> "{\"page_id\":1,\"question\":\"%s %d?\",\"answer\":\"a\",\"ts\":1795419330.51}"
                        .formatted(when, number))
                .toList();
    }

    private DefaultCamelContext start(String group) throws Exception {
        Properties settings = new Properties();
        settings.putAll(Map.of("brokers", brokers, "topic", name, "group", name + group));
        DefaultCamelContext camel = new DefaultCamelContext();
        // closing it waits for so long
        camel.getComponent("kafka", KafkaComponent.class).getConfiguration().setPollTimeoutMs(100L);
        camel.getPropertiesComponent().setOverrideProperties(settings);
        camel.getRegistry().bind("vault", database.dataSource());
        PluginHelper.getRoutesLoader(camel)
                .loadRoutes(ResourceHelper.resolveResource(
                        camel, "file:" + Path.of("examples/routes/plain.yaml").toAbsolutePath()));
        camel.start();
        return camel;
    }
}
