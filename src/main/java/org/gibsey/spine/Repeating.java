package org.gibsey.spine;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;

/**
 * Runs something again and again while the application runs, on a daemon thread of its own: what one of them waits for must
 * not hold up the others. Thread-safe.
 */
public final class Repeating implements SmartLifecycle {

    private static final Logger LOG = LoggerFactory.getLogger(Repeating.class);

    private final String name;
    private final Duration pause;
    private final Runnable task;
    private final boolean startsByItself;
    private boolean failed;
    private @Nullable ScheduledExecutorService thread;

    /**
     * @param name  of the thread
     * @param pause between the end of a run and the next
     */
    public Repeating(String name, Duration pause, Runnable task) {
        this(name, pause, task, true);
    }

    private Repeating(String name, Duration pause, Runnable task, boolean startsByItself) {
        this.name = name;
        this.pause = pause;
        this.task = task;
        this.startsByItself = startsByItself;
    }

    /** One that waits for {@link #start}, and ends with the application like the others. */
    public static Repeating toBeStarted(String name, Duration pause, Runnable task) {
        return new Repeating(name, pause, task, false);
    }

    @Override
    public boolean isAutoStartup() {
        return startsByItself;
    }

    @Override
    public synchronized void start() {
        thread = Executors.newSingleThreadScheduledExecutor(run -> {
            Thread daemon = new Thread(run, name);
            daemon.setDaemon(true);
            return daemon;
        });
        // it ends with the thread, and no run fails
        var unused = thread.scheduleWithFixedDelay(this::run, 0, pause.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public synchronized void stop() {
        if (thread != null) {
            thread.shutdownNow();
            thread = null;
        }
    }

    @Override
    public synchronized boolean isRunning() {
        return thread != null;
    }

    private void run() {
        try {
            task.run();
            failed = false;
        } catch (RuntimeException e) {
            // a defect of ours; without this the thread would silently do nothing from here on. A run that fails
            // because it is stopped is none
            if (!failed && isRunning()) {
                LOG.error("{} failed and goes on", name, e);
            }
            failed = true;
        }
    }
}
