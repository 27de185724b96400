package org.gibsey.spine.liveroutes;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.gibsey.spine.liveroutes.RouteDependencies.Collision;
import org.gibsey.spine.liveroutes.RouteDependencies.Dangling;
import org.jspecify.annotations.Nullable;

/**
 * What of an edited folder may go live beside what runs, and what is refused. Decides on the files as a whole, so that the
 * order in which an editor, git or a ConfigMap brings them does not matter.
 */
final class Plan {

    /**
     * Files that go live, or back, together, because one has what the other gives up or calls.
     *
     * @param from what they are now; without those that are new
     * @param to   what they become; without those that are gone
     */
    record Change(List<RehearsedFile> from, List<RehearsedFile> to) {

        /** Names of all files concerned. */
        Set<String> names() {
            Set<String> names = new HashSet<>();
            from.forEach(file -> names.add(file.file().name()));
            to.forEach(file -> names.add(file.file().name()));
            return names;
        }
    }

    private final Map<String, RehearsedFile> running;
    private final Map<String, RehearsedFile> future;
    private final Map<String, List<Problem>> refused = new TreeMap<>();

    private Plan(Map<String, RehearsedFile> running, Collection<RehearsedFile> edited, Set<String> deleted) {
        this.running = running;
        this.future = new TreeMap<>(running);
        future.keySet().removeAll(deleted);
        for (RehearsedFile file : edited) {
            if (file.sound()) {
                future.put(file.file().name(), file);
            } else {
                refused.put(file.file().name(), file.problems());
            }
        }
    }

    /**
     * @param running what runs, by name
     * @param edited  new and changed files, rehearsed
     * @param deleted names of files that run and are gone
     */
    static Plan of(Map<String, RehearsedFile> running, Collection<RehearsedFile> edited, Set<String> deleted) {
        Plan plan = new Plan(running, edited, deleted);
        // each round takes one edit back, which may mend or break another
        for (boolean again = true; again; ) {
            again = plan.refuseOneCollision() || plan.refuseOneDangling();
        }
        return plan;
    }

    /** Problems of the edits that must not go live, by file. */
    Map<String, List<Problem>> refused() {
        return refused;
    }

    /** The others. */
    List<Change> changes() {
        List<Set<String>> groups = new ArrayList<>();
        for (String name : edited()) {
            Set<String> group = new HashSet<>(Set.of(name));
            groups.removeIf(other -> {
                boolean together = other.stream().anyMatch(member -> depend(member, name));
                return together && group.addAll(other);
            });
            groups.add(group);
        }
        return groups.stream()
                .map(group -> new Change(pick(running, group), pick(future, group)))
                .toList();
    }

    private boolean refuseOneCollision() {
        for (Collision collision : RouteDependencies.collisions(future.values())) {
            boolean takenByOther = isNew(collision.name(), collision.other());
            RehearsedFile culprit = takenByOther ? collision.other() : collision.one();
            RehearsedFile owner = takenByOther ? collision.one() : collision.other();
            if (isEdited(culprit.file().name())) {
                int line = culprit.claims().getOrDefault(collision.name(), 1);
                refuse(culprit.file()
                        .problem(
                                line,
                                collision.name() + " is taken by "
                                        + owner.file().name()));
                return true;
            }
        }
        return false;
    }

    private boolean refuseOneDangling() {
        for (Dangling call : RouteDependencies.dangling(future.values())) {
            RouteFile caller = call.caller().file();
            if (isEdited(caller.name())) {
                refuse(caller.problem(call.line(), "no route file has the entry " + call.entry()));
                return true;
            }
            Optional<String> giver = edited().stream()
                    .filter(name -> claims(running.get(name), call.entry()))
                    .findFirst();
            if (giver.isPresent()) {
                refuse(new Problem(
                        giver.get(),
                        1,
                        "the entry " + call.entry() + " would be gone, which " + caller.name() + ":" + call.line()
                                + " calls"));
                return true;
            }
        }
        return false;
    }

    private void refuse(Problem problem) {
        refused.computeIfAbsent(problem.file(), name -> new ArrayList<>()).add(problem);
        RehearsedFile now = running.get(problem.file());
        if (now == null) {
            future.remove(problem.file());
        } else {
            future.put(problem.file(), now);
        }
    }

    /** Files that differ between now and then. */
    private List<String> edited() {
        Map<String, Boolean> names = new LinkedHashMap<>();
        running.keySet().forEach(name -> names.put(name, true));
        future.keySet().forEach(name -> names.put(name, true));
        return names.keySet().stream().filter(this::isEdited).toList();
    }

    private boolean isEdited(String name) {
        return !Objects.equals(running.get(name), future.get(name));
    }

    private boolean isNew(String claim, RehearsedFile file) {
        return !claims(running.get(file.file().name()), claim);
    }

    private boolean depend(String one, String other) {
        Set<String> names = names(one);
        return names(other).stream().anyMatch(names::contains);
    }

    /** Whatever a file claims or calls, now or then. */
    private Set<String> names(String name) {
        Set<String> names = new HashSet<>();
        for (Map<String, RehearsedFile> state : List.of(running, future)) {
            RehearsedFile file = state.get(name);
            if (file != null) {
                names.addAll(file.claims().keySet());
                names.addAll(file.calls().keySet());
            }
        }
        return names;
    }

    private static boolean claims(@Nullable RehearsedFile file, String claim) {
        return file != null && file.claims().containsKey(claim);
    }

    private static List<RehearsedFile> pick(Map<String, RehearsedFile> state, Set<String> names) {
        return state.entrySet().stream()
                .filter(file -> names.contains(file.getKey()))
                .map(Map.Entry::getValue)
                .toList();
    }
}
