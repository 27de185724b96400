package org.gibsey.spine.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.gibsey.spine.SpineSettings.Auth;
import org.gibsey.spine.SpineSettings.Database;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.TestDatabase;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DelegatingDataSource;

/** The wall in the database: where it stands, and what is said where it cannot. */
class RowSecurityIT {

    private static final UUID ANNA = UUID.fromString("aaaaaaaa-0000-4000-8000-00000000000a");
    private static final UUID BERT = UUID.fromString("bbbbbbbb-0000-4000-8000-00000000000b");

    private final String role = "reader_" + UUID.randomUUID().toString().substring(0, 8);
    private TestDatabase database;
    private DataSource owner;
    private JdbcClient vault;

    @BeforeEach
    void createVault() throws SQLException {
        database = TestDatabase.create();
        owner = database.dataSource();
        vault = JdbcClient.create(owner);
        Flyway.configure().dataSource(owner).load().migrate();
        for (UUID reader : List.of(ANNA, BERT)) {
            vault.sql("insert into vault (user_id, page_id, question, answer) values (?, 1, 'q', 'a')")
                    .param(reader)
                    .update();
            vault.sql("insert into gift_change (change_id, kind, gift, at, question, answer, outcome)"
                            + " select gen_random_uuid(), 'edited', event_id, now(), 'q', 'a', 'applied'"
                            + " from vault where user_id = ?")
                    .param(reader)
                    .update();
            vault.sql(
                            "insert into dead_letter (event_id, topic, partition, record_offset, record_timestamp, reason, message,"
                                    + " first_failed_at, last_failed_at, user_id)"
                                    + " values (gen_random_uuid(), 't', 0, 0, 0, 'invalid', '', now(), now(), ?)")
                    .param(reader)
                    .update();
        }
    }

    @AfterEach
    void dropVault() throws SQLException {
        database.close();
    }

    @Test
    void liesIdleUntilItIsSwitchedOn() throws SQLException {
        rows(false, role).look();

        assertThat(protectedTables()).isEmpty();
        assertThat(vault.sql("select tablename || '.' || policyname from pg_policies order by 1")
                        .query(String.class)
                        .list())
                .containsExactly("dead_letter.own", "gift_change.own", "vault.own");
    }

    @Test
    void saysWhatIsMissingForALoginThatMayMakeNoRolesAndHealsWhenItIsThere() throws SQLException {
        RowSecurity rows = rows(true, role);

        assertThatThrownBy(rows::look)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("create role " + role + " nologin");
        assertThat(rows.isMissing()).isTrue();
        assertThat(protectedTables()).isEmpty();

        superuser("create role " + role + " nologin");
        assertThatThrownBy(rows::look).hasMessageContaining("grant " + role);

        superuser("grant " + role + " to gibsey");
        rows.look();
        assertThat(rows.isMissing()).isFalse();
        assertThat(protectedTables()).containsExactly("dead_letter", "gift_change", "vault");
        rows.look();
    }

    @Test
    void showsAReaderHisOwnRowsWhateverTheSqlSays() throws SQLException {
        VaultReads reads = standing();

        assertThat(as(ANNA, reads, "select user_id from vault")).containsExactly(ANNA.toString());
        assertThat(as(BERT, reads, "select user_id from dead_letter")).containsExactly(BERT.toString());
        assertThat(as(ANNA, reads, "select vault.user_id from gift_change left join vault on event_id = gift"))
                .containsExactly(ANNA.toString());
        assertThat(as(ANNA, reads, "select user_id from vault where user_id = '" + BERT + "' or true"))
                .containsExactly(ANNA.toString());
        for (String other : List.of(
                "select message from dead_letter",
                "insert into vault (page_id, question, answer) values (1, 'q', 'a') returning id",
                "delete from vault returning id")) {
            assertThatThrownBy(() -> as(ANNA, reads, other)).as(other).hasMessageContaining("permission denied");
        }
    }

    @Test
    void showsAReaderThatHeAskedToBeForgotten() throws SQLException {
        vault.sql("insert into gift_change (change_id, kind, gift, at, question, answer, outcome)"
                        + " values (gen_random_uuid(), 'erased', ?, now(), '', '', 'applied')")
                .param(ANNA)
                .update();
        VaultReads reads = standing();
        String erasures = "select gift from gift_change where kind = 'erased'";

        assertThat(as(ANNA, reads, erasures)).containsExactly(ANNA.toString());
        assertThat(as(BERT, reads, erasures)).isEmpty();
    }

    @Test
    void givesNoConnectionToNobody() throws SQLException {
        VaultReads reads = standing();

        assertThatThrownBy(reads::getConnection).isInstanceOf(SQLException.class);
    }

    @Test
    void findsAWallThatWasTakenDownOrHasAHole() throws SQLException {
        standing();
        RowSecurity rows = new RowSecurity(owner, reads(true, role), new Database(false, true, role));

        vault.sql("create policy everybody on vault for select using (true)").update();
        assertThatThrownBy(rows::look).hasMessageContaining("another policy");
        assertThat(rows.isMissing()).isTrue();
        vault.sql("drop policy everybody on vault").update();
        rows.look();
        assertThat(rows.isMissing()).isFalse();

        vault.sql("alter table vault disable row level security").update();
        assertThatThrownBy(rows::look).hasMessageContaining("does not bind");
        rows(true, role).look();
        rows.look();
    }

    /** Who reads past this service with the same token, as a page may in Supabase. */
    @Test
    void bindsSupabasesRolesToo() throws SQLException {
        superuser("do $$ begin if not exists (select from pg_roles where rolname = 'anon') then"
                + " create role anon nologin; create role authenticated nologin; end if; end $$");
        superuser("grant anon, authenticated to gibsey");
        // as Supabase does for every new table
        vault.sql("grant all on vault, gift_change, dead_letter to anon, authenticated")
                .update();
        // as somebody has done by hand, to keep the Data API out
        vault.sql("alter table vault enable row level security").update();
        vault.sql("alter table dead_letter enable row level security").update();

        RowSecurity rows = rows(true, "authenticated");
        rows.look();

        try (Connection connection = owner.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("set role authenticated");
            assertThat(count(statement)).isZero();
            statement.execute("set request.jwt.claims = '{\"sub\":\"" + ANNA + "\",\"role\":\"authenticated\"}'");
            assertThat(count(statement)).isEqualTo(1);
            assertThatThrownBy(() -> statement.execute("update vault set question = 'mine'"))
                    .hasMessageContaining("permission denied");
            statement.execute("set role anon");
            assertThatThrownBy(() -> count(statement)).hasMessageContaining("permission denied");
        }
    }

    @Test
    void saysThatALoginWhichOwnsNothingWouldSeeNothing() throws SQLException {
        standing();
        superuser("create role " + role + "_worker nologin; grant " + role + "_worker to gibsey");
        vault.sql("grant all on vault, gift_change, dead_letter to " + role + "_worker")
                .update();
        DataSource worker = new DelegatingDataSource(owner) {
            @Override
            public Connection getConnection() throws SQLException {
                Connection connection = super.getConnection();
                connection.createStatement().execute("set role " + role + "_worker");
                return connection;
            }
        };

        RowSecurity rows = new RowSecurity(worker, reads(true, role), new Database(true, true, role));

        assertThatThrownBy(rows::look).hasMessageContaining("BYPASSRLS");
    }

    private VaultReads standing() throws SQLException {
        superuser("create role " + role + " nologin; grant " + role + " to gibsey");
        rows(true, role).look();
        return reads(true, role);
    }

    private RowSecurity rows(boolean isWanted, String of) {
        return new RowSecurity(owner, reads(isWanted, of), new Database(true, isWanted, of));
    }

    private VaultReads reads(boolean isWanted, String of) {
        Auth auth = new Auth("http://localhost:1/auth/v1", "", "", "authenticated", Auth.Read.OWN, "");
        return new VaultReads(owner, auth, new Database(true, isWanted, of), Duration.ofSeconds(3));
    }

    private List<String> protectedTables() {
        return vault.sql("select relname from pg_class where relrowsecurity order by 1")
                .query(String.class)
                .list();
    }

    private static List<String> as(UUID reader, VaultReads reads, String sql) throws SQLException {
        VaultReads.bind(new Caller(reader, Instant.MAX));
        try (Connection connection = reads.getConnection();
                PreparedStatement statement = connection.prepareStatement(sql);
                ResultSet rows = statement.executeQuery()) {
            List<String> found = new ArrayList<>();
            while (rows.next()) {
                found.add(rows.getString(1));
            }
            return found;
        } finally {
            VaultReads.bind(null);
        }
    }

    private static long count(Statement statement) throws SQLException {
        try (ResultSet row = statement.executeQuery("select count(*) from vault")) {
            row.next();
            return row.getLong(1);
        }
    }

    private static void superuser(String sql) throws SQLException {
        try (Connection connection = SharedServices.get().database().superuser();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
