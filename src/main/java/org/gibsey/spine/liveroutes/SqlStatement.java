package org.gibsey.spine.liveroutes;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * SQL of a route file.
 *
 * @param line of the step that holds it
 * @param sql  with a question mark for each parameter
 */
record SqlStatement(int line, String sql, DataSource database) {

    private static final Logger LOG = LoggerFactory.getLogger(SqlStatement.class);

    /** SQLSTATE class: syntax error or access rule violation, which a missing column is too. */
    private static final String NOT_UNDERSTOOD = "42";
    /** Parameters whose type only their values would tell. */
    private static final Set<String> NOT_KNOWN_WITHOUT_VALUES = Set.of("42P08", "42P18");

    private static final Pattern QUOTED = Pattern.compile("\"([^\"]+)\"");

    /**
     * Has the database parse it, without executing it. A misspelt column would otherwise pass every other check and stand
     * the line, as does anything that the database may mend by itself.
     *
     * @return what the database does not understand; empty when it does or cannot be asked at the moment
     */
    Optional<Problem> prepare(RouteFile file) {
        try (Connection connection = database.getConnection();
                PreparedStatement statement = connection.prepareStatement(sql)) {
            // what makes the driver ask
            var unused = statement.getParameterMetaData();
            return Optional.empty();
        } catch (SQLException e) {
            String state = String.valueOf(e.getSQLState());
            if (state.startsWith(NOT_UNDERSTOOD) && !NOT_KNOWN_WITHOUT_VALUES.contains(state)) {
                return Optional.of(problem(file, RouteFileErrors.message(e)));
            }
            LOG.debug("The SQL of {} line {} could not be checked", file.name(), line, e);
            return Optional.empty();
        }
    }

    private Problem problem(RouteFile file, String message) {
        String reason = message.lines().findFirst().orElse("").replaceFirst("^ERROR: ", "");
        Matcher name = QUOTED.matcher(reason);
        return file.problem(name.find() ? file.lineOf(name.group(1), line) : line, "the database says: " + reason);
    }
}
