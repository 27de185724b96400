package org.gibsey.spine.identity;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import javax.sql.DataSource;
import org.gibsey.spine.SpineSettings;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.datasource.DelegatingDataSource;

/**
 * The vault as the reader of a call may see it: what public routes read through, whatever their SQL says. Where readers see
 * their own gifts only, there is no connection without a reader; with row security switched on, each is a transaction in
 * which the database itself hides all other rows. It ends, and the reader with it, when the connection goes back to the pool,
 * which rolls back. Elsewhere it is the vault. Thread-safe.
 *
 * <p>A statement that takes longer than a read may is ended (SQLSTATE 57014): anybody may ask, also for what takes long, and the
 * connections are few. Whoever sets another limit for a statement has that one; 0 leaves the pool's.
 *
 * <p>With row security a read costs two more round trips.
 */
public final class VaultReads extends DelegatingDataSource {

    /** Name of this bean in route files. */
    public static final String NAME = "vaultReads";

    /** Claims as Supabase's Data API sets them, so that the same policies serve both. */
    private static final String BECOME =
            "select set_config('role', ?, true), set_config('request.jwt.claims', ?, true)";

    private static final ThreadLocal<Caller> CALLER = new ThreadLocal<>();

    private final boolean isOwn;
    private final @Nullable String role;
    private final int seconds;

    /** @param readTime of a statement; the driver counts whole seconds */
    VaultReads(DataSource vault, SpineSettings.Auth auth, SpineSettings.Database database, Duration readTime) {
        super(vault);
        this.seconds = (int) readTime.toSeconds();
        this.isOwn = auth.isOwn();
        this.role = database.rowSecurity() ? database.readerRole() : null;
    }

    /** Whether readers see their own gifts only. */
    public boolean isOwn() {
        return isOwn;
    }

    /** From now on this thread reads for a reader; null for nobody. */
    public static void bind(@Nullable Caller caller) {
        if (caller == null) {
            CALLER.remove();
        } else {
            CALLER.set(caller);
        }
    }

    @Override
    public Connection getConnection() throws SQLException {
        Caller caller = CALLER.get();
        if (isOwn && caller == null) {
            throw new SQLException("the vault is read for a reader only, and this thread has none");
        }
        Connection connection = super.getConnection();
        if (isOwn && role != null) {
            try {
                become(connection, caller, role);
            } catch (SQLException e) {
                connection.close();
                throw e;
            }
        }
        return limited(connection);
    }

    private Connection limited(Connection connection) {
        return (Connection) Proxy.newProxyInstance(
                VaultReads.class.getClassLoader(), new Class<?>[] {Connection.class}, (self, method, arguments) -> {
                    try {
                        Object result = method.invoke(connection, arguments);
                        if (result instanceof Statement statement) {
                            statement.setQueryTimeout(seconds);
                        }
                        return result;
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private static void become(Connection connection, Caller caller, String role) throws SQLException {
        connection.setAutoCommit(false);
        try (PreparedStatement become = connection.prepareStatement(BECOME)) {
            become.setString(1, role);
            become.setString(2, "{\"sub\":\"" + caller.reader() + "\",\"role\":\"" + role + "\"}");
            become.execute();
        }
    }
}
