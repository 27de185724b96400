package org.gibsey.spine;

import java.util.List;
import java.util.Map;
import org.apache.camel.CamelContext;
import org.apache.camel.builder.AdviceWith;
import org.apache.camel.component.mock.MockEndpoint;
import org.apache.camel.test.spring.junit5.CamelSpringBootTest;
import org.apache.camel.test.spring.junit5.UseAdviceWith;
import org.gibsey.spine.deadletter.DeadLetters;
import org.junit.jupiter.api.BeforeEach;
import org.mockito.Mockito;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.client.TestRestTemplate;
import org.springframework.http.ResponseEntity;
import org.springframework.test.context.bean.override.mockito.MockitoBean;

/**
 * The routes of {@code routes} with their ends mocked: what they take from Kafka or a timer comes from {@code direct:}
 * and their id, and a step that leads out goes to {@code mock:} and its id. One application for the tests of all of them.
 */
@CamelSpringBootTest
@SpringBootTest(
        webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
        properties = {"management.server.port=0", "VAULT_ROUTES=file:routes/*.camel.yaml", "ANONYMOUS_CHANGES=true"})
@UseAdviceWith
public abstract class MockedRoutes {

    /** What a save was answered while no route ran yet. */
    protected static ResponseEntity<String> savedBeforeTheStart;

    @Autowired
    protected CamelContext camel;

    @Autowired
    protected TestRestTemplate http;

    @MockitoBean
    protected DeadLetters deadLetters;

    @BeforeEach
    void startWithTheEndsMocked() throws Exception {
        Mockito.when(deadLetters.topic()).thenReturn("gift_events.dlq");
        if (!camel.isStarted()) {
            savedBeforeTheStart = save(Map.of("page_id", 7, "question", "Q?", "answer", "A"));
            mock("save-gift", "to-gift-events");
            for (String change : List.of("edit-gift", "delete-gift", "restore-gift")) {
                mock(change, "to-vault-" + change, "to-changes-" + change);
            }
            mock("erase-reader", "to-changes-erase-reader");
            mock("list-gifts", "to-vault-list");
            mock("search-gifts", "to-asked", "to-vault-found");
            mock("show-gift", "to-vault-gift", "to-dead-gift");
            mock("show-history", "to-vault-history");
            mock("show-change", "to-history-change", "to-dead-change");
            mock("show-gift-page", "to-vault-preview");
            mock("feed-gifts", "to-vault-feed");
            mock("show-kafka-status", "process-kafka-status");
            mock("persist-gifts", "to-vault");
            mock("persist-changes", "to-vault-changes");
            mock("index-dead-letters", "to-dead-letter");
            mock("purge-deleted", "to-vault-purge");
            mock(
                    "erase-readers",
                    "to-vault-erase",
                    "to-owner-erase",
                    "to-history-erase",
                    "to-dead-letters-erase",
                    "to-erased-readers");
            camel.start();
        }
        MockEndpoint.resetMocks(camel);
    }

    protected ResponseEntity<String> save(Map<String, Object> gift) {
        return http.postForEntity("/vault/save", gift, String.class);
    }

    private void mock(String id, String... steps) throws Exception {
        AdviceWith.adviceWith(camel, id, route -> {
            if (route.getOriginalRoute().getInput().getEndpointUri().matches("(kafka|timer):.*")) {
                route.replaceFromWith("direct:" + id);
            }
            for (String step : steps) {
                route.weaveById(step).replace().to("mock:" + step);
            }
        });
    }
}
