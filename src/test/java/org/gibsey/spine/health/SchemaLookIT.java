package org.gibsey.spine.health;

import static org.assertj.core.api.Assertions.assertThat;

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
            Watch watch = watch(database.dataSource());

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
            Watch watch = watch(database.dataSource());

            watch.look();

            assertThat(watch.reason()).isNull();
        }
    }

    private static Watch watch(DataSource vault) {
        Flyway flyway = Flyway.configure().dataSource(vault).load();
        return new Watch("PostgreSQL", new SchemaLook(vault, flyway, true), () -> Status.DOWN, Clock.systemUTC());
    }
}
