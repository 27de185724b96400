package org.gibsey.spine.timeline;

import org.jspecify.annotations.Nullable;

/**
 * A stored gift, as it is streamed.
 *
 * @param position of a stream that has delivered this gift
 * @param pageId   for filters
 * @param symbolId for filters, or null
 * @param event    the Server-Sent Event
 */
record StreamedGift(
        StreamPosition position, long pageId, @Nullable Integer symbolId, String event) {

    /** @param json the row, without line breaks outside its strings */
    static StreamedGift of(StreamPosition position, long pageId, @Nullable Integer symbolId, String json) {
        String event = "event: gift\nid: %s\ndata: %s\n\n".formatted(position, json);
        return new StreamedGift(position, pageId, symbolId, event);
    }

    /**
     * Which gifts a client wants. Immutable.
     *
     * @param pageId   only of this page, or null for any
     * @param symbolId only of this symbol, or null for any, those without included
     */
    record Filter(@Nullable Long pageId, @Nullable Integer symbolId) {

        static final Filter ALL = new Filter(null, null);

        boolean matches(StreamedGift gift) {
            return (pageId == null || pageId == gift.pageId())
                    && (symbolId == null || symbolId.equals(gift.symbolId()));
        }
    }
}
