package org.gibsey.spine.deadletter;

import java.util.List;
import java.util.Map;
import org.gibsey.spine.LongActs;
import org.springframework.stereotype.Component;

/**
 * Does something to many dead letters, a chunk at a time, as a {@link LongActs long act}: it is seen how far it is, and stopped it leaves
 * the chunks that are left as they are. Thread-safe.
 */
@Component
final class ManyLetters {

    /** Letters in memory at a time, unless together they have more than {@value DeadLetters#MOST_BYTES} bytes: then fewer, one at least. */
    private static final int CHUNK = 8;

    private final DeadLetterIndex index;
    private final LongActs acts;

    ManyLetters(DeadLetterIndex index, LongActs acts) {
        this.index = index;
        this.acts = acts;
    }

    /** Does it to the letters of these ids, and says to how many. */
    interface Step {
        int to(List<Long> ids) throws InterruptedException;
    }

    /**
     * What was done.
     *
     * @param selected how many there were
     * @param letters  to how many it was done
     * @param stopped  whether somebody stopped it before the last
     */
    record Done(int selected, int letters, boolean stopped) {}

    /**
     * Does it to all of them, unless somebody stops it.
     *
     * @param name of the act
     */
    Done each(String name, List<Long> ids, Step step) throws InterruptedException {
        try (LongActs.Act act = acts.begin(name, ids.size())) {
            int letters = 0;
            int from = 0;
            while (from < ids.size() && !act.isToStop()) {
                List<Long> chunk = beginning(ids.subList(from, Math.min(from + CHUNK, ids.size())));
                letters += step.to(chunk);
                act.done(chunk.size());
                from += chunk.size();
            }
            Done done = new Done(ids.size(), letters, from < ids.size());
            act.ends(done);
            return done;
        }
    }

    /** The first of these letters, and those after it that there is memory for beside it. */
    private List<Long> beginning(List<Long> ids) {
        Map<Long, Long> sizes = index.sizes(ids);
        long bytes = 0;
        for (int i = 0; i < ids.size(); i++) {
            bytes += sizes.getOrDefault(ids.get(i), 0L);
            if (i > 0 && bytes > DeadLetters.MOST_BYTES) {
                return ids.subList(0, i);
            }
        }
        return ids;
    }
}
