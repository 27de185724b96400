package org.gibsey.spine.liveroutes;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.camel.CamelContext;
import org.gibsey.spine.liveroutes.Edit.Outcome;
import org.gibsey.spine.liveroutes.Plan.Change;
import org.gibsey.spine.liveroutes.RouteSwap.Busy;
import org.gibsey.spine.liveroutes.RouteSwap.RolledBack;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Keeps the running routes in step with the route files: each time the files have changed, it rehearses what is not yet
 * running, takes what is sound and leaves the rest as it runs. Without it an edit is either impossible or, with Camel's own
 * reload, able to remove every route at a typing mistake. Thread-safe; changes are made by one thread at a time.
 */
@Component
class LiveRoutes {

    /** Before something that is in the way now is tried again. */
    private static final Duration PAUSE = Duration.ofSeconds(10);

    private final CamelContext camel;
    private final Rehearsal rehearsal;
    private final RouteSwap swap;
    private final EditReport report;
    private final Clock clock;

    private final Map<String, LiveFile> files = new TreeMap<>();
    private Map<String, String> seen = Map.of();
    private Instant retryAt = Instant.MAX;
    private Instant restoreAt = Instant.MIN;
    /** What other threads see. */
    private volatile Map<String, LiveFile> shown = Map.of();

    private volatile @Nullable String folderProblem;
    private volatile Set<String> exchanging = Set.of();

    LiveRoutes(CamelContext camel, Rehearsal rehearsal, RouteSwap swap, EditReport report, Clock clock) {
        this.camel = camel;
        this.rehearsal = rehearsal;
        this.swap = swap;
        this.report = report;
        this.clock = clock;
    }

    /** The files as they are known at the moment, by name. */
    Map<String, LiveFile> files() {
        return shown;
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
     * Takes over what is new in the files. Does nothing when nothing is.
     *
     * @param wanted all files there are, by name
     */
    synchronized void follow(Map<String, RouteFile> wanted) throws InterruptedException {
        if (wanted.isEmpty() && files.values().stream().anyMatch(file -> file.running() != null)) {
            // nobody deletes all routes of a service that is to go on: a mount went away
            unreadable("no route file is there any more; what runs goes on");
            return;
        }
        folderProblem = null;
        Map<String, String> revisions =
                wanted.values().stream().collect(Collectors.toMap(RouteFile::name, RouteFile::revision));
        if (!revisions.equals(seen) || !clock.instant().isBefore(retryAt)) {
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
        plan.refused().forEach((name, problems) -> notTaken(name, revision(name, wanted), Outcome.REFUSED, problems));
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
                // at the start the tables may not be there yet
                edited.add(starting ? rehearsed : rehearsed.prepared());
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
                if (change.to().stream().noneMatch(to -> name(to).equals(name(file)))) {
                    files.remove(name(file));
                    report.removed(file);
                }
            }
            for (RehearsedFile file : change.to()) {
                files.put(name(file), LiveFile.active(file, clock.instant()));
                report.active(file);
            }
        } catch (Busy e) {
            retryAt = clock.instant().plus(PAUSE);
            change.names()
                    .forEach(name -> notTaken(
                            change, name, Outcome.POSTPONED, new Problem(name, 1, RouteFileErrors.message(e))));
        } catch (RolledBack e) {
            change.names().forEach(name -> notTaken(change, name, Outcome.ROLLED_BACK, e.problem()));
        }
    }

    /** A route that is gone though its file runs comes back: after a roll-back that failed, or when it was removed by hand. */
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
                    restoreAt = clock.instant().plus(PAUSE);
                    report.notRestored(file, RouteFileErrors.message(e));
                }
            }
        }
    }

    private void exchange(Change change) throws Busy, RolledBack, InterruptedException {
        Set<String> ids = new HashSet<>();
        change.from().forEach(file -> ids.addAll(file.routeIds()));
        exchanging = ids;
        try {
            swap.apply(change);
        } finally {
            exchanging = Set.of();
        }
    }

    private void notTaken(Change change, String name, Outcome outcome, Problem problem) {
        String revision = change.to().stream()
                .filter(file -> name(file).equals(name))
                .map(file -> file.file().revision())
                .findFirst()
                .orElse(Edit.DELETED);
        notTaken(name, revision, outcome, List.of(problem));
    }

    private void notTaken(String name, String revision, Outcome outcome, List<Problem> problems) {
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

    private static String revision(String name, Map<String, RouteFile> wanted) {
        RouteFile file = wanted.get(name);
        return file == null ? Edit.DELETED : file.revision();
    }

    private static String name(RehearsedFile file) {
        return file.file().name();
    }
}
