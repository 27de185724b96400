package org.gibsey.spine.liveroutes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import org.gibsey.spine.SpineApplication;
import org.gibsey.spine.embedded.EmbeddedServices;
import org.gibsey.spine.embedded.Ports;
import org.gibsey.spine.liveroutes.LiveFile.Edit;
import org.gibsey.spine.liveroutes.LiveFile.Outcome;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.util.FileSystemUtils;

/** Edits while the database or the broker, which are asked about them, are away. */
class EditsInAnOutageIT {

    private static final String LACKING = RouteFolderFixture.lacking("lacking");

    private static final RouteFolderFixture FOLDER = new RouteFolderFixture();

    private static Path data;
    private static EmbeddedServices services;
    private static ConfigurableApplicationContext application;

    @BeforeAll
    static void start() throws Exception {
        data = Files.createTempDirectory(Files.createDirectories(Path.of("target")), "outage");
        services = EmbeddedServices.start(data, Ports.free(), Ports.free());
        FOLDER.writeInPlace("list-gifts", RouteFolderFixture.shipped("list-gifts"));
        application = new SpringApplicationBuilder(SpineApplication.class)
                .run(
                        "--SERVER_PORT=0",
                        "--MANAGEMENT_SERVER_PORT=0",
                        "--KAFKA_BOOTSTRAP_SERVERS=" + services.kafka().bootstrapServers(),
                        "--VAULT_DB_URL=" + services.database().url(),
                        "--VAULT_ROUTES=file:" + FOLDER.path() + "/*.camel.yaml",
                        "--VAULT_ROUTES_LOOK_EVERY=50ms",
                        "--WARM_UP_TIME=0s");
    }

    @AfterAll
    static void stop() throws Exception {
        if (application != null) {
            application.close();
        }
        services.close();
        FOLDER.close();
        FileSystemUtils.deleteRecursively(data);
    }

    @AfterEach
    void bothAreThere() throws Exception {
        services.database().close();
        services.kafka().close();
        services.database().start();
        services.kafka().start();
    }

    /** While both are there all is asked; then each of the two is away while another file is edited, and all are judged again. */
    @Test
    void whatWasRefusedStaysSoUntilItCanBeAskedAgain() throws Exception {
        FOLDER.replace("lacking", LACKING);
        await().until(() -> notTaken("lacking") != null);
        Edit refused = notTaken("lacking");
        assertThat(refused.outcome()).isEqualTo(Outcome.REFUSED);
        assertThat(refused.problems()).hasSize(2);

        services.database().close();
        edit("while the database is away");
        assertThat(notTaken("lacking")).isEqualTo(refused);

        services.kafka().close();
        edit("while both are away");
        assertThat(notTaken("lacking")).isEqualTo(refused);

        services.database().start();
        edit("while the broker is away");
        assertThat(notTaken("lacking")).isEqualTo(refused);

        assertThat(live("lacking").running()).isNull();
        FOLDER.delete("lacking");
        await().until(() -> live("lacking").equals(LiveFile.NEW));
    }

    /** As every new edit then: nobody has said anything against it. */
    @Test
    void whatNobodyCouldBeAskedAboutGoesLive() throws Exception {
        services.database().close();
        services.kafka().close();

        FOLDER.replace("lacking", LACKING);

        await().until(() -> live("lacking").running() != null);
        FOLDER.delete("lacking");
        await().until(() -> live("lacking").equals(LiveFile.NEW));
    }

    /** Another file, which is judged together with all that is not live. */
    private static void edit(String description) {
        String text = RouteFolderFixture.described("list-gifts", description);
        FOLDER.replace("list-gifts", text);
        await(description).until(() -> live("list-gifts").runs(RouteFolderFixture.revision(text)));
    }

    private static Edit notTaken(String id) {
        return live(id).edit();
    }

    private static LiveFile live(String id) {
        return application.getBean(LiveRoutes.class).files().entrySet().stream()
                .filter(file -> file.getKey().endsWith("/" + id + ".camel.yaml"))
                .map(file -> file.getValue())
                .findFirst()
                .orElse(LiveFile.NEW);
    }
}
