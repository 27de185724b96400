package org.gibsey.spine.persist;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
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
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.namedparam.NamedParameterJdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Whose fault it is when the first of all is refused: there is no other that the database took before. */
class RefusalProofIT {

    private static final String VAULT = "jdbc:vault";

    private final DefaultCamelContext camel = new DefaultCamelContext();
    private final RefusalProof proof = new RefusalProof();
    private TestDatabase database;
    private JdbcClient vault;

    /**
     * What may be refused.
     *
     * @param route and statement that store it
     * @param table that it comes to
     * @param own   what of it a trigger finds wrong
     */
    private record Stored(String route, String statement, Map<String, ?> parameters, String table, String own) {}

    static Stream<Named<Stored>> everything() {
        return Stream.of(
                Named.of("a gift", new Stored("persist-gifts", "set-insert", gift("bad"), "vault", "question = 'bad'")),
                change("edited", "\"question\"", "vault", "question = 'bad'"),
                change("deleted", "", "vault", "answer = 'bad'"),
                change("restored", "", "gift_change", "answer = 'bad'"),
                change("erased", "", "erased_reader", "at = '2026-11-30T12:00:00Z'"),
                Named.of(
                        "a dead letter",
                        new Stored(
                                "index-dead-letters",
                                "set-index",
                                Map.of("letters", """
                                        [{"event_id": "%s", "topic": "gift_events", "partition": 1, "record_offset": 2,
                                          "record_timestamp": 3, "headers": [], "reason": "bad", "message": "", "attempts": 1,
                                          "first_failed_at": "2026-11-30T12:00:00Z", "last_failed_at": "2026-11-30T12:00:00Z"}]
                                        """.formatted(UUID.randomUUID())),
                                "dead_letter",
                                "reason = 'bad'")));
    }

    private static Named<Stored> change(String kind, String sets, String table, String own) {
        String change = """
                [{"change_id": "%s", "kind": "%s", "gift": "%s", "at": "2026-11-30T12:00:00Z", "sets": [%s],
                  "question": "bad", "answer": "bad", "page_id": 1, "created_at": "2026-11-30T12:00:00Z"}]
                """.formatted(UUID.randomUUID(), kind, UUID.randomUUID(), sets);
        return Named.of(
                "a change: " + kind,
                new Stored("persist-changes", "set-change", Map.of("changes", change), table, own));
    }

    @BeforeEach
    void makeAnEmptyVault() throws Exception {
        database = TestDatabase.create();
        Flyway.configure().dataSource(database.dataSource()).load().migrate();
        vault = JdbcClient.create(database.dataSource());
        camel.getRegistry().bind("vault", database.dataSource());
        camel.getEndpoint(VAULT);
    }

    @AfterEach
    void drop() throws Exception {
        camel.close();
        database.close();
    }

    @ParameterizedTest
    @MethodSource("everything")
    void itsOwnIfAnotherWouldBeTaken(Stored stored) throws Exception {
        refuse(stored.table, "when (new." + stored.own + ")");

        assertThat(fault(stored).ofTheMessage()).isTrue();
    }

    @ParameterizedTest
    @MethodSource("everything")
    void theDatabasesIfItTakesNone(Stored stored) throws Exception {
        refuse(stored.table, "");

        assertThat(fault(stored).ofTheMessage()).isFalse();
    }

    /** Others find their partition, and would prove that the database takes gifts. */
    @Test
    void theDatabasesIfThePartitionOfTheGiftIsMissing() throws Exception {
        vault.sql("drop table vault cascade").update();
        vault.sql("create table vault (event_id uuid unique, question text) partition by hash (event_id)")
                .update();
        vault.sql("create table vault_0 partition of vault for values with (modulus 4, remainder 0)")
                .update();
        String insert = "insert into vault select gen_random_uuid(), 'q' from generate_series(1, 100)";

        Stored some = new Stored("persist-gifts", "set-insert", gift("q"), "vault", "");
        assertThat(proof.fault(refused(some, insert, refusal(insert, Map.of()))).ofTheMessage())
                .isFalse();
    }

    private void refuse(String table, String which) {
        vault.sql("""
                create function refuse() returns trigger language plpgsql as
                $$ begin raise exception 'no'; end $$
                """).update();
        vault.sql("create trigger refuse before insert on %s for each row %s execute function refuse()"
                        .formatted(table, which))
                .update();
    }

    private Fault fault(Stored stored) throws Exception {
        Path route = Path.of("routes/%s.camel.yaml".formatted(stored.route));
        PluginHelper.getRoutesLoader(camel)
                .loadRoutes(ResourceHelper.fromString(route.toString(), Files.readString(route)));
        String sql = RouteSql.of(camel, stored.route, stored.statement);
        return proof.fault(refused(stored, sql, refusal(sql, stored.parameters)));
    }

    private SQLException refusal(String sql, Map<String, ?> parameters) {
        try {
            new NamedParameterJdbcTemplate(database.dataSource())
                    .execute(sql.replace(":?", ":"), parameters, insert -> insert.execute());
        } catch (DataAccessException refused) {
            return (SQLException) refused.getCause();
        }
        throw new AssertionError("the database takes it");
    }

    private Exchange refused(Stored stored, String sql, SQLException refusal) {
        Exchange polled = new DefaultExchange(camel);
        polled.getMessage().setBody(List.of(new ConsumerRecord<byte[], byte[]>("gift_events", 0, 0, null, null)));
        GiftBatch batch = GiftBatch.of(List.of(polled));
        batch.next();
        Exchange refused = new DefaultExchange(camel);
        refused.setProperty(GiftBatch.PROPERTY, batch);
        refused.setProperty(ExchangePropertyKey.TO_ENDPOINT, VAULT);
        refused.setProperty(ExchangePropertyKey.EXCEPTION_CAUGHT, refusal);
        refused.getMessage().setBody(sql);
        refused.getMessage().setHeader(JdbcConstants.JDBC_PARAMETERS, stored.parameters);
        return refused;
    }

    private static Map<String, ?> gift(String question) {
        return Map.of(
                "event_id", new String[] {UUID.randomUUID().toString()},
                "user_id", new String[1],
                "page_id", new Long[] {1L},
                "question", new String[] {question},
                "answer", new String[] {"a"},
                "symbol_id", new Integer[1],
                "lang", new String[1],
                "created_at", new String[] {"2026-11-30T12:00:00Z"});
    }
}
