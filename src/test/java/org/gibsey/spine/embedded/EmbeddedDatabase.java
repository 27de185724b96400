package org.gibsey.spine.embedded;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A PostgreSQL server from Maven Central's binaries, keeping its data in a folder, as durable as an installed one. Can be
 * stopped and started again on the same port. Not thread-safe.
 */
public final class EmbeddedDatabase implements AutoCloseable {

    public static final String USER = "gibsey";
    public static final String PASSWORD = "secret";
    private static final String DATABASE = "gibsey";

    /** Binaries are handed over in an archive; an installed server finds its files by where it lies, so these only call it. */
    private static final String ARCHIVE = """
            folder=$(mktemp -d); mkdir "$folder/bin"
            for program in initdb pg_ctl postgres; do
                printf '#!/bin/sh\\nexec %s/bin/%s "$@"\\n' "$0" $program > "$folder/bin/$program"
                chmod +x "$folder/bin/$program"
            done
            tar -C "$folder" -cJ bin; rm -r "$folder"
            """;

    private final Path data;
    private final int port;
    private final @Nullable Path installation;
    private @Nullable EmbeddedPostgres server;

    /**
     * @param data folder for its data, made when missing
     * @param port TCP port on localhost
     */
    public EmbeddedDatabase(Path data, int port) {
        this(data, port, null);
    }

    /** @param installation of PostgreSQL on this machine, in whose {@code bin} the server is; null: Maven Central's binaries */
    public EmbeddedDatabase(Path data, int port, @Nullable Path installation) {
        this.data = data;
        this.port = port;
        this.installation = installation;
    }

    /** Starts it and returns when it accepts connections; on first start makes user and database. */
    public EmbeddedDatabase start() throws IOException, SQLException {
        Files.createDirectories(data);
        EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder();
        if (installation != null) {
            builder.setPgBinaryResolver((system, machine) -> archive(installation))
                    // where Debian wants them, only its own user may write
                    .setServerConfig("unix_socket_directories", "");
        }
        EmbeddedPostgres started = builder.setPort(port)
                .setDataDirectory(data)
                .setCleanDataDirectory(false)
                // stopped by whoever started it, after the application
                .setRegisterShutdownHook(false)
                .setPGStartupWait(Duration.ofMinutes(3))
                // the binaries are for tests and start with these off: a killed server would forget what it confirmed
                .setServerConfig("fsync", "on")
                .setServerConfig("synchronous_commit", "on")
                .setServerConfig("full_page_writes", "on")
                .setServerConfig("max_connections", "100")
                .start();
        server = started;
        createOnce(started);
        return this;
    }

    /**
     * Ends the server that a killed run left behind on a folder. It would hold the port and the folder for ever.
     *
     * @return false when the run that started it is still alive, so that it is none of ours to end
     */
    static boolean endLeftover(Path data) throws IOException, InterruptedException {
        Path pidFile = data.resolve("postmaster.pid");
        if (!Files.exists(pidFile)) {
            return true;
        }
        // held for as long as the JVM lives that started the server
        try (FileChannel channel = FileChannel.open(
                        data.resolve("epg-lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = channel.tryLock()) {
            if (lock == null) {
                return false;
            }
            Optional<ProcessHandle> server = ProcessHandle.of(pid(pidFile))
                    // the number may belong to something else by now
                    .filter(process -> process.info().command().orElse("").endsWith("postgres"));
            if (server.isPresent()) {
                Signals.send("INT", server.get().pid());
                server.get().onExit().join();
            }
            return true;
        }
    }

    public String url() {
        return "jdbc:postgresql://localhost:%d/%s".formatted(port, DATABASE);
    }

    public int port() {
        return port;
    }

    /**
     * A new server that streams everything from this one and is named {@code standby} to it. This one is stopped for a moment.
     *
     * @param folder   for its data, to be made
     * @param itsPort TCP port on localhost
     */
    public EmbeddedDatabase standby(Path folder, int itsPort) throws IOException, InterruptedException, SQLException {
        close();
        int exit = new ProcessBuilder("cp", "-a", data.toString(), folder.toString())
                .inheritIO()
                .start()
                .waitFor();
        if (exit != 0) {
            throw new IOException("cannot copy " + data);
        }
        Files.createFile(folder.resolve("standby.signal"));
        Files.writeString(
                folder.resolve("postgresql.auto.conf"),
                "primary_conninfo = 'host=localhost port=%d user=postgres application_name=standby'%n".formatted(port),
                StandardOpenOption.APPEND);
        start();
        return new EmbeddedDatabase(folder, itsPort).start();
    }

    /** A connection as superuser, for what a test does behind the application's back. The caller closes it. */
    public Connection superuser() throws SQLException {
        if (server == null) {
            throw new IllegalStateException("not started");
        }
        return server.getDatabase("postgres", DATABASE).getConnection();
    }

    /** SIGKILL to the server, which ends its sessions; its data stays. */
    public void kill() throws IOException, InterruptedException {
        ProcessHandle postmaster = postmaster();
        Signals.send("KILL", postmaster.pid());
        postmaster.onExit().join();
        // what is left to close is the lock on the folder
        close();
    }

    /** SIGSTOP to the server and all its sessions. */
    public void freeze() throws IOException, InterruptedException {
        // the server first: from then on no session starts, and none that ended is gone before its signal
        Signals.send("STOP", postmaster().pid());
        for (ProcessHandle session : postmaster().children().toList()) {
            Signals.send("STOP", session.pid());
        }
    }

    /** SIGCONT. */
    public void thaw() throws IOException, InterruptedException {
        for (ProcessHandle session : postmaster().children().toList()) {
            Signals.send("CONT", session.pid());
        }
        Signals.send("CONT", postmaster().pid());
    }

    private ProcessHandle postmaster() throws IOException {
        return ProcessHandle.of(pid(data.resolve("postmaster.pid")))
                .orElseThrow(() -> new IOException("no server of " + data));
    }

    private static long pid(Path pidFile) throws IOException {
        return Long.parseLong(Files.readAllLines(pidFile).get(0).strip());
    }

    private static InputStream archive(Path installation) throws IOException {
        return new ProcessBuilder("bash", "-c", ARCHIVE, installation.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start()
                .getInputStream();
    }

    /** Stops it; its data stays. */
    @Override
    public void close() throws IOException {
        if (server != null) {
            server.close();
            server = null;
        }
    }

    private static void createOnce(EmbeddedPostgres server) throws SQLException {
        try (Connection connection = server.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            try (ResultSet there =
                    statement.executeQuery("select 1 from pg_database where datname = '" + DATABASE + "'")) {
                if (there.next()) {
                    return;
                }
            }
            statement.execute("create role " + USER + " login password '" + PASSWORD + "'");
            statement.execute("create database " + DATABASE + " owner " + USER);
        }
    }
}
