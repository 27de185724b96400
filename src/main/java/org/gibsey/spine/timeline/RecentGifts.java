package org.gibsey.spine.timeline;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The gifts delivered last, up to a size. A client that was away for a moment is served from here without a query: when a
 * proxy is restarted, thousands come back at the same time. Used by one thread.
 */
final class RecentGifts {

    private static final int MAX_CHARS = 4 * 1024 * 1024;

    private final Deque<StreamedGift> gifts = new ArrayDeque<>();
    private StreamPosition before;
    private int chars;

    /** @param start the position before its first gift */
    RecentGifts(StreamPosition start) {
        this.before = start;
    }

    /** Where the stream is. */
    StreamPosition position() {
        return gifts.isEmpty() ? before : gifts.getLast().position();
    }

    void add(StreamedGift gift) {
        gifts.add(gift);
        chars += gift.chars();
        while (chars > MAX_CHARS && gifts.size() > 1) {
            StreamedGift oldest = gifts.remove();
            before = oldest.position();
            chars -= oldest.chars();
        }
    }

    /** @return the gifts past a position, each as it is now, in order; empty when it is not one of these */
    Optional<List<StreamedGift>> after(StreamPosition position) {
        Deque<StreamedGift> tail = new ArrayDeque<>();
        Set<Long> changed = new HashSet<>();
        for (Iterator<StreamedGift> newestFirst = gifts.descendingIterator(); newestFirst.hasNext(); ) {
            StreamedGift gift = newestFirst.next();
            if (gift.position().equals(position)) {
                return Optional.of(List.copyOf(tail));
            }
            // nobody is sent again what a gift said before it was changed, or deleted
            if (changed.add(gift.id())) {
                tail.addFirst(gift);
            }
        }
        return before.equals(position) ? Optional.of(List.copyOf(tail)) : Optional.empty();
    }
}
