package org.gibsey.spine.liveroutes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.client.TestRestTemplate;

class ConfigMapIT extends EditedApplication {

    @Autowired
    TestRestTemplate http;

    @Test
    void followsEverySwapOfAConfigMap() {
        for (int update = 1; update <= 20; update++) {
            String text = RouteFolderFixture.described("list-gifts", "update " + update);

            MOUNT.mount("list-gifts", text);

            await("update " + update)
                    .atMost(Duration.ofSeconds(3))
                    .pollInterval(Duration.ofMillis(10))
                    .until(() -> runs("list-gifts", text));
            assertThat(camel.getRoute("list-gifts").getDescription()).isEqualTo("update " + update);
            assertThat(http.getForEntity("/vault/list", String.class)
                            .getStatusCode()
                            .value())
                    .isEqualTo(200);
        }
    }
}
