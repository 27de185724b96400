package org.gibsey.spine.faults;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.gibsey.spine.gift.Gift;
import org.gibsey.spine.gift.GiftChange;
import org.gibsey.spine.gift.GiftChange.Field;
import org.gibsey.spine.gift.GiftChange.Kind;
import org.gibsey.spine.gift.ModelOfAGift;

/**
 * Those gifts of a load that are edited, deleted and restored after they were saved: what was done to each, and which of it was
 * acknowledged. Thread-safe.
 */
final class ChangedGifts {

    private final Random random;
    private final Map<UUID, Gift> saved = new HashMap<>();
    private final Map<UUID, List<GiftChange>> changes = new HashMap<>();
    private final List<UUID> order = new ArrayList<>();
    private final Set<UUID> accepted = ConcurrentHashMap.newKeySet();

    /** @param seed of what is done to them */
    ChangedGifts(long seed) {
        this.random = new Random(seed);
    }

    /** One more that may be changed here. */
    synchronized void add(UUID gift, Gift asSaved) {
        addOfOthers(gift, asSaved);
        order.add(gift);
    }

    /** One more that is changed by others only, who say so with {@link #changed}. */
    synchronized void addOfOthers(UUID gift, Gift asSaved) {
        saved.put(gift, asSaved);
        changes.put(gift, new ArrayList<>());
    }

    /** One of them, at random. */
    synchronized UUID any() {
        return order.get(random.nextInt(order.size()));
    }

    /** Does something to one of them, as a process that has seen all that was done to it before. */
    synchronized GiftChange change(UUID gift) {
        Kind kind = random.nextInt(5) < 3 ? Kind.EDITED : random.nextBoolean() ? Kind.DELETED : Kind.RESTORED;
        Set<Field> sets = EnumSet.noneOf(Field.class);
        while (kind == Kind.EDITED && sets.isEmpty()) {
            EnumSet.allOf(Field.class).stream()
                    .filter(field -> random.nextBoolean())
                    .forEach(sets::add);
        }
        return changed(UUID.randomUUID(), gift, kind, sets, "gift " + gift + ", asked again", random.nextInt(3));
    }

    /** An edit that the table refuses. What is done to the gift later knows nothing of it. */
    synchronized GiftChange refusedChange(UUID gift) {
        GiftChange change = change(gift);
        changes.get(gift).remove(change);
        Gift image = change.image();
        return new GiftChange(
                change.id(),
                Kind.EDITED,
                gift,
                new Gift(image.pageId(), "poison " + gift, image.answer(), null, null, null, image.savedAt()),
                EnumSet.of(Field.QUESTION),
                null,
                null,
                change.at());
    }

    /** Notes that this was done to one of them, after all else that was done to it. */
    synchronized GiftChange changed(UUID id, UUID gift, Kind kind, Set<Field> sets, String newQuestion, int newSymbol) {
        List<GiftChange> before = changes.get(gift);
        Gift first = saved.get(gift);
        ModelOfAGift is = ModelOfAGift.of(first, before);
        Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
        Instant at = before.stream()
                .map(change -> change.at().plus(1, ChronoUnit.MICROS))
                .reduce(now, (a, b) -> a.isAfter(b) ? a : b);
        Gift image = new Gift(
                first.pageId(),
                sets.contains(Field.QUESTION) ? newQuestion : is.question(),
                sets.contains(Field.ANSWER) ? "answer " + before.size() : is.answer(),
                sets.contains(Field.SYMBOL_ID) ? (newSymbol == 0 ? null : (Integer) newSymbol) : is.symbolId(),
                sets.contains(Field.LANG) ? (before.size() % 3 == 0 ? null : "x-" + before.size()) : is.lang(),
                null,
                first.savedAt());
        GiftChange change = new GiftChange(id, kind, gift, image, sets, null, null, at);
        before.add(change);
        return change;
    }

    void accept(UUID change) {
        accepted.add(change);
    }

    /** Changes that were acknowledged. */
    Set<UUID> accepted() {
        return accepted;
    }

    /** Gifts that were deleted, whether or not they were restored. */
    synchronized Set<UUID> everDeleted() {
        return changes.entrySet().stream()
                .filter(life -> life.getValue().stream().anyMatch(change -> change.kind() == Kind.DELETED))
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    /**
     * What the row of a gift has to hold.
     *
     * @param isStored of a change
     * @return empty if nothing was done to it
     */
    synchronized Optional<ModelOfAGift> expected(UUID gift, Predicate<UUID> isStored) {
        return Optional.ofNullable(changes.get(gift))
                .map(done -> ModelOfAGift.of(
                        saved.get(gift),
                        done.stream()
                                .filter(change -> isStored.test(change.id()))
                                .toList()));
    }
}
