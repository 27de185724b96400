package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.MeterRegistry;
import org.apache.camel.CamelContext;
import org.apache.camel.builder.RouteBuilder;
import org.gibsey.spine.embedded.SpineIT;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.client.TestRestTemplate;

/** An operator adds a route that takes POST and accepts no gift. */
@SpineIT
class OtherPostRouteIT {

    @Autowired
    CamelContext camel;

    @Autowired
    MeterRegistry meters;

    @Autowired
    TestRestTemplate http;

    @Test
    void aPostThatAcceptsNoGiftIsCountedAsACallAndNotAsASave() throws Exception {
        camel.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("platform-http:/vault/echo?httpMethodRestrict=POST")
                        .routeId("echo")
                        .setBody(constant("heard"));
            }
        });
        try {
            double accepted = accepted();

            assertThat(http.postForObject("/vault/echo", null, String.class)).isEqualTo("heard");

            await().untilAsserted(() -> assertThat(meters.get("http.server.requests")
                            .tag("uri", "/vault/echo")
                            .timer()
                            .count())
                    .isEqualTo(1));
            assertThat(accepted()).isEqualTo(accepted);
        } finally {
            camel.getRouteController().stopRoute("echo");
            camel.removeRoute("echo");
        }
    }

    private double accepted() {
        return meters.get("gifts.accepted").counter().count();
    }
}
