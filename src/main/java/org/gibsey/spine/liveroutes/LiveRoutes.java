package org.gibsey.spine.liveroutes;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.camel.CamelContext;
import org.gibsey.spine.broker.KafkaConnection;
import org.gibsey.spine.liveroutes.LiveFile.Edit;
import org.gibsey.spine.liveroutes.LiveFile.Outcome;
import org.gibsey.spine.liveroutes.Plan.Change;
import org.gibsey.spine.liveroutes.RouteSwap.Busy;
import org.gibsey.spine.liveroutes.RouteSwap.RolledBack;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Keeps the running routes in step with the route files, in the steps that the package's documentation lists. Without it an
 * edit is either impossible or, with Camel's own reload, able to remove every route at a typing mistake. Thread-safe; changes
 * are made by one thread at a time.
 */
@Component
class LiveRoutes implements MeterBinder {

    /** Delay before a postponed edit, or a route that did not start again, is tried again. */
    private static final Duration RETRY_DELAY = Duration.ofSeconds(10);
    /** The same of an edit that a database or the broker refuses: short while somebody may be mending that, and longer each time. */
    private static final Duration FIRST_RETRY_OF_REFUSED = Duration.ofSeconds(2);

    private static final Duration LAST_RETRY_OF_REFUSED = Duration.ofMinutes(1);

    private final CamelContext camel;
    private final Rehearsal rehearsal;
    private final RouteSwap swap;
    private final EditReport report;
    private final KafkaConnection kafka;
    private final Clock clock;

    private final Map<String, LiveFile> files = new TreeMap<>();
    /** Revisions of the files at the last look, by name. */
    private Map<String, String> seen = Map.of();

    private Instant retryAt = Instant.MAX;
    private Duration retryOfRefused = FIRST_RETRY_OF_REFUSED;
    private Instant restoreAt = Instant.MIN;
    /** The files after the last look, for other threads. */
    private volatile Map<String, LiveFile> shown = Map.of();

    private volatile @Nullable String folderProblem;
    private volatile Set<String> exchanging = Set.of();

    LiveRoutes(
            CamelContext camel,
            Rehearsal rehearsal,
            RouteSwap swap,
            EditReport report,
            KafkaConnection kafka,
            Clock steadyClock) {
        this.kafka = kafka;
        this.camel = camel;
        this.rehearsal = rehearsal;
        this.swap = swap;
        this.report = report;
        this.clock = steadyClock;
    }

    /** The files as they are known at the moment, by name. */
    Map<String, LiveFile> files() {
        return shown;
    }

    /** The edits that did not go live, by the file's name. */
    Map<String, Edit> notTaken() {
        Map<String, Edit> edits = new TreeMap<>();
        shown.forEach((name, file) -> {
            if (file.edit() != null) {
                edits.put(name, file.edit());
            }
        });
        return edits;
    }

    @Override
    public void bindTo(MeterRegistry meters) {
        Gauge.builder("route.files.not.current", () -> notTaken().size())
                .description("Route files whose present content is not what runs")
                .register(meters);
    }

    /** Why the files cannot be read at the moment; null when they can. */
    @Nullable
    String folderProblem() {
        return folderProblem;
    }

    /** Routes that are being exchanged at this moment, and count as running. */
    Set<String> exchanging() {
        return exchanging;
    }

    /** The files cannot be read: what runs goes on. */
    synchronized void unreadable(String reason) {
        if (!reason.equals(folderProblem)) {
            folderProblem = reason;
            report.unreadable(reason);
        }
    }

    /**
     * Lets the running routes follow the files. Does nothing when no file has changed.
     *
     * @param wanted all files there are, by name
     */
    synchronized void follow(Map<String, RouteFile> wanted) throws InterruptedException {
        if (wanted.isEmpty() && files.values().stream().anyMatch(file -> file.running() != null)) {
            // more likely a mount went away than that somebody deleted all routes
            unreadable("no route file is there any more; what runs goes on");
            return;
        }
        folderProblem = null;
        Map<String, String> revisions =
                wanted.values().stream().collect(Collectors.toMap(RouteFile::name, RouteFile::revision));
        boolean isEdited = !revisions.equals(seen);
        if (isEdited || !clock.instant().isBefore(retryAt)) {
            if (isEdited) {
                retryOfRefused = FIRST_RETRY_OF_REFUSED;
            }
            seen = revisions;
            retryAt = Instant.MAX;
            takeOver(wanted);
        }
        restoreVanished();
        shown = Collections.unmodifiableMap(new TreeMap<>(files));
    }

    private void takeOver(Map<String, RouteFile> wanted) throws InterruptedException {
        List<RehearsedFile> edited = rehearseEdited(wanted);
        Plan plan = Plan.of(running(), edited, deleted(wanted));
        plan.refused().forEach((name, problems) -> notTaken(name, Outcome.REFUSED, problems));
        if (plan.refused().values().stream()
                .anyMatch(problems -> problems.stream().allMatch(RouteProblem::isFromService))) {
            retryIn(retryOfRefused);
            retryOfRefused = Collections.min(List.of(retryOfRefused.multipliedBy(2), LAST_RETRY_OF_REFUSED));
        }
        for (Change change : plan.changes()) {
            apply(change);
        }
        files.keySet().removeIf(name -> !wanted.containsKey(name) && !running().containsKey(name));
    }

    private List<RehearsedFile> rehearseEdited(Map<String, RouteFile> wanted) {
        boolean starting = files.isEmpty();
        List<RehearsedFile> edited = new ArrayList<>();
        for (RouteFile file : wanted.values()) {
            LiveFile live = files.getOrDefault(file.name(), LiveFile.NEW);
            if (live.runs(file.revision())) {
                if (live.edit() != null) {
                    report.withdrawn(file);
                }
                files.put(file.name(), live.withEdit(null));
            } else if (!live.hasFailedWith(file.revision())) {
                RehearsedFile rehearsed = rehearsal.rehearse(file);
                // at the start tables and topics may not be there yet
                edited.add(
                        starting || live.waitsToStart()
                                ? rehearsed
                                : rehearsed.prepared(kafka, live.problemsOf(file.revision())));
            }
        }
        return edited;
    }

    private Set<String> deleted(Map<String, RouteFile> wanted) {
        Set<String> deleted = new TreeSet<>(running().keySet());
        deleted.removeAll(wanted.keySet());
        return deleted;
    }

    private void apply(Change change) throws InterruptedException {
        try {
            exchange(change);
            for (RehearsedFile file : change.from()) {
                if (!seen.containsKey(file.name())) {
                    files.remove(file.name());
                    report.removed(file);
                }
            }
            for (RehearsedFile file : change.to()) {
                LiveFile before = files.put(file.name(), new LiveFile(file, clock.instant(), null));
                report.active(file, before == null ? null : before.running());
            }
        } catch (Busy e) {
            String reason = RouteProblem.message(e);
            change.names().forEach(name -> postponed(name, new RouteProblem(name, 1, reason)));
        } catch (RolledBack e) {
            if (e.knowsNoBroker()) {
                change.names().forEach(name -> postponed(name, e.problem()));
            } else {
                change.names().forEach(name -> notTaken(name, Outcome.ROLLED_BACK, List.of(e.problem())));
            }
        }
    }

    /** Starts routes again that are missing though their file is live: a roll-back failed, or somebody removed them. */
    private void restoreVanished() throws InterruptedException {
        if (!camel.isStarted() || clock.instant().isBefore(restoreAt)) {
            return;
        }
        for (RehearsedFile file : running().values()) {
            if (file.routeIds().stream().anyMatch(id -> camel.getRoute(id) == null)) {
                try {
                    exchange(new Change(List.of(file), List.of(file)));
                    report.restored(file);
                } catch (Busy | RolledBack e) {
                    restoreAt = clock.instant().plus(RETRY_DELAY);
                    report.notRestored(file, RouteProblem.message(e));
                }
            }
        }
    }

    private void exchange(Change change) throws Busy, RolledBack, InterruptedException {
        exchanging =
                change.from().stream().flatMap(file -> file.routeIds().stream()).collect(Collectors.toSet());
        try {
            swap.apply(change);
        } finally {
            exchanging = Set.of();
        }
    }

    private void postponed(String name, RouteProblem problem) {
        retryIn(RETRY_DELAY);
        notTaken(name, Outcome.POSTPONED, List.of(problem));
    }

    private void retryIn(Duration delay) {
        Instant at = clock.instant().plus(delay);
        retryAt = at.isBefore(retryAt) ? at : retryAt;
    }

    private void notTaken(String name, Outcome outcome, List<RouteProblem> problems) {
        String revision = seen.getOrDefault(name, Edit.DELETED);
        Edit edit = new Edit(revision, clock.instant(), outcome, List.copyOf(problems));
        LiveFile live = files.getOrDefault(name, LiveFile.NEW);
        if (live.edit() == null || !live.edit().repeats(edit)) {
            files.put(name, live.withEdit(edit));
            report.notTaken(name, live, edit);
        }
    }

    private Map<String, RehearsedFile> running() {
        Map<String, RehearsedFile> running = new TreeMap<>();
        files.forEach((name, file) -> {
            if (file.running() != null) {
                running.put(name, file.running());
            }
        });
        return running;
    }
}
