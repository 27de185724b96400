package org.gibsey.spine.timeline;

import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A stored gift, as it is streamed.
 *
 * @param position of a stream that has delivered this gift
 * @param pageId   for filters
 * @param symbolId for filters, or null
 * @param userId   whose gift it is
 * @param event    the Server-Sent Event
 */
record StreamedGift(
        StreamPosition position, long pageId, @Nullable Integer symbolId, UUID userId, String event) {

    /** @param json the row, without line breaks outside its strings */
    static StreamedGift of(StreamPosition position, long pageId, @Nullable Integer symbolId, UUID userId, String json) {
        String event = String.format(Locale.ROOT, "event: gift\nid: %s\ndata: %s\n\n", position, json);
        return new StreamedGift(position, pageId, symbolId, userId, event);
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

        static final Filter ALL = new Filter(null, null);

        /** Of any reader. */
        Filter(@Nullable Long pageId, @Nullable Integer symbolId) {
            this(pageId, symbolId, null);
        }

        boolean matches(StreamedGift gift) {
            return (pageId == null || pageId == gift.pageId())
                    && (symbolId == null || symbolId.equals(gift.symbolId()))
                    && (reader == null || reader.equals(gift.userId()));
        }
    }
}
