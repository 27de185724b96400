package org.gibsey.spine.deadletter;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.gibsey.spine.audit.AuditLog.Caller;
import org.gibsey.spine.deadletter.DeadLetterIndex.Letter;
import org.gibsey.spine.deadletter.DeadLetterIndex.Waiting;
import org.gibsey.spine.deadletter.DeadLetterIndex.WholeLetter;
import org.gibsey.spine.deadletter.ManyLetters.Done;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.lang.Nullable;
import org.springframework.stereotype.Component;

/**
 * Dead letters for people: {@code /actuator/deadletters} on the management port and the same operations over JMX. Nothing
 * is sent again unless {@code dryRun} is said to be false. Optional parameters carry Spring's {@code @Nullable}, the only one
 * Actuator knows. Thread-safe.
 */
@Component
@Endpoint(id = "deadletters")
class DeadLetterEndpoint {

    private static final Logger LOG = LoggerFactory.getLogger(DeadLetterEndpoint.class);
    private static final int DEFAULT_LIMIT = 20;
    private static final int MAX_LIMIT = 200;
    private static final int SHOWN_IDS = 100;
    private static final int LONGEST_WHY = 500;

    private final DeadLetterIndex index;
    private final DeadLetterReplay replay;
    private final Clock clock;
    private final Counter replayed;

    DeadLetterEndpoint(DeadLetterIndex index, DeadLetterReplay replay, Clock clock, MeterRegistry meters) {
        this.index = index;
        this.replay = replay;
        this.clock = clock;
        this.replayed = Counter.builder("gifts.replayed")
                .description("Dead letters sent again")
                .register(meters);
    }

    /**
     * A page of the list, newest first.
     *
     * @param total     how many there are, whatever became of them since
     * @param waiting   those that still wait for somebody, of every class
     * @param giftTopic the topic of the gifts: of letters that came from it, the invalid ones can be mended
     */
    record Listing(long total, List<Waiting> waiting, int page, int limit, String giftTopic, List<Letter> letters) {}

    /** A dead letter with its content. */
    record Detail(
            Letter letter, @Nullable Content key, @Nullable Content value, List<NamedContent> headers) {}

    /** Bytes as text when they are UTF-8, else in base64. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Content(@Nullable String text, @Nullable String base64) {}

    record NamedContent(String name, @Nullable Content value) {}

    /**
     * What was sent, or would be.
     *
     * @param dryRun   whether nothing was sent
     * @param selected how many are dead and match
     * @param replayed how many were sent
     * @param stopped  whether somebody stopped it: those that were not sent are as they were
     * @param ids      the first {@value #SHOWN_IDS} of those that match
     */
    record Replayed(boolean dryRun, int selected, int replayed, boolean stopped, List<Long> ids) {}

    /**
     * Lists them.
     *
     * @param reason only this class ({@code undecodable}, {@code invalid}, {@code refused}, {@code conflict}), or null for all
     * @param page   from 1, or null for the first
     * @param limit  1 to {@value #MAX_LIMIT}, or null for {@value #DEFAULT_LIMIT}
     */
    @ReadOperation
    public Listing list(@Nullable String reason, @Nullable Integer page, @Nullable Integer limit) {
        int ofPage = page == null ? 1 : page;
        int atMost = limit == null ? DEFAULT_LIMIT : limit;
        if (ofPage < 1 || atMost < 1 || atMost > MAX_LIMIT) {
            throw DeadLetterReplay.invalid("page must be at least 1 and limit 1 to " + MAX_LIMIT);
        }
        requireWord(reason);
        return new Listing(
                index.count(reason),
                index.waiting(),
                ofPage,
                atMost,
                replay.giftTopic(),
                index.page(reason, atMost, (ofPage - 1L) * atMost));
    }

    /**
     * Shows one with its content; null, and so 404 over HTTP, when there is none of this id. A {@code Long}, because
     * Actuator offers a {@code long} over JMX as an object, which no JMX console can make.
     */
    @ReadOperation
    public @Nullable Detail show(@Selector Long id) {
        return index.find(id)
                .map(whole -> new Detail(
                        whole.letter(),
                        content(whole.key()),
                        content(whole.value()),
                        whole.headers().stream()
                                .map(header -> new NamedContent(header.name(), content(header.value())))
                                .toList()))
                .orElse(null);
    }

    /**
     * Sends dead letters to their topic again.
     *
     * @param ids    of those to send, comma separated, or null
     * @param reason class of those to send, instead of ids
     * @param dryRun only says what would be sent; true unless said otherwise
     * @param value  what to send in place of what came: mends one that is invalid, given by its id
     */
    @WriteOperation
    public Replayed replay(
            @Nullable String ids, @Nullable String reason, @Nullable Boolean dryRun, @Nullable String value)
            throws InterruptedException {
        if ((ids == null) == (reason == null)) {
            throw DeadLetterReplay.invalid("give either ids, comma separated, or a reason");
        }
        requireWord(reason);
        List<Long> asked = ids == null ? List.of() : parse(ids);
        List<Long> selected = ids == null ? replay.candidates(String.valueOf(reason)) : replay.candidates(asked);
        if (value != null && asked.size() != 1) {
            throw DeadLetterReplay.invalid("a value mends one letter: give its id");
        }
        WholeLetter mended = value == null || selected.isEmpty() ? null : replay.mended(selected.get(0), value);
        boolean dry = dryRun == null || dryRun;
        Done sent = dry || selected.isEmpty()
                ? new Done(selected.size(), 0, false)
                : mended == null ? replay.replay(selected) : replay.replay(mended);
        if (!dry) {
            replayed.increment(sent.letters());
            LOG.info(
                    "{} dead letters replayed ({}{})",
                    sent.letters(),
                    ids == null ? "all " + reason : mended == null ? "by id" : "by id, mended",
                    sent.stopped() ? ", stopped before the last of " + selected.size() : "");
        }
        return new Replayed(
                dry,
                selected.size(),
                sent.letters(),
                sent.stopped(),
                selected.stream().limit(SHOWN_IDS).toList());
    }

    /**
     * Dismisses one that can never be stored: it waits for nobody any more, and can be read as before. By its id it can still be
     * replayed; when it dies again it waits again.
     *
     * @param why in words of the operator's own, as they are kept and shown; 1 to {@value #LONGEST_WHY} characters
     */
    @WriteOperation
    public Letter dismiss(@Selector Long id, String why) {
        requireWhy(why);
        boolean done = index.dismiss(List.of(id), Caller.current().actor(), why.strip(), clock.instant()) == 1;
        Letter letter = index.find(id)
                .orElseThrow(() -> DeadLetterReplay.invalid("there is no dead letter " + id))
                .letter();
        if (!done) {
            throw DeadLetterReplay.invalid("dead letter " + id + " does not wait for anybody: it is " + letter.state());
        }
        return letter;
    }

    static void requireWhy(@Nullable String why) {
        if (why == null || why.isBlank() || why.length() > LONGEST_WHY || why.indexOf('\0') >= 0) {
            throw DeadLetterReplay.invalid("why must have 1 to " + LONGEST_WHY + " characters");
        }
    }

    static void requireWord(@Nullable String reason) {
        if (reason != null && !reason.matches(DeadLetterRecords.REASON)) {
            throw DeadLetterReplay.invalid("reason must be one of the words that letters have");
        }
    }

    private static List<Long> parse(String ids) {
        List<String> each = Arrays.stream(ids.split(",", -1)).map(String::strip).toList();
        // Java would take the digits of any script
        if (!each.stream().allMatch(id -> id.matches("[0-9]{1,18}"))) {
            throw DeadLetterReplay.invalid("ids must be whole numbers, comma separated");
        }
        return each.stream().map(Long::valueOf).toList();
    }

    private static @Nullable Content content(@Nullable byte[] bytes) {
        if (bytes == null) {
            return null;
        }
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return new Content(text, null);
        } catch (CharacterCodingException e) {
            return new Content(null, Base64.getEncoder().encodeToString(bytes));
        }
    }
}
