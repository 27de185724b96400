package org.gibsey.spine.embedded;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.UUID;
import javax.sql.DataSource;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

/** An empty database of a test's own on the shared server; closing drops it, whoever is connected. */
public final class TestDatabase implements AutoCloseable {

    private final String name;

    private TestDatabase(String name) {
        this.name = name;
    }

    public static TestDatabase create() throws SQLException {
        return create("");
    }

    /** @param options of {@code create database}, such as an encoding */
    public static TestDatabase create(String options) throws SQLException {
        TestDatabase database =
                new TestDatabase("test_" + UUID.randomUUID().toString().substring(0, 8));
        asSuperuser("create database %s owner %s %s".formatted(database.name, EmbeddedDatabase.USER, options));
        return database;
    }

    /** What its sessions begin with, such as {@code DateStyle = 'SQL, DMY'}. */
    public void set(String setting) throws SQLException {
        asSuperuser("alter database %s set %s".formatted(name, setting));
    }

    public String url() {
        return SharedServices.get().database().url().replaceFirst("/[^/]+$", "/" + name);
    }

    /** Connections as the owner, a new one each time. */
    public DataSource dataSource() {
        return new DriverManagerDataSource(url(), EmbeddedDatabase.USER, EmbeddedDatabase.PASSWORD);
    }

    @Override
    public void close() throws SQLException {
        asSuperuser("drop database " + name + " with (force)");
    }

    private static void asSuperuser(String sql) throws SQLException {
        try (Connection connection = SharedServices.get().database().superuser();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
