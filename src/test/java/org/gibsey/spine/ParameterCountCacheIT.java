package org.gibsey.spine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.SQLException;
import java.util.Map;
import javax.sql.DataSource;
import org.apache.camel.CamelContext;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.component.jdbc.JdbcConstants;
import org.gibsey.spine.embedded.SpineIT;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.postgresql.util.PSQLException;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/** Through the application's own JDBC component, on one of its connections, which can be asked what it has prepared. */
@SpineIT
class ParameterCountCacheIT {

    private static final String URI = "jdbc:oneConnection?useHeadersAsParameters=true&resetAutoCommit=false";

    private static SingleConnectionDataSource oneConnection;

    @Autowired
    ProducerTemplate caller;

    @BeforeAll
    static void connect(@Autowired CamelContext camel, @Autowired DataSource vault) throws SQLException {
        oneConnection = new SingleConnectionDataSource(vault.getConnection(), true);
        camel.getRegistry().bind("oneConnection", oneConnection);
    }

    @AfterAll
    static void disconnect(@Autowired CamelContext camel) throws Exception {
        camel.removeEndpoints("jdbc://oneConnection*");
        camel.getRegistry().unbind("oneConnection");
        oneConnection.destroy();
    }

    @Test
    void keepsAStatementPreparedAndPlansItForTheValuesItGets() {
        for (int i = 0; i < 12; i++) {
            assertThat(execute("select :?n::int as kept", Map.of("n", i))).isEqualTo(i);
        }

        // the driver prepares a statement on the server when it is executed for the fifth time
        assertThat(new JdbcTemplate(oneConnection)
                        .queryForList(
                                "select custom_plans from pg_prepared_statements where statement like '%as kept'",
                                Integer.class))
                .containsExactly(8);
    }

    @Test
    void knowsTheParametersOfEachStatementApart() {
        assertThat(execute("select :?n::int as sum", Map.of("n", 1))).isEqualTo(1);
        assertThat(execute("select :?n::int + :?m::int as sum", Map.of("n", 1, "m", 2)))
                .isEqualTo(3);
        assertThat(execute("select :?n::int as sum", Map.of("n", 4))).isEqualTo(4);
    }

    @Test
    void passesOnWhatTheDatabaseSays() {
        assertThatThrownBy(() -> execute("select 1 / :?n::int as fault", Map.of("n", 0)))
                .cause()
                .isInstanceOfSatisfying(
                        PSQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("22012"));
        assertThatThrownBy(() -> execute("select :?n::int from nowhere", Map.of("n", 0)))
                .cause()
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("42P01"));
    }

    private Object execute(String sql, Map<String, Object> parameters) {
        return caller.requestBodyAndHeader(
                URI + "&outputType=SelectOne", sql, JdbcConstants.JDBC_PARAMETERS, parameters);
    }
}
