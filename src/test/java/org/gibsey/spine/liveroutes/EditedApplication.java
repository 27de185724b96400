package org.gibsey.spine.liveroutes;

import java.nio.file.Path;
import java.util.List;
import org.apache.camel.CamelContext;
import org.gibsey.spine.embedded.SpineIT;
import org.gibsey.spine.liveroutes.LiveRoutesEndpoint.File;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** One application for the tests that edit its routes: a folder to write in, and one mounted as a ConfigMap is. */
@SpineIT
abstract class EditedApplication {

    static final RouteFolderFixture FOLDER = new RouteFolderFixture();
    static final ConfigMapFixture MOUNT = new ConfigMapFixture();

    static {
        for (String id : List.of("save-gift", "persist-gifts", "index-dead-letters")) {
            FOLDER.writeInPlace(id, RouteFolderFixture.shipped(id));
        }
        MOUNT.mount("list-gifts", RouteFolderFixture.shipped("list-gifts"));
        SpringApplication.getShutdownHandlers().add(FOLDER::close);
        SpringApplication.getShutdownHandlers().add(MOUNT::close);
    }

    @Autowired
    LiveRoutesEndpoint endpoint;

    @Autowired
    CamelContext camel;

    @LocalServerPort
    int port;

    @DynamicPropertySource
    static void settings(DynamicPropertyRegistry settings) {
        settings.add("VAULT_ROUTES", () -> pattern(FOLDER.path()) + "," + pattern(MOUNT.path()));
        settings.add("VAULT_ROUTES_LOOK_EVERY", () -> "50ms");
        settings.add("MAX_BODY_TIME", () -> "60s");
        settings.add("MAX_ANSWER_TIME", () -> "60s");
        settings.add("KAFKA_TOPIC", () -> "edited_gifts");
        settings.add("KAFKA_DEAD_LETTER_TOPIC", () -> "edited_gifts.dlq");
        settings.add("KAFKA_GROUP", () -> "edited");
    }

    /** Whether exactly this content runs, with nothing left to say about it. */
    boolean runs(String id, String text) {
        return endpoint.report().files().stream()
                .anyMatch(file -> isOf(id, file)
                        && RouteFolderFixture.revision(text).equals(file.revision())
                        && file.notTaken() == null);
    }

    /** Whether this content was tried and is not what runs. */
    boolean isNotTaken(String id, String text) {
        return endpoint.report().files().stream()
                .anyMatch(file -> isOf(id, file)
                        && file.notTaken() != null
                        && RouteFolderFixture.revision(text)
                                .equals(file.notTaken().revision()));
    }

    File file(String id) {
        return endpoint.report().files().stream()
                .filter(file -> isOf(id, file))
                .findFirst()
                .orElseThrow();
    }

    private static boolean isOf(String id, File file) {
        return file.file().endsWith("/" + id + ".camel.yaml");
    }

    private static String pattern(Path folder) {
        return "file:" + folder + "/*.camel.yaml";
    }
}
