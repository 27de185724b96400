package org.gibsey.spine.gift;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A question a reader asked of a page, and the answer that was saved.
 *
 * @param pageId   the page asked, any 64-bit integer
 * @param question the question, storable as PostgreSQL text
 * @param answer   the answer, storable as PostgreSQL text
 * @param symbolId the symbol the answer belongs to, or null
 * @param lang     the language of question and answer, a well-formed tag of BCP 47 as the reader wrote it, or null when not known
 * @param userId   the reader, or null when not known
 * @param savedAt  when the reader saved it, UTC, in microseconds as the database keeps it
 */
public record Gift(
        long pageId,
        String question,
        String answer,
        @Nullable Integer symbolId,
        @Nullable String lang,
        @Nullable UUID userId,
        Instant savedAt) {

    /** The same gift of a reader who is known now. */
    public Gift withUserId(UUID reader) {
        return new Gift(pageId, question, answer, symbolId, lang, reader, savedAt);
    }

    /** The same gift as it was saved at another time. */
    Gift withSavedAt(Instant time) {
        return new Gift(pageId, question, answer, symbolId, lang, userId, time);
    }

    /** Without question and answer, so that no log ever carries what a reader wrote. */
    @Override
    public String toString() {
        return "Gift[pageId=" + pageId + ", question=" + question.length() + " chars, answer=" + answer.length()
                + " chars, savedAt=" + savedAt + "]";
    }
}
