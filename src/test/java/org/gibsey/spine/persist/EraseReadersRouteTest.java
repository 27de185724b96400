package org.gibsey.spine.persist;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.camel.EndpointInject;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.component.mock.MockEndpoint;
import org.gibsey.spine.MockedRoutes;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;

/** The route of routes/erase-readers.camel.yaml, with the timer and the database mocked. */
class EraseReadersRouteTest extends MockedRoutes {

    @Autowired
    ProducerTemplate timer;

    @EndpointInject("mock:to-vault-erase")
    MockEndpoint gifts;

    @EndpointInject("mock:to-owner-erase")
    MockEndpoint owners;

    @EndpointInject("mock:to-history-erase")
    MockEndpoint history;

    @EndpointInject("mock:to-dead-letters-erase")
    MockEndpoint letters;

    @EndpointInject("mock:to-erased-readers")
    MockEndpoint readers;

    @Test
    void takesAFewGiftsAndDeadLettersAndThenLooksWhoIsDone() {
        timer.sendBody("direct:erase-readers", null);

        assertThat(sql(gifts)).contains("limit least(:?rows, 1000) for update skip locked");
        assertThat(sql(owners)).contains("limit least(:?rows, 1000) for update skip locked");
        assertThat(sql(history)).contains("limit least(:?rows, 1000) for update skip locked");
        assertThat(sql(letters)).contains("limit least(:?rows, 500) for update skip locked");
        assertThat(sql(readers)).contains("limit least(:?rows, 50) for update skip locked");
    }

    private static String sql(MockEndpoint sent) {
        assertThat(sent.getExchanges()).hasSize(1);
        return sent.getExchanges().get(0).getMessage().getBody(String.class);
    }
}
