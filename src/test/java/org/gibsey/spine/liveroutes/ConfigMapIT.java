package org.gibsey.spine.liveroutes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import org.gibsey.spine.embedded.Promise;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.client.TestRestTemplate;

class ConfigMapIT extends EditedApplication {

    @Autowired
    TestRestTemplate http;

    @Test
    void followsEverySwapOfAConfigMap() {
        Duration slowest = Duration.ZERO;
        for (int update = 1; update <= 20; update++) {
            String text = RouteFolderFixture.described("list-gifts", "update " + update);

            long began = System.nanoTime();
            MOUNT.mount("list-gifts", text);

            await("update " + update).pollInterval(Duration.ofMillis(10)).until(() -> runs("list-gifts", text));
            slowest = Collections.max(List.of(slowest, Promise.since(began)));
            assertThat(camel.getRoute("list-gifts").getDescription()).isEqualTo("update " + update);
            assertThat(http.getForEntity("/vault/list", String.class)
                            .getStatusCode()
                            .value())
                    .isEqualTo(200);
        }
        Promise.kept("a ConfigMap's update is live", slowest, Duration.ofSeconds(3));
    }
}
