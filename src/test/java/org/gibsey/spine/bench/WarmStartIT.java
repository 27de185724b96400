package org.gibsey.spine.bench;

import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.embedded.Ports;
import org.gibsey.spine.embedded.Promise;
import org.gibsey.spine.embedded.TestCaller;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;

/** Ready means warm: a plain jar that has just said it is ready takes its full share of the load at once. */
@Tag("slow")
class WarmStartIT {

    private static final int SAVES_PER_SECOND = 500;
    /** Of one client, and so many that a stall of some tenths of a second shows as saves in work. */
    private static final int CONNECTIONS = 200;

    private static final Path JAR = Path.of("target", "gift-spine.jar").toAbsolutePath();

    @TempDir
    Path folder;

    @RepeatedTest(3)
    void refusesNoSaveFromItsFirstSecondOn() throws Exception {
        Jvm java = Jvm.find(25).orElse(Jvm.own());
        try (Rig rig = Rig.start(folder.resolve("rig"), "")) {
            String topic = rig.topic(6);
            Cold.warmTheOthers(rig, topic, Scale.smoke());
            int port = Ports.free();
            int management = Ports.free();
            Map<String, String> settings = rig.api(topic, port, management);
            settings.put("VAULT_ROUTES", "file:routes/*.camel.yaml");
            settings.put("WARM_UP_TIME", "5s");
            long began = System.nanoTime();
            try (JavaProcess spine = JavaProcess.command(
                    List.of(java.command(), JavaProcess.temporaryFiles(), "-jar", JAR.toString()),
                    Path.of("").toAbsolutePath(),
                    settings,
                    rig.log("warm"))) {
                TestCaller caller = new TestCaller(port, management);
                await().pollInterval(Duration.ofMillis(50)).until(() -> {
                    spine.assertAlive();
                    return caller.isReady();
                });
                System.out.printf("ready after %.1f s%n", Promise.since(began).toMillis() / 1e3);

                // fails at the first answer that is not 202
                try (HttpLoad load = new HttpLoad(port, CONNECTIONS)) {
                    HttpLoad.Seen seen =
                            load.open(Gifts.requests(), SAVES_PER_SECOND, Duration.ZERO, Duration.ofSeconds(10));
                    System.out.println("answers in each second: " + seen.eachSecond());
                    Promise.kept("the slowest save of a process just ready", seen.millis(100) / 1e3, 3, "s");
                }
            }
        }
    }
}
