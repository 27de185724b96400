package org.gibsey.spine.liveroutes;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What of an edited folder may go live beside what runs, and what is refused. Decides on the files as a whole, so that the
 * order in which an editor, git or a ConfigMap brings them does not matter.
 */
final class Plan {

    /**
     * Files that go live together, or are rolled back together: one has a name that the other gives up or calls.
     *
     * @param from what they are now; without those that are new
     * @param to   what they become; without those that are gone
     */
    record Change(List<RehearsedFile> from, List<RehearsedFile> to) {

        /** Names of all files concerned. */
        Set<String> names() {
            Set<String> names = new HashSet<>();
            from.forEach(file -> names.add(file.name()));
            to.forEach(file -> names.add(file.name()));
            return names;
        }
    }

    private final Map<String, RehearsedFile> running;
    private final Map<String, RehearsedFile> future;
    private final Map<String, List<RouteProblem>> refused = new TreeMap<>();

    private Plan(Map<String, RehearsedFile> running, Collection<RehearsedFile> edited, Set<String> deleted) {
        this.running = running;
        this.future = new TreeMap<>(running);
        future.keySet().removeAll(deleted);
        for (RehearsedFile file : edited) {
            if (file.problems().isEmpty()) {
                future.put(file.name(), file);
            } else {
                refused.put(file.name(), file.problems());
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
        boolean refusedOne;
        do {
            // without the refused edit another may have become sound or unsound
            refusedOne = plan.refuseOneCollision() || plan.refuseOneDangling() || plan.refuseOneTooSlow();
        } while (refusedOne);
        return plan;
    }

    /** Problems of the edits that must not go live, by file. */
    Map<String, List<RouteProblem>> refused() {
        return refused;
    }

    /** The edits that may go live: each by itself, or together with those it depends on. */
    List<Change> changes() {
        List<Set<String>> groups = new ArrayList<>();
        for (String name : edited()) {
            Set<String> group = new HashSet<>(Set.of(name));
            groups.removeIf(other -> {
                boolean together = other.stream().anyMatch(member -> dependent(member, name));
                return together && group.addAll(other);
            });
            groups.add(group);
        }
        return groups.stream()
                .map(group -> new Change(pick(running, group), pick(future, group)))
                .toList();
    }

    private boolean refuseOneCollision() {
        Map<String, RehearsedFile> owners = new HashMap<>();
        for (RehearsedFile file : future.values()) {
            for (String name : file.claims().keySet()) {
                RehearsedFile other = owners.putIfAbsent(name, file);
                if (other != null && refuseCollision(name, other, file)) {
                    return true;
                }
            }
        }
        return false;
    }

    private boolean refuseCollision(String claim, RehearsedFile one, RehearsedFile other) {
        boolean takenByOther = !claims(running.get(other.name()), claim);
        RehearsedFile culprit = takenByOther ? other : one;
        RehearsedFile owner = takenByOther ? one : other;
        return isEdited(culprit.name())
                && refuse(culprit.file()
                        .problem(culprit.claims().getOrDefault(claim, 1), claim + " is taken by " + owner.name()));
    }

    private boolean refuseOneDangling() {
        for (RehearsedFile caller : future.values()) {
            for (Map.Entry<String, Integer> call : caller.calls().entrySet()) {
                if (future.values().stream().noneMatch(file -> claims(file, call.getKey()))
                        && refuseDangling(caller.file(), call.getKey(), call.getValue())) {
                    return true;
                }
            }
        }
        return false;
    }

    private boolean refuseDangling(RouteFile caller, String entry, int line) {
        if (isEdited(caller.name())) {
            return refuse(caller.problem(line, "no route file has the entry " + entry));
        }
        Optional<String> giver = edited().stream()
                .filter(name -> claims(running.get(name), entry))
                .findFirst();
        return giver.isPresent()
                && refuse(new RouteProblem(
                        giver.get(),
                        1,
                        "the entry " + entry + " would be gone, which " + caller.name() + ":" + line + " calls"));
    }

    private boolean refuseOneTooSlow() {
        List<AnswerTime> times =
                future.values().stream().flatMap(file -> file.times().stream()).toList();
        Optional<RouteProblem> problem = AnswerTime.tooLong(times, this::isEdited);
        return problem.isPresent() && refuse(problem.get());
    }

    /** Gives up the edit of the problem's file: what runs of it stays. */
    private boolean refuse(RouteProblem problem) {
        refused.computeIfAbsent(problem.file(), name -> new ArrayList<>()).add(problem);
        RehearsedFile now = running.get(problem.file());
        if (now == null) {
            future.remove(problem.file());
        } else {
            future.put(problem.file(), now);
        }
        return true;
    }

    /** Files that differ between what runs and what will. */
    private Set<String> edited() {
        Set<String> names = new LinkedHashSet<>(running.keySet());
        names.addAll(future.keySet());
        names.removeIf(name -> !isEdited(name));
        return names;
    }

    private boolean isEdited(String name) {
        return !Objects.equals(running.get(name), future.get(name));
    }

    private boolean dependent(String one, String other) {
        Set<String> names = names(one);
        return names(other).stream().anyMatch(names::contains);
    }

    /** Whatever a file claims or calls, in the running state or the future one. */
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
