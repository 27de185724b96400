package org.gibsey.spine.timeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.isNull;
import static org.mockito.Mockito.doReturn;
import static org.mockito.Mockito.doThrow;

import java.util.List;
import org.gibsey.spine.embedded.SpineIT;
import org.gibsey.spine.timeline.TestStream.Event;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.context.TestPropertySource;
import org.springframework.test.context.bean.override.mockito.MockitoSpyBean;

/** The name of the database leads to another server, which has had fewer transactions. */
@SpineIT
// the longest there is: nothing is told because of it
@TestPropertySource(properties = {"STREAM_HEARTBEAT=30s", "VAULT_ROUTES=file:routes/list-gifts.camel.yaml"})
class OtherServerIT {

    @MockitoSpyBean
    VaultHistory history;

    @Autowired
    JdbcClient vault;

    @LocalServerPort
    int port;

    /** At the reset a page forgets all it shows, and at a position it reads the vault again. */
    @Test
    void anOpenTimelineIsToldAtOnceWhereItGoesOn() throws Exception {
        try (TestStream stream = TestStream.open(port, "?page_id=55171", null)) {
            doReturn(false).when(history).canTell(any(), isNull(), any());
            doThrow(new IllegalStateException("of this test"))
                    .doCallRealMethod()
                    .when(history)
                    .read(any(), any(), any(), any());
            vault.sql("notify vault").update();
            await().until(() -> names(stream).contains("reset"));

            vault.sql("insert into vault (page_id, question, answer) values (55171, 'of the other', 'a')")
                    .update();

            assertThat(names(stream.awaitGifts(1))).containsSubsequence("reset", "position", "gift");
        }
    }

    private static List<String> names(TestStream stream) {
        return stream.events().stream().map(Event::name).toList();
    }
}
