package org.gibsey.spine.persist;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.apache.camel.EndpointInject;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.component.jdbc.JdbcConstants;
import org.apache.camel.component.mock.MockEndpoint;
import org.gibsey.spine.MockedRoutes;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;

/** The route of routes/purge-deleted.camel.yaml, with the timer and the database mocked. */
class PurgeDeletedRouteTest extends MockedRoutes {

    @Autowired
    ProducerTemplate timer;

    @EndpointInject("mock:to-vault-purge")
    MockEndpoint vault;

    @Test
    void asksForAFewOfThoseThatWereDeletedLongerAgoThanTheyAreKept() throws Exception {
        vault.expectedMessageCount(1);

        timer.sendBody("direct:purge-deleted", null);

        vault.assertIsSatisfied();
        var statement = vault.getExchanges().get(0).getMessage();
        assertThat(statement.getBody(String.class)).contains("limit least(:?rows, 500) for update skip locked");
        assertThat(((Timestamp) statement
                                .getHeader(JdbcConstants.JDBC_PARAMETERS, Map.class)
                                .get("before"))
                        .toInstant())
                .isBetween(
                        Instant.now().minus(Duration.ofDays(30)).minus(Duration.ofHours(1)),
                        Instant.now().minus(Duration.ofDays(30)));
    }
}
