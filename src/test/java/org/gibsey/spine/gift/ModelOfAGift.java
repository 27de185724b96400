package org.gibsey.spine.gift;

import java.util.Collection;
import java.util.Comparator;
import java.util.Set;
import java.util.UUID;
import org.gibsey.spine.gift.GiftChange.Field;
import org.gibsey.spine.gift.GiftChange.Kind;
import org.jspecify.annotations.Nullable;

/** What the row of a gift has to hold after some changes, in whatever order they arrived: all of them in the order of their times. */
public record ModelOfAGift(
        String question,
        String answer,
        @Nullable Integer symbolId,
        @Nullable String lang,
        @Nullable UUID revision,
        boolean deleted) {

    public static ModelOfAGift of(Gift saved, Collection<GiftChange> changes) {
        return changes.stream()
                .sorted(Comparator.comparing(GiftChange::at)
                        // as PostgreSQL compares them
                        .thenComparing(change -> change.id().toString()))
                .reduce(
                        new ModelOfAGift(saved.question(), saved.answer(), saved.symbolId(), saved.lang(), null, false),
                        ModelOfAGift::after,
                        (a, b) -> b);
    }

    private ModelOfAGift after(GiftChange change) {
        Gift image = change.image();
        Set<Field> sets = change.sets();
        return new ModelOfAGift(
                sets.contains(Field.QUESTION) ? image.question() : question,
                sets.contains(Field.ANSWER) ? image.answer() : answer,
                sets.contains(Field.SYMBOL_ID) ? image.symbolId() : symbolId,
                sets.contains(Field.LANG) ? image.lang() : lang,
                change.kind() == Kind.EDITED ? change.id() : revision,
                change.kind() == Kind.EDITED ? deleted : change.kind() == Kind.DELETED);
    }
}
