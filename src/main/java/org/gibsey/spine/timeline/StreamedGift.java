package org.gibsey.spine.timeline;

import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A gift that was stored or changed, as it is now, for the stream.
 *
 * @param position  of a stream that has delivered this
 * @param savedTxid the transaction that stored it first, 0 for one before all others
 * @param json      the row, without line breaks outside its strings; null of a gift that is deleted
 */
record StreamedGift(
        StreamPosition position,
        long id,
        long savedTxid,
        UUID eventId,
        long pageId,
        @Nullable Integer symbolId,
        UUID userId,
        @Nullable String json) {

    private static final int FEW_CHARS = 200;

    /** What goes to a client that was at a position before these, in their order. */
    static byte[] message(Collection<StreamedGift> gifts, Filter filter, StreamPosition from) {
        return gifts.stream()
                .map(gift -> gift.event(filter, from))
                .collect(Collectors.joining())
                .getBytes(StandardCharsets.UTF_8);
    }

    /**
     * The Server-Sent Event: {@code gift} for one that is new to the client, {@code gift-changed} or {@code gift-gone} for one that
     * it may have; empty when it is none of the client's.
     */
    String event(Filter filter, StreamPosition from) {
        if (!filter.isOf(this)) {
            return "";
        }
        boolean mayBeThere = from.covers(savedTxid, id);
        if (json != null && filter.hasSymbolOf(this)) {
            return event(mayBeThere ? "gift-changed" : "gift", json);
        }
        return mayBeThere ? event("gift-gone", "{\"id\":" + id + ",\"event_id\":\"" + eventId + "\"}") : "";
    }

    private String event(String name, String data) {
        return "event: " + name + "\nid: " + position + "\ndata: " + data + "\n\n";
    }

    /** What it takes of memory, about. */
    int chars() {
        return FEW_CHARS + position.chars() + (json == null ? 0 : json.length());
    }

    /**
     * Which gifts a client wants. Immutable.
     *
     * @param pageId   only of this page, or null for any
     * @param symbolId only of this symbol, or null for any, those without included
     * @param reader   only of this reader, or null for any. The feed reads as the owner of the table: among what it hands out,
     *                 nothing else keeps one reader's gifts from another
     */
    record Filter(
            @Nullable Long pageId,
            @Nullable Integer symbolId,
            @Nullable UUID reader) {

        static final Filter ALL = new Filter(null, null, null);

        /**
         * A gift is always of one page, and of one reader until it is nobody's, a minute after its text is gone: of a gift that has
         * others, the client hears nothing at all.
         */
        private boolean isOf(StreamedGift gift) {
            return (pageId == null || pageId == gift.pageId()) && (reader == null || reader.equals(gift.userId()));
        }

        private boolean hasSymbolOf(StreamedGift gift) {
            return symbolId == null || symbolId.equals(gift.symbolId());
        }
    }
}
