package org.gibsey.spine.persist;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.time.Clock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OutageLogTest {

    private final OutageLog outages = new OutageLog(Clock.systemUTC());

    /** A worker that starts before the first migration, or while the database is away, has nothing to say twice. */
    @ParameterizedTest
    @ValueSource(strings = {"42P01", "42703", "42883", "08006", "57P01", "40001"})
    void saysNothingOfATurnThatWasMissedForWhatHealthSays(String sqlState) {
        outages.missed("purge-deleted", new SQLException("not there", sqlState));

        assertThat(outages.reason("purge-deleted")).isNull();
    }

    @Test
    void saysWhyATurnWasMissedUntilTheNextOneIsDone() {
        outages.missed("purge-deleted", new SQLException("permission denied", "42501"));
        assertThat(outages.reason("purge-deleted")).isEqualTo("permission denied (SQLSTATE 42501)");

        outages.over("purge-deleted");
        assertThat(outages.reason("purge-deleted")).isNull();
    }

    @Test
    void saysThatATurnTookLongerThanAStatementMay() {
        outages.missed("erase-readers", new SQLException("canceling statement due to statement timeout", "57014"));

        assertThat(outages.reason("erase-readers"))
                .isEqualTo("canceling statement due to statement timeout (SQLSTATE 57014)");
    }
}
