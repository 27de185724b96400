package org.gibsey.spine.deadletter;

import java.time.Clock;
import java.util.List;
import org.gibsey.spine.audit.AuditLog.Caller;
import org.gibsey.spine.deadletter.ManyLetters.Done;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.lang.Nullable;
import org.springframework.stereotype.Component;

/**
 * Dismisses all dead letters of a class, as a program that writes nonsense leaves them behind by the thousand:
 * {@code /actuator/dismissals} on the management port and the same over JMX. Nothing is dismissed unless {@code dryRun} is said to be
 * false. An endpoint of its own, because one path of Actuator has one operation of a kind, and that of the dead letters sends them again.
 * Optional parameters carry Spring's {@code @Nullable}, the only one Actuator knows. Thread-safe.
 */
@Component
@Endpoint(id = "dismissals")
class DismissalEndpoint {

    private static final Logger LOG = LoggerFactory.getLogger(DismissalEndpoint.class);
    private static final int SHOWN_IDS = 100;

    private final DeadLetterIndex index;
    private final ManyLetters many;
    private final Clock clock;

    DismissalEndpoint(DeadLetterIndex index, ManyLetters many, Clock clock) {
        this.index = index;
        this.many = many;
        this.clock = clock;
    }

    /**
     * What was dismissed, or would be.
     *
     * @param dryRun    whether nothing was dismissed
     * @param selected  how many wait and match
     * @param dismissed how many were dismissed
     * @param stopped   whether somebody stopped it: those that were not dismissed wait as before
     * @param upTo      the highest id of those that match; 0 when none does
     * @param ids       the first {@value #SHOWN_IDS} of those that match
     */
    record Dismissed(boolean dryRun, int selected, int dismissed, boolean stopped, long upTo, List<Long> ids) {}

    /**
     * Dismisses those of a class that wait for somebody, stubs too.
     *
     * @param reason class of those to dismiss
     * @param why    in words of the operator's own, as they are kept and shown; may be null in a dry run
     * @param dryRun only says what would be dismissed; true unless said otherwise
     * @param upTo   none with a higher id, or null for all: with that of the dry run no new letter is dismissed; one that died again
     *     meanwhile has the id that it had
     */
    @WriteOperation
    public Dismissed dismiss(String reason, @Nullable String why, @Nullable Boolean dryRun, @Nullable Long upTo)
            throws InterruptedException {
        DeadLetterEndpoint.requireWord(reason);
        boolean dry = dryRun == null || dryRun;
        if (!dry) {
            DeadLetterEndpoint.requireWhy(why);
        }
        List<Long> selected = index.waitingIds(reason, upTo == null ? Long.MAX_VALUE : upTo);
        Done done = dry || selected.isEmpty()
                ? new Done(selected.size(), 0, false)
                : dismiss(
                        selected, Caller.current().actor(), String.valueOf(why).strip());
        if (!dry) {
            LOG.info(
                    "{} dead letters dismissed (all {}{})",
                    done.letters(),
                    reason,
                    done.stopped() ? ", stopped before the last of " + selected.size() : "");
        }
        return new Dismissed(
                dry,
                selected.size(),
                done.letters(),
                done.stopped(),
                selected.isEmpty() ? 0 : selected.get(selected.size() - 1),
                selected.stream().limit(SHOWN_IDS).toList());
    }

    private Done dismiss(List<Long> ids, String by, String why) throws InterruptedException {
        return many.each("dismissal", ids, chunk -> index.dismiss(chunk, by, why, clock.instant()));
    }
}
