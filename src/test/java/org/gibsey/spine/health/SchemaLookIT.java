package org.gibsey.spine.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.util.concurrent.CompletableFuture;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.gibsey.spine.LongActs;
import org.gibsey.spine.embedded.TestDatabase;
import org.junit.jupiter.api.Test;
import org.springframework.boot.actuate.health.Status;
import org.springframework.jdbc.core.simple.JdbcClient;

class SchemaLookIT {

    private static final int OLD_ROWS = 20_000;

    private final LongActs acts = new LongActs(Clock.systemUTC());

    /** A question in any script would otherwise be dead-lettered as data that the database refuses. */
    @Test
    void waitsWhileTheDatabasesEncodingLacksCharacters() throws Exception {
        try (TestDatabase database =
                TestDatabase.create("encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' template template0")) {
            Watch watch = watch(database, database.dataSource());

            watch.look();

            assertThat(watch.health().getStatus()).isEqualTo(Status.DOWN);
            assertThat(watch.reason())
                    .isEqualTo("the database's encoding is LATIN1 and must be UTF8: make the database anew");
            assertThat(JdbcClient.create(database.dataSource())
                            .sql("select count(*) from pg_tables where schemaname = 'public'")
                            .query(Long.class)
                            .single())
                    .as("tables made")
                    .isZero();
        }
    }

    @Test
    void bringsAnEmptyDatabaseUpToDate() throws Exception {
        try (TestDatabase database = TestDatabase.create()) {
            Watch watch = watch(database, database.dataSource());

            watch.look();

            assertThat(watch.reason()).isNull();
        }
    }

    /** Lists would show the rows of a server that is none any more, until its sessions end after half an hour. */
    @Test
    void takesSessionsThatHaveBecomeReadOnlyOutOfThePool() throws Exception {
        try (TestDatabase database = TestDatabase.create();
                HikariDataSource pool = new HikariDataSource()) {
            pool.setDataSource(database.dataSource());
            pool.setMaximumPoolSize(1);
            JdbcClient sql = JdbcClient.create(pool);
            Watch watch = watch(database, pool);
            watch.look();
            int writes = session(sql);
            watch.look();
            assertThat(session(sql)).as("is kept while it writes").isEqualTo(writes);

            sql.sql("set session characteristics as transaction read only").update();
            watch.look();

            assertThat(session(sql)).isNotEqualTo(writes);
            assertThat(watch.reason()).isNull();
        }
    }

    /** A lock stands for the time that a large table takes: longer than a statement of the routes may take. */
    @Test
    void theAdoptionOfTheOldTableTakesItsTimeAndSaysHowFarItIs() throws Exception {
        try (TestDatabase database = TestDatabase.create()) {
            database.set("statement_timeout = '1s'");
            JdbcClient sql = JdbcClient.create(database.dataSource());
            fillOldTable(sql);
            long before = size(sql);
            Watch watch = watch(database, database.dataSource());
            CompletableFuture<Void> look;
            LongActs.State adoption;
            try (Connection reader = database.dataSource().getConnection()) {
                lockOldTable(reader);
                look = CompletableFuture.runAsync(watch::look);
                await().until(() -> look.isDone() || waitsLongerThanAStatementMay(sql));
                adoption = acts.running().get(0);
            }
            look.get();

            assertThat(watch.reason()).isNull();
            assertThat(adoption.name()).isEqualTo("adoption");
            assertThat(adoption.done()).isBetween(0L, adoption.of());
            assertThat((size(sql) - before) / 1e6)
                    .as("what it was estimated to add, in MB")
                    .isBetween(adoption.of() / 2.0, adoption.of() * 2.0);
            assertThat(acts.running()).isEmpty();
            assertThat(sql.sql("select count(event_id) from vault")
                            .query(Long.class)
                            .single())
                    .isEqualTo(OLD_ROWS);
        }
    }

    @Test
    void aStoppedAdoptionLeavesTheOldTableAsItWasAndIsNotBegunAgainByThisProcess() throws Exception {
        try (TestDatabase database = TestDatabase.create()) {
            JdbcClient sql = JdbcClient.create(database.dataSource());
            fillOldTable(sql);
            Watch watch = watch(database, database.dataSource());
            CompletableFuture<Void> look;
            try (Connection reader = database.dataSource().getConnection()) {
                lockOldTable(reader);
                look = CompletableFuture.runAsync(watch::look);
                await().until(() -> look.isDone() || waits(sql, "0 s"));

                acts.stop("adoption");

                look.get();
            }
            assertThat(watch.reason()).contains("canceling statement due to user request");
            watch.look();
            assertThat(watch.reason()).startsWith("the adoption of the old table was stopped");
            assertThat(acts.running()).isEmpty();
            assertThat(sql.sql("select table_name || ' ' || column_name from information_schema.columns"
                                    + " where table_name like 'vault%' order by ordinal_position")
                            .query(String.class)
                            .list())
                    .containsExactly("vault id", "vault page_id", "vault question", "vault answer", "vault created_at");
            assertThat(sql.sql("select count(*) from vault").query(Long.class).single())
                    .isEqualTo(OLD_ROWS);

            Watch startedAgain = watch(database, database.dataSource());
            startedAgain.look();
            assertThat(startedAgain.reason()).isNull();
        }
    }

    private static void fillOldTable(JdbcClient sql) {
        sql.sql(
                        "create table vault (id bigint primary key, page_id text, question text, answer text, created_at timestamptz)")
                .update();
        sql.sql(
                        "insert into vault select i, '7', 'question ' || i, repeat('answer ', 30), now() from generate_series(1, ?) i")
                .param(OLD_ROWS)
                .update();
    }

    /** Until the connection is closed. */
    private static void lockOldTable(Connection reader) throws SQLException {
        reader.setAutoCommit(false);
        try (Statement statement = reader.createStatement()) {
            statement.execute("lock table vault in access share mode");
        }
    }

    private static boolean waitsLongerThanAStatementMay(JdbcClient sql) {
        return waits(sql, "1.2 s");
    }

    private static boolean waits(JdbcClient sql, String longerThan) {
        return sql.sql("select exists (select from pg_stat_activity where datname = current_database()"
                        + " and wait_event_type = 'Lock' and clock_timestamp() - query_start > ?::interval)")
                .param(longerThan)
                .query(Boolean.class)
                .single();
    }

    private static long size(JdbcClient sql) {
        return sql.sql("select pg_database_size(current_database())")
                .query(Long.class)
                .single();
    }

    private static int session(JdbcClient sql) {
        return sql.sql("select pg_backend_pid()").query(Integer.class).single();
    }

    private Watch watch(TestDatabase database, DataSource vault) {
        Adoption adoption = new Adoption(acts, database.dataSource());
        Flyway flyway = Flyway.configure()
                .dataSource(database.dataSource())
                // as in application.yaml
                .baselineOnMigrate(true)
                .baselineVersion("0")
                .callbacks(adoption)
                .load();
        return new Watch(
                "PostgreSQL", new SchemaLook(vault, flyway, adoption, true), () -> Status.DOWN, Clock.systemUTC());
    }
}
