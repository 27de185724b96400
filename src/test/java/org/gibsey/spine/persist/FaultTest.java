package org.gibsey.spine.persist;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.BatchUpdateException;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.camel.CamelExecutionException;
import org.apache.camel.RuntimeCamelException;
import org.apache.kafka.common.errors.TimeoutException;
import org.gibsey.spine.gift.InvalidInput;
import org.gibsey.spine.gift.InvalidInput.FieldError;
import org.gibsey.spine.gift.MalformedJson;
import org.gibsey.spine.persist.EventFormat.UndecodableGifts;
import org.gibsey.spine.persist.RefusalProof.RefusesEverything;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** The table of the README, row by row: what is dead-lettered and what is waited out. */
class FaultTest {

    /** SQLSTATEs and classes of them, as the README writes them. */
    private static final Pattern SQLSTATES =
            Pattern.compile("\\b(?:[0-9]{2}xxx|[0-9][0-9A-Z]{4}|P[0-9]{4}|[0-9]{2}(?= [a-z]{2}))\\b");

    private static final Map<String, Throwable> WORDS = Map.of(
            "not UTF-8 JSON",
            new MalformedJson("not JSON"),
            "a field missing",
            new InvalidInput(List.of(new FieldError("/page_id", "is required"))),
            "refuses any other gift",
            new RefusesEverything(new SQLException("sequence", "2200H")),
            "no answer for 40 s",
            new SQLException("I/O error", "08006", new SocketTimeoutException("Read timed out")),
            "23505 on the primary key",
            violationOf("vault_pkey"),
            "23514 for want of a partition",
            new PSQLException(new ServerErrorMessage("SERROR\0C23514\0Mno partition\0RExecFindPartition\0")),
            "no connection from the pool",
            new SQLTransientConnectionException("no connection", "08S01", new SQLException("setting", "22023")),
            "anything not known",
            new SQLException("unheard of", "99999"));

    /** The table of the README: fault, whose it is, what happens. */
    static Stream<Arguments> rowsOfTheReadme() throws IOException {
        return Files.readAllLines(Path.of("README.md")).stream()
                .dropWhile(line -> !line.startsWith("| fault | whose fault |"))
                .skip(2)
                .takeWhile(line -> line.startsWith("|"))
                .map(line -> line.split("\\s*\\|\\s*"))
                .map(cells -> Arguments.of(cells[1], cells[2], cells[3]));
    }

    @ParameterizedTest
    @MethodSource("rowsOfTheReadme")
    void doesWhatTheReadmeSays(String fault, String whose, String happens) {
        if (happens.contains(Conflicts.REASON)) {
            // not found by a failure, but by a look at the rows; PersistGiftsIT shows it
            assertThat(whose).isEqualTo("message");
            return;
        }
        assertThat(failures(fault)).isNotEmpty().allSatisfy(failure -> {
            Fault found = Fault.of(failure);
            assertThat(found.ofTheMessage()).isEqualTo(whose.equals("message"));
            assertThat(found.ofTheMessage() || whose.equals("outage")).isTrue();
            assertThat(happens)
                    .contains(found.ofTheMessage() ? "`" + found.reason() + "`" : found.tooSlow() ? "halves" : "waits");
        });
    }

    /** What a row of the README speaks of: SQLSTATEs, classes of them, and what it says in words. */
    private static List<Throwable> failures(String row) {
        List<Throwable> failures = new ArrayList<>();
        WORDS.forEach((words, failure) -> {
            if (row.contains(words)) {
                failures.add(failure);
            }
        });
        if (failures.stream().noneMatch(failure -> failure instanceof PSQLException)) {
            SQLSTATES
                    .matcher(row.replaceAll("\\(but .*?\\)", ""))
                    .results()
                    .map(MatchResult::group)
                    .forEach(state -> {
                        if (state.length() == 2 || state.endsWith("xxx")) {
                            List.of("000", "001", "P01")
                                    .forEach(end -> failures.add(new SQLException("", state.substring(0, 2) + end)));
                        } else {
                            failures.add(new SQLException("", state));
                        }
                    });
        }
        return failures;
    }

    @ParameterizedTest
    @CsvSource({
        "22001, value too long",
        "22003, number out of range",
        "22P02, no such number or UUID",
        "22P05, character the encoding does not have",
        "22021, NUL",
        "23502, null where none may be",
        "23503, foreign key",
        "23505, unique",
        "23514, check",
        "54000, row or index entry too large",
        "P0001, raised by a trigger"
    })
    void laysOnTheMessageWhatTheDatabaseRefusesAsData(String state, String what) {
        Fault fault = Fault.of(new SQLException(what, state));

        assertThat(fault).isEqualTo(new Fault(true, "refused", what, state));
        assertThat(fault.ofTheMessage()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "08000, connection",
        "08001, cannot connect",
        "08003, connection does not exist",
        "08006, connection broke",
        "25006, read-only",
        "28000, not let in",
        "28P01, wrong password",
        "3D000, no such database",
        "40001, serialization",
        "40P01, deadlock",
        "42501, not permitted",
        "42601, syntax of the route's SQL",
        "42703, no such column",
        "42P01, no such table",
        "53100, disk full",
        "53200, out of memory",
        "53300, too many connections",
        "54001, statement too complex",
        "55P03, lock",
        "57P01, shut down by an administrator",
        "57P02, crash",
        "57P03, starting up",
        "58030, input or output",
        "58P01, file is gone",
        "P0002, not raised by a trigger",
        "XX000, internal",
        "XX001, corrupted data",
        "99999, unheard of"
    })
    void waitsOutWhatIsTheWorlds(String state, String what) {
        Fault fault = Fault.of(new SQLException(what, state));

        assertThat(fault).isEqualTo(new Fault(false, "outage", what, state));
        assertThat(fault.ofTheMessage()).isFalse();
    }

    /** The second is the driver's own limit, for a database that keeps none. */
    @Test
    void triesWithFewerGiftsWhatTakesTooLong() {
        SQLException stopped = new SQLException("statement timeout", "57014");
        SQLException silent = new SQLException("I/O error", "08006", new SocketTimeoutException("Read timed out"));

        assertThat(Fault.of(stopped)).isEqualTo(new Fault(false, "slow", "statement timeout", "57014"));
        assertThat(Fault.of(silent)).isEqualTo(new Fault(false, "slow", "I/O error", "08006"));
        assertThat(Fault.of(new RuntimeCamelException(stopped)).tooSlow()).isTrue();
        assertThat(Fault.of(new SQLTransientConnectionException("no connection", "08001", silent))
                        .tooSlow())
                .as("no statement was sent")
                .isFalse();
    }

    @Test
    void laysOnTheMessageWhatIsNoGift() {
        assertThat(Fault.of(new MalformedJson("not JSON"))).isEqualTo(new Fault(true, "undecodable", "not JSON", null));
        assertThat(Fault.of(new InvalidInput(List.of(new FieldError("/page_id", "is required")))))
                .isEqualTo(new Fault(true, "invalid", "/page_id is required", null));
        assertThat(Fault.of(new UndecodableGifts(Map.of())).ofTheMessage()).isTrue();
    }

    /** A sequence that lags behind the rows is no message's fault; an index that an operator made unique is about messages. */
    @Test
    void waitsOutARowIdThatIsThereAlready() {
        assertThat(Fault.of(violationOf("vault_pkey")).ofTheMessage()).isFalse();
        assertThat(Fault.of(new RuntimeCamelException(violationOf("vault_pkey")))
                        .ofTheMessage())
                .isFalse();
        assertThat(Fault.of(violationOf("dead_letter_pkey")).ofTheMessage()).isFalse();
        assertThat(Fault.of(violationOf("one_question_a_page")).ofTheMessage()).isTrue();
    }

    private static SQLException violationOf(String constraint) {
        return new PSQLException(new ServerErrorMessage("SERROR\0C23505\0Mduplicate key\0n%s\0".formatted(constraint)));
    }

    @Test
    void waitsOutWhatItDoesNotKnow() {
        assertThat(List.of(
                        new SQLException("no state"),
                        new SQLTransientConnectionException("vault - Connection is not available, timed out"),
                        new SQLException("empty state", ""),
                        new IllegalStateException("a defect of ours"),
                        new NullPointerException(),
                        new IOException("disk"),
                        new TimeoutException("no acknowledgement"),
                        new OutOfMemoryError()))
                .allSatisfy(failure -> {
                    Fault fault = Fault.of(failure);
                    assertThat(fault.ofTheMessage()).isFalse();
                    assertThat(fault.reason()).isEqualTo("outage");
                });
    }

    /** Also where the database refused the session as "data": a wrong setting would dead-letter everything. */
    @ParameterizedTest
    @ValueSource(strings = {"08001", "22023", "28P01", "42704", "53300", "57P03"})
    void waitsOutThatThePoolHasNoConnectionWhateverTheReason(String state) {
        SQLException why = new SQLException("why", state);
        SQLException pool = new SQLTransientConnectionException("vault - Connection is not available", "08S01", why);

        assertThat(Fault.of(new RuntimeCamelException(pool))).isEqualTo(new Fault(false, "outage", "why", state));
    }

    @Test
    void findsTheFaultWhereverItIsWrapped() {
        SQLException refused = new SQLException("check", "23514");

        assertThat(Fault.of(new RuntimeCamelException(new IllegalStateException("wrapped", refused))))
                .isEqualTo(Fault.of(refused));
        assertThat(Fault.of(new CamelExecutionException("wrapped", null, new MalformedJson("not JSON"))))
                .isEqualTo(Fault.of(new MalformedJson("not JSON")));
        assertThat(Fault.of(new SQLException("without a state", refused)).sqlState())
                .isEqualTo("23514");
        assertThat(Fault.of(new BatchUpdateException("batch", "23514", new int[0], refused))
                        .ofTheMessage())
                .isTrue();
    }

    @Test
    void believesTheOutermostStateWhenTheyDiffer() {
        SQLException broken = new SQLException("connection broke", "08006", new SQLException("check", "23514"));

        assertThat(Fault.of(broken).ofTheMessage()).isFalse();
    }

    /** The lines after the first quote the row or the statement. */
    @Test
    void keepsOnlyTheFirstLineOfWhatTheDatabaseSays() {
        Fault fault = Fault.of(new SQLException("ERROR: check\n  Detail: Failing row contains (secret)", "23514"));

        assertThat(fault).hasToString("ERROR: check (SQLSTATE 23514)");
    }

    @Test
    void saysSomethingWhenTheFailureSaysNothing() {
        assertThat(Fault.of(new NullPointerException()).toString()).contains("NullPointerException");
        assertThat(Fault.of(new SQLException(null, "57P01"))).hasToString("SQLException (SQLSTATE 57P01)");
    }
}
