package org.gibsey.spine.liveroutes;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.sql.DataSource;
import org.apache.camel.component.jdbc.JdbcEndpoint;
import org.apache.camel.component.kafka.KafkaEndpoint;
import org.apache.camel.component.timer.TimerEndpoint;
import org.apache.camel.model.ProcessorDefinition;
import org.apache.camel.model.SetBodyDefinition;
import org.apache.camel.model.ToDefinition;
import org.apache.camel.model.language.ConstantExpression;
import org.gibsey.spine.identity.VaultReads;
import org.gibsey.spine.liveroutes.RehearsedFile.Answers;
import org.gibsey.spine.liveroutes.RehearsedRoute.Target;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * SQL stands in the file, word for word, in the step before the one that sends it; what a message says is given to it as
 * parameters. So no reader's text is ever read as SQL.
 */
final class SqlRules {

    private static final Pattern INSERT = Pattern.compile("(?is)\\binsert\\s+into\\b");
    private static final Pattern ON_CONFLICT = Pattern.compile("(?is)\\bon\\s+conflict\\b");
    private static final Pattern DO_UPDATE = Pattern.compile("(?is)\\bdo\\s+update\\b");
    private static final Pattern LIMIT = Pattern.compile("(?i)\\blimit\\s+(least\\(\\?,\\s*)?[0-9]");
    private static final Pattern COMMENT_OR_TEXT = Pattern.compile("(?s)--[^\n]*|/\\*.*?\\*/|'[^']*'");
    private static final Pattern PARAMETER = Pattern.compile(":\\?\\w+");

    private static final Logger LOG = LoggerFactory.getLogger(SqlRules.class);

    /** SQLSTATE class: syntax error or access rule violation, which a missing column is too. */
    private static final String NOT_UNDERSTOOD = "42";
    /** The type of a parameter cannot be told without its value. */
    private static final Set<String> NOT_KNOWN_WITHOUT_VALUES = Set.of("42P08", "42P18");

    private static final Pattern QUOTED = Pattern.compile("\"([^\"]+)\"");

    private SqlRules() {}

    static List<RouteProblem> check(RehearsedRoute route) {
        List<RouteProblem> problems = new ArrayList<>();
        for (Target target : route.targets()) {
            if (target.endpoint() instanceof JdbcEndpoint) {
                Statement statement = statement(target);
                if (isPastReaders(route, statement)) {
                    problems.add(route.problem(
                            target.step(),
                            "readers see their own gifts only, so what they reach must read through jdbc:"
                                    + VaultReads.NAME));
                }
                fault(route, statement).ifPresent(reason -> problems.add(route.problem(target.step(), reason)));
            }
        }
        return problems;
    }

    private static Optional<String> fault(RehearsedRoute route, @Nullable Statement statement) {
        if (statement == null) {
            return Optional.of(
                    "SQL must not be built from message content: send it with 'to' right after a setBody with a"
                            + " constant, and pass values as parameters (:?name)");
        }
        String sql = statement.code();
        boolean inserts =
                route.input() instanceof KafkaEndpoint && INSERT.matcher(sql).find();
        if (inserts && !ON_CONFLICT.matcher(sql).find()) {
            return Optional.of("the insert needs an 'on conflict' clause: Kafka delivers again after every restart, and"
                    + " what is stored already would be dead-lettered");
        }
        if (inserts && route.readsGifts() && DO_UPDATE.matcher(sql).find()) {
            return Optional.of(
                    "a gift must not replace another: 'do update' would overwrite what is stored with whatever"
                            + " comes under its id; use 'do nothing'");
        }
        if (route.input() instanceof TimerEndpoint && !LIMIT.matcher(sql).find()) {
            return Optional.of(
                    "SQL of a timer needs a 'limit' with a number: it comes again and again, and must not go through"
                            + " all that a table has gathered in one statement");
        }
        return Optional.empty();
    }

    /** Whether a route that people reach, at once or through another, reads what they may not see. */
    private static boolean isPastReaders(RehearsedRoute route, @Nullable Statement statement) {
        VaultReads reads =
                route.input().getCamelContext().getRegistry().lookupByNameAndType(VaultReads.NAME, VaultReads.class);
        return !(route.input() instanceof KafkaEndpoint || route.input() instanceof TimerEndpoint)
                && reads != null
                && reads.isOwn()
                && statement != null
                && statement.database() != reads;
    }

    /** What the route sends to databases. */
    static List<Statement> statements(RehearsedRoute route) {
        List<Statement> statements = new ArrayList<>();
        for (Target target : route.targets()) {
            Statement statement = statement(target);
            if (statement != null) {
                statements.add(statement);
            }
        }
        return statements;
    }

    /** The constant that becomes the body right before a step to a database; null when something else is there. */
    private static @Nullable Statement statement(Target target) {
        ProcessorDefinition<?> step = target.step();
        if (!(target.endpoint() instanceof JdbcEndpoint jdbc) || !(step instanceof ToDefinition)) {
            return null;
        }
        List<ProcessorDefinition<?>> siblings = step.getParent().getOutputs();
        int before = siblings.indexOf(step) - 1;
        return before >= 0
                        && siblings.get(before) instanceof SetBodyDefinition setBody
                        && setBody.getDisabled() == null
                        && setBody.getExpression() instanceof ConstantExpression constant
                ? new Statement(
                        RehearsedRoute.lineOf(setBody),
                        PARAMETER.matcher(constant.getExpression()).replaceAll("?"),
                        jdbc.getDataSource())
                : null;
    }

    /**
     * SQL of a route file.
     *
     * @param sql  with a question mark for each parameter
     */
    record Statement(int line, String sql, DataSource database) {

        /** Without comments and texts, where a clause would be none. */
        String code() {
            return COMMENT_OR_TEXT.matcher(sql).replaceAll(" ");
        }

        /**
         * Has the database parse it, without executing it. A misspelt column would otherwise pass every other check and make
         * the route wait, as it does for anything that the database may mend by itself.
         */
        void prepare(RouteFile file, Answers answers) {
            // what restricts readers needs to know one, and there is none here
            DataSource open = database instanceof VaultReads reads ? reads.getTargetDataSource() : database;
            try (Connection connection = open == null ? database.getConnection() : open.getConnection();
                    PreparedStatement statement = connection.prepareStatement(sql)) {
                // makes the driver ask the database
                var unused = statement.getParameterMetaData();
            } catch (SQLException e) {
                String state = String.valueOf(e.getSQLState());
                if (NOT_KNOWN_WITHOUT_VALUES.contains(state)) {
                    return;
                }
                if (state.startsWith(NOT_UNDERSTOOD)) {
                    answers.refuse(problem(file, RouteProblem.message(e)));
                } else {
                    LOG.debug("The SQL of {} line {} could not be checked", file.name(), line, e);
                    answers.missOne();
                }
            }
        }

        private RouteProblem problem(RouteFile file, String message) {
            String reason = message.lines().findFirst().orElse("").replaceFirst("^ERROR: ", "");
            Matcher name = QUOTED.matcher(reason);
            return file.problem(name.find() ? file.lineOf(name.group(1), line) : line, "the database says: " + reason);
        }
    }
}
