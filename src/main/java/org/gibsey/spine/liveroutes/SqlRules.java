package org.gibsey.spine.liveroutes;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.camel.component.jdbc.JdbcEndpoint;
import org.apache.camel.component.kafka.KafkaEndpoint;
import org.apache.camel.model.ProcessorDefinition;
import org.apache.camel.model.SetBodyDefinition;
import org.apache.camel.model.ToDefinition;
import org.apache.camel.model.language.ConstantExpression;
import org.gibsey.spine.liveroutes.RehearsedRoute.Target;
import org.jspecify.annotations.Nullable;

/**
 * SQL stands in the file, word for word, in the step before the one that sends it; what a message says is given to it as
 * parameters. So no reader's text is ever read as SQL.
 */
final class SqlRules {

    private static final Pattern INSERT = Pattern.compile("(?is)\\binsert\\s+into\\b");
    private static final Pattern ON_CONFLICT = Pattern.compile("(?is)\\bon\\s+conflict\\b");
    private static final Pattern PARAMETER = Pattern.compile(":\\?\\w+");

    private SqlRules() {}

    static List<Problem> check(RehearsedRoute route) {
        List<Problem> problems = new ArrayList<>();
        for (Target target : route.targets()) {
            if (target.endpoint() instanceof JdbcEndpoint) {
                SqlStatement statement = statement(target);
                if (statement == null) {
                    problems.add(route.problem(
                            target.step(),
                            "SQL must not be built from message content: send it with 'to' right after a setBody with a"
                                    + " constant, and pass values as parameters (:?name)"));
                } else if (route.input() instanceof KafkaEndpoint
                        && INSERT.matcher(statement.sql()).find()
                        && !ON_CONFLICT.matcher(statement.sql()).find()) {
                    problems.add(route.problem(
                            target.step(),
                            "the insert needs an 'on conflict' clause: Kafka delivers again after every restart, and what is"
                                    + " stored already would be dead-lettered"));
                }
            }
        }
        return problems;
    }

    /** What the route sends to databases. */
    static List<SqlStatement> statements(RehearsedRoute route) {
        List<SqlStatement> statements = new ArrayList<>();
        for (Target target : route.targets()) {
            SqlStatement statement = statement(target);
            if (statement != null) {
                statements.add(statement);
            }
        }
        return statements;
    }

    /** The constant that becomes the body right before a step to a database; null when something else is there. */
    private static @Nullable SqlStatement statement(Target target) {
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
                ? new SqlStatement(
                        RehearsedRoute.lineOf(setBody),
                        PARAMETER.matcher(constant.getExpression()).replaceAll("?"),
                        jdbc.getDataSource())
                : null;
    }
}
