package org.gibsey.spine.gift;

import java.util.Set;

/**
 * What a reader wants of a gift. Immutable.
 *
 * @param sets  the fields that were named; the others stay as they are
 * @param image the gift as it is to be
 */
public record GiftEdit(Set<GiftChange.Field> sets, Gift image) {}
