package org.gibsey.spine.persist;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.camel.Exchange;
import org.apache.camel.ExchangePropertyKey;
import org.apache.camel.component.jdbc.JdbcConstants;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.apache.camel.support.PluginHelper;
import org.apache.camel.support.ResourceHelper;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.flywaydb.core.Flyway;
import org.gibsey.spine.embedded.TestDatabase;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Whose fault it is when the first gift of all is refused: there is no other that the database took before. */
class RefusalProofIT {

    private static final String VAULT = "jdbc:vault";

    private final DefaultCamelContext camel = new DefaultCamelContext();
    private final RefusalProof proof = new RefusalProof();
    private TestDatabase database;

    @BeforeEach
    void makeAnEmptyVault() throws Exception {
        database = TestDatabase.create();
        Flyway.configure().dataSource(database.dataSource()).load().migrate();
        camel.getRegistry().bind("vault", database.dataSource());
        camel.getEndpoint(VAULT);
        Path route = Path.of("routes/persist-gifts.camel.yaml");
        PluginHelper.getRoutesLoader(camel)
                .loadRoutes(ResourceHelper.fromString(route.toString(), Files.readString(route)));
    }

    @AfterEach
    void drop() throws Exception {
        camel.close();
        database.close();
    }

    @Test
    void itsOwnIfAnotherWouldBeTaken() {
        refuse("when (new.question = 'bad')");

        assertThat(proof.fault(refused()).ofTheMessage()).isTrue();
    }

    @Test
    void theDatabasesIfItTakesNone() {
        refuse("");

        assertThat(proof.fault(refused()).ofTheMessage()).isFalse();
    }

    private void refuse(String which) {
        JdbcClient vault = JdbcClient.create(database.dataSource());
        vault.sql("""
                create function refuse() returns trigger language plpgsql as
                $$ begin raise exception 'no'; end $$
                """).update();
        vault.sql("create trigger refuse before insert on vault for each row " + which + " execute function refuse()")
                .update();
    }

    private Exchange refused() {
        Exchange polled = new DefaultExchange(camel);
        polled.getMessage().setBody(List.of(new ConsumerRecord<byte[], byte[]>("gift_events", 0, 0, null, null)));
        GiftBatch batch = GiftBatch.of(List.of(polled));
        batch.next();
        Exchange refused = new DefaultExchange(camel);
        refused.setProperty(GiftBatch.PROPERTY, batch);
        refused.setProperty(ExchangePropertyKey.TO_ENDPOINT, VAULT);
        refused.setProperty(ExchangePropertyKey.EXCEPTION_CAUGHT, new SQLException("no", "P0001"));
        refused.getMessage().setBody(RouteSql.of(camel, "persist-gifts", "set-insert"));
        refused.getMessage()
                .setHeader(
                        JdbcConstants.JDBC_PARAMETERS,
                        Map.of(
                                "event_id", new String[] {UUID.randomUUID().toString()},
                                "user_id", new String[1],
                                "page_id", new Long[] {1L},
                                "question", new String[] {"bad"},
                                "answer", new String[] {"a"},
                                "symbol_id", new Integer[1],
                                "lang", new String[1],
                                "created_at", new String[] {"2026-11-30T12:00:00Z"}));
        return refused;
    }
}
