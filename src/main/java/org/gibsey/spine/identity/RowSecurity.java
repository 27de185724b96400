package org.gibsey.spine.identity;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.Locale;
import java.util.UUID;
import javax.sql.DataSource;
import org.gibsey.spine.SpineSettings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * The second wall between readers: the database itself hides what is another's (row level security). The policies are part of
 * the schema and have no effect until row level security is switched on. That is a setting, because it also changes what people
 * see who read the tables past this service with their own tokens, as Supabase lets them. Used by one thread.
 */
public final class RowSecurity {

    private static final Logger LOG = LoggerFactory.getLogger(RowSecurity.class);

    /** SQLSTATEs: there is no such role, or the login may not become it; a grant is missing. */
    private static final String NO_ROLE = "22023";

    private static final String NOT_ALLOWED = "42501";

    /** Switches it on, as far as this login may; can be repeated. Whoever reads past this service gets what readers get, no more. */
    private static final String SWITCH_ON = """
            do $$
            declare
              reader text := current_setting('spine.reader_role');
              anybody text;
            begin
              if not exists (select from pg_roles where rolname = reader) then
                begin
                  execute format('create role %I nologin', reader);
                exception when insufficient_privilege then
                  return;
                end;
              end if;
              begin
                execute format('grant %I to %I', reader, session_user);
              exception when insufficient_privilege or invalid_grant_operation then
                null;
              end;
              revoke all on vault, gift_change, dead_letter from public;
              foreach anybody in array array['anon', 'authenticated'] loop
                if exists (select from pg_roles where rolname = anybody) then
                  execute format('revoke all on vault, gift_change, dead_letter from %I', anybody);
                end if;
              end loop;
              execute format('grant usage on schema %I to %I', current_schema(), reader);
              execute format('grant select on vault, gift_change to %I', reader);
              -- not what the gift says, nor its place
              execute format('grant select (id, event_id, user_id, reason, sqlstate, attempts, first_failed_at,'
                             ' last_failed_at, replayed_at) on dead_letter to %I', reader);
              alter table vault enable row level security;
              alter table gift_change enable row level security;
              alter table dead_letter enable row level security;
            end $$
            """;

    private static final String IS_ON = """
            select coalesce(bool_and(relrowsecurity
                                     and has_any_column_privilege(reader.oid, pg_class.oid, 'select')
                                     and not has_table_privilege(reader.oid, pg_class.oid, 'insert, update, delete')), false)
              from pg_class, pg_roles as reader
             where pg_class.oid in ('vault'::regclass, 'gift_change'::regclass, 'dead_letter'::regclass) and reader.rolname = ?
            """;

    /** As a reader who has no gifts. */
    private static final String PROBE = """
            select row_security_active('vault') and row_security_active('gift_change') and row_security_active('dead_letter'),
                   exists (select from vault) or exists (select from gift_change) or exists (select from dead_letter)
            """;

    private final DataSource vault;
    private final VaultReads reads;
    private final boolean isWanted;
    private final boolean isMigrating;
    private final String role;
    private boolean isSaid;
    private volatile boolean isMissing;

    RowSecurity(DataSource vault, VaultReads reads, SpineSettings.Database settings) {
        this.vault = vault;
        this.reads = reads;
        this.isWanted = settings.rowSecurity();
        this.isMigrating = settings.migrate();
        this.role = settings.readerRole();
    }

    /** Whether readers must not be served yet. */
    public boolean isMissing() {
        return isMissing;
    }

    /**
     * Switches it on where that is wanted and this process keeps the schema; a login that may not do it goes on with its work,
     * and what is missing is said. Then looks whether the wall stands, where this process serves readers behind it, as a reader
     * who has nothing.
     *
     * @throws IllegalStateException if it does not; says what to do
     */
    public void look() throws SQLException {
        if (isWanted) {
            if (isMigrating && !isOn()) {
                switchOn();
            }
            check();
        }
    }

    private void switchOn() throws SQLException {
        try (Connection connection = vault.getConnection();
                PreparedStatement setting =
                        connection.prepareStatement("select set_config('spine.reader_role', ?, false)");
                Statement statement = connection.createStatement()) {
            setting.setString(1, role);
            setting.execute();
            statement.execute(SWITCH_ON);
        } catch (SQLException e) {
            if (!NOT_ALLOWED.equals(e.getSQLState())) {
                throw e;
            }
        }
        if (isOn()) {
            LOG.info("Row security is switched on: role {} sees the rows of its reader only", role);
        } else if (!isSaid) {
            isSaid = true;
            LOG.warn("Row security is not switched on yet: {}", mend());
        }
    }

    private boolean isOn() {
        return JdbcClient.create(vault)
                .sql(IS_ON)
                .param(role)
                .query(Boolean.class)
                .single();
    }

    private void check() throws SQLException {
        JdbcClient open = JdbcClient.create(vault);
        if (open.sql("select row_security_active('vault')").query(Boolean.class).single()) {
            throw new IllegalStateException(
                    "row security hides the gifts from this process itself: its login must own the"
                            + " tables or have BYPASSRLS");
        }
        if (reads.isOwn()) {
            checkAsReader();
        }
    }

    private void checkAsReader() throws SQLException {
        VaultReads.bind(new Caller(UUID.randomUUID(), Instant.MAX));
        try (Connection connection = reads.getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(PROBE)) {
            row.next();
            isMissing = !row.getBoolean(1) || row.getBoolean(2);
            if (row.getBoolean(1) && row.getBoolean(2)) {
                throw new IllegalStateException(
                        "row security lets a reader see gifts that are not his: another policy than \"own\" on vault, gift_change"
                                + " or dead_letter allows it; see pg_policies");
            }
        } catch (SQLException e) {
            if (!NO_ROLE.equals(e.getSQLState()) && !NOT_ALLOWED.equals(e.getSQLState())) {
                // whether it stands is not known at the moment, and nothing can be read either
                throw e;
            }
            isMissing = true;
        } finally {
            VaultReads.bind(null);
        }
        if (isMissing) {
            throw new IllegalStateException("row security does not bind readers: " + mend());
        }
    }

    private String mend() {
        return String.format(
                Locale.ROOT,
                "role %1$s is missing, or not granted, or the tables are not protected. Run as a superuser or as whoever may:"
                        + " create role %1$s nologin; grant %1$s to the login of this process, which must own the tables or have"
                        + " BYPASSRLS; then a process with VAULT_ROW_SECURITY=true and VAULT_DB_MIGRATE=true does the rest",
                role);
    }
}
