package org.gibsey.spine.liveroutes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import java.util.ArrayList;
import java.util.List;
import org.gibsey.spine.SpineApplication;
import org.gibsey.spine.embedded.SharedServices;
import org.junit.jupiter.api.Test;
import org.springframework.boot.actuate.health.HealthComponent;
import org.springframework.boot.actuate.health.HealthEndpoint;
import org.springframework.boot.actuate.health.Status;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** What a process does with the route files it finds at its start. */
class StartIT {

    @Test
    void startsTheGoodFilesAndIsNotReadyWithoutTheBadOne() {
        try (RouteFolderFixture folder = new RouteFolderFixture()) {
            folder.writeInPlace("list-gifts", RouteFolderFixture.shipped("list-gifts"));
            folder.writeInPlace("save-gift", "- route: [");

            try (ConfigurableApplicationContext application = start("file:" + folder.path() + "/*.camel.yaml")) {
                LiveRoutesEndpoint.Report report =
                        application.getBean(LiveRoutesEndpoint.class).report();
                assertThat(report.missing()).containsExactly("save-gift");
                assertThat(report.saves()).isFalse();
                assertThat(report.stores()).isFalse();
                assertThat(report.files())
                        .filteredOn(file -> file.notTaken() != null)
                        .singleElement()
                        .satisfies(file -> assertThat(
                                        file.notTaken().problems().get(0).toString())
                                .startsWith(folder.file("save-gift") + ":"));
                assertThat(report.files())
                        .filteredOn(file -> file.notTaken() == null)
                        .singleElement()
                        .satisfies(file -> assertThat(file.routes())
                                .extracting(LiveRoutesEndpoint.RouteState::id, LiveRoutesEndpoint.RouteState::state)
                                .containsExactly(tuple("list-gifts", "Started")));
                HealthComponent routes =
                        application.getBean(HealthEndpoint.class).healthForPath("readiness", "routes");
                assertThat(routes.getStatus()).isEqualTo(Status.DOWN);
            }
        }
    }

    @Test
    void isNotReadyWithoutARouteThatIsRequired() {
        try (ConfigurableApplicationContext application =
                start("file:routes/list-gifts.camel.yaml", "--VAULT_REQUIRED_ROUTES=list-gifts,save-gift")) {
            assertThat(application.getBean(RequiredRoutes.class).missing()).containsExactly("save-gift");
        }
    }

    @Test
    void doesNotStartWithoutAUsableFile() {
        try (RouteFolderFixture folder = new RouteFolderFixture()) {
            folder.writeInPlace("save-gift", "- route: [");
            String pattern = "file:" + folder.path() + "/*.camel.yaml";

            assertThatThrownBy(() -> start(pattern))
                    .hasMessageStartingWith(
                            "VAULT_ROUTES=" + pattern + " has no usable route file: " + folder.file("save-gift") + ":");
        }
    }

    private static ConfigurableApplicationContext start(String routes, String... more) {
        List<String> arguments = new ArrayList<>(List.of(more));
        arguments.addAll(List.of("--VAULT_ROUTES=" + routes, "--SERVER_PORT=0", "--MANAGEMENT_SERVER_PORT=0"));
        return new SpringApplicationBuilder(SpineApplication.class)
                .initializers(new SharedServices())
                .run(arguments.toArray(String[]::new));
    }
}
