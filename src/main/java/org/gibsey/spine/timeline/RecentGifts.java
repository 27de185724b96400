package org.gibsey.spine.timeline;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The gifts delivered last, up to a size. A client that was away for a moment is served from here without a query: when a
 * proxy is restarted, thousands come back at the same time. Immutable.
 */
final class RecentGifts {

    private static final int MAX_CHARS = 4 * 1024 * 1024;

    private final StreamPosition before;
    private final List<StreamedGift> gifts;

    /** @param start the position before its first gift */
    RecentGifts(StreamPosition start) {
        this(start, List.of());
    }

    private RecentGifts(StreamPosition before, List<StreamedGift> gifts) {
        this.before = before;
        this.gifts = gifts;
    }

    /** Where the stream is. */
    StreamPosition position() {
        return gifts.isEmpty() ? before : gifts.get(gifts.size() - 1).position();
    }

    /** These and more, which come after them, without the oldest of all where they are too many. */
    RecentGifts with(List<StreamedGift> more) {
        List<StreamedGift> all = new ArrayList<>(gifts);
        all.addAll(more);
        int oldest = all.size();
        for (int chars = 0; oldest > 0; oldest--) {
            chars += all.get(oldest - 1).chars();
            if (chars > MAX_CHARS) {
                return new RecentGifts(all.get(oldest - 1).position(), List.copyOf(all.subList(oldest, all.size())));
            }
        }
        return new RecentGifts(before, List.copyOf(all));
    }

    /**
     * @param mostChars that may have come since, about; looking for it costs no more than these
     * @return the gifts past a position, each as it is now, in order; empty when it is not one of these, or when more came since
     */
    Optional<List<StreamedGift>> after(StreamPosition position, int mostChars) {
        Deque<StreamedGift> tail = new ArrayDeque<>();
        Set<Long> changed = new HashSet<>();
        int chars = 0;
        for (int newest = gifts.size() - 1; newest >= 0; newest--) {
            StreamedGift gift = gifts.get(newest);
            if (gift.position().equals(position)) {
                return Optional.of(List.copyOf(tail));
            }
            chars += gift.chars();
            if (chars > mostChars) {
                return Optional.empty();
            }
            // nobody is sent again what a gift said before it was changed, or deleted
            if (changed.add(gift.id())) {
                tail.addFirst(gift);
            }
        }
        return before.equals(position) ? Optional.of(List.copyOf(tail)) : Optional.empty();
    }

    /** @return the first gifts past a position, at least one if there is one; empty when it is not one of these */
    Optional<List<StreamedGift>> pageAfter(StreamPosition position) {
        return after(position, Integer.MAX_VALUE).map(RecentGifts::page);
    }

    private static List<StreamedGift> page(List<StreamedGift> gifts) {
        int count = 0;
        for (int chars = 0; count < gifts.size() && chars < VaultHistory.PAGE_CHARS; count++) {
            chars += gifts.get(count).chars();
        }
        return gifts.subList(0, count);
    }
}
