package org.gibsey.spine;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.UUID;
import org.flywaydb.core.Flyway;
import org.gibsey.spine.embedded.TestDatabase;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The migrations meet the table that the old worker filled, in each of the shapes it had, in a database of its own. */
class AdoptionIT {

    private TestDatabase database;
    private JdbcClient vault;

    @BeforeEach
    void createDatabase() throws SQLException {
        database = TestDatabase.create();
        vault = JdbcClient.create(database.dataSource());
    }

    @AfterEach
    void dropDatabase() throws SQLException {
        database.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "page_id bigint not null, created_at timestamptz default now(), updated_at timestamptz default now()",
                "page_id bigint not null, created_at timestamptz default now()",
                "page_id text not null, created_at timestamp default now()",
                "page_id varchar(64), created_at timestamp, updated_at timestamp"
            })
    void keepsEveryRowWithItsNumber(String columns) {
        createOldTable("id bigserial primary key, " + columns);
        insert(41, "'7'", "second", "2024-05-21 14:00:00.25");
        insert(12, "'7'", "first", "2024-05-21 13:59:59.999999");
        insert(40, "'8'", "third, saved together with the second", "2024-05-21 14:00:00.25");

        migrate();

        assertThat(timeline()).containsExactly("second", "third, saved together with the second", "first");
        assertThat(vault.sql("select id || ' ' || page_id from vault order by id")
                        .query(String.class)
                        .list())
                .containsExactly("12 7", "40 8", "41 7");
        assertThat(vault.sql("select count(distinct event_id) from vault")
                        .query(Long.class)
                        .single())
                .isEqualTo(3);
        assertThat(nextId()).isEqualTo(42);
    }

    @Test
    void keepsAnIdThatIsAUuidAsTheEventsId() {
        createOldTable("id uuid primary key, page_id bigint, created_at timestamptz");
        UUID later = UUID.fromString("00000000-0000-4000-8000-000000000001");
        UUID earlier = UUID.fromString("ffffffff-0000-4000-8000-000000000002");
        insert("'" + later + "'", "7", "later", "2024-05-21 14:00:01+00");
        insert("'" + earlier + "'", "7", "earlier", "2024-05-21 14:00:00+00");

        migrate();

        assertThat(timeline()).containsExactly("later", "earlier");
        assertThat(vault.sql("select event_id from vault order by id")
                        .query(UUID.class)
                        .list())
                .containsExactly(earlier, later);
        assertThat(nextId()).isEqualTo(3);
    }

    /** The migration runs in whatever zone the machine is in. */
    @Test
    void takesTimesWithoutAZoneForUtc() {
        createOldTable("id bigint, page_id text, created_at timestamp");
        insert(1, "'7'", "q", "2024-05-21 14:00:00.123456");

        migrate();

        assertThat(vault.sql("select created_at at time zone 'UTC' from vault")
                        .query(java.time.LocalDateTime.class)
                        .single()
                        .toInstant(ZoneOffset.UTC))
                .isEqualTo(Instant.parse("2024-05-21T14:00:00.123456Z"));
    }

    @Test
    void keepsReadersAndSymbolsAndMakesUnknownReadersTheZeroReader() {
        createOldTable("id bigint, page_id text, created_at timestamptz");
        UUID reader = UUID.randomUUID();
        vault.sql(
                        "insert into vault values (?, 2147483647, 'q', 'a', 1, '7', now()), (null, null, 'q', 'a', 2, '7', now())")
                .param(reader)
                .update();

        migrate();

        assertThat(vault.sql("select user_id || ' ' || coalesce(symbol_id::text, 'none') || coalesce(lang, '')"
                                + " from vault order by id")
                        .query(String.class)
                        .list())
                .containsExactly(reader + " 2147483647", new UUID(0, 0) + " none");
    }

    @Test
    void takesEveryPageIdThatIsA64BitInteger() {
        createOldTable("id bigint, page_id text, created_at timestamptz");
        List<String> pages = List.of("9223372036854775807", "-9223372036854775808", "0", " 12 ", "+13", "007");
        for (int i = 0; i < pages.size(); i++) {
            insert(i + 1, "'" + pages.get(i) + "'", "q", "2024-05-21 14:00:00+00");
        }

        migrate();

        assertThat(vault.sql("select page_id from vault order by id")
                        .query(Long.class)
                        .list())
                .containsExactly(Long.MAX_VALUE, Long.MIN_VALUE, 0L, 12L, 13L, 7L);
    }

    @Test
    void leavesRowsWhosePageIdIsNoneInTheOldTable() {
        createOldTable("id bigint, page_id text, created_at timestamptz");
        List<String> pages = List.of("'cover'", "''", "null", "'1.5'", "'9223372036854775808'", "'\u20037'", "'1e3'");
        for (int i = 0; i < pages.size(); i++) {
            insert(i + 1, pages.get(i), "left " + i, "2024-05-21 14:00:00+00");
        }
        insert(99, "'7'", "adopted", "2024-05-21 14:00:00+00");

        migrate();

        assertThat(timeline()).containsExactly("adopted");
        assertThat(vault.sql("select count(*) from vault_before_gift_spine")
                        .query(Long.class)
                        .single())
                .isEqualTo(pages.size() + 1L);
    }

    /** Half way through the change it writes as it always did, and knows no events. */
    @Test
    void servesTheOldWorkerFurtherOn() {
        createOldTable("id bigserial primary key, page_id bigint, created_at timestamptz default now()");
        insert(1, "7", "before", "2024-05-21 14:00:00+00");
        migrate();

        vault.sql("insert into vault (user_id, page_id, question, answer, symbol_id, created_at)"
                        + " values ('00000000-0000-0000-0000-000000000000', 7, 'after', 'a', null, now())")
                .update();

        assertThat(timeline()).containsExactly("after", "before");
    }

    private void createOldTable(String columns) {
        vault.sql("create table vault (user_id uuid, symbol_id integer, question text, answer text, " + columns + ")")
                .update();
    }

    private void insert(Object id, String pageId, String question, String createdAt) {
        vault.sql("insert into vault (id, page_id, question, answer, created_at) values (%s, %s, '%s', 'a', '%s')"
                        .formatted(id, pageId, question, createdAt))
                .update();
    }

    private void migrate() {
        Flyway.configure()
                .dataSource(database.dataSource())
                .initSql("set timezone to 'America/New_York'")
                // as in application.yaml
                .baselineOnMigrate(true)
                .baselineVersion("0")
                .load()
                .migrate();
    }

    private List<String> timeline() {
        return vault.sql("select question from vault order by created_at desc, id desc")
                .query(String.class)
                .list();
    }

    private long nextId() {
        return vault.sql("insert into vault (page_id, question, answer) values (1, 'q', 'a') returning id")
                .query(Long.class)
                .single();
    }
}
