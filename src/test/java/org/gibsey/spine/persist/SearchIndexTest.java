package org.gibsey.spine.persist;

import static org.mockito.ArgumentMatchers.anyString;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.when;

import java.time.Clock;
import java.util.List;
import java.util.Set;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.persist.BatchConsumerFactory.Membership;
import org.junit.jupiter.api.Test;
import org.mockito.Answers;
import org.springframework.jdbc.core.simple.JdbcClient;

class SearchIndexTest {

    private final JdbcClient vault = mock(Answers.RETURNS_DEEP_STUBS);

    @Test
    void aProcessThatStoresGiftsTakesThemIn() {
        lookAsMemberOf("vault-writer-dead-letters", "vault-writer");

        verify(vault).sql(anyString());
    }

    @Test
    void aProcessOfASecondSinkLeavesThemToTheWorkers() {
        lookAsMemberOf("gift-poster");

        verify(vault, never()).sql(anyString());
    }

    private void lookAsMemberOf(String... groups) {
        BatchConsumerFactory consumers = mock();
        when(consumers.memberships())
                .thenReturn(List.of(groups).stream()
                        .map(group -> new Membership(group, Set.of()))
                        .toList());
        SpineSettings settings = mock();
        when(settings.topic())
                .thenReturn(new SpineSettings.Topic("gift_events", "gift_events.dlq", "vault-writer", false, 6));

        new SearchIndex(vault, consumers, settings, Clock.systemUTC()).look();
    }
}
