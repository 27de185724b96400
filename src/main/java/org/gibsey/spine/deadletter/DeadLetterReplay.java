package org.gibsey.spine.deadletter;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.deadletter.DeadLetterIndex.WholeLetter;
import org.gibsey.spine.deadletter.ManyLetters.Done;
import org.gibsey.spine.gift.EventId;
import org.gibsey.spine.gift.Gift;
import org.gibsey.spine.gift.GiftReader;
import org.gibsey.spine.gift.InvalidInput;
import org.gibsey.spine.gift.MalformedJson;
import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
import org.springframework.stereotype.Component;

/**
 * Sends dead letters to their topic again, with the key and headers they came with. It is the same event again: when it is
 * stored after all it is one row, when it dies again it is the same dead letter with one more attempt. An invalid gift can be mended:
 * it is the same event with another content. Thread-safe.
 */
@Component
class DeadLetterReplay {

    /** Our headers that a replayed gift keeps: its id, and what counts on should it die again. */
    private static final Set<String> KEPT =
            Set.of(EventId.DEAD_LETTER_ID, DeadLetterHeaders.ATTEMPTS, DeadLetterHeaders.FIRST_FAILURE);

    /** As the worker reads it that gets what was mended. */
    private final GiftReader gifts = GiftReader.ofEvents();

    private final DeadLetterIndex index;
    private final DeadLetters deadLetters;
    private final List<String> topics;
    private final Clock clock;
    private final ManyLetters many;

    DeadLetterReplay(
            DeadLetterIndex index, DeadLetters deadLetters, SpineSettings settings, Clock clock, ManyLetters many) {
        this.index = index;
        this.deadLetters = deadLetters;
        this.topics = List.of(settings.topic().name(), settings.changes().topic());
        this.clock = clock;
        this.many = many;
    }

    /** The topic of the gifts: only their letters can be mended. */
    String giftTopic() {
        return topics.get(0);
    }

    /** All of a class that died up to now: one that dies again during the replay is not sent twice. */
    List<Long> candidates(String reason) {
        return index.deadIds(reason, topics, clock.instant());
    }

    /**
     * Of these, those that are dead and came from the topic of the gifts or of their changes.
     *
     * @throws InvalidEndpointRequestException if one is a stub, which has only the beginning of its gift
     */
    List<Long> candidates(List<Long> ids) {
        List<Long> stubs = index.stubs(ids);
        if (!stubs.isEmpty()) {
            throw invalid("dead letters " + stubs + " are stubs: their gifts were too large to be"
                    + " kept whole and cannot be replayed; they lie at the topic, partition and offset the letters name"
                    + " until their retention ends");
        }
        return index.deadIds(ids, topics);
    }

    /**
     * Sends them, {@link ManyLetters a chunk at a time}, and marks each chunk as replayed once the broker has acknowledged it.
     *
     * @throws org.apache.kafka.common.KafkaException if the broker did not acknowledge; chunks before that are sent
     */
    Done replay(List<Long> ids) throws InterruptedException {
        return many.each("replay", ids, chunk -> send(index.dead(chunk, topics)));
    }

    /**
     * The letter with another content, and with the key that belongs to it. It stays the gift of the same reader: nobody is given
     * words that somebody else saved, and who is forgotten is forgotten with this gift too.
     *
     * @param id    of one that {@link #candidates(List)} gave
     * @param value the whole content, JSON
     * @throws InvalidEndpointRequestException if it is not one to be mended, or could not be stored with this content
     */
    WholeLetter mended(long id, String value) {
        WholeLetter whole = index.find(id).orElseThrow();
        if (!whole.letter().reason().equals("invalid")
                || !whole.letter().topic().equals(giftTopic())) {
            throw invalid("only a gift that is invalid can be mended");
        }
        if (whole.letter().state().equals("replaying")) {
            throw invalid("dead letter " + id + " is on its way");
        }
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        try {
            Gift gift = gifts.read(bytes, clock.instant());
            if (!Objects.equals(gift.userId(), gifts.readerOf(whole.value()).orElse(null))) {
                throw invalid("/user_id must stay that of the letter, or none where it has none");
            }
            byte[] key = Long.toString(gift.pageId()).getBytes(StandardCharsets.UTF_8);
            return new WholeLetter(whole.letter(), key, bytes, whole.headers());
        } catch (MalformedJson | InvalidInput e) {
            throw invalid(String.valueOf(e.getMessage()));
        }
    }

    /** Sends one that was mended, and marks it as replayed. */
    Done replay(WholeLetter mended) throws InterruptedException {
        return new Done(1, send(List.of(mended)), false);
    }

    private int send(List<WholeLetter> letters) throws InterruptedException {
        if (!letters.isEmpty()) {
            // taken before they are sent, so that a second death is always later; and later than their deaths, also by
            // the clocks of the workers where they died
            Instant at = letters.stream()
                    .map(whole -> whole.letter().lastFailedAt().plus(1, ChronoUnit.MICROS))
                    .max(Comparator.naturalOrder())
                    .filter(clock.instant()::isBefore)
                    .orElseGet(clock::instant);
            deadLetters.sendAll(letters.stream()
                    .map(whole -> new ProducerRecord<>(
                            whole.letter().topic(), null, whole.key(), whole.value(), headers(whole, at)))
                    .toList());
            index.replayed(letters.stream().map(whole -> whole.letter().id()).toList(), at);
        }
        return letters.size();
    }

    private static Headers headers(WholeLetter whole, Instant at) {
        Headers headers = new RecordHeaders();
        whole.headers().stream()
                .filter(header -> KEPT.contains(header.name()) || !DeadLetterHeaders.OURS.contains(header.name()))
                .forEach(header -> headers.add(header.name(), header.value()));
        headers.add(
                DeadLetterHeaders.REPLAYS,
                Integer.toString(whole.letter().replays() + 1).getBytes(StandardCharsets.UTF_8));
        headers.add(DeadLetterHeaders.REPLAYED_AT, at.toString().getBytes(StandardCharsets.UTF_8));
        return headers;
    }

    static InvalidEndpointRequestException invalid(String message) {
        return new InvalidEndpointRequestException(message, message);
    }
}
