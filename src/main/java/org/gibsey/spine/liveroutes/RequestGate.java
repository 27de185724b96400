package org.gibsey.spine.liveroutes;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.springframework.http.server.PathContainer;
import org.springframework.stereotype.Component;
import org.springframework.web.util.pattern.PathPattern;
import org.springframework.web.util.pattern.PathPatternParser;

/**
 * Lets requests wait while the route behind their path is exchanged. Without it, those that arrive in these milliseconds get
 * a 404 or 500, and so do those in work whose route is taken from under them. Thread-safe.
 *
 * <p>Each path is a lane: a fair semaphore of which a request takes one permit and an exchange all of them. So an exchange
 * begins when the requests in work are done, and requests that come later queue behind it.
 */
@Component
final class RequestGate {

    private static final int ALL = Integer.MAX_VALUE;

    private final List<Lane> lanes = new CopyOnWriteArrayList<>();

    /** A path and the requests on it. */
    static final class Lane {

        private final PathPattern pattern;
        private final Semaphore permits = new Semaphore(ALL, true);

        private Lane(PathPattern pattern) {
            this.pattern = pattern;
        }

        /** Returns when the request may go on, or false when it may not within the time. */
        boolean enter(Duration patience) throws InterruptedException {
            return permits.tryAcquire(patience.toMillis(), TimeUnit.MILLISECONDS);
        }

        /** To be called once for each time it was entered, by any thread. */
        void leave() {
            permits.release();
        }
    }

    /** Paths that are closed until this is. */
    static final class Hold implements AutoCloseable {

        private final List<Lane> held = new ArrayList<>();

        @Override
        public void close() {
            held.forEach(lane -> lane.permits.release(ALL));
            held.clear();
        }
    }

    /** The lane of a request; empty for a path no route has had so far. */
    Optional<Lane> lane(String path) {
        PathContainer parsed = PathContainer.parsePath(path);
        for (Lane lane : lanes) {
            if (lane.pattern.matches(parsed)) {
                return Optional.of(lane);
            }
        }
        return Optional.empty();
    }

    /**
     * Waits until no request is in work on these paths and keeps new ones waiting until the hold is closed.
     *
     * @param paths    path patterns
     * @param patience how long the requests in work may take to end
     * @return empty when they took longer; nothing is held then
     */
    Optional<Hold> hold(Collection<String> paths, Duration patience) throws InterruptedException {
        Hold hold = new Hold();
        boolean all = false;
        try {
            long end = System.nanoTime() + patience.toNanos();
            for (String path : paths) {
                Lane lane = laneOf(path);
                if (!lane.permits.tryAcquire(ALL, end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                    return Optional.empty();
                }
                hold.held.add(lane);
            }
            all = true;
            return Optional.of(hold);
        } finally {
            if (!all) {
                hold.close();
            }
        }
    }

    private Lane laneOf(String path) {
        for (Lane lane : lanes) {
            if (lane.pattern.getPatternString().equals(path)) {
                return lane;
            }
        }
        Lane lane = new Lane(PathPatternParser.defaultInstance.parse(path));
        lanes.add(lane);
        return lane;
    }
}
