package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.camel.EndpointInject;
import org.apache.camel.component.mock.MockEndpoint;
import org.junit.jupiter.api.Test;
import org.springframework.http.HttpMethod;
import org.springframework.http.ResponseEntity;

/** The route of routes/erase-reader.camel.yaml, where readers are not known; where they are: {@link SignedInSavesIT}. */
class EraseReaderRouteTest extends ChangeRoutes {

    @EndpointInject("mock:to-changes-erase-reader")
    MockEndpoint kafka;

    @Test
    void answers403WhereNobodyIsKnownAndSendsNothing() throws Exception {
        kafka.expectedMessageCount(0);

        ResponseEntity<String> answer = call(HttpMethod.POST, "/delete-account", null);

        kafka.assertIsSatisfied();
        assertThat(answer.getStatusCode().value()).isEqualTo(403);
        assertThat(answer.getBody()).contains("Readers are not known here");
    }
}
