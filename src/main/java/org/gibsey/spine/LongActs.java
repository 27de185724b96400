package org.gibsey.spine;

import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.stereotype.Component;

/**
 * What takes long in this process, how far it is, that it is to stop, and how it ended: {@code /actuator/acts} and the same over JMX.
 * Without it whoever has begun something can only wait, or end the process, and who loses the answer never learns it. One act of a name at
 * a time. Thread-safe.
 */
@Component
@Endpoint(id = "acts")
public final class LongActs {

    private final Map<String, Act> running = new ConcurrentSkipListMap<>();
    private final Map<String, End> ends = new ConcurrentHashMap<>();
    private final Clock clock;

    public LongActs(Clock steadyClock) {
        this.clock = steadyClock;
    }

    /**
     * How far an act is.
     *
     * @param done     of what it has to do: events, letters, or MB of the adoption of a table
     * @param of       how much that is, as counted or estimated when it began
     * @param since    UTC
     * @param stopping whether somebody asked it to stop; it does when what it has in hand is done
     */
    public record State(String name, long done, long of, Instant since, boolean stopping) {}

    /**
     * How an act ended.
     *
     * @param since  UTC
     * @param until  UTC
     * @param result what came of it; null when it failed, or has no more to say than that it ended
     */
    public record End(
            Instant since, Instant until, @Nullable Object result) {}

    /**
     * What is known of the acts of a name since the start of this process.
     *
     * @param running null when none runs
     * @param ended   the last that ended; null when none has
     */
    public record Course(@Nullable State running, @Nullable End ended) {}

    /** Those that run, by name. */
    @ReadOperation
    public List<State> running() {
        return running.values().stream().map(Act::state).toList();
    }

    /** The one of a name that runs, and how the last one ended. */
    @ReadOperation
    public Course course(@Selector String name) {
        Act act = running.get(name);
        return new Course(act == null ? null : act.state(), ends.get(name));
    }

    /** Asks one to stop. What that leaves behind is in the answer of whoever began it. */
    @WriteOperation
    public State stop(@Selector String name) {
        Act act = running.get(name);
        if (act == null) {
            throw refused("there is no act " + name + " under way");
        }
        act.stopping = true;
        act.onStop.run();
        return act.state();
    }

    /**
     * Begins one, which runs until it is closed.
     *
     * @param of how much there is to do
     * @throws InvalidEndpointRequestException if one of this name runs already
     */
    public Act begin(String name, long of) {
        return begin(name, of, null, () -> {});
    }

    /**
     * Begins one that is asked how far it is, and does not look whether it is to stop.
     *
     * @param done   how far it is; null where {@link Act#done} says so
     * @param onStop ends it
     * @throws InvalidEndpointRequestException if one of this name runs already
     */
    public Act begin(String name, long of, @Nullable LongSupplier done, Runnable onStop) {
        Act act = new Act(name, of, done, onStop);
        if (running.putIfAbsent(name, act) != null) {
            throw refused("another " + name + " is under way; see /actuator/acts");
        }
        return act;
    }

    private static InvalidEndpointRequestException refused(String why) {
        return new InvalidEndpointRequestException(why, why);
    }

    /** One that runs. Whoever does it says how far it is, and looks between two pieces whether to go on. */
    public final class Act implements AutoCloseable {

        private final String name;
        private final long of;
        private final Instant since = clock.instant();
        private final AtomicLong counted = new AtomicLong();
        private final LongSupplier done;
        private final Runnable onStop;
        private volatile boolean stopping;
        private volatile @Nullable Object result;

        private Act(String name, long of, @Nullable LongSupplier done, Runnable onStop) {
            this.name = name;
            this.of = of;
            this.done = done == null ? counted::get : done;
            this.onStop = onStop;
        }

        /** @param more than was done before */
        public void done(long more) {
            counted.addAndGet(more);
        }

        public boolean isToStop() {
            return stopping;
        }

        /** @param with what came of it, for those who ask later; of a fixed size, as it is kept */
        public void ends(Object with) {
            result = with;
        }

        private State state() {
            return new State(name, done.getAsLong(), of, since, stopping);
        }

        @Override
        public void close() {
            // first, so that who does not find it running any more finds how it ended
            ends.put(name, new End(since, clock.instant(), result));
            running.remove(name, this);
        }
    }
}
