package org.gibsey.spine.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.gibsey.spine.embedded.EmbeddedDatabase;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.embedded.Promise;
import org.gibsey.spine.embedded.TestCaller;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The database is an hour older than the broker, as after a restore: with the commands of docs/operations.md, on an installed
 * PostgreSQL, because the embedded one comes without its tools.
 */
class RestoreIT {

    private static final Path INSTALLED = Path.of("/usr/lib/postgresql");
    private static final List<Outcome> OUTCOMES = new ArrayList<>();

    @TempDir
    Path folder;

    private Path postgres;
    private FaultBench bench;
    private Load load;

    @BeforeEach
    void start() throws Exception {
        Optional<Path> found = installation();
        assumeTrue(found.isPresent(), "no PostgreSQL with pg_dump and pg_restore in " + INSTALLED);
        postgres = found.orElseThrow();
        bench = new FaultBench("restore.md", OUTCOMES, postgres);
        load = bench.scenario();
    }

    @AfterEach
    void stop() throws Exception {
        if (bench != null) {
            bench.close();
        }
    }

    @Test
    void bringsBackWhatCameAfterTheBackup() throws Exception {
        JavaProcess worker = ready();
        load.write(300);
        await().until(load::isCommitted);
        run(command("pg_dump"));
        long rows = bench.rows(load);
        long changes = bench.history(load).size();
        // changes of gifts from before the backup are among these
        load.write(300);
        await().until(load::isCommitted);
        await().until(() -> bench.placed(load) == load.acceptedEvents());
        assertThat(worker.terminate()).isEqualTo(143);

        run(command("pg_restore"));

        assertThat(bench.rows(load)).isEqualTo(rows);
        assertThat(bench.history(load)).hasSize((int) changes);
        TestCaller caller = bench.caller(ready());
        long lost = load.acceptedEvents() - rows - changes;
        assertThat(lost).isGreaterThan(300);
        await().untilAsserted(() -> assertThat(caller.ledger()).contains("\"unaccounted\":" + lost + ","));
        long began = System.nanoTime();
        // up to all of them: the first to come back may be a change, and bring the row of its save with it
        assertThat(caller.resend()).contains("\"dryRun\":false");
        bench.settle("database restored from a backup that lacked %d events, resent".formatted(lost), load, 0);
        Promise.kept("what the backup lacked is back", Promise.since(began), Duration.ofMinutes(1));
    }

    private JavaProcess ready() throws IOException {
        JavaProcess worker = bench.worker(load);
        await().until(bench.caller(worker)::isReady);
        return worker;
    }

    /** As it stands in the documentation, for this database. */
    private String command(String tool) throws IOException {
        String documented = Files.readString(Path.of("docs/operations.md"));
        Matcher command = Pattern.compile("(?m)^ {4,}(" + tool + " .*)$").matcher(documented);
        assertThat(command.find()).as(tool).isTrue();
        String url = bench.database()
                .url()
                .replace(
                        "jdbc:postgresql://",
                        "postgresql://%s:%s@".formatted(EmbeddedDatabase.USER, EmbeddedDatabase.PASSWORD));
        String here = command.group(1).replace("postgresql://gibsey:secret@localhost:5432/gibsey", url);
        assertThat(here).contains(url);
        return here;
    }

    private void run(String command) throws IOException, InterruptedException {
        ProcessBuilder shell = new ProcessBuilder("bash", "-c", command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("output").toFile());
        shell.environment().merge("PATH", postgres.resolve("bin").toString(), (path, bin) -> bin + ":" + path);
        int exit = shell.start().waitFor();
        assertThat(exit).as(Files.readString(folder.resolve("output"))).isZero();
    }

    /** The newest that has a server and the tools. */
    private static Optional<Path> installation() throws IOException {
        if (!Files.isDirectory(INSTALLED)) {
            return Optional.empty();
        }
        try (Stream<Path> versions = Files.list(INSTALLED)) {
            return versions.filter(version -> Stream.of("initdb", "postgres", "pg_ctl", "pg_dump", "pg_restore")
                            .allMatch(tool ->
                                    Files.isExecutable(version.resolve("bin").resolve(tool))))
                    .max(Path::compareTo);
        }
    }
}
