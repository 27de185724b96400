package org.gibsey.spine.timeline;

import org.jspecify.annotations.Nullable;

/**
 * Which gifts a client wants. Immutable.
 *
 * @param pageId   only of this page, or null for any
 * @param symbolId only of this symbol, or null for any, those without included
 */
record StreamFilter(@Nullable Long pageId, @Nullable Integer symbolId) {

    static final StreamFilter ALL = new StreamFilter(null, null);

    boolean matches(StreamedGift gift) {
        return (pageId == null || pageId == gift.pageId()) && (symbolId == null || symbolId.equals(gift.symbolId()));
    }
}
