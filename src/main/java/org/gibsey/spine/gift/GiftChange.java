package org.gibsey.spine.gift;

import java.time.Instant;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a reader did to a gift that was saved before. The event carries the whole gift and not only what is new, so that it can
 * be stored even where the gift's row is missing. Its key is the gift's id.
 *
 * @param id    of the change, {@code ce_id}
 * @param kind  {@code ce_type}
 * @param gift  id of the gift, the event id of its save; {@code ce_subject}
 * @param image the gift as it is to be after the change, with the time it was saved
 * @param sets  the fields an edit sets, at least one; none in a delete or restore
 * @param base  the revision it was made for (the id of the event that made the text); null when any will do
 * @param by    the reader, or null when not known
 * @param at    when it was made, UTC, in microseconds; of two that set the same field the later one holds
 */
public record GiftChange(
        UUID id,
        Kind kind,
        UUID gift,
        Gift image,
        Set<Field> sets,
        @Nullable UUID base,
        @Nullable UUID by,
        Instant at) {

    /** What is done to the gift. */
    public enum Kind {
        EDITED,
        DELETED,
        RESTORED;

        private static final String PREFIX = "org.gibsey.vault.gift.";

        /** The {@code ce_type} of its events. */
        public String type() {
            return PREFIX + word();
        }

        /** As it stands in the table: edited, deleted, restored. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }

        static Optional<Kind> ofType(@Nullable String type) {
            return Arrays.stream(values())
                    .filter(kind -> kind.type().equals(type))
                    .findFirst();
        }
    }

    /** What an edit may set. */
    public enum Field {
        QUESTION,
        ANSWER,
        SYMBOL_ID,
        LANG;

        /** As in JSON and in the table. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * What a reader wants of a gift.
     *
     * @param sets  the fields that were named; the others stay as they are
     * @param image the gift as it is to be
     */
    public record Edit(Set<Field> sets, Gift image) {}

    public GiftChange {
        sets = Set.copyOf(sets);
        if (sets.isEmpty() == (kind == Kind.EDITED)) {
            throw new IllegalArgumentException("an edit, and nothing else, sets fields");
        }
    }
}
