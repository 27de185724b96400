package org.gibsey.spine.health;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import java.time.Clock;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.gibsey.spine.embedded.TestDatabase;
import org.junit.jupiter.api.Test;
import org.springframework.boot.actuate.health.Status;
import org.springframework.jdbc.core.simple.JdbcClient;

class SchemaLookIT {

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

    private static int session(JdbcClient sql) {
        return sql.sql("select pg_backend_pid()").query(Integer.class).single();
    }

    private static Watch watch(TestDatabase database, DataSource vault) {
        Flyway flyway = Flyway.configure().dataSource(database.dataSource()).load();
        return new Watch("PostgreSQL", new SchemaLook(vault, flyway, true), () -> Status.DOWN, Clock.systemUTC());
    }
}
