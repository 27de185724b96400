package org.gibsey.spine.liveroutes;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.gibsey.spine.SpineSettings;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;
import org.springframework.context.ApplicationListener;
import org.springframework.context.annotation.Profile;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;

/**
 * Loads the route files when everything else has started, and looks at them from then on. With no usable file the process
 * ends: it would be up and do nothing.
 */
@Component
@Profile("!" + RouteCheck.PROFILE)
@Order(Ordered.HIGHEST_PRECEDENCE)
final class FolderWatch implements ApplicationRunner, ApplicationListener<ContextClosedEvent> {

    private static final Logger LOG = LoggerFactory.getLogger(FolderWatch.class);
    private static final long LAST_EXCHANGE_SECONDS = 30;

    private final RouteFolder folder;
    private final LiveRoutes routes;
    private final Duration lookEvery;
    private final QuietPeriod quietPeriod = new QuietPeriod();
    private @Nullable ScheduledExecutorService thread;

    FolderWatch(RouteFolder folder, LiveRoutes routes, SpineSettings settings) {
        this.folder = folder;
        this.routes = routes;
        this.lookEvery = settings.routes().lookEvery();
    }

    @Override
    public synchronized void run(ApplicationArguments arguments) throws IOException, InterruptedException {
        routes.follow(folder.read());
        Map<String, LiveFile> files = routes.files();
        if (files.values().stream().allMatch(file -> file.running() == null)) {
            throw new IllegalStateException("VAULT_ROUTES=" + folder.pattern() + " has no usable route file: "
                    + (files.isEmpty() ? "there is none" : problems(files)));
        }
        if (lookEvery.toMillis() > 0) {
            thread = Executors.newSingleThreadScheduledExecutor(task -> {
                Thread daemon = new Thread(task, "route files");
                daemon.setDaemon(true);
                return daemon;
            });
            var unused = thread.scheduleWithFixedDelay(this::look, 0, lookEvery.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    /** Ends before Camel does, and not in the middle of an exchange. */
    @Override
    public synchronized void onApplicationEvent(ContextClosedEvent event) {
        if (thread != null) {
            thread.shutdown();
            try {
                if (!thread.awaitTermination(LAST_EXCHANGE_SECONDS, TimeUnit.SECONDS)) {
                    LOG.warn("An exchange of routes did not end within {} s", LAST_EXCHANGE_SECONDS);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            thread = null;
        }
    }

    private void look() {
        try {
            Optional<Map<String, RouteFile>> settled = quietPeriod.look(folder.read());
            if (settled.isPresent()) {
                routes.follow(settled.get());
            }
        } catch (IOException e) {
            routes.unreadable(RouteFileErrors.message(e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException | Error e) {
            // the next look is as good as this one; thrown, it would be the last
            LOG.error("The route files could not be followed", e);
        }
    }

    private static String problems(Map<String, LiveFile> files) {
        return files.values().stream()
                .flatMap(file -> Optional.ofNullable(file.edit()).stream())
                .map(edit -> EditReport.text(edit.problems()))
                .collect(Collectors.joining("; "));
    }
}
