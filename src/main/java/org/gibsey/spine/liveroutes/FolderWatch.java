package org.gibsey.spine.liveroutes;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.liveroutes.LiveFile.Edit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;
import org.springframework.context.ApplicationListener;
import org.springframework.context.annotation.Profile;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import org.springframework.stereotype.Component;

/**
 * Loads the route files when everything else has started, and reads them again and again from then on. With no usable file
 * the process ends: it would be up and do nothing.
 */
@Component
@Profile("!" + RouteCheck.PROFILE)
@Order(Ordered.HIGHEST_PRECEDENCE)
final class FolderWatch implements ApplicationRunner, ApplicationListener<ContextClosedEvent> {

    private static final Logger LOG = LoggerFactory.getLogger(FolderWatch.class);
    private static final int LAST_EXCHANGE_SECONDS = 30;
    /** Between two looks at what waits to start, where the files are read only once. */
    private static final Duration WITHOUT_LOOKS = Duration.ofSeconds(1);

    private final RouteFolder folder;
    private final LiveRoutes routes;
    private final Duration lookEvery;
    private final QuietPeriod quietPeriod = new QuietPeriod();
    /** Waits, at the end, for an exchange of routes that is under way, which a {@code Repeating} would interrupt. */
    private final ThreadPoolTaskScheduler thread = new ThreadPoolTaskScheduler();

    FolderWatch(RouteFolder folder, LiveRoutes routes, SpineSettings settings) {
        this.folder = folder;
        this.routes = routes;
        this.lookEvery = settings.routes().lookEvery();
        thread.setThreadNamePrefix("route-files-");
        thread.setDaemon(true);
        thread.setErrorHandler(failure -> LOG.error("The route files could not be followed", failure));
        thread.setWaitForTasksToCompleteOnShutdown(true);
        thread.setAwaitTerminationSeconds(LAST_EXCHANGE_SECONDS);
    }

    @Override
    public synchronized void run(ApplicationArguments arguments) throws IOException, InterruptedException {
        Map<String, RouteFile> files = folder.read();
        routes.follow(files);
        if (routes.files().values().stream().noneMatch(file -> file.running() != null || file.waitsToStart())) {
            Map<String, Edit> notTaken = routes.notTaken();
            throw new IllegalStateException("VAULT_ROUTES=" + folder.pattern() + " has no usable route file: "
                    + (notTaken.isEmpty()
                            ? "there is none"
                            : notTaken.values().stream().map(Edit::reasons).collect(Collectors.joining("; "))));
        }
        thread.initialize();
        // it ends with the thread, which reports what fails
        var unused = lookEvery.toMillis() > 0
                ? thread.scheduleWithFixedDelay(this::look, lookEvery)
                : thread.scheduleWithFixedDelay(() -> startWhatWaits(files), WITHOUT_LOOKS);
    }

    /** Ends before Camel does, and not in the middle of an exchange. */
    @Override
    public synchronized void onApplicationEvent(ContextClosedEvent event) {
        thread.shutdown();
    }

    private void look() {
        try {
            Optional<Map<String, RouteFile>> unchanged = quietPeriod.look(folder.read());
            if (unchanged.isPresent()) {
                follow(unchanged.get());
            }
        } catch (IOException e) {
            routes.unreadable(RouteProblem.message(e));
        }
    }

    /** Of files that nobody reads again: as they were at the start. */
    private void startWhatWaits(Map<String, RouteFile> files) {
        if (routes.files().values().stream().anyMatch(LiveFile::waitsToStart)) {
            follow(files);
        }
    }

    private void follow(Map<String, RouteFile> files) {
        try {
            routes.follow(files);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Holds an edit back until the files have not changed for some looks: half a file that an editor is still writing, or
     * one file of several that git is exchanging, is nobody's intention. Not thread-safe.
     */
    static final class QuietPeriod {

        private static final int QUIET_LOOKS = 2;

        private Map<String, RouteFile> last = Map.of();
        private int quiet;

        /** @return the files, when they are what they were at the last looks */
        Optional<Map<String, RouteFile>> look(Map<String, RouteFile> now) {
            quiet = now.equals(last) ? quiet + 1 : 0;
            last = now;
            return quiet >= QUIET_LOOKS ? Optional.of(now) : Optional.empty();
        }
    }
}
